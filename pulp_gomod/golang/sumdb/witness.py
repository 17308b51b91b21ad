"""
Asking a witness for its cosignature: the body of add-checkpoint, and what its answer means.

The protocol is C2SP's tlog-witness. No I/O here.
"""

import base64
import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from . import note, tlog
from ._text import MAX_INT64, quote
from .checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from .cosignature import CosignatureVerifier, seen_at

PATH = "add-checkpoint"
"""Below the submission prefix of a witness."""
SIZE_TYPE = "text/x.tlog.size"
"""What a witness says that an answer is which names the size that it knows."""
MAX_ANSWER = 1 << 16
"""Bytes of an answer that are read: a hundred signatures have 20,000."""
MAX_PROOF = 63
"""Hashes that a consistency proof may have."""

_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_OK, _BAD, _FORBIDDEN, _MISSING, _CONFLICT, _UNPROVEN = 200, 400, 403, 404, 409, 422


class Cosigned(NamedTuple):
    """
    The witness has signed.

    Attributes:
        line: The signature line for the checkpoint, with its line feed.
        seen: When, in seconds since 1970.
    """

    line: bytes
    seen: int


class Knows(NamedTuple):
    """
    The witness knows another tree than was said: to be asked again, with a proof from there.

    Attributes:
        size: The size of the largest tree that it has signed.
    """

    size: int


class Refused(NamedTuple):
    """
    The witness has not signed.

    Attributes:
        reason: Why, in a sentence.
        is_lasting: Whether asking again is in vain until somebody changes something.
    """

    reason: str
    is_lasting: bool


Answer: TypeAlias = Cosigned | Knows | Refused


class Request(NamedTuple):
    """
    What add-checkpoint says.

    Attributes:
        old: The size that the witness is said to know.
        proof: That the tree of this size is the beginning of the checkpoint's.
        message: The signed checkpoint.
        checkpoint: What it says.
    """

    old: int
    proof: tuple[tlog.Hash, ...]
    message: bytes
    checkpoint: Checkpoint


def format_request(old: int, proof: Sequence[tlog.Hash], message: bytes) -> bytes:
    """
    The body of add-checkpoint.

    Args:
        old: The size of the tree that the witness knows; 0 for none.
        proof: From `tlog.prove_tree`; nothing if old is 0, or the size of the checkpoint.
        message: The signed checkpoint.

    Raises:
        CheckpointError: The proof has more than 63 hashes.
    """
    if len(proof) > MAX_PROOF:
        raise CheckpointError(f"a consistency proof of {len(proof)} hashes, more than {MAX_PROOF}")
    lines = [b"old %d" % old, *(base64.b64encode(hash_) for hash_ in proof), b"", message]
    return b"\n".join(lines)


def parse_request(body: bytes) -> Request:
    """
    Read the body of add-checkpoint, as a witness does. No signature is checked.

    Raises:
        CheckpointError: It is none.
        tlog.MalformedHashError: A line of the proof is no hash.
    """
    head, _, message = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    match = _OLD.fullmatch(first)
    if match is None or len(lines) > MAX_PROOF:
        raise CheckpointError(f"malformed request to a witness: {quote(body)}")
    checkpoint = parse_checkpoint(signed_text(message))
    return Request(int(match[1]), tuple(map(tlog.parse_hash, lines)), message, checkpoint)


def read_answer(
    status: int,
    body: bytes,
    message: bytes,
    witness: CosignatureVerifier,
    size_type: str = SIZE_TYPE,
) -> Answer:
    """
    Say what a witness's answer means.

    Args:
        status: The HTTP status.
        body: What it answered, of which nothing is believed unless it is proven.
        message: The signed checkpoint that it was asked about.
        witness: Its key.
        size_type: The `Content-Type` of the answer: a 409 without that of a size means that it knows
            another tree of the same size.
    """
    if status == _OK:
        return _cosigned(body, message, witness)
    if status == _CONFLICT:
        return _conflict(body, size_type)
    reasons = {
        _BAD: "it could not read the request (400)",
        _FORBIDDEN: "it does not know the key of this checksum database (403)",
        _MISSING: "it does not know the origin of this checksum database (404)",
        _UNPROVEN: "it does not accept the proof that the tree has only grown (422)",
    }
    if status in reasons:
        return Refused(reasons[status], is_lasting=True)
    return Refused(f"it answered with status {status}", is_lasting=False)


def _cosigned(body: bytes, message: bytes, witness: CosignatureVerifier) -> Answer:
    text = signed_text(message)
    for line in body.split(b"\n")[:MAX_PROOF]:
        if not line:
            continue
        try:
            signature, raw = note.parse_signature(line)
        except note.MalformedNoteError:
            return Refused("its answer is not a list of signatures", is_lasting=False)
        # Whatever other keys have signed is of no use here.
        if (signature.name, signature.hash) != (witness.name, witness.key_hash):
            continue
        if not witness.verify(text, raw):
            return Refused("its signature is not valid for the key that is known", is_lasting=True)
        return Cosigned(line + b"\n", seen_at(signature))
    return Refused("it signed with another key than the one that is known", is_lasting=True)


def _conflict(body: bytes, size_type: str) -> Answer:
    match = _SIZE.fullmatch(body.removesuffix(b"\n"))
    is_size = size_type.partition(";")[0].strip().lower() == SIZE_TYPE
    if match is None or not is_size or int(match[0]) > MAX_INT64:
        return Refused("it knows another tree of the same size (409)", is_lasting=True)
    return Knows(int(match[0]))


def signed_text(message: bytes) -> bytes:
    """The text of a signed note, without its signatures."""
    return message.rpartition(b"\n\n")[0] + b"\n"
