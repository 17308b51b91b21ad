"""
The texts in a module's root that pages show: README and licence.

Which names count follows pkg.go.dev (golang.org/x/pkgsite, internal/fetch and internal/licenses).
"""

import codecs
import re
from collections.abc import Iterable

MAX_README = 64 << 10
"""Bytes of a README that are kept."""

MAX_LICENSE_TEXT = 256 << 10
"""Bytes of a licence that are kept."""

_MARKDOWN = (".md", ".markdown")
_NOT_README = (".go", ".vendor")
_LICENSE_NAME = re.compile(
    r"""(?: COPYING | MIT-LICEN[CS]E ) (?: \.(?: md | markdown | txt ) )?
    | LICEN[CS]E
      (?: \.(?: md | markdown | txt | rst | MIT | code | docs )
        | -(?: MIT | APACHE | APACHE-2\.0\.txt | 2\.0\.txt ) )?
    | MIT_LICEN[CS]E
    | UNLICEN[CS]E""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def _extension(name: str) -> str:
    return name[name.rindex(".") :] if "." in name else ""


def _is_readme(name: str) -> bool:
    extension = _extension(name)
    stem = name[: len(name) - len(extension)]
    return stem.upper() == "README" and extension not in _NOT_README


def choose_readme(names: Iterable[str]) -> str:
    """
    Return the README among the names of the files in a root, "" if there is none.

    Markdown comes first, as on pkg.go.dev.
    """
    found = sorted(filter(_is_readme, names))
    markdown = [name for name in found if _extension(name) in _MARKDOWN]
    return (markdown[:1] or found[-1:] or [""])[0]


def choose_license(names: Iterable[str]) -> str:
    """Return the licence among the names of the files in a root, "" if there is none."""
    found = [name for name in names if _LICENSE_NAME.fullmatch(name)]
    return min(found, key=_license_rank, default="")


def is_license(name: str) -> bool:
    """Say whether a file is a licence by its name, without directories."""
    return _LICENSE_NAME.fullmatch(name) is not None


def _license_rank(name: str) -> tuple[bool, int, str]:
    return not name.upper().startswith("LICEN"), len(name), name


def decode(data: bytes) -> str:
    """Return bytes, perhaps cut short, as text that a database takes: no NUL, no bad UTF-8."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
