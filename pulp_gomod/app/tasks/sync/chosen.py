"""Which versions a sync took for what was not asked for as one."""

from collections.abc import Sequence

from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang.quote import printable

# Queries that are told.
TOLD = 200


class Chosen:
    """
    What queries came to: those for one version, and ranges.

    Attributes:
        count: How many queries there are.
    """

    def __init__(self) -> None:
        self.count = 0
        self._told: list[str] = []

    def note(self, wanted: Wanted, versions: Sequence[str], path: str = "") -> None:
        """
        Note what a query came to, if it was none for one version anyway.

        Args:
            wanted: What was asked for.
            versions: What it means.
            path: The module that has it, where it is another path than what was asked for.
        """
        if wanted.is_fixed or not (wanted.version or wanted.range):
            return
        self.count += 1
        if len(self._told) < TOLD:
            self._told.append(f"{printable(str(wanted))}: {_line(versions, path)}")

    def __str__(self) -> str:
        """Write a line for each, sorted."""
        more = self.count - len(self._told)
        return "\n".join([*sorted(self._told), *([f"and {more} more"] if more else [])])


def _line(versions: Sequence[str], path: str) -> str:
    if len(versions) == 1:
        return f"{path}@{versions[0]}" if path else versions[0]
    return f"{len(versions)} versions"
