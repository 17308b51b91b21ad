"""
Which page a path below a distribution's base path is for.

No module path and no version has an `@`, and the protocol has `/@v/` and `/@latest`: whatever else begins with
`/@` is a page about what goes before it. A module path has a dot in its first element, or else the go command asks
nobody for it, so names without one are pages of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pulp_gomod.golang import GoError, module, semver

Tab = Literal["", "doc", "versions", "licenses", "requirements", "importers"]

ASSETS: Final = "@assets/"
"""Where the stylesheet and the script are, below the base path."""

_SEARCH: Final = "search"
_TABS: Final = frozenset({"doc", "versions", "licenses", "requirements", "importers"})
_COMPARE: Final = "compare"
_BETWEEN: Final = "..."
# Longer ones name nothing that could be stored, and are not worth a question to the database.
_LONGEST_PATH: Final = 2500
_LONGEST_QUERY: Final = 2500
_MOST_DIGITS: Final = 5
_MOST_ELEMENTS: Final = 32


@dataclass(frozen=True, slots=True)
class ListPage:
    """
    The modules that a distribution has.

    Attributes:
        below: The path that they are below, "" for all.
        after: The module path after which the list goes on, "" for its beginning.
    """

    below: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """
    What a search finds.

    Attributes:
        text: What is searched for.
        is_part: Whether only the list of what is found is wanted, for a page that is open already.
    """

    text: str
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class PathPage:
    """
    A module, a package or a directory.

    Attributes:
        path: The module path where there is a version, otherwise any import path.
        version: The version, "" for the latest.
        below: What follows the version: a directory of the module.
        tab: What is to be seen of it, "" for the documentation or an overview.
        before: The version from which on the list of versions goes down, "" for its beginning.
        after: The path after which a list of what is below goes on, "" for its beginning.
        part: Which page of a documentation that is longer than one.
    """

    path: str
    version: str = ""
    below: str = ""
    tab: Tab = ""
    before: str = ""
    after: str = ""
    part: int = 1


@dataclass(frozen=True, slots=True)
class ComparePage:
    """
    Two versions of a module, compared.

    Attributes:
        path: The module path.
        old: One version.
        new: The other one.
    """

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """
    A page that has another path.

    Attributes:
        path: That path, below the base path.
    """

    path: str


@dataclass(frozen=True, slots=True)
class NoPage:
    """
    A path that is none of a page.

    Attributes:
        reason: For people: why.
    """

    reason: str


Wanted = ListPage | SearchPage | PathPage | ComparePage | Elsewhere | NoPage


def parse_page(path: str, query: Mapping[str, str]) -> Wanted:
    """
    Say which page is wanted.

    Args:
        path: The path below the base path, decoded.
        query: What the URL says after a question mark.
    """
    if len(path) > _LONGEST_PATH or path.count("/") > _MOST_ELEMENTS:
        return NoPage("No module has a path as long as this.")
    if not path:
        return ListPage(after=_said(query, "after"))
    if path == _SEARCH:
        text = _said(query, "q").strip()
        return SearchPage(text, query.get("part") == "1")
    if path.endswith("/"):
        return Elsewhere(path.rstrip("/"))
    head, _, tab = path.partition("/@")
    if tab.partition("/")[0] == _COMPARE:
        return _compared(head, tab, query)
    if tab and tab not in _TABS:
        return NoPage("There is no such page.")
    name, _, version = head.partition("@")
    version, _, below = version.partition("/")
    if not _is_import_path(name) or (version and not _is_version(version)):
        return NoPage("This is not the path of a module or a package.")
    if version == "latest":
        return Elsewhere("/".join(filter(None, (name, below, f"@{tab}" if tab else ""))))
    before = _said(query, "before")
    if before and not semver.is_valid(before):
        return NoPage("There is no such version.")
    after = _said(query, "after")
    part = query.get("part", "1")
    if not (part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS):
        return NoPage("There is no such page.")
    return PathPage(name, version, below, tab, before, after, int(part))  # type: ignore[arg-type]


def _said(query: Mapping[str, str], name: str) -> str:
    """Return what a query says of something, as far as PostgreSQL can be asked for it."""
    text = query.get(name, "")[:_LONGEST_QUERY]
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _compared(path: str, tab: str, query: Mapping[str, str]) -> Wanted:
    named = tab.removeprefix(_COMPARE).removeprefix("/")
    if not named:
        # A form without a script can only say it like this.
        old, new = query.get("old", ""), query.get("new", "")
        if _is_version(old) and _is_version(new):
            return Elsewhere(compared_path(path, old, new))
    old, _, new = named.partition(_BETWEEN)
    if not (_is_import_path(path) and _is_version(old) and _is_version(new)):
        return NoPage("Two versions are compared at <module>/@compare/<version>...<version>.")
    return ComparePage(path, old, new)


def compared_path(path: str, old: str, new: str) -> str:
    """Return the path of the page that compares two versions of a module."""
    return f"{path}/@{_COMPARE}/{old}{_BETWEEN}{new}"


def _is_import_path(path: str) -> bool:
    try:
        module.check_import_path(path)
    except GoError:
        return False
    return True


def _is_version(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_QUERY and not set(text) & set("/@ \\?#%&<>\"'")
