"""What a sync could not have."""

from typing import Literal

from pulp_gomod.golang import GoError
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.quote import printable

# What becomes of what cannot be had: all of it fails the sync, nothing does, or only what somebody has named.
Policy = Literal["fail", "skip", ""]

# Failures that are named, and how many there are before the rest is not tried.
NAMED = 20
MOST = 50
# Characters of a name that are told.
LONGEST_NAME = 2200


class SyncError(Exception):
    """One thing that cannot be had; the text says why, without naming the module."""


class Unavailable(SyncError):
    """One version that cannot be had from this upstream, however often it is asked for it."""


class TooMany(Exception):
    """So much is wrong that trying the rest makes no sense."""


class LeftOut:
    """
    What cannot be had, and is not brought: the sync goes on without it.

    Attributes:
        count: How many there are.
    """

    def __init__(self) -> None:
        self.count = 0
        self._named: list[str] = []

    def add(self, name: str | Version, reason: object) -> None:
        """
        Note that something is left out.

        Args:
            name: What was asked for.
            reason: Why, for people.
        """
        self.count += 1
        if len(self._named) < NAMED:
            self._named.append(f"{_told(name)}: {reason}")

    def __str__(self) -> str:
        """Name the first of them, each on a line of its own."""
        more = self.count - len(self._named)
        return "\n".join([*sorted(self._named), *([f"and {more} more"] if more else [])])


class Failures:
    """All that could not be had."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._reasons)

    def add(self, name: str | Version, reason: object) -> None:
        """
        Note that something cannot be had.

        Args:
            name: What was asked for.
            reason: Why, for people.

        Raises:
            TooMany: That were enough.
        """
        self._reasons.setdefault(_told(name), str(reason))
        if len(self._reasons) >= MOST:
            raise TooMany

    def __str__(self) -> str:
        """Name the first of them, each on a line of its own."""
        lines = [f"{name}: {reason}" for name, reason in sorted(self._reasons.items())]
        more = len(lines) - NAMED
        if len(lines) >= MOST:
            lines[NAMED:] = [f"and at least {more} more; the rest was not tried"]
        elif more > 0:
            lines[NAMED:] = [f"and {more} more"]
        return "\n".join(lines)


class Missing:
    """
    Tells what a sync fails for from what it goes on without.

    Attributes:
        failures: What it fails for.
        left_out: What it goes on without.

    Args:
        policy: What becomes of what cannot be had.
    """

    def __init__(self, policy: Policy) -> None:
        self.failures = Failures()
        self.left_out = LeftOut()
        self._policy = policy

    def note(self, name: object, error: SyncError | GoError, *, named: bool = True) -> bool:
        """
        Note that something cannot be had, and say whether it is left out.

        Only what this upstream does not have, or what Go refuses, ever is: a fault may pass, and other
        bytes than there should be are nothing to go on without.

        Args:
            name: What was asked for.
            error: Why.
            named: Whether somebody asks for it, and not only for whatever the upstream lists.

        Raises:
            TooMany: There are so many failures that the rest need not be tried.
        """
        is_left_out = isinstance(error, Unavailable | GoError) and (
            self._policy == "skip" or (self._policy == "" and not named)
        )
        (self.left_out if is_left_out else self.failures).add(str(name), error)
        return is_left_out


def _told(name: str | Version) -> str:
    """Write a name as people may be told: an index has whatever it likes for one, which no text column holds."""
    return printable(str(name)[:LONGEST_NAME])
