"""
Hashes of records and of the tree over them, and where a log stores them.

The tree is that of RFC 6962. A node is named by its level (0 for the records) and its number
in that level; only nodes over a complete subtree are stored, in the order in which they became
known: see StoredHashIndex of golang.org/x/mod/sumdb/tlog.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from .._text import MAX_INT64, as_bytes, b64decode, quote
from .errors import MalformedHashError, TlogError

Hash: TypeAlias = bytes

HASH_SIZE = 32
EMPTY_HASH: Hash = hashlib.sha256(b"").digest()
# Numbers of records and of hashes are int64 in Go, so no level is above 63.
_MAX_LEVEL = 63


class HashReader(Protocol):
    """Reads stored hashes of a log."""

    def read_hashes(self, indexes: Sequence[int], /) -> Sequence[Hash]:
        """The hashes at the stored hash indexes (see stored_hash_index), as many and in order."""


class HashReaderFunc:
    """A function that reads hashes, as a HashReader."""

    def __init__(self, function: Callable[[Sequence[int]], Sequence[Hash]]) -> None:
        self._function = function

    def read_hashes(self, indexes: Sequence[int], /) -> Sequence[Hash]:
        """Ask the function."""
        return self._function(indexes)


def parse_hash(text: str | bytes) -> Hash:
    """
    The hash that a base64 text stands for.

    Raises:
        MalformedHashError: the text is not the base64 of 32 bytes.
    """
    data = b64decode(as_bytes(text))
    if data is None or len(data) != HASH_SIZE:
        raise MalformedHashError(f"malformed hash: {quote(text)}")
    return data


def format_hash(hash_: Hash) -> str:
    """The base64 text of a hash, as notes spell it."""
    return base64.b64encode(hash_).decode("ascii")


def record_hash(data: bytes) -> Hash:
    """The hash of a record's text: SHA-256 of 0x00 and the text."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """
    The hash of an interior node: SHA-256 of 0x01 and the hashes below it.

    Raises:
        TlogError: one of them is no hash. Without this check 31 and 33 bytes would pass for two.
    """
    if len(left) != HASH_SIZE or len(right) != HASH_SIZE:
        raise TlogError(f"malformed hash: {len(left)} and {len(right)} bytes, want {HASH_SIZE}")
    return hashlib.sha256(b"\x01" + left + right).digest()


def stored_hash_index(level: int, n: int) -> int:
    """
    Where the n'th hash of a level is stored.

    Raises:
        TlogError: a tree has no such node.
    """
    if not 0 <= level <= _MAX_LEVEL or not 0 <= n <= MAX_INT64:
        raise TlogError(f"tlog: no hash {n} at level {level}")
    # The hash is written once its last record, number `last`, is: after the two hashes per
    # earlier record that a full tree would need, less those still waiting for a sibling.
    last = ((n + 1) << level) - 1
    return 2 * last - last.bit_count() + level


def split_stored_hash_index(index: int) -> tuple[int, int]:
    """
    Level and number of the hash stored at index: the inverse of stored_hash_index.

    Raises:
        TlogError: index is negative.
    """
    if index < 0:
        raise TlogError(f"tlog: no stored hash {index}")
    # Record n comes with 1 + (trailing ones of n) hashes, about two on average.
    n = index // 2
    start = stored_hash_index(0, n)
    while (following := start + 1 + _trailing_zeros(n + 1)) <= index:
        n += 1
        start = following
    level = index - start
    return level, n >> level


def stored_hash_count(n: int) -> int:
    """How many hashes a log of n records stores."""
    return 2 * n - n.bit_count()


def stored_hashes(n: int, data: bytes, reader: HashReader) -> list[Hash]:
    """
    The hashes to store when record n with this text is written.

    They go to stored_hash_index(0, n) and up. Reads at most log2 n hashes stored before.
    """
    return stored_hashes_for_record_hash(n, record_hash(data), reader)


def stored_hashes_for_record_hash(n: int, hash_: Hash, reader: HashReader) -> list[Hash]:
    """As stored_hashes, for a caller who has record_hash(data)."""
    # Each trailing one bit of n is a subtree that waited for this record.
    waiting = [stored_hash_index(i, (n >> i) - 1) for i in range(_trailing_zeros(n + 1))]
    hashes = [hash_]
    for left in reversed(read_hashes(reader, waiting[::-1])):
        hashes.append(node_hash(left, hashes[-1]))
    return hashes


def tree_hash(n: int, reader: HashReader) -> Hash:
    """
    The root hash of a log of n records, from at most 1 + log2 n stored hashes.

    Raises:
        TlogError: n cannot be the size of a log.
    """
    if not 0 <= n <= MAX_INT64:
        raise TlogError(f"tlog: invalid tree size {n}")
    if n == 0:
        return EMPTY_HASH
    return subtree_hash(0, n, iter(read_hashes(reader, subtree_indexes(0, n))))


def tree_hash_indexes(n: int) -> list[int]:
    """What tree_hash(n, reader) is going to read, for readers that cannot wait."""
    return subtree_indexes(0, n)


def read_hashes(reader: HashReader, indexes: Sequence[int]) -> Sequence[Hash]:
    """Read hashes and see that the reader gave as many as it was asked for."""
    if not indexes:
        return []
    hashes = reader.read_hashes(indexes)
    if len(hashes) != len(indexes):
        raise TlogError(f"tlog: read_hashes({len(indexes)} indexes) = {len(hashes)} hashes")
    for hash_ in hashes:
        if len(hash_) != HASH_SIZE:
            raise TlogError(f"tlog: read_hashes gave a hash of {len(hash_)} bytes")
    return hashes


def max_pow2(n: int) -> tuple[int, int]:
    """The largest power of two below n (1 for n < 2), and its logarithm."""
    level = (n - 1).bit_length() - 1 if n > 1 else 0
    return 1 << level, level


def _subtrees(lo: int, hi: int) -> Iterator[tuple[int, int]]:
    """Level and number of the complete subtrees that the records [lo, hi) split into."""
    while lo < hi:
        k, level = max_pow2(hi - lo + 1)
        yield level, lo >> level
        lo += k


def subtree_indexes(lo: int, hi: int) -> list[int]:
    """Where the hashes are stored that make the hash of the records [lo, hi)."""
    return [stored_hash_index(level, n) for level, n in _subtrees(lo, hi)]


def subtree_hash(lo: int, hi: int, hashes: Iterator[Hash]) -> Hash:
    """The hash of the records [lo, hi), taking the hashes at subtree_indexes(lo, hi)."""
    parts = [next(hashes) for _ in _subtrees(lo, hi)]
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def _trailing_zeros(n: int) -> int:
    return (n & -n).bit_length() - 1
