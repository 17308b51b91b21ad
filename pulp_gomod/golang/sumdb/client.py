"""
A client of a checksum database that believes only what is proven, and stores nothing itself.

As the Client of golang.org/x/mod/sumdb, with all I/O left to the caller. What makes a record
believed: its hash is in a tile, every tile is proven by its parents up to the hash of the tree,
the tree's head is signed by the database's key, and that tree and the largest one known lie on
one timeline.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .. import module
from ..errors import GoError
from . import note, tlog
from ._text import quote
from .errors import (
    ChecksumMismatchError,
    ChecksumMissingError,
    ForkError,
    SecurityError,
    SkippedError,
    SumDBError,
    WriteConflictError,
)
from .known_heads import KnownHeads, SignedTree
from .ops import ClientOps, Tiles

TILE_HEIGHT = 8
# A lookup answer takes about 400 bytes; a tree head may not exceed 1,000,000.
MAX_LOOKUP_SIZE = 1 << 20

_GO_MOD = "/go.mod"
_H1 = "h1:"
# Each conflict means that another process moved the tree head on.
_MAX_WRITES = 20


class Client:
    """
    Looks up checksums of module versions. Holds no state but what was proven: safe to share, cheap to make.

    Args:
        ops: I/O and storage.
        vkey: the database's verifier key.
        tile_height: height of the tiles to ask for: a complete tile has 2**height hashes.
        nosumdb: comma-separated patterns of module paths that the database must not learn of.

    Raises:
        note.MalformedKeyError: vkey is no verifier key.
    """

    def __init__(
        self,
        ops: ClientOps,
        vkey: str,
        *,
        tile_height: int = TILE_HEIGHT,
        nosumdb: str = "",
    ) -> None:
        verifier = note.new_verifier(vkey.strip())
        self.name = verifier.name
        self._ops = ops
        self._heads = KnownHeads(note.verifier_list(verifier))
        self._height = tile_height
        self._nosumdb = nosumdb

    async def lookup(self, path: str, version: str) -> list[str]:
        """
        The proven go.sum lines of a module version, or with `v1.2.3/go.mod` of its go.mod.

        Args:
            path: module path.
            version: canonical version, possibly with the suffix `/go.mod`.

        Raises:
            ForkError: the database showed two histories.
            ChecksumMissingError: its record says nothing of this module version.
            SkippedError: the path matches nosumdb.
            SumDBError: the answer is malformed, too large, or not proven.
            GoError: path or version is not one.
        """
        prefix = f"{path} {version} "
        lines = [line for line in await self.record(path, version) if line.startswith(prefix)]
        if not lines:
            raise _missing(path, version, self.name)
        return lines

    async def verify(self, path: str, version: str, h1: str) -> None:
        """
        Check that a module version, or with `v1.2.3/go.mod` its go.mod, has the checksum h1.

        Raises:
            ChecksumMismatchError: the database has another checksum.
            ChecksumMissingError: it has none.
            GoError: as lookup.
        """
        check_sum(await self.record(path, version), path, version, h1, self.name)

    async def record(self, path: str, version: str) -> list[str]:
        """
        All lines of the proven record that the database gives for a module version.

        For callers that check zip and go.mod with one lookup: give the lines to check_sum.

        Raises:
            GoError: as lookup.
        """
        if module.match_prefix_patterns(self._nosumdb, path):
            raise SkippedError(f"{path}@{version}: skipped (listed in GONOSUMDB)")
        base = version.removesuffix(_GO_MOD)
        remote = f"/lookup/{module.escape_path(path)}@{module.escape_version(base)}"
        with _as_sumdb_error(f"{path}@{version}"):
            return await self._read_record(remote, path, base)

    async def head(self, message: bytes) -> bytes:
        """
        The largest known signed tree head, once the head in message is on its timeline.

        For those who pass heads on; Go's client takes them from lookups only.

        Args:
            message: a signed tree head that the database sent.

        Raises:
            ForkError: the database showed two histories.
            SumDBError: the head is not the database's, or its tree is not proven.
        """
        tiles = Tiles(self._ops, self.name, self._height)
        with _as_sumdb_error(f"{self.name}/latest"):
            if not message:
                raise SumDBError("no tree head")
            await self._merge_latest(message, tiles)
            await tiles.save()
        return await self._ops.read_config(f"{self.name}/latest")

    async def tile(self, tile: tlog.Tile) -> bytes | None:
        """
        The hashes of a tile, proven to be in the largest known tree; None if it is not within.

        For those who pass tiles on.

        Args:
            tile: which hashes; none of the tiles that hold records.

        Raises:
            SumDBError: the database sends tiles that are not of this tree.
        """
        tree = self._heads.open(await self._ops.read_config(f"{self.name}/latest")).tree
        first, level = tile.n << tile.h, tile.h * tile.l
        if first + tile.w > tree.n >> level:
            return None
        numbers = range(first, first + tile.w)
        tiles = Tiles(self._ops, self.name, self._height)
        with _as_sumdb_error(tile.path()):
            indexes = [tlog.stored_hash_index(level, number) for number in numbers]
            hashes = await tiles.hashes(tree, indexes)
            await tiles.save()
        return b"".join(hashes)

    async def _read_record(self, remote: str, path: str, version: str) -> list[str]:
        file = self.name + remote
        cached = await self._ops.read_cache(file)
        if cached is not None:
            try:
                return await self._proven_lines(cached, path, version)
            except ForkError:
                raise
            except GoError:
                # A spoilt cache must not stand between us and a sound server for ever.
                pass
        answer = await self._read_lookup(remote)
        lines = await self._proven_lines(answer, path, version)
        await self._ops.write_cache(file, answer)
        return lines

    async def _read_lookup(self, remote: str) -> bytes:
        answer = await self._ops.read_remote(remote, MAX_LOOKUP_SIZE)
        if len(answer) > MAX_LOOKUP_SIZE:
            raise SumDBError(f"{self.name}{remote} is larger than {MAX_LOOKUP_SIZE} bytes")
        return answer

    async def _proven_lines(self, answer: bytes, path: str, version: str) -> list[str]:
        # Only the text inside the record is proven: lines before it, after it or in the tree
        # note must never be taken for checksums.
        id_, text, tree_message = tlog.parse_record(answer)
        tiles = Tiles(self._ops, self.name, self._height)
        latest = await self._merge_latest(tree_message, tiles)
        if not 0 <= id_ < latest.n:
            raise SumDBError(f"cannot validate record {id_} in tree of size {latest.n}")
        (hash_,) = await tiles.hashes(latest, [tlog.stored_hash_index(0, id_)])
        if hash_ != tlog.record_hash(text):
            raise SumDBError(f"cannot authenticate record data in server response: {quote(text)}")
        await tiles.save()
        lines = text.decode("utf-8").removesuffix("\n").split("\n")
        # A sound record about something else is no answer, and must not be kept as one.
        prefixes = (f"{path} {version} ", f"{path} {version}{_GO_MOD} ")
        if not any(line.startswith(prefixes) for line in lines):
            raise _missing(path, version, self.name)
        return lines

    async def _merge_latest(self, message: bytes, tiles: Tiles) -> tlog.Tree:
        """
        The largest known tree, once the head in message is found to be on its timeline.

        The stored head only ever moves forward, over whatever other processes stored meanwhile.
        """
        new = self._heads.open(message)
        file = f"{self.name}/latest"
        for _ in range(_MAX_WRITES):
            stored = await self._ops.read_config(file)
            known = self._heads.open(stored)
            if new.tree.n <= known.tree.n:
                await self._check_trees(new, known, tiles)
                return known.tree
            # Whoever finds the head moved must find what proves the smaller trees in it. Should
            # another head of a forked log be stored meanwhile, these are useless, and are proven
            # again before they are used, as all tiles are.
            await self._check_trees(known, new, tiles)
            try:
                await self._ops.write_config(file, stored, message)
            except WriteConflictError:
                continue
            return new.tree
        raise SumDBError(f"cannot store the tree head of {self.name}: {_MAX_WRITES} conflicts")

    async def _check_trees(self, older: SignedTree, newer: SignedTree, tiles: Tiles) -> None:
        """Check that the older tree is the beginning of the newer one, and keep what shows that."""
        if self._heads.continues(newer.tree, older.tree):
            return
        await _check_trees(older, newer, tiles)
        # Only then need nobody show it again.
        await tiles.save()
        self._heads.note_continued(newer.tree, older.tree)


@contextmanager
def _as_sumdb_error(what: str) -> Iterator[None]:
    """Say of an error what it is about."""
    try:
        yield
    except SecurityError:
        raise
    except (SumDBError, note.NoteError, tlog.TlogError) as error:
        raise SumDBError(f"{what}: {error}") from error


def check_sum(lines: Iterable[str], path: str, version: str, h1: str, database: str) -> None:
    """
    Check that go.sum lines hold exactly this path, version and checksum.

    As checkSumDB in cmd/go/internal/modfetch/fetch.go.

    Args:
        lines: proven go.sum lines.
        path: module path.
        version: version, or version with the suffix `/go.mod`.
        h1: the checksum of what was downloaded, `h1:...`.
        database: name of the checksum database, for the error's text.

    Raises:
        ChecksumMismatchError: they hold another checksum.
        ChecksumMissingError: they hold none.
    """
    prefix = f"{path} {version} "
    for line in lines:
        if line == prefix + h1:
            return
        if line.startswith(prefix + _H1):
            recorded = line.removeprefix(prefix)
            noun = "go.mod" if version.endswith(_GO_MOD) else "module"
            raise ChecksumMismatchError(
                f"{path}@{version.removesuffix(_GO_MOD)}: verifying {noun}: checksum mismatch\n"
                f"\tdownloaded: {h1}\n\t{database}: {recorded}\n\n"
                "SECURITY ERROR\n"
                "This download does NOT match the one reported by the checksum server.",
                h1,
                recorded,
            )
    raise _missing(path, version, database)


def _missing(path: str, version: str, database: str) -> ChecksumMissingError:
    noun = "go.mod" if version.endswith(_GO_MOD) else "module"
    return ChecksumMissingError(
        f"{path}@{version.removesuffix(_GO_MOD)}: verifying {noun}: checksum missing from the"
        f" response of {database}\n\n"
        "SECURITY ERROR\n"
        "The checksum server answered, but its record has no entry for the download."
    )


async def _check_trees(older: SignedTree, newer: SignedTree, tiles: Tiles) -> None:
    """Check that the older tree is the beginning of the newer one."""
    size = older.tree.n
    hashes = await tiles.hashes(newer.tree, tlog.tree_hash_indexes(size))
    found = tlog.tree_hash(size, tlog.HashReaderFunc(lambda _: hashes))
    if found == older.tree.hash:
        return
    proof = await _misbehaviour(found, size, newer.tree, tiles)
    raise ForkError(
        "SECURITY ERROR\ngo.sum database server misbehavior detected!\n\n"
        f"old database:\n\t{_indent(older.message)}\n"
        f"new database:\n\t{_indent(newer.message)}\n"
        f"proof of misbehavior:\n\t{proof}",
        older.message,
        newer.message,
    )


async def _misbehaviour(found: tlog.Hash, size: int, newer: tlog.Tree, tiles: Tiles) -> str:
    """What shows, without the server's help, that the newer tree does not hold the older one."""
    lines = [tlog.format_hash(found)]
    if size:
        indexes = tlog.tree_proof_indexes(newer.n, size)
        try:
            hashes = await tiles.hashes(newer, indexes)
            proof = tlog.prove_tree(newer.n, size, tlog.HashReaderFunc(lambda _: hashes))
            tlog.check_tree(proof, newer.n, newer.hash, size, found)
            lines += map(tlog.format_hash, proof)
        except Exception as error:  # The fork itself is what has to be reported.
            lines.append(f"internal error: {error}")
    return "\n\t".join(lines)


def _indent(message: bytes) -> str:
    return message.decode("utf-8", "replace").replace("\n", "\n\t")
