"""
The serving side of a checksum database: paths in, answers out, no HTTP.

As the Server and the TestServer of golang.org/x/mod/sumdb.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .. import module
from ..errors import GoError
from . import note, tlog

TEXT = "text/plain; charset=UTF-8"
BINARY = "application/octet-stream"
# Go's http.Error spells the character set in lower case.
ERROR_TEXT = "text/plain; charset=utf-8"

_MODULE_VERSION = re.compile(r"[^@]+@v[0-9]+\.[0-9]+\.[0-9]+(-[^@]*)?(\+incompatible)?")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes


class ServerOps(Protocol):
    """The log behind a Server. FileNotFoundError becomes status 404, GoError 500."""

    def signed(self) -> bytes:
        """The signed note of the latest tree head."""

    def read_records(self, id_: int, n: int, /) -> Sequence[bytes]:
        """The texts of n records, from number id_ on."""

    def lookup(self, path: str, version: str, /) -> int:
        """The number of the record about a module version."""

    def read_tile_data(self, tile: tlog.Tile, /) -> bytes:
        """The data of a hash tile, which may name more hashes than the log has."""


class Server:
    """Answers a checksum database's paths: /lookup/..., /latest and /tile/..."""

    def __init__(self, ops: ServerOps) -> None:
        self._ops = ops

    def serve(self, path: str) -> Answer:
        """The answer to GET path, which is percent-decoded already."""
        try:
            if path.startswith("/lookup/"):
                return self._lookup(path.removeprefix("/lookup/"))
            if path == "/latest":
                return Answer(200, TEXT, self._ops.signed())
            if path.startswith("/tile/"):
                return self._tile(path.removeprefix("/"))
        except FileNotFoundError as error:
            return _error(404, str(error))
        except GoError as error:
            return _error(500, str(error))
        return _error(404, "404 page not found")

    def serve_proxied(self, name: str, path: str) -> Answer:
        """The answer of a GOPROXY to GET /sumdb/<name>/..., for the one database called name."""
        prefix = f"/sumdb/{name}/"
        if path == f"{prefix}supported":
            return Answer(200, TEXT, b"")
        if not path.startswith(prefix):
            return _error(404, "404 page not found")
        return self.serve(path[len(prefix) - 1 :])

    def _lookup(self, module_version: str) -> Answer:
        if not _MODULE_VERSION.fullmatch(module_version):
            return _error(400, "invalid module@version syntax")
        escaped_path, _, escaped_version = module_version.partition("@")
        path = module.unescape_path(escaped_path)
        version = module.unescape_version(escaped_version)
        id_ = self._ops.lookup(path, version)
        (text,) = self._ops.read_records(id_, 1)
        return Answer(200, TEXT, tlog.format_record(id_, text) + self._ops.signed())

    def _tile(self, path: str) -> Answer:
        try:
            tile = tlog.parse_tile_path(path)
        except tlog.MalformedTilePathError:
            return _error(400, "invalid tile syntax")
        if tile.l >= 0:
            return Answer(200, BINARY, self._ops.read_tile_data(tile))
        start = tile.n << tile.h
        records = self._ops.read_records(start, tile.w)
        lines = [tlog.format_record(start + i, text) for i, text in enumerate(records)]
        # A data tile has the records without their numbers.
        return Answer(200, TEXT, b"".join(line.partition(b"\n")[2] for line in lines))


def _error(status: int, text: str) -> Answer:
    return Answer(status, ERROR_TEXT, text.encode("utf-8", "replace") + b"\n")


class TestServer:
    """
    A log in memory that takes in a record when a module version is first looked up.

    Args:
        skey: signer key of the tree heads.
        gosum: the go.sum lines of a module path and version (see gosum_text); raises
            FileNotFoundError for what is not to be found.
    """

    __test__ = False  # pytest: this is a tool, not a test.

    def __init__(self, skey: str, gosum: Callable[[str, str], bytes]) -> None:
        self._signer = note.new_signer(skey)
        self._gosum = gosum
        self._lock = threading.RLock()
        self._hashes: list[tlog.Hash] = []
        self._records: list[bytes] = []
        self._ids: dict[tuple[str, str], int] = {}
        self._reader = tlog.HashReaderFunc(lambda indexes: [self._hashes[i] for i in indexes])

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self._records)

    def tree(self) -> tlog.Tree:
        """The latest tree head."""
        with self._lock:
            return tlog.Tree(self.size, tlog.tree_hash(self.size, self._reader))

    def signed(self) -> bytes:
        """The latest tree head, signed as a note."""
        return note.sign(note.Note(tlog.format_tree(self.tree()).decode("ascii")), self._signer)

    def add(self, text: bytes) -> int:
        """Append a record of any text, and return its number."""
        with self._lock:
            id_ = self.size
            self._hashes += tlog.stored_hashes(id_, text, self._reader)
            self._records.append(text)
            return id_

    def lookup(self, path: str, version: str, /) -> int:
        """The number of the record of a module version, which is added if there is none."""
        with self._lock:
            if (path, version) not in self._ids:
                self._ids[path, version] = self.add(self._gosum(path, version))
            return self._ids[path, version]

    def read_records(self, id_: int, n: int, /) -> list[bytes]:
        """The texts of some records that follow each other."""
        with self._lock:
            if id_ < 0 or id_ + n > self.size:
                raise tlog.TlogError("missing records")
            return self._records[id_ : id_ + n]

    def read_tile_data(self, tile: tlog.Tile, /) -> bytes:
        """The hashes of a tile."""
        with self._lock:
            if (tile.n << tile.h) + tile.w > self.size >> (tile.h * tile.l):
                raise FileNotFoundError(f"no {tile.path()} in a tree of size {self.size}")
            return tlog.read_tile_data(tile, self._reader)


def gosum_text(path: str, version: str, h1: str, go_mod_h1: str) -> bytes:
    """The text of a record: the two go.sum lines of a module version."""
    return f"{path} {version} {h1}\n{path} {version}/go.mod {go_mod_h1}\n".encode()
