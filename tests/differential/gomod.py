"""Random go.mod files."""

from collections.abc import Callable
from random import Random

from tests.differential.texts import (
    module_path,
    module_version,
    mutated,
    seeds,
    text,
    version,
)

_VERBS = ["module", "go", "require", "require", "exclude", "replace", "retract", "retract"]
_VERBS += ["toolchain", "godebug", "tool", "ignore"]
_ODD_VERBS = ["unknown", "use", "Module", '"module"', "require(", "=>", "v1.0.0"]
_GO_VERSIONS = ["1.21", "1.23.0", "1.24rc1", "2.0", "10.1.2rc3"]
_ODD_GO_VERSIONS = [
    *["1", "1.02", "v1.20", "go1.20", "1.20-foo", "1.x", "1.20.x", "0.9", "1.20.1.2", "01.2", ""],
    *["1.20\u0663", "1.2.3rc1", '"1.21"', "1.21 1.22", "v1.2.3-4", "1.20\udcff", "1.20rc", "v1.2é"],
]
_TOOLCHAINS = ["go1.21.3", "default", "go1", "go1.", "go1.20-custom"]
_ODD_TOOLCHAINS = ["local", "go1x", "go2.1", '"go1.21"', "a b", "default1", "xgo1"]
_GODEBUGS = ["a=b", "default=go1.21", "=", "a=b=c", "a="]
_ODD_GODEBUGS = ["a", "a=b,c=d", '"a=b"', "a = b", "a=`b"]
_MODULES = [
    (
        "example.com/a",
        ["v1.0.0", "v0.1.0-rc.1", "v1", "v1.2", "v2.0.0+incompatible", "v1.0.0+meta"],
    ),
    ("example.com/A/v2", ["v2.0.0", "v2.1.0-0.20060102150405-abcdefabcdef", "v2"]),
    ("gopkg.in/yaml.v3", ["v3.0.1", "v3.0.0-20060102150405-abcdefabcdef", "v3.1"]),
    ("gopkg.in/check.v1", ["v1.0.0", "v0.0.0-20060102150405-abcdefabcdef"]),
    ("x.y/b-c.d_e~f", ["v1.99999999999999999999.0", "v0.0.0-00010101000000-000000000000"]),
    ("x", ["v1.0.0"]),
]
_DIRECTORIES = ["./x", "../x", "/abs", ".", "..", "C:/x", "C:"]
_ODD_DIRECTORIES = [".\\x", "x", "a@v1", "./a b", "\\x", "...", "1:/x", "..\\x", "./a\\b"]
_COMMENTS = ["", "", "", "", "", "", " // indirect", " // indirect; why", " // bad", " //indirect"]
_ODD_COMMENTS = [
    *[
        "//x",
        " // Deprecated: use y",
        " //",
        " /* no */",
        " // \u00a0",
        "\t//\r",
        " // indirect and",
    ],
    *[" // indirect;", "// indirect", " // \u2003indirect", " // // indirect", " / / x", "/"],
]
_COMMENT_LINES = [
    *[
        "// Deprecated: use example.com/y",
        "// Deprecated:   ",
        "//Deprecated: x",
        "// deprecated: x",
    ],
    *["//", "", "", "// why", "// Deprecated: a\n// b\n//\n// c", "//\n// Deprecated: x\n//", "\r"],
    *["// Deprecated: x\n//\n//\n// y", "// \u2003 x \u00a0", "//\x1f x", "// \udcff", "///"],
]
_BREAKS = ["\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n"]
_ODD_BREAKS = ["", "\r", "\n\r", "\u2028", "\v\n", "\\\n"]


def _choice(random: Random, usual: list[str], odd: list[str]) -> str:
    return random.choice(odd if random.random() < 0.03 else usual)


def _quoted(random: Random, word: str) -> str:
    choice = random.randrange(80)
    if choice == 0:
        return f'"{word}"'
    if choice == 1:
        return f"`{word}`"
    if choice == 2:
        at = random.randint(0, len(word))
        escape = random.choice(
            [r"\n", r"\x41", r"\u00e9", r"\377", r"\q", r"\"", r"\'", r"\U0010ffff"]
        )
        return f'"{word[:at]}{escape}{word[at:]}"'
    if choice == 3:
        return mutated(random, word)
    return word


def _module_version(random: Random) -> str:
    path, v = module_version(random)
    if random.random() < 0.7:
        path, versions = random.choice(_MODULES)
        v = random.choice(versions)
    return f"{_quoted(random, path)} {_quoted(random, v)}"


def _version(random: Random) -> str:
    if random.random() < 0.8:
        return random.choice(
            ["v1.0.0", "v0.1.0", "v2.0.0", "v1.2.3-pre", "v2.0.0+incompatible", "v1"]
        )
    return version(random)


def _interval(random: Random) -> str:
    low, high = _version(random), _version(random)
    usual = [low, low, f"[{low}, {high}]", f"[{low},{high}]", f"[ {low} , {high} ]"]
    odd = [f"[{low}, {high})", f"[{low}]", "[", f"[{low},", f"({low}, {high}]", f"{low} {high}"]
    return _choice(random, usual, [*odd, f"[{low}, {high}] x", "[]", f"[,{high}]", "(", f"[{low}"])


def _replacement(random: Random) -> str:
    old = _quoted(random, module_path(random))
    old = random.choice([old, _module_version(random)])
    directory = _quoted(random, _choice(random, _DIRECTORIES, _ODD_DIRECTORIES))
    new = _choice(random, [directory, _module_version(random)], [old, f"{directory} v1.0.0"])
    return f"{old} {_choice(random, ['=>'], ['->', '= >', '=> =>'])} {new}"


def _arguments(random: Random, verb: str) -> str:
    """What may follow a verb, mostly of the right shape."""
    if random.random() < 0.02:
        return text(random)
    made: dict[str, Callable[[Random], str]] = {
        "require": _module_version,
        "exclude": _module_version,
        "replace": _replacement,
        "retract": _interval,
        "go": lambda random: _choice(random, _GO_VERSIONS, _ODD_GO_VERSIONS),
        "toolchain": lambda random: _choice(random, _TOOLCHAINS, _ODD_TOOLCHAINS),
        "godebug": lambda random: _choice(random, _GODEBUGS, _ODD_GODEBUGS),
    }
    make = made.get(verb)
    return make(random) if make else _quoted(random, module_path(random))


def _break(random: Random) -> str:
    return _choice(random, _BREAKS, _ODD_BREAKS)


def _comment_lines(random: Random) -> str:
    if random.random() < 0.7:
        return ""
    return _choice(random, _COMMENT_LINES, ["/* x */", "// \0", "#"]) + _break(random)


def _line(random: Random, start: str) -> str:
    return start + _choice(random, _COMMENTS, _ODD_COMMENTS) + _break(random)


def _block(random: Random, verb: str) -> str:
    opening = _choice(
        random, ["(", "(", "(", "( // c"], ["( x", "()", "( )", "(  ) x", "x (", "(("]
    )
    lines = [_line(random, f"{verb} {opening}")]
    for _ in range(random.randint(0, 3)):
        lines.append(_comment_lines(random))
        lines.append(_line(random, "\t" + _arguments(random, verb)))
    lines.append(_comment_lines(random))
    lines.append(_line(random, _choice(random, [")", ")", "\t)"], [") x", "", "))", ") ("])))
    return "".join(lines)


def _directive(random: Random) -> str:
    verb = _choice(random, _VERBS, _ODD_VERBS)
    block = verb not in ("go", "toolchain", "module") or random.random() < 0.05
    if block and random.random() < 0.5:
        return _comment_lines(random) + _block(random, verb)
    return _comment_lines(random) + _line(random, f"{verb} {_arguments(random, verb)}")


def go_mod(random: Random) -> str:
    """A go.mod file, or something like one."""
    if random.random() < 0.25:
        made = random.choice(seeds("gomod"))
        return mutated(random, made) if random.random() < 0.8 else made
    parts = [_directive(random) for _ in range(random.choice([1, 1, 2, 2, 3, 5]))]
    if random.random() < 0.7 and not any(part.startswith("module") for part in parts):
        parts.insert(0, f"{_comment_lines(random)}module example.com/m{random.choice(_COMMENTS)}\n")
    made = "".join(parts)
    return mutated(random, made) if random.random() < 0.2 else made
