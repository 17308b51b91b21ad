"""Notes: a text, a blank line, and one line per signature."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

from .._text import as_bytes, b64decode, is_text, quote
from .keys import (
    NoteError,
    Signer,
    UnknownVerifierError,
    Verifier,
    Verifiers,
    is_valid_name,
    verifier_list,
)

_PREFIX = "\N{EM DASH} ".encode()
_HASH_SIZE = 4
# Reading a note must not take for ever, however many signatures it claims.
_MAX_SIGNATURES = 100


class MalformedNoteError(NoteError):
    """The bytes do not have the form of a signed note."""


class InvalidSignatureError(NoteError):
    """
    A known key did not make the signature that bears its name.

    Attributes:
        name: name of the server.
        hash: hash of the key.
    """

    def __init__(self, name: str, key_hash: int) -> None:
        super().__init__(f"invalid signature for key {name}+{key_hash:08x}")
        self.name = name
        self.hash = key_hash


class UnverifiedNoteError(NoteError):
    """
    The note is well formed, but none of the known keys has signed it.

    Attributes:
        note: the note, of which nothing may be believed.
    """

    def __init__(self, note: "Note") -> None:
        super().__init__("note has no verifiable signatures")
        self.note = note


@dataclass(frozen=True)
class Signature:
    """
    A signature found in a note.

    Attributes:
        name: name of the server.
        hash: hash of its key.
        base64: the signature as the note spells it, key hash included.
    """

    name: str
    hash: int
    base64: str


@dataclass
class Note:
    """
    A text and its signatures.

    Attributes:
        text: the signed text, its final line feed included.
        sigs: verified signatures.
        unverified_sigs: signatures by keys that are not known.
    """

    text: str
    sigs: list[Signature] = field(default_factory=list)
    unverified_sigs: list[Signature] = field(default_factory=list)


def open_note(msg: bytes | str, known: Verifiers | Iterable[Verifier] | None = None) -> Note:
    """
    Read a signed note and check its signatures, as note.Open does.

    Args:
        msg: the encoded note.
        known: the keys to trust. Signatures by other keys are listed, not believed.

    Raises:
        MalformedNoteError: msg is not a note, or has more than 100 signatures.
        InvalidSignatureError: a known key did not sign this text.
        UnverifiedNoteError: no known key signed it.
        AmbiguousVerifierError: two known keys share name and hash.
    """
    data = as_bytes(msg)
    verifiers = known if isinstance(known, Verifiers) else verifier_list(*(known or ()))
    # The last blank line separates: the text may have blank lines of its own.
    split = data.rfind(b"\n\n")
    if not is_text(data) or split < 0 or len(data) == split + 2 or not data.endswith(b"\n"):
        raise MalformedNoteError(f"malformed note: {quote(data)}")
    text = data[: split + 1]
    note = Note(text.decode("utf-8"))
    lines = data[split + 2 : -1].split(b"\n", _MAX_SIGNATURES)
    seen: set[tuple[str, int]] = set()
    for number, line in enumerate(lines):
        signature, raw = parse_signature(line)
        if number >= _MAX_SIGNATURES:
            raise MalformedNoteError(f"malformed note: more than {_MAX_SIGNATURES} signatures")
        try:
            verifier = verifiers.verifier(signature.name, signature.hash)
        except UnknownVerifierError:
            if signature not in note.unverified_sigs:
                note.unverified_sigs.append(signature)
            continue
        if (verifier.name, verifier.key_hash) != (signature.name, signature.hash):
            raise NoteError("verifier name or hash doesn't match signature")
        if (signature.name, signature.hash) in seen:
            continue
        seen.add((signature.name, signature.hash))
        if not verifier.verify(text, raw):
            raise InvalidSignatureError(signature.name, signature.hash)
        note.sigs.append(signature)
    if not note.sigs:
        raise UnverifiedNoteError(note)
    return note


def parse_signature(line: bytes) -> tuple[Signature, bytes]:
    """
    Read a signature line, without its line feed: the signature, and its bytes behind the key's hash.

    Raises:
        MalformedNoteError: it is none.
    """
    name, _, b64 = line.removeprefix(_PREFIX).partition(b" ")
    raw = b64decode(b64)
    server = name.decode("utf-8", "surrogateescape")
    if (
        not line.startswith(_PREFIX)
        or raw is None
        or len(raw) <= _HASH_SIZE
        or not is_valid_name(server)
    ):
        raise MalformedNoteError(f"malformed note: signature line {quote(line)}")
    key_hash = int.from_bytes(raw[:_HASH_SIZE], "big")
    return Signature(server, key_hash, b64.decode("ascii")), raw[_HASH_SIZE:]


def sign(note: Note, *signers: Signer) -> bytes:
    """
    Sign the note and encode it with the signatures that it has already, as note.Sign does.

    A signature that a signer's key made before gives way to the new one.

    Raises:
        MalformedNoteError: the text has no final line feed, or a signature is not what it says.
        NoteError: a signer's name is not a name.
    """
    if not note.text.endswith("\n"):
        raise MalformedNoteError(f"malformed note: no final newline in {quote(note.text)}")
    text = as_bytes(note.text)
    new: list[bytes] = []
    for signer in signers:
        if not is_valid_name(signer.name):
            raise NoteError(f"invalid signer: {quote(signer.name)}")
        raw = signer.key_hash.to_bytes(_HASH_SIZE, "big") + signer.sign(text)
        new.append(_signature_line(signer.name, base64.b64encode(raw).decode("ascii")))
    replaced = {(signer.name, signer.key_hash) for signer in signers}
    kept: list[bytes] = []
    for signature in [*note.sigs, *note.unverified_sigs]:
        if not is_valid_name(signature.name):
            raise MalformedNoteError(f"malformed note: signature by {quote(signature.name)}")
        if (signature.name, signature.hash) in replaced:
            continue
        old = b64decode(as_bytes(signature.base64))
        if old is None or old[:_HASH_SIZE] != signature.hash.to_bytes(_HASH_SIZE, "big"):
            raise MalformedNoteError(f"malformed note: signature {quote(signature.base64)}")
        kept.append(_signature_line(signature.name, signature.base64))
    return b"".join([text, b"\n", *kept, *new])


def _signature_line(name: str, b64: str) -> bytes:
    return b"%s%s %s\n" % (_PREFIX, as_bytes(name), as_bytes(b64))
