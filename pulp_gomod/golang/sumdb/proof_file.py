"""
Proof files: all it takes to check without a network that a record is in a log.

The format is C2SP's tlog-proof. What the file says of the log is checked with the log's key; the record
itself may come along as extra data, which nothing else vouches for than that its hash is proven.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from . import note, tlog
from ._text import MAX_INT64, as_bytes, b64decode, quote
from .checkpoint import Checkpoint, open_checkpoint
from .errors import SumDBError

_FIRST_LINE = b"c2sp.org/tlog-proof@v1"
_INDEX = re.compile(rb"index (0|[1-9][0-9]{0,18})")
_EXTRA = b"extra "
_MAX_HASHES = 63
MAX_SIZE = 1 << 21
"""Bytes of a proof file that are read; ours have about two thousand."""


class ProofFileError(SumDBError):
    """A file that is no proof, or does not prove what it should."""


class ProofFile(NamedTuple):
    """
    A proof that a record is in a log.

    Attributes:
        number: The number of the record.
        hashes: The proof, from the record to the root.
        checkpoint: The signed head of the log.
        extra: What came along, None if nothing did: in ours the text of the record.
    """

    number: int
    hashes: tuple[tlog.Hash, ...]
    checkpoint: bytes
    extra: bytes | None = None


class Proven(NamedTuple):
    """
    What a proof file proves.

    Attributes:
        record: The text of the record.
        number: Its number.
        checkpoint: The log, and its head.
        note: The signatures that were checked, and those of whom nothing is known.
    """

    record: bytes
    number: int
    checkpoint: Checkpoint
    note: note.Note


def format_proof(
    number: int, hashes: Sequence[tlog.Hash], checkpoint: bytes, extra: bytes | None = None
) -> bytes:
    """
    The text of a proof file.

    Args:
        number: The number of the record.
        hashes: From `tlog.prove_record`, in the tree of the checkpoint.
        checkpoint: The signed checkpoint.
        extra: What is to come along, in ours the text of the record.
    """
    lines = [_FIRST_LINE]
    if extra is not None:
        lines.append(_EXTRA + base64.b64encode(extra))
    lines.append(b"index %d" % number)
    lines += [base64.b64encode(hash_) for hash_ in hashes]
    return b"\n".join([*lines, b"", checkpoint])


def parse_proof(data: bytes | str) -> ProofFile:
    """
    Read a proof file. Nothing is checked yet.

    Raises:
        ProofFileError: It is none.
    """
    content = as_bytes(data)
    if len(content) > MAX_SIZE:
        raise ProofFileError(f"not a proof: it is larger than {MAX_SIZE} bytes")
    head, found, checkpoint = content.partition(b"\n\n")
    lines = head.split(b"\n")
    if not found or lines.pop(0) != _FIRST_LINE:
        raise ProofFileError(f"not a proof: it does not begin with {_FIRST_LINE.decode()}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = _decoded(lines.pop(0).removeprefix(_EXTRA))
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None or int(match[1]) > MAX_INT64:
        raise ProofFileError("malformed proof: it does not say which record it is of")
    if len(lines) > _MAX_HASHES:
        raise ProofFileError(f"malformed proof: more than {_MAX_HASHES} hashes")
    return ProofFile(int(match[1]), tuple(map(_hash, lines)), checkpoint, extra)


def verify_proof(
    data: bytes | str,
    vkey: str,
    record: bytes | None = None,
    cosigners: Iterable[note.Verifier] = (),
) -> Proven:
    """
    Check a proof file.

    Args:
        data: The file.
        vkey: The key of the log, as in GOSUMDB or under its checkpoints' origin.
        record: The text of the record; without it what the file brings along.
        cosigners: Witnesses whose signatures are checked too.

    Raises:
        ProofFileError: It is no proof, or does not prove this record.
        SumDBError: Its checkpoint is not signed by the log's key.
        note.NoteError: vkey is no key, or a signature in it is not what it says.
    """
    proof = parse_proof(data)
    text = proof.extra if record is None else record
    if text is None:
        raise ProofFileError("the proof has no record with it, and so proves nothing by itself")
    checkpoint, signed = open_checkpoint(proof.checkpoint, vkey, cosigners)
    tree = checkpoint.tree
    try:
        hash_ = tlog.record_hash(text)
        tlog.check_record(proof.hashes, tree.n, tree.hash, proof.number, hash_)
    except tlog.TlogError as error:
        raise ProofFileError(str(error)) from error
    return Proven(text, proof.number, checkpoint, signed)


def _hash(line: bytes) -> tlog.Hash:
    try:
        return tlog.parse_hash(line)
    except tlog.MalformedHashError as error:
        raise ProofFileError(f"malformed proof: {error}") from error


def _decoded(text: bytes) -> bytes:
    data = b64decode(text)
    if data is None or b"\r" in text:
        raise ProofFileError(f"malformed proof: extra data that is not base64: {quote(text)}")
    return data
