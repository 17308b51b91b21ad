"""
The rules for archives that clients must be able to use, beyond those of CheckZip.

CheckZip lets pass what `go mod download` then refuses, or what `go mod verify` reports as changed.
A server that hosts modules has to refuse these at the door.
"""

import re
import stat

from .. import module
from ..archive import DEFLATED, STORED, Entry
from ..archive.records import encode_name
from ..quote import printable, quote
from .goversion import go_line, is_at_least
from .names import GO_MOD
from .report import FileError, ZipError

MAX_ELEMENT = 255
"""Bytes of one element of a path: what file systems take."""

MAX_NAME = 3072
"""Bytes of a whole entry name.

Clients unpack below their module cache, where Linux takes paths of 4095 bytes; this leaves them
about 1 KiB for the path of the cache.
"""

NO_SUCH_GO = "1.50"
"""The oldest Go language version that a go.mod cannot reasonably ask for.

Go refuses to download a module that asks for a newer Go than itself. At two releases a year this
one would come in 2038: from here on there are slips of the pen like `go 1.210`.
"""

_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFDIR: "directory",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}
_DIRECTORY = (
    "directory entries are not allowed: they change the hash of the module, and go mod verify then "
    "reports it as modified; make the zip without them (zip -D)"
)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_CACHE_SUFFIX = ".ziphash000000000.tmp"  # the longest that the go command appends to a version
_FORM = '"<module path>@<version>/"'
_PREFIX = re.compile(r"([^@/]+(?:/[^@/]+)*)@([^@/]+)/")


def find_module(entry: Entry) -> tuple[str, str]:
    """
    Return the module path and version that an entry's name begins with, unchecked.

    Raises ZipError if it begins with none, or is too long for any.
    """
    check_name_length(entry.name)
    found = _PREFIX.match(entry.name)
    if found is None and entry.is_dir:
        # What is in it may have the prefix, as in a zip with example.com/ before example.com/m@v1.0.0/go.mod.
        raise FileError(entry.name, ZipError(f"{_DIRECTORY}, with names that begin with {_FORM}"))
    if found is None:
        raise ZipError(f"{printable(entry.name) or quote('')}: path does not have a prefix {_FORM}")
    return found[1], found[2]


def check_is_version(version: str) -> None:
    """
    Check that what stands for the version in a zip's names could be meant as one.

    Raises ZipError that says how a version looks, where Go would say that it should be "".
    """
    if not module.canonical_version(version):
        raise ZipError(f"{quote(version)} is no version of a Go module, such as v1.2.3")


def check_module_names(path: str, version: str) -> None:
    """
    Check that the go command can keep a valid module path and version in its cache.

    Raises ZipError for a path or version with an element that no file system takes, and for the
    module that the go command takes only from its own distribution.
    """
    if path == "golang.org/fips140":
        raise ZipError(f"{path}: the go command does not download this module")
    escaped = module.escape_path(path)
    escaped_version = module.escape_version(version)
    for element in (*escaped.split("/"), f"{escaped}@{escaped_version}".rpartition("/")[2]):
        if len(element) > MAX_ELEMENT:
            raise ZipError(_too_long("path element", element))
    if len(escaped_version + _CACHE_SUFFIX) > MAX_ELEMENT:
        raise ZipError(_too_long("version", escaped_version))


def check_name_length(name: str) -> None:
    """
    Check that an entry's name is not longer than clients can unpack.

    Raises ZipError.
    """
    if len(name) > MAX_NAME or not name.isascii() and len(encode_name(name)) > MAX_NAME:
        raise ZipError(
            f"{quote(name[:64])}...: file name too long "
            f"({len(encode_name(name))} bytes, the limit is {MAX_NAME})"
        )


def check_entry(name: str, entry: Entry) -> None:
    """
    Check an entry that CheckZip accepts.

    Arguments: the name below the module's root; the entry.

    Raises GoError.
    """
    if entry.is_dir:
        raise ZipError(_DIRECTORY)
    root, slash, _ = name.partition("/")
    if slash and root.lower() == GO_MOD:
        raise ZipError("a directory called go.mod: the go command takes it for the go.mod file")
    if not name.isascii():
        module.check_file_path(name, older_letters=True)
    if len(name) > MAX_ELEMENT // 4:  # no character has more than 4 bytes
        for element in encode_name(name).split(b"/"):
            if len(element) > MAX_ELEMENT:
                raise ZipError(_too_long("path element", element.decode()))
    kind = stat.S_IFMT(entry.attributes >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ZipError(f"not a regular file but a {_KINDS.get(kind, 'special file')} by its mode")
    if entry.flags & _ENCRYPTED:
        raise ZipError("encrypted files are not allowed")
    if entry.method not in (STORED, DEFLATED):
        raise ZipError(
            f"zip: unsupported compression algorithm (method {entry.method}; "
            "Go reads stored and deflated files)"
        )


def check_go_version(go_mod: bytes) -> None:
    """
    Check that a go.mod does not ask for a Go that will not exist for long.

    Raises ZipError.
    """
    version = go_line(go_mod)
    if is_at_least(version, NO_SUCH_GO):
        raise ZipError(f"go.mod: module requires go >= {version}, but no such version of Go exists")


def _too_long(what: str, value: str) -> str:
    return (
        f"{what} too long: {quote(value[:64])}... has {len(encode_name(value))} bytes, "
        f"file systems take {MAX_ELEMENT}"
    )
