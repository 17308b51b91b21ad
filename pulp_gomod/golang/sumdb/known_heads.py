"""
Signed tree heads that were verified, and trees that were found to be the beginning of others.

A database sends a head with each record, and few different ones: to verify the signature of each again, and that
its tree is the beginning of the known one, takes longer than proving the record.
"""

from typing import NamedTuple

from . import note, tlog

_MOST = 128
# Bytes of a head that is remembered; nearly all have less than 300.
_LONGEST = 4096


class SignedTree(NamedTuple):
    """A signed tree head and what it says."""

    tree: tlog.Tree
    message: bytes


class KnownHeads:
    """
    A bounded memory of what signatures and tiles have proven; what follows from it never changes.

    Args:
        verifiers: Whose signatures count.
    """

    def __init__(self, verifiers: note.Verifiers) -> None:
        self._verifiers = verifiers
        self._opened: dict[bytes, SignedTree] = {}
        self._continued: dict[tuple[tlog.Tree, tlog.Tree], None] = {}

    def open(self, message: bytes) -> SignedTree:
        """
        Read a signed tree head.

        As in Go, nothing is the empty tree: a first start, or an answer without a head, whose record then has to be in
        the tree that is known.

        Raises:
            note.NoteError: It is not signed by the database, or is no note.
            tlog.MalformedTreeError: It is no tree head.
        """
        known = self._opened.get(message)
        if known is not None:
            return known
        if not message:
            return SignedTree(tlog.EMPTY_TREE, message)
        signed = note.open_note(message, self._verifiers)
        head = SignedTree(tlog.parse_tree(signed.text), message)
        if len(message) <= _LONGEST:
            _make_room(self._opened)
            self._opened[message] = head
        return head

    def continues(self, newer: tlog.Tree, older: tlog.Tree) -> bool:
        """Say whether the older tree is known to be the beginning of the newer one."""
        return newer == older or (older, newer) in self._continued

    def note_continued(self, newer: tlog.Tree, older: tlog.Tree) -> None:
        """Remember that the older tree was found to be the beginning of the newer one."""
        _make_room(self._continued)
        self._continued[older, newer] = None


def _make_room(memory: dict) -> None:  # type: ignore[type-arg]
    """Let the oldest go where there is no room for another one."""
    while len(memory) >= _MOST:
        del memory[next(iter(memory))]
