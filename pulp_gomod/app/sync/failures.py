"""What a sync could not have."""

from pulp_gomod.golang.module import Version

# Failures that are named, and how many there are before the rest is not tried.
NAMED = 20
MOST = 50


class Trouble(Exception):
    """One thing that cannot be had; the text says why, without naming the module."""


class TooMany(Exception):
    """So much is wrong that trying the rest makes no sense."""


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
        self._reasons.setdefault(str(name), str(reason))
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
