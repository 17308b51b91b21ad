"""go.sum as Go reads it (readGoSum of cmd/go/internal/modfetch)."""

import base64
import binascii
from typing import Final, NamedTuple

from . import module
from .errors import GoError
from .quote import printable

__all__ = ["GoSumError", "Line", "parse"]

MAX_ERRORS: Final = 20
"""Mistakes that are described; the rest is counted."""

_GO_MOD: Final = "/go.mod"
_HASH_SIZE: Final = 32
# The checksum of an empty go.mod, which an old go command wrote by mistake. Go skips it, too.
_EMPTY_GO_MOD: Final = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="


class Line(NamedTuple):
    """
    One checksum of go.sum.

    Attributes:
        path: The module path.
        version: The version.
        is_go_mod: Whether it is that of the go.mod alone, and not that of the zip.
        h1: The checksum.
        line: The line of the file, counted from 1.
    """

    path: str
    version: str
    is_go_mod: bool
    h1: str
    line: int


class GoSumError(GoError):
    """Everything that is wrong with a go.sum, a line `go.sum:LINE: reason` for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        """Say what is wrong, in the order of the file."""
        lines = mistakes[:MAX_ERRORS]
        if len(mistakes) > MAX_ERRORS:
            lines.append(f"go.sum: {len(mistakes) - MAX_ERRORS} more errors")
        super().__init__("\n".join(lines))


def parse(text: str) -> list[Line]:
    """
    Read a go.sum.

    Go keeps several checksums for one file, and takes any of them. Two that differ mean that somebody
    was lied to, so that is an error here.

    Args:
        text: The file.

    Raises:
        GoSumError: Go would refuse the file, or it contradicts itself.
    """
    known: dict[tuple[str, str, bool], Line] = {}
    mistakes = []
    for number, words in enumerate(text.split("\n"), 1):
        try:
            line = _read(words.split(), number)
            if line is None:
                continue
            first = known.setdefault(line[:3], line)
            if first.h1 != line.h1:
                raise GoError(
                    f"{line.path}@{line.version}: {line.h1} contradicts line {first.line}, which "
                    f"has {first.h1}"
                )
        except GoError as error:
            mistakes.append(f"go.sum:{number}: {error}")
    if mistakes:
        raise GoSumError(mistakes)
    return list(known.values())


def _read(fields: list[str], number: int) -> Line | None:
    """Read one line; None for what is skipped."""
    if not fields:
        return None
    if len(fields) != 3:
        raise GoError(f"wrong number of fields {len(fields)}: module, version and checksum are 3")
    path, version, h1 = fields
    if h1 == _EMPTY_GO_MOD:
        return None
    is_go_mod = version.endswith(_GO_MOD)
    version = version.removesuffix(_GO_MOD)
    module.check(path, version)
    if module.canonical_version(version) != version:
        raise GoError(f"{path}: version {printable(version)} is not canonical")
    if not _is_h1(h1):
        raise GoError(f"{path}@{version}: {printable(h1[:80])} is not a checksum such as h1:...=")
    return Line(path, version, is_go_mod, h1, number)


def _is_h1(text: str) -> bool:
    if not text.startswith("h1:"):
        return False
    try:
        return len(base64.b64decode(text[3:], validate=True)) == _HASH_SIZE
    except (binascii.Error, ValueError):
        return False
