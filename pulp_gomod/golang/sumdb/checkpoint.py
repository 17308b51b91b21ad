"""
Checkpoints: the head of any log as a signed note, whose first line says of which one.

The format is C2SP's tlog-checkpoint. The head that the go command reads is one with the constant origin
`go.sum database tree`, by which the world knows another log; so whoever wants witnesses for a tree signs
its head a second time, under an origin of its own. The key is the same one, under the name of the origin.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from . import note, tlog
from ._text import MAX_INT64, as_bytes, is_text, quote
from .errors import SumDBError

GO_ORIGIN = "go.sum database tree"
"""The origin of every head for the go command; no checkpoint of ours may have it."""

_LINES = 3
# As heads for the go command.
_MAX_TEXT = 1_000_000
_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")


class CheckpointError(SumDBError):
    """Something that is no checkpoint, or one that must not be believed."""


class Checkpoint(NamedTuple):
    """
    What a checkpoint says.

    Attributes:
        origin: Which log it is of.
        tree: The log's head.
        extension: Further lines, of which nothing is known.
    """

    origin: str
    tree: tlog.Tree
    extension: tuple[str, ...] = ()


def format_checkpoint(origin: str, tree: tlog.Tree) -> bytes:
    """
    The text of a checkpoint, which is then signed.

    Raises:
        CheckpointError: no log can have this origin.
    """
    if not note.is_valid_name(origin) or not is_text(as_bytes(origin)):
        raise CheckpointError(
            f"invalid origin {quote(origin)}: it is empty or has spaces or pluses"
        )
    return b"%s\n%d\n%s\n" % (as_bytes(origin), tree.n, tlog.format_hash(tree.hash).encode("ascii"))


def parse_checkpoint(text: bytes | str) -> Checkpoint:
    """
    Read the text of a checkpoint.

    Raises:
        CheckpointError: it is none, or is longer than 1,000,000 bytes.
    """
    data = as_bytes(text)
    lines = data.split(b"\n") if len(data) <= _MAX_TEXT else []
    if len(lines) > _LINES and not lines.pop() and all(lines) and is_text(data):
        origin, size, hash64, *extension = (line.decode("utf-8") for line in lines)
        if _SIZE.fullmatch(lines[1]) and int(size) <= MAX_INT64 and "\r" not in hash64:
            try:
                tree = tlog.Tree(int(size), tlog.parse_hash(hash64))
            except tlog.MalformedHashError as error:
                raise CheckpointError(f"malformed checkpoint: {error}") from error
            return Checkpoint(origin, tree, tuple(extension))
    raise CheckpointError(f"malformed checkpoint: {quote(data)}")


def sign_checkpoint(origin: str, tree: tlog.Tree, *signers: note.Signer) -> bytes:
    """
    A signed checkpoint.

    Args:
        origin: The origin of the log.
        tree: Its head.
        signers: The log's keys under the origin's name; see `origin_signer`.

    Raises:
        CheckpointError: No log can have this origin.
    """
    return note.sign(note.Note(format_checkpoint(origin, tree).decode("utf-8")), *signers)


def origin_signer(skey: str, origin: str) -> note.Signer:
    """
    The signer of a log's checkpoints, from the signer key of its heads for the go command.

    Raises:
        note.NoteError: skey is no signer key, or origin no name.
    """
    return note.renamed_signer(skey, origin)


def origin_key(vkey: str, origin: str) -> str:
    """
    The verifier key of a log's checkpoints, from that of its heads for the go command.

    Raises:
        note.NoteError: vkey is no verifier key, or origin no name.
    """
    return note.renamed_verifier_key(vkey, origin)


def open_checkpoint(
    message: bytes | str, vkey: str, cosigners: Iterable[note.Verifier] = ()
) -> tuple[Checkpoint, note.Note]:
    """
    Read a signed checkpoint, and check its signatures.

    Args:
        message: The signed note.
        vkey: The log's key, under any name: what its checkpoints are signed with has the name of their
            origin. The key alone says whom to believe.
        cosigners: Witnesses whose signatures are checked too; see `cosignature`.

    Returns:
        What it says; and the note, whose `sigs` are those that were checked, the log's among them.

    Raises:
        CheckpointError: It is none, or is a head for the go command, or the log has not signed it.
        note.NoteError: It is no note, a known key has not made the signature that bears its name, or vkey
            is no verifier key.
    """
    data = as_bytes(message)
    text, found, _ = data.rpartition(b"\n\n")
    if not found:
        raise CheckpointError(f"malformed checkpoint: {quote(data)}")
    checkpoint = parse_checkpoint(text + b"\n")
    if checkpoint.origin == GO_ORIGIN or not note.is_valid_name(checkpoint.origin):
        raise CheckpointError(f"this is no checkpoint: its origin is {quote(checkpoint.origin)}")
    own = note.new_verifier(origin_key(vkey, checkpoint.origin))
    try:
        signed = note.open_note(data, note.verifier_list(own, *cosigners))
    except note.UnverifiedNoteError as error:
        raise _not_signed(checkpoint.origin, own) from error
    if not any((each.name, each.hash) == (own.name, own.key_hash) for each in signed.sigs):
        raise _not_signed(checkpoint.origin, own)
    return checkpoint, signed


def _not_signed(origin: str, own: note.Verifier) -> CheckpointError:
    return CheckpointError(
        f"the checkpoint of {origin} is not signed by the key {own.name}+{own.key_hash:08x}"
    )


def add_signatures(message: bytes, lines: Iterable[bytes]) -> bytes:
    """
    A signed note with further signature lines, once each.

    Args:
        message: The signed note.
        lines: Signature lines, with or without their line feeds.

    Raises:
        note.MalformedNoteError: A line is no signature line.
    """
    known = set(message.rpartition(b"\n\n")[2].split(b"\n"))
    added = []
    for line in lines:
        bare = line.removesuffix(b"\n")
        note.parse_signature(bare)
        if bare not in known:
            known.add(bare)
            added.append(bare + b"\n")
    return message + b"".join(added)
