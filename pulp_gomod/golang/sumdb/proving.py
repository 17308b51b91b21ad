"""
Proving many records at once in one tree head, for those who keep what proves them.

The Client proves one record at a time, for one who asks. Here the aim is a store: records, the
tiles that prove them in one head, and those that prove every earlier head in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from . import note, tlog
from .client import TILE_HEIGHT
from .errors import ForkError, SumDBError


class Numbered(NamedTuple):
    """
    A record and its place in the tree, as somebody claims.

    Attributes:
        number: Its number.
        text: Its text, with the final line feed.
    """

    number: int
    text: bytes


class Head(NamedTuple):
    """
    A signed tree head.

    Attributes:
        tree: What it says.
        message: The signed note; empty for the tree without records.
    """

    tree: tlog.Tree
    message: bytes


NO_HEAD = Head(tlog.EMPTY_TREE, b"")


def open_head(message: bytes, verifier_key: str) -> Head:
    """
    Read a signed tree head, and check its signature.

    Args:
        message: The signed note; empty for the tree without records.
        verifier_key: The database's key.

    Raises:
        note.NoteError: It is not signed with that key, or is no note.
        tlog.MalformedTreeError: It is no tree head.
    """
    if not message:
        return NO_HEAD
    signed = note.open_note(message, note.verifier_list(note.new_verifier(verifier_key)))
    return Head(tlog.parse_tree(signed.text), message)


class ProofPlan:
    """
    What it takes to prove some records in a head, and that the head continues one that is known.

    Does no I/O: give the data of `tiles` to `prove`.

    Args:
        known: The head that is known.
        head: The same, or a larger one.
        records: The records, each with a number that the head's tree has.
        smaller: Sizes of smaller trees of which nothing but the size is known: whoever knows what they are can
            be shown that the head continues them.

    Raises:
        SumDBError: A record's number is beyond the head.
        tlog.TlogError: A smaller tree is not smaller.

    Attributes:
        tiles: The tiles to read, each as wide as the head's tree has it.
        lasting: Those that prove the two heads and the smaller trees. Whoever has been given one of these
            needs them for ever, whatever becomes of the records.
    """

    def __init__(
        self,
        known: Head,
        head: Head,
        records: Sequence[Numbered],
        smaller: Collection[int] = (),
    ) -> None:
        self._known, self._head, self._records = known, head, records
        size = head.tree.n
        for record in records:
            if not 0 <= record.number < size:
                raise SumDBError(f"there is no record {record.number} in a tree of size {size}")
        is_moved = 0 < known.tree.n < head.tree.n
        self._edge = tlog.tree_hash_indexes(known.tree.n) if is_moved else []
        leaves = [tlog.stored_hash_index(0, record.number) for record in records]
        edges = [index for each in smaller for index in tlog.tree_hash_indexes(each)]
        self._plan = tlog.TilePlan(head.tree, TILE_HEIGHT, [*self._edge, *leaves, *edges])
        self.tiles: list[tlog.Tile] = self._plan.tiles
        own = tlog.TilePlan(head.tree, TILE_HEIGHT, [*self._edge, *edges])
        self.lasting: frozenset[tlog.Tile] = frozenset(own.tiles)

    def prove(self, data: Sequence[bytes]) -> list[bool]:
        """
        Prove the tiles and the heads, and say of each record whether it is what the tree has.

        Args:
            data: What was read for each of `tiles`.

        Raises:
            tlog.InconsistentTileError: A tile is not of the head's tree.
            ForkError: The head does not continue the one that is known.
        """
        hashes = self._plan.hashes(data)
        edge, others = hashes[: len(self._edge)], hashes[len(self._edge) :]
        if self._edge:
            self._check_known(edge)
        return [
            tlog.record_hash(record.text) == leaf
            for record, leaf in zip(self._records, others, strict=False)
        ]

    def _check_known(self, edge: Sequence[tlog.Hash]) -> None:
        size = self._known.tree.n
        if tlog.tree_hash(size, tlog.HashReaderFunc(lambda _: list(edge))) != self._known.tree.hash:
            raise ForkError(
                "SECURITY ERROR\ngo.sum database server misbehavior detected: its tree of "
                f"{self._head.tree.n} records does not continue its tree of {size} records",
                self._known.message,
                self._head.message,
            )


def needed_tiles(size: int, numbers: Iterable[int]) -> list[set[int]]:
    """
    Say which tiles prove records in a tree: by level, the numbers of the tiles.

    The tree's right edge comes on top of that.

    Args:
        size: Records in the tree.
        numbers: The numbers of the records.
    """
    levels: list[set[int]] = []
    tiles = {number >> TILE_HEIGHT for number in numbers}
    while tiles and size >> (TILE_HEIGHT * len(levels)):
        levels.append(tiles)
        tiles = {tile >> TILE_HEIGHT for tile in tiles}
    return levels


def lines_about(text: bytes, path: str, version: str) -> bool:
    """
    Say whether the text of a record says anything of a module version.

    Args:
        path: The module path.
    """
    prefixes = (f"{path} {version} ".encode(), f"{path} {version}/go.mod ".encode())
    return any(line.startswith(prefixes) for line in text.split(b"\n"))


def read_tiles(
    tiles: Sequence[tlog.Tile], sources: Iterable[Mapping[tuple[int, int], bytes]]
) -> tuple[list[bytes], list[tlog.Tile]]:
    """
    Pick the data of tiles from what is at hand: by level and number, as wide as it is known.

    Args:
        sources: Where to look, in this order.

    Returns:
        What was found, in the order of the tiles, with nothing for what is missing; and the latter.
    """
    known = list(sources)
    found: list[bytes] = []
    missing: list[tlog.Tile] = []
    for tile in tiles:
        size = tile.size()
        wide = (source.get((tile.l, tile.n), b"") for source in known)
        data = next((each[:size] for each in wide if len(each) >= size), b"")
        found.append(data)
        if not data:
            missing.append(tile)
    return found, missing
