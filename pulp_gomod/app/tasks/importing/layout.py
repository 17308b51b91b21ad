"""
What the files of a tree are: of which module version, or of which checksum database, or what a bundle says of itself.

Three kinds of trees are read: what a GOPROXY serves (a bundle, a mirror, the storage of most registries),
the module cache of the go command (`GOMODCACHE`, whose `cache/download` is such a tree), and the disk
storage of Athens (`MODULE/VERSION/{go.mod,source.zip,VERSION.info}`, with its names unescaped).
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.sumdb import note

Kind = Literal["info", "mod", "zip", "ziphash"]

_CACHE = "cache/download/"
_GOPROXY = re.compile(r"(.+)/@v/([^/]+)\.(info|mod|zip|ziphash)")
_ATHENS = re.compile(r"(.+)/(v[^/]+)/(source\.zip|go\.mod|\2\.info)")
_ATHENS_KINDS: dict[str, Kind] = {"source.zip": "zip", "go.mod": "mod"}
_ABOUT = re.compile(r"(?:.*/)?bundle/about\.json")
_SUMDB = "sumdb/"
# What is below the name of a database: with more of a path after it, or as the end of it.
_BELOW = ("/lookup/", "/tile/8/")
_LATEST = "/latest"


@dataclass(frozen=True, slots=True)
class ModulePlace:
    """
    A file of a module version.

    Attributes:
        module: The module path.
        version: The version.
        kind: Which file.
    """

    module: str
    version: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class SumdbPlace:
    """
    A file of a checksum database.

    Attributes:
        name: The database's name.
        path: Below the database.
    """

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class AboutPlace:
    """What a bundle says of itself."""


def place_of(name: str) -> ModulePlace | SumdbPlace | AboutPlace | None:
    """
    Say what a file of a tree is, by its name; None if it is nothing that is imported.

    Args:
        name: Its path in the tree, with slashes.
    """
    if of_database := split_sumdb(name):
        return _of_sumdb(*of_database)
    if _ABOUT.fullmatch(name):
        return AboutPlace()
    if found := _GOPROXY.fullmatch(name):
        return _of_goproxy(found[1], found[2], found[3])
    if found := _ATHENS.fullmatch(name):
        return _of_athens(found[1], found[2], found[3])
    return None


def split_sumdb(name: str) -> tuple[str, str] | None:
    """
    Find the name of a checksum database and the path below it; None if a file is of none.

    A tar may have names of a megabyte, for which a regular expression would take longer than anybody waits.

    Args:
        name: The file's path in the tree.
    """
    if "\n" in name:
        return None
    last = max(*(name.rfind(below, 0, -1) for below in _BELOW), _latest_in(name))
    # The last directory of that name before it, with something between both.
    end = last - 1
    while (start := name.rfind(_SUMDB, 0, max(end, 0))) > 0 and name[start - 1] != "/":
        end = start + len(_SUMDB) - 1
    if start < 0:
        return None
    start += len(_SUMDB)
    places = (*(name.find(below, start + 1, -1) for below in _BELOW), _latest_in(name))
    first = min(place for place in places if place > start)
    return name[start:first], name[first + 1 :]


def _latest_in(name: str) -> int:
    return len(name) - len(_LATEST) if name.endswith(_LATEST) else -1


def _of_sumdb(name: str, path: str) -> SumdbPlace | None:
    # People are told of it, in what a task returns: a tar may have names that no table takes.
    is_name = note.is_valid_name(name) and name.isprintable()
    return SumdbPlace(name, path) if is_name else None


def _of_goproxy(escaped: str, escaped_version: str, kind: Any) -> ModulePlace | None:
    try:
        path = module.unescape_path(_below_root(escaped))
        version = module.unescape_version(escaped_version)
    except GoError:
        return None
    return ModulePlace(path, version, kind) if is_version(path, version) else None


def _of_athens(path: str, version: str, file: str) -> ModulePlace | None:
    path = _below_root(path)
    if not is_version(path, version):
        return None
    kind: Kind = _ATHENS_KINDS.get(file, "info")
    return ModulePlace(path, version, kind)


def _below_root(path: str) -> str:
    """Leave out the directories that the tree lies in: no module path begins with a name without a dot."""
    _, is_cache, below = path.rpartition(_CACHE)
    parts = (below if is_cache else path).split("/")
    first = next((i for i, part in enumerate(parts) if part.strip(".") and "." in part), 0)
    return "/".join(parts[first:])
