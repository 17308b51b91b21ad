"""
What a request path asks for: the grammar of the GOPROXY protocol.

Source of the rules: go.dev/ref/mod#goproxy-protocol and cmd/go/internal/modfetch/proxy.go.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from . import module
from .errors import GoError

File = Literal["list", "info", "mod", "zip"]

LATEST = "latest"
INDEX = "index"
BUNDLE = "bundle.tar"
ASKED_WITH_A_QUERY = frozenset({INDEX, BUNDLE})
"""Paths at which the query says what is asked for."""

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
class Malformed:
    """
    A path that is no GOPROXY request.

    Attributes:
        reason: For people: what is wrong with it.
    """

    reason: str


Parsed = ModuleRequest | SumdbRequest | IndexRequest | BundleRequest | Malformed


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
    if path == INDEX:
        return IndexRequest()
    if path == BUNDLE:
        return BundleRequest()
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
        return Malformed(str(error))


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
