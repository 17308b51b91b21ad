"""Whose good credentials are: a user is one client, however many tokens it has made."""

from typing import Final

from pulp_gomod.app.auth.callers import Caller
from pulp_gomod.app.auth.throttle import Attempt
from pulp_gomod.app.db.lru import Lru

# Credentials that are remembered: whoever comes after so many is looked up again.
_MOST: Final = 10_000


class Owners:
    """Remembers in one process whose credentials were good, so that to know it costs nothing."""

    def __init__(self) -> None:
        self._names: Lru[bytes, str] = Lru(_MOST)

    def learn(self, attempt: Attempt, caller: Caller) -> None:
        """
        Note whose credentials are.

        Args:
            attempt: What they were sent with.
            caller: Who is known by them.
        """
        # Workloads are in no table: each of their tokens is for itself.
        pk = caller.owner
        self._names.put(attempt.digest, attempt.digest.hex() if pk is None else f"user {pk}")

    def name(self, attempt: Attempt) -> str | None:
        """Return what stands for the owner in turns; None where nothing is known of the credentials."""
        return self._names.get(attempt.digest)
