"""Keys that sign notes, in the one-line text form that Go uses."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ...errors import GoError
from ...unicode import is_space, is_valid_utf8
from .._text import as_bytes, b64decode, quote

_ALG_ED25519 = 1
_KEY_SIZE = 32
_HASH16 = re.compile(rb"[0-9a-fA-F]{8}")


class NoteError(GoError):
    """A note, or a key for notes, that Go would refuse."""


class MalformedKeyError(NoteError):
    """The text is not a verifier or signer key."""


class UnknownVerifierError(NoteError):
    """
    No known key has this name and hash.

    Attributes:
        name: name of the server.
        key_hash: hash of the key.
    """

    def __init__(self, name: str, key_hash: int) -> None:
        super().__init__(f"unknown key {name}+{key_hash:08x}")
        self.name = name
        self.key_hash = key_hash


class AmbiguousVerifierError(NoteError):
    """Two of the known keys have the same name and hash: the list cannot be trusted."""


class Verifier(Protocol):
    """Verifies messages signed with one key."""

    @property
    def name(self) -> str:
        """Name of the server that owns the key."""

    @property
    def key_hash(self) -> int:
        """The 32-bit hash of the key."""

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Whether sig is the key's signature of msg."""


class Signer(Protocol):
    """Signs messages with one key."""

    @property
    def name(self) -> str:
        """Name of the server that owns the key."""

    @property
    def key_hash(self) -> int:
        """The 32-bit hash of the public key."""

    def sign(self, msg: bytes) -> bytes:
        """The signature of msg."""


@runtime_checkable
class Verifiers(Protocol):
    """A collection of known keys."""

    def verifier(self, name: str, key_hash: int) -> Verifier:
        """The key with this name and hash; raises UnknownVerifierError if there is none."""


@dataclass(frozen=True)
class _Ed25519Verifier:
    name: str
    key_hash: int
    key: bytes

    def verify(self, msg: bytes, sig: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(sig, msg)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class _Ed25519Signer:
    name: str
    key_hash: int
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, msg: bytes) -> bytes:
        return self.key.sign(msg)


class _VerifierList:
    def __init__(self, verifiers: Iterable[Verifier]) -> None:
        self._by_key: dict[tuple[str, int], list[Verifier]] = {}
        for verifier in verifiers:
            self._by_key.setdefault((verifier.name, verifier.key_hash), []).append(verifier)

    def verifier(self, name: str, key_hash: int) -> Verifier:
        found = self._by_key.get((name, key_hash))
        if not found:
            raise UnknownVerifierError(name, key_hash)
        if len(found) > 1:
            raise AmbiguousVerifierError(f"ambiguous key {name}+{key_hash:08x}")
        return found[0]


def is_valid_name(name: str) -> bool:
    """Whether name can be a server's name: not empty, UTF-8, no Unicode space, no plus."""
    return bool(name) and is_valid_utf8(name) and "+" not in name and not any(map(is_space, name))


def hash_of_key(name: str, key: bytes) -> int:
    """The 32-bit hash of a key, whose first byte is the algorithm."""
    return int.from_bytes(hashlib.sha256(as_bytes(name) + b"\n" + key).digest()[:4], "big")


def split_key(text: bytes) -> tuple[str, int, bytes] | None:
    """Name, claimed hash and key bytes (algorithm first) of `name+hash+base64`."""
    name, _, rest = text.partition(b"+")
    hash16, _, key64 = rest.partition(b"+")
    key = b64decode(key64)
    server = name.decode("utf-8", "surrogateescape")
    if not _HASH16.fullmatch(hash16) or not key or not is_valid_name(server):
        return None
    return server, int(hash16, 16), key


def new_verifier(vkey: str | bytes) -> Verifier:
    """
    Read a verifier key, `name+hash+base64`, as note.NewVerifier does.

    Raises:
        MalformedKeyError: not such a key, an unknown algorithm, or a hash that is not the key's.
    """
    parts = split_key(as_bytes(vkey))
    if parts is None:
        raise MalformedKeyError(f"malformed verifier id: {quote(vkey)}")
    name, key_hash, key = parts
    if key_hash != hash_of_key(name, key):
        raise MalformedKeyError(f"invalid verifier hash: {quote(vkey)}")
    if key[0] != _ALG_ED25519:
        raise MalformedKeyError(f"unknown verifier algorithm: {quote(vkey)}")
    if len(key) != 1 + _KEY_SIZE:
        raise MalformedKeyError(f"malformed verifier id: {quote(vkey)}")
    return _Ed25519Verifier(name, key_hash, key[1:])


def new_signer(skey: str | bytes) -> Signer:
    """
    Read a signer key, `PRIVATE+KEY+name+hash+base64`, as note.NewSigner does.

    Raises:
        MalformedKeyError: not such a key. The text never shows the key: it is a secret.
    """
    text = as_bytes(skey)
    prefix = b"PRIVATE+KEY+"
    parts = split_key(text[len(prefix) :]) if text.startswith(prefix) else None
    if parts is None:
        raise MalformedKeyError("malformed signer id")
    name, key_hash, key = parts
    if key[0] != _ALG_ED25519:
        raise MalformedKeyError("unknown signer algorithm")
    if len(key) != 1 + _KEY_SIZE:
        raise MalformedKeyError("malformed signer id")
    private = Ed25519PrivateKey.from_private_bytes(key[1:])
    if key_hash != hash_of_key(name, _encode_public(private.public_key().public_bytes_raw())):
        raise MalformedKeyError("invalid signer hash")
    return _Ed25519Signer(name, key_hash, private)


def _encode_public(key: bytes) -> bytes:
    return bytes([_ALG_ED25519]) + key


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def renamed_verifier_key(vkey: str | bytes, name: str) -> str:
    """
    The same key under another name: what it signs in other formats has other names.

    Raises:
        MalformedKeyError: vkey is no verifier key.
        NoteError: no key can have this name.
    """
    verifier = new_verifier(vkey)
    if not isinstance(verifier, _Ed25519Verifier):
        raise MalformedKeyError(f"unknown verifier algorithm: {quote(vkey)}")
    _check_name(name)
    return new_ed25519_verifier_key(name, verifier.key)


def renamed_signer(skey: str | bytes, name: str) -> Signer:
    """
    A signer with the same key under another name.

    Raises:
        MalformedKeyError: skey is no signer key.
        NoteError: no key can have this name.
    """
    signer = new_signer(skey)
    if not isinstance(signer, _Ed25519Signer):
        raise MalformedKeyError("unknown signer algorithm")
    _check_name(name)
    public = signer.key.public_key().public_bytes_raw()
    return _Ed25519Signer(name, hash_of_key(name, _encode_public(public)), signer.key)


def _check_name(name: str) -> None:
    if not is_valid_name(name):
        raise NoteError(f"invalid server name {quote(name)}: it is empty or has spaces or pluses")


def generate_key(name: str) -> tuple[str, str]:
    """
    A new key pair for the server called name: the signer key (secret) and the verifier key.

    Raises:
        NoteError: no key can have this name (note.GenerateKey would make one that never works).
    """
    _check_name(name)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key_hash = hash_of_key(name, _encode_public(public))
    secret = _encode(bytes([_ALG_ED25519]) + private.private_bytes_raw())
    return f"PRIVATE+KEY+{name}+{key_hash:08x}+{secret}", new_ed25519_verifier_key(name, public)


def new_ed25519_verifier_key(name: str, key: bytes) -> str:
    """
    The verifier key text of a raw Ed25519 public key (32 bytes).

    Raises:
        NoteError: key has another size.
    """
    if len(key) != _KEY_SIZE:
        raise NoteError(f"invalid public key size {len(key)}, expected {_KEY_SIZE}")
    public = _encode_public(key)
    return f"{name}+{hash_of_key(name, public):08x}+{_encode(public)}"


def verifier_list(*verifiers: Verifier) -> Verifiers:
    """The known keys, as note.VerifierList collects them."""
    return _VerifierList(verifiers)
