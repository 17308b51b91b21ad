"""
What a token looks like: `gomod_`, 43 characters of randomness, 6 of a checksum.

The prefix lets scanners for leaked secrets find tokens, and the checksum lets them, and us, tell a
token from what only looks like one without asking a database.
"""

import hashlib
import re
import secrets
import zlib

PREFIX = "gomod_"

# No `-`, so that a double click selects all of it; nothing that a shell, netrc or a URL would read.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BYTES = 32
_RANDOM = 43
_CHECKSUM = 6
_SHAPE = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")
_HINT = 4


def new_secret() -> str:
    """Make a secret of 32 random bytes."""
    return _signed(_base62(int.from_bytes(secrets.token_bytes(_BYTES)), _RANDOM))


def is_secret(text: str) -> bool:
    """
    Say whether a text is a secret of ours, be it one that we gave out or not.

    Args:
        text: What was sent as a password or a bearer token.
    """
    if not _SHAPE.fullmatch(text):
        return False
    return text == _signed(text[len(PREFIX) : -_CHECKSUM])


def digest(secret: str) -> str:
    """Return what is stored of a secret: as random as a key, it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hint(secret: str) -> str:
    """Return the beginning of a secret, to recognise a leaked one by."""
    return secret[: len(PREFIX) + _HINT]


def _signed(random: str) -> str:
    body = PREFIX + random
    return body + _base62(zlib.crc32(body.encode()), _CHECKSUM)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
