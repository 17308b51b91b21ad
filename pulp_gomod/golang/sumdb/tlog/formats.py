"""Trees and records as text, the forms that a checksum database serves."""

from typing import AnyStr, Generic, NamedTuple

from .._text import (
    MAX_INT64,
    as_bytes,
    b64decode,
    is_text,
    parse_int64,
    quote,
)
from .errors import MalformedRecordError, MalformedTreeError
from .hashes import EMPTY_HASH, HASH_SIZE, Hash, format_hash

_TREE_PREFIX = b"go.sum database tree\n"
_TREE_LINES = 3
_MAX_TREE_TEXT = 1_000_000


class Tree(NamedTuple):
    """
    The head of a log.

    Attributes:
        n: number of records.
        hash: hash of the root.
    """

    n: int
    hash: Hash


EMPTY_TREE = Tree(0, EMPTY_HASH)


class Record(NamedTuple, Generic[AnyStr]):
    """
    A record as parse_record finds it.

    Attributes:
        id: the number that the server gives it (a claim: negative numbers parse, too).
        text: its text, final line feed included.
        rest: what follows it.
    """

    id: int
    text: AnyStr
    rest: AnyStr


def format_tree(tree: Tree) -> bytes:
    """The text of a tree head that the server then signs."""
    return b"%s%d\n%s\n" % (_TREE_PREFIX, tree.n, format_hash(tree.hash).encode("ascii"))


def parse_tree(text: bytes | str) -> Tree:
    """
    Read the text of a tree head; further lines are left to later versions of the format.

    Raises:
        MalformedTreeError: it is none, or is longer than 1,000,000 bytes.
    """
    data = as_bytes(text)
    if (
        data.startswith(_TREE_PREFIX)
        and data.count(b"\n") >= _TREE_LINES
        and len(data) <= _MAX_TREE_TEXT
    ):
        _, size, hash64, _ = data.split(b"\n", _TREE_LINES)
        n = parse_int64(size)
        hash_ = b64decode(hash64)
        # Only the plain decimal form will do: no sign, no leading zeros.
        if n is not None and n >= 0 and b"%d" % n == size and hash_ and len(hash_) == HASH_SIZE:
            return Tree(n, hash_)
    raise MalformedTreeError(f"malformed tree note: {quote(data)}")


def format_record(id: int, text: bytes | str) -> bytes:
    """
    The record as a lookup answers it: number, text, blank line.

    Raises:
        MalformedRecordError: text cannot be a record (it is not UTF-8, has control characters or
            blank lines, or does not end in a line feed).
    """
    data = as_bytes(text)
    if not _is_record_text(data) or not -MAX_INT64 - 1 <= id <= MAX_INT64:
        raise MalformedRecordError(f"malformed record data: {quote(data)}")
    return b"%d\n%s\n" % (id, data)


def parse_record(msg: AnyStr) -> Record[AnyStr]:
    """
    Read the record at the beginning of msg.

    The text is not proven: compare its record_hash with the tree before believing it.

    Raises:
        MalformedRecordError: msg does not begin with a record.
    """
    data = as_bytes(msg)
    line, found, following = data.partition(b"\n")
    text, ended, rest = following.partition(b"\n\n")
    id_ = parse_int64(line)
    if not found or not ended or id_ is None or not _is_record_text(text + b"\n"):
        raise MalformedRecordError(f"malformed record data: {quote(data)}")
    if isinstance(msg, bytes):
        return Record(id_, text + b"\n", rest)
    decoded = (text + b"\n").decode("utf-8"), rest.decode("utf-8", "surrogateescape")
    return Record(id_, *decoded)


def _is_record_text(text: bytes) -> bool:
    return text.endswith(b"\n") and b"\n\n" not in text and is_text(text)
