"""Random paths, versions and patterns."""

import re
from functools import cache
from random import Random

from tests.unit.golang.vectors import load

# What rules make a difference for: separators, quotes, case that folds in uncommon ways, characters
# of each class, some of which are new in Unicode 16 and 17, and bytes that are not UTF-8.
ODD = [
    *"/.-_~!+@ :;,=()[]{}*?\\\"'`|<>&^#$%\n\r\t\0\x7f",
    *"aAzZ019vVkKsSiI",
    *"éßſıİKÅµςΣǅﬆﬅΐΐжЖ中٣²ª\u0301\u00ad\u200b\ufeff\ufffd\u2028\u3000\u00a0",
    *"\U0001f600\U00010d4a\U00010d65\ua7ce\ua7cf\U000323b0\U0010ffff\ue000",
    *"\udc80\udcc3\udcff\udced",
]

_HOSTS = [
    *["example.com", "github.com", "gopkg.in", "x.y", "a.b-c.d", "golang.org", "gopkg.in"],
    *["localhost", "-x.y", "Example.com", "x_y.z", "1.2", "x.", ".x", "gopkg.in.", "", "x.y~1"],
]
_ELEMENTS = [
    *["a", "pkg", "Azure", "go-yaml", "yaml", "v2", "v1", "v0", "v10", "v02", "v2.1", "v", "v."],
    *["x.v1", "x.v2", "con", "CON", "Aux.txt", "nul.a.b", "com1", "COM0", "lpt9", "com10", "prn "],
    *["a~1", "a~", "~1", "a~1.b", "x~12a", ".git", "..", "...", ".", "a.", "a..b", "", "vendor"],
    *[
        "modules.txt",
        "go.mod",
        "LICENSE",
        "Go.Mod",
        "README.md",
        "café",
        "中文",
        "a b",
        "a+b",
        "@v",
    ],
]
_PATH_ENDS = [
    *[
        "",
        "",
        "",
        "/v2",
        "/v10",
        ".v1",
        ".v2",
        ".v0",
        ".v3-unstable",
        ".v0-unstable",
        ".v-unstable",
    ],
    *["-unstable", "/v1", "/v0", "/v2.1", "/v", "/v.", "/v2/", "/v02", ".v01", ".v", "/v2/sub"],
]
_NUMBERS = ["0", "1", "2", "3", "9", "10", "99", "100", "18446744073709551616", "9" * 40]
_BAD_NUMBERS = ["00", "01", "", "-1", "1a", "x", "٣", "1 "]
_IDENTS = [
    *["0", "1", "10", "rc", "rc1", "alpha", "beta", "pre", "a-b", "-", "--", "0a", "1-", "A", "Z"],
    *["00", "01", "", "a_b", "é", "20060102150405", "0-20060102150405"],
]
_BUILDS = [
    *["", "", "", "", "", "", "", "+incompatible", "+incompatible", "+meta", "+a.b", "+001", "+0-"],
    *["+dirty", "+", "+a..b", "+a+b"],
]
_REVS = [
    *["abcdefabcdef", "0123456789ab", "hash", "000000000000", "ABC", "abcdefabcdef", "a"],
    *["", "a.b", "x_y", "a-b"],
]
_GLOBS = [
    *["*", "?", "[a-z]", "[^a]", "\\*", "[", "[a", "[]", "[a-]", "[^]]", "\\", "a*", "*a", "**"],
    *["*.com", "example.com", "x.y", "a", "é", "[à-ï]", "[\ufffd]", "[\udcff]", "\udcc3", "[]a]"],
    *["[*]", "[?]", "[\\]]", "[!a]", "[a-b-c]", "{a,b}", "a?", "*?", "?*", "[a-z]*"],
]


@cache
def seeds(kind: str) -> list[str]:
    """Known inputs of a kind, from the vectors."""
    if kind == "path":
        return [row[0] for name in ("check_path", "unescape_path") for row in load(name)]
    if kind == "version":
        rows = load("semver")["rows"] + load("pseudo")
        return [row["in"] for row in rows] + [row[0] for row in load("unescape_version")]
    return [row["src"] for row in load("modfile")]


def mutated(random: Random, text: str) -> str:
    """Change a text in one to three places."""
    for _ in range(random.choice([1, 1, 2, 3])):
        at = random.randint(0, len(text))
        to = min(len(text), at + random.choice([0, 0, 1, 1, 2, 5]))
        new = random.choice([random.choice(ODD), random.choice(ODD), "", text[at:to] * 2])
        text = text[:at] + new + text[to:]
    return text


def _sometimes_mutated(random: Random, text: str, chance: float) -> str:
    return mutated(random, text) if random.random() < chance else text


def text(random: Random) -> str:
    """A short text of odd characters and words."""
    return "".join(random.choice([*ODD, *_ELEMENTS]) for _ in range(random.randint(0, 6)))


def module_path(random: Random) -> str:
    """A path that is often a valid module path."""
    elements = [random.choice(_HOSTS[:7] if random.random() < 0.8 else _HOSTS)]
    elements += [random.choice(_ELEMENTS[:5]) for _ in range(random.randint(0, 3))]
    return _sometimes_mutated(random, "/".join(elements) + random.choice(_PATH_ENDS), 0.1)


def _file_path(random: Random) -> str:
    elements = [random.choice(_ELEMENTS) for _ in range(random.randint(1, 4))]
    return _sometimes_mutated(random, "/".join(elements), 0.4)


def _escaped(random: Random, plain: str) -> str:
    chars = ("!" + char.lower() if "A" <= char <= "Z" else char for char in plain)
    return _sometimes_mutated(random, "".join(chars), 0.2)


def path(random: Random) -> str:
    """A path for a module, a package, a file, or a URL."""
    choice = random.randrange(6)
    if choice == 0:
        return _file_path(random)
    if choice == 1:
        return _escaped(random, module_path(random))
    if choice == 2:
        return _sometimes_mutated(random, random.choice(seeds("path")), 0.7)
    if choice == 3:
        return mutated(random, module_path(random))
    return module_path(random)


def _number(random: Random) -> str:
    return random.choice(_NUMBERS if random.random() < 0.99 else _BAD_NUMBERS)


def _prerelease(random: Random) -> str:
    if random.random() < 0.5:
        return ""
    idents = _IDENTS[:15] if random.random() < 0.95 else _IDENTS
    return "-" + ".".join(random.choice(idents) for _ in range(random.randint(1, 3)))


def _timestamp(random: Random) -> str:
    if random.random() < 0.6:
        return random.choice(["20060102150405", "20240229235959", "00010101000000"])
    if random.random() < 0.2:
        return "".join(random.choice("0123456789") for _ in range(random.choice([13, 14, 14, 15])))
    year = random.choice([1, 1970, 2000, 2006, 2024, 9999, random.randint(1, 9999)])
    month, day = random.randint(0, 13), random.choice([0, 1, 28, 29, 30, 31, 32])
    rest = [random.choice([0, 1, 23, 24]), random.choice([0, 59, 60]), random.choice([0, 59, 60])]
    return f"{year:04}{month:02}{day:02}" + "".join(f"{part:02}" for part in rest)


def _pseudo_version(random: Random) -> str:
    major, minor, patch = (_number(random) for _ in range(3))
    base = random.choice(
        [
            f"v{major}.0.0-",
            f"v{major}.{minor}.{patch}-0.",
            f"v{major}.{minor}.{patch}{_prerelease(random)}.0.",
            f"v{major}.{minor}.{patch}-",
        ]
    )
    return f"{base}{_timestamp(random)}-{random.choice(_REVS)}{random.choice(_BUILDS)}"


def version(random: Random) -> str:
    """A version, a pseudo-version, or something like one, plain or escaped."""
    choice = random.randrange(5)
    if choice == 0:
        made = _pseudo_version(random)
    elif choice == 1:
        made = _sometimes_mutated(random, random.choice(seeds("version")), 0.7)
    else:
        numbers = [_number(random) for _ in range(random.choice([1, 2, 3, 3, 3, 3, 3, 4]))]
        made = "v" + ".".join(numbers) + _prerelease(random) + random.choice(_BUILDS)
    made = _sometimes_mutated(random, made, 0.15)
    return _escaped(random, made) if random.random() < 0.05 else made


def module_version(random: Random) -> tuple[str, str]:
    """A module path and a version, which often fits."""
    path = module_path(random)
    major = re.search(r"[/.]v([0-9]+)(?:-unstable)?\Z", path)
    if random.random() < 0.2:
        return path, version(random)
    numbers = [major[1] if major else random.choice("01"), _number(random), _number(random)]
    v = "v" + ".".join(numbers) + _prerelease(random) + random.choice(_BUILDS)
    return path, v if random.random() < 0.9 else mutated(random, v)


def pattern(random: Random) -> str:
    """One glob pattern, or a path that such patterns match."""
    parts = (random.choice([*_GLOBS, "/"]) for _ in range(random.randint(0, 5)))
    return _sometimes_mutated(random, "".join(parts), 0.1)
