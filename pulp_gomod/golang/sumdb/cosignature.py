"""
Cosignatures: what a witness signs who has seen that a log only grows.

The format is C2SP's tlog-cosignature, in its first version (Ed25519). A cosignature is a signature line of
a checkpoint; what is signed is the time and the checkpoint's text.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import note
from ._text import as_bytes, b64decode, quote
from .note.keys import hash_of_key, split_key

ALGORITHM = 4
_KEY_SIZE = 32
_TIME_SIZE = 8
_SIGNATURE_SIZE = 64
_HASH_SIZE = 4
_MAX_TIME = (1 << 63) - 1


@dataclass(frozen=True)
class CosignatureVerifier:
    """
    Verifies the cosignatures of one witness; a `note.Verifier`.

    Attributes:
        name: The name of the witness.
        key_hash: The hash of its key.
        key: Its public key (32 bytes).
    """

    name: str
    key_hash: int
    key: bytes

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Whether sig, a time and a signature, is the witness's cosignature of msg."""
        if len(sig) != _TIME_SIZE + _SIGNATURE_SIZE:
            return False
        seen = int.from_bytes(sig[:_TIME_SIZE], "big")
        if seen > _MAX_TIME:
            return False
        try:
            public = Ed25519PublicKey.from_public_bytes(self.key)
            public.verify(sig[_TIME_SIZE:], _message(seen, msg))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class CosignatureSigner:
    """
    Makes the cosignatures of one witness; a `note.Signer`.

    Attributes:
        name: The name of the witness.
        key_hash: The hash of its key.
        key: Its private key.
        clock: Says the time, in seconds since 1970.
    """

    name: str
    key_hash: int
    key: Ed25519PrivateKey
    clock: Callable[[], float] = time.time

    def sign(self, msg: bytes) -> bytes:
        """The time, and the signature of it and of msg."""
        seen = int(self.clock())
        return seen.to_bytes(_TIME_SIZE, "big") + self.key.sign(_message(seen, msg))

    @property
    def verifier_key(self) -> str:
        """The key that verifies what this one signs."""
        return format_key(self.name, self.key.public_key().public_bytes_raw())


def new_verifier(vkey: str | bytes) -> CosignatureVerifier:
    """
    Read the verifier key of a witness, `name+hash+base64`.

    Raises:
        note.MalformedKeyError: It is none, its hash is not the key's, or it is of another kind: a log's
            own key (which nobody else's word is), or ML-DSA-44, which is not supported.
    """
    parts = split_key(as_bytes(vkey))
    if parts is None:
        raise note.MalformedKeyError(f"malformed witness key: {quote(vkey)}")
    name, key_hash, key = parts
    if key_hash != hash_of_key(name, key):
        raise note.MalformedKeyError(f"invalid hash in the witness key {quote(vkey)}")
    if key[0] != ALGORITHM or len(key) != 1 + _KEY_SIZE:
        raise note.MalformedKeyError(
            f"not the Ed25519 key of a witness (cosignature/v1): {quote(vkey)}"
        )
    return CosignatureVerifier(name, key_hash, key[1:])


def new_signer(name: str, key: Ed25519PrivateKey) -> CosignatureSigner:
    """
    A signer for the witness of this name.

    Raises:
        note.NoteError: No witness can have this name.
    """
    if not note.is_valid_name(name):
        raise note.NoteError(f"invalid witness name {quote(name)}")
    public = bytes([ALGORITHM]) + key.public_key().public_bytes_raw()
    return CosignatureSigner(name, hash_of_key(name, public), key)


def format_key(name: str, key: bytes) -> str:
    """The verifier key of the witness with this name and public key (32 bytes)."""
    public = bytes([ALGORITHM]) + key
    return f"{name}+{hash_of_key(name, public):08x}+{base64.b64encode(public).decode('ascii')}"


def seen_at(signature: note.Signature) -> int:
    """
    When a witness signed, in seconds since 1970; to be believed once the signature is verified.

    Raises:
        note.MalformedNoteError: It is no cosignature.
    """
    raw = b64decode(as_bytes(signature.base64)) or b""
    if len(raw) != _HASH_SIZE + _TIME_SIZE + _SIGNATURE_SIZE:
        raise note.MalformedNoteError(f"not a cosignature: {quote(signature.base64)}")
    return int.from_bytes(raw[_HASH_SIZE : _HASH_SIZE + _TIME_SIZE], "big")


def _message(seen: int, msg: bytes) -> bytes:
    return b"cosignature/v1\ntime %d\n%s" % (seen, msg)
