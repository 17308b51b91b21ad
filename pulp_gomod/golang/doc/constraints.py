"""For which systems a Go file is: what its name and its `//go:build` line say (go/build)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SYSTEMS: Final = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ]
)
_UNIX: Final = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "linux",
        "netbsd",
        "openbsd",
        "solaris",
    ]
)
_PROCESSORS: Final = frozenset(
    [
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "armbe",
        "arm64",
        "arm64be",
        "loong64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    ]
)
_DEEPEST: Final = 100
_GO_BUILD: Final = re.compile(rb"//go:build(?:[ \t]+(.*))?$")
_PLUS_BUILD: Final = re.compile(rb"//[ \t]*\+build(?:[ \t]+(.*))?$")


@dataclass(frozen=True, slots=True)
class Platform:
    """
    What a package is built for.

    Attributes:
        goos: The system.
        goarch: The processor.
    """

    goos: str
    goarch: str

    def has(self, tag: str) -> bool:
        """Say whether a build tag is set: C code is compiled, and the release of Go is a new one."""
        if tag in (self.goos, self.goarch, "gc", "cgo"):
            return True
        if tag == "unix":
            return self.goos in _UNIX
        return re.fullmatch(r"go1\.[0-9]{1,2}", tag) is not None


PLATFORMS: Final = (
    Platform("linux", "amd64"),
    Platform("windows", "amd64"),
    Platform("darwin", "amd64"),
    Platform("js", "wasm"),
)
"""In this order it is looked for one that a package is for."""


def constraint(name: str, head: bytes) -> str:
    """
    Say for what a file is, as an expression of build tags; "" if for everything.

    Args:
        name: Its name, without directories.
        head: How it begins: as far as its package clause.
    """
    both = [each for each in (_of_name(name), _of_head(head)) if each]
    return " && ".join(f"({each})" if "||" in each and len(both) > 1 else each for each in both)


def holds(expression: str, platform: Platform) -> bool:
    """
    Say whether an expression of build tags is true; one that makes no sense is not.

    Args:
        expression: The expression, "" for none.
        platform: What tags are set.
    """
    if not expression:
        return True
    tokens = re.findall(r"&&|\|\||[!()]|[^\s!()&|]+|\S", expression)
    try:
        reader = _Reader(tokens, platform)
        value = reader.either(0)
        return value and reader.at == len(tokens)
    except _Senseless:
        return False


class _Senseless(Exception):
    pass


class _Reader:
    def __init__(self, tokens: list[str], platform: Platform) -> None:
        self._tokens = tokens
        self._platform = platform
        self.at = 0

    def _next(self) -> str:
        return self._tokens[self.at] if self.at < len(self._tokens) else ""

    def either(self, depth: int) -> bool:
        value = self._both(depth)
        while self._next() == "||":
            self.at += 1
            value |= self._both(depth)
        return value

    def _both(self, depth: int) -> bool:
        value = self._one(depth)
        while self._next() == "&&":
            self.at += 1
            value &= self._one(depth)
        return value

    def _one(self, depth: int) -> bool:
        token = self._next()
        self.at += 1
        if depth > _DEEPEST:
            raise _Senseless
        if token == "!":
            return not self._one(depth + 1)
        if token == "(":
            value = self.either(depth + 1)
            if self._next() != ")":
                raise _Senseless
            self.at += 1
            return value
        if not re.fullmatch(r"[\w.]+", token):
            raise _Senseless
        return self._platform.has(token)


def _of_name(name: str) -> str:
    """Read the system and the processor off a name such as `file_linux_arm64_test.go`."""
    _, separator, rest = name.partition(".")[0].partition("_")
    if not separator:
        return ""
    parts = rest.split("_")
    if parts[-1] == "test":
        parts.pop()
    if len(parts) >= 2 and parts[-2] in SYSTEMS and parts[-1] in _PROCESSORS:
        return f"{_system(parts[-2])} && {parts[-1]}"
    if parts and (parts[-1] in SYSTEMS or parts[-1] in _PROCESSORS):
        return _system(parts[-1])
    return ""


def _system(name: str) -> str:
    return name


def _of_head(head: bytes) -> str:
    old: list[str] = []
    pending: list[str] = []
    for line in _comment_lines(head):
        if found := _GO_BUILD.match(line):
            return (found[1] or b"").decode("utf-8", "replace").strip() or "false_"
        if found := _PLUS_BUILD.match(line):
            pending.append(_of_old((found[1] or b"").decode("utf-8", "replace")))
        elif not line:
            # They count only with a blank line behind them.
            old += pending
            pending = []
    return " && ".join(f"({each})" if "||" in each and len(old) > 1 else each for each in old)


def _comment_lines(head: bytes) -> Iterator[bytes]:
    """Yield the lines before the package clause that are blank, or line comments."""
    is_inside = False
    for line in head.splitlines():
        line = line.strip()
        if is_inside or line.startswith(b"/*"):
            is_inside = b"*/" not in line
        elif not line or line.startswith(b"//"):
            yield line
        else:
            return


def _of_old(text: str) -> str:
    """Rewrite the alternatives of a `+build` line."""
    alternatives = [" && ".join(each.split(",")) for each in text.split()]
    return " || ".join(
        f"({each})" if "&&" in each and len(alternatives) > 1 else each for each in alternatives
    )
