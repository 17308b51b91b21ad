"""
Passwords that were verified a short while ago.

Verifying a password takes a million rounds of hashing, by intent: whoever steals the stored hashes
shall not find the passwords. Here each process remembers, for a few minutes and in memory only, a
digest under a random key of its own that says "this password fitted this stored hash of this user".
Once the user has another password, another stored hash is compared, and nothing fits any more.

What did not fit is remembered in the same way. A program with an old password sends it again and
again: that is no guessing, and shall cost no hash.
"""

import hmac
import secrets
import time
from threading import Lock
from typing import Any

from pulp_gomod.app.auth.shared_table import KEY_SIZE, SharedTable
from pulp_gomod.app.db.lru import Lru

# Seconds after which a password is verified in full again.
MEMORY = 300.0
MOST = 10_000


class PasswordMemory:
    """
    A bounded memory of what came of verifying passwords; safe to use from many threads.

    Args:
        seconds: For how long a verification is remembered.
        most: How many are; the oldest make room.
    """

    def __init__(self, seconds: float = MEMORY, most: int = MOST) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._until: Lru[bytes, float] = Lru(most)
        self._lock = Lock()

    def remember(self, user: Any, password: str) -> None:
        """
        Remember a password.

        Args:
            user: The user as just read from the database, with the stored hash that was compared.
        """
        digest = self._digest(user, password)
        with self._lock:
            self._until.put(digest, time.monotonic() + self._seconds)

    def recall(self, user: Any, password: str) -> bool:
        """
        Say whether the password is remembered; if not, only a verification can tell.

        Args:
            user: The user as just read from the database.
        """
        # Digests under a secret key may be looked up: the time it takes says nothing of the password.
        until = self._until.peek(self._digest(user, password))
        return until is not None and time.monotonic() < until

    def _digest(self, user: Any, password: str) -> bytes:
        return _digest(self._key, user, password)


def _digest(key: bytes, user: Any, password: str) -> bytes:
    # ascii() keeps the parts apart, and encodes whatever Python takes for a text.
    text = ascii((str(user.pk), user.password, password))
    return hmac.digest(key, text.encode(), "sha256")


verified = PasswordMemory()
"""Passwords that were right."""


class WrongPasswords:
    """
    Passwords that were wrong, known to all processes of an app; safe to use from many threads.

    Args:
        seconds: For how long one is remembered.
    """

    def __init__(self, seconds: float = MEMORY) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._until = SharedTable()

    def remember(self, user: Any, password: str) -> None:
        """
        Remember that a password is not a user's.

        Args:
            user: The user, with the stored hash that was compared.
        """
        self._until.put(self._digest(user, password), time.monotonic() + self._seconds)

    def recall(self, user: Any, password: str) -> bool:
        """
        Say whether the password is known not to be the user's.

        Args:
            user: The user as just read from the database.
        """
        return self._until.get(self._digest(user, password)) > time.monotonic()

    def _digest(self, user: Any, password: str) -> bytes:
        return _digest(self._key, user, password)[:KEY_SIZE]


refused = WrongPasswords()
"""Passwords that were wrong: who sends one again is no further in guessing, and costs no hash."""
