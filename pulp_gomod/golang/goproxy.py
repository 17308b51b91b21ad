"""
What a request path asks for: the grammar of the GOPROXY protocol.

Source of the rules: go.dev/ref/mod#goproxy-protocol and cmd/go/internal/modfetch/proxy.go.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from . import module
from .errors import GoError

File = Literal["list", "info", "mod", "zip"]

LATEST = "latest"
INDEX = "index"
BUNDLE = "bundle.tar"
VULNDB = "vulndb/"
SBOM = "sbom.json"
DOCUMENTATION = "v1/"
"""What the paths of the API of pkg.go.dev begin with: no module path does, since its first element has a dot."""
HOLD = "hold/"
MOST_DAYS = 3650
"""Days for which whoever asks may want younger versions to be held back."""

_ASKED_WITH_A_QUERY = frozenset({INDEX, BUNDLE, SBOM})
_DAYS = re.compile("([1-9][0-9]{0,3})d", re.ASCII)

_CAPITAL = re.compile("[A-Z]")
_CAPITALS = "; capital letters are written as ! and the small letter, such as !a for A"

# Queries that the go command answers itself: as the name of a version they mean nothing.
_CLIENT_QUERIES = frozenset({"upgrade", "patch", "none"})


@dataclass(frozen=True, slots=True)
class ModuleRequest:
    """
    A request for a file of a module.

    Attributes:
        module: The module path, unescaped.
        file: Which file.
        version: A version, `latest`, or another revision name, unescaped; "" for the list.
    """

    module: str
    file: File
    version: str = ""


@dataclass(frozen=True, slots=True)
class SumdbRequest:
    """
    A request to a checksum database.

    Attributes:
        path: What follows `sumdb/`: the database's name and the path within it.
    """

    path: str


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """A request for the index of all module versions; which part of it, the query says."""


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """A request for everything at once. No module is called like it: a module's files are below its path."""


@dataclass(frozen=True, slots=True)
class SbomRequest:
    """A request for the bill of materials of everything, or of what one module needs, as the query says."""


@dataclass(frozen=True, slots=True)
class VulndbRequest:
    """
    A request to the vulnerability database. No module path begins like this: it has no dot.

    Attributes:
        path: What follows `vulndb/`.
    """

    path: str


@dataclass(frozen=True, slots=True)
class DocumentationRequest:
    """
    A request to the API of pkg.go.dev; what it asks for the query says, too.

    Attributes:
        path: What follows `v1/`.
    """

    path: str


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """
    A request for what is older than some days. No module path begins like this: it has no dot.

    Attributes:
        days: How many.
        path: What is asked for.
    """

    days: int
    path: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """
    A path that is no GOPROXY request.

    Attributes:
        reason: For people: what is wrong with it.
        is_fault: Whether whoever asks has to be told so, instead of being sent on to the next proxy.
    """

    reason: str
    is_fault: bool = False


Parsed = (
    ModuleRequest
    | SumdbRequest
    | IndexRequest
    | BundleRequest
    | SbomRequest
    | VulndbRequest
    | DocumentationRequest
    | HoldRequest
    | Malformed
)


@lru_cache(maxsize=1024)
def parse(path: str) -> Parsed:
    """
    Say what a path below a distribution's base path asks for.

    It never raises: the go command probes every prefix of a package path, and must be told "not
    found" for all that are no modules.

    Args:
        path: The path, percent-decoded once; escaped as Go escapes module paths.
    """
    if path.startswith("sumdb/"):
        return SumdbRequest(path.removeprefix("sumdb/"))
    if path.startswith(VULNDB):
        return VulndbRequest(path.removeprefix(VULNDB))
    if path.startswith(HOLD):
        return _parse_hold(path.removeprefix(HOLD))
    if path == INDEX:
        return IndexRequest()
    if path == BUNDLE:
        return BundleRequest()
    if path == SBOM:
        return SbomRequest()
    if path.startswith(DOCUMENTATION):
        return DocumentationRequest(path.removeprefix(DOCUMENTATION))
    try:
        if path.endswith("/@latest"):
            return ModuleRequest(
                module.unescape_path(path.removesuffix("/@latest")), "info", LATEST
            )
        escaped, separator, file = path.partition("/@v/")
        if not separator:
            return Malformed(
                "a GOPROXY path is <module>/@latest, <module>/@v/list or "
                "<module>/@v/<version>.info, .mod or .zip"
            )
        return _parse_file(module.unescape_path(escaped), file)
    except GoError as error:
        return Malformed(f"{error}{_CAPITALS if _CAPITAL.search(path) else ''}")


def _parse_hold(rest: str) -> Parsed:
    days, _, path = rest.partition("/")
    found = _DAYS.fullmatch(days)
    if found is None or int(found[1]) > MOST_DAYS:
        return Malformed(f"{HOLD} is followed by 1 to {MOST_DAYS} days, such as {HOLD}14d/", True)
    if path.startswith(HOLD):
        return Malformed(f"{HOLD} is there twice", True)
    return HoldRequest(int(found[1]), path)


def is_asked_with_more(path: str) -> bool:
    """
    Say whether the path of a request alone does not say what is asked for: but its query, or who asks.

    Args:
        path: As of `parse`.
    """
    parsed = parse(path)
    if isinstance(parsed, HoldRequest):
        path = parsed.path
        parsed = parse(path)
    return path in _ASKED_WITH_A_QUERY or isinstance(parsed, DocumentationRequest | Malformed)


def _parse_file(path: str, file: str) -> Parsed:
    if file == "list":
        return ModuleRequest(path, "list")
    escaped, _, extension = file.rpartition(".")
    match extension:
        case "info" | "mod" | "zip":
            version = module.unescape_version(escaped)
        case _:
            return Malformed("the file must be list, or end in .info, .mod or .zip")
    if version in _CLIENT_QUERIES:
        return Malformed(f"invalid version {version!r}: the go command resolves it itself")
    return ModuleRequest(path, extension, version)
