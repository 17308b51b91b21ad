"""Which versions a sync took for what was not asked for as one."""

from collections.abc import Sequence

from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang.quote import printable

# Queries that are told.
TOLD = 200


class Chosen:
    """
    What queries came to: those for one version, ranges, and toolchains by their minor version.

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
        if not wanted.is_fixed and (wanted.version or wanted.range):
            self.add(str(wanted), _line(versions, path))

    def add(self, query: str, chosen: str) -> None:
        """Note what a query came to, in words."""
        self.count += 1
        if len(self._told) < TOLD:
            self._told.append(f"{printable(query)}: {chosen}")

    def __str__(self) -> str:
        """Write a line for each, sorted."""
        more = self.count - len(self._told)
        return "\n".join([*sorted(self._told), *([f"and {more} more"] if more else [])])


def _line(versions: Sequence[str], path: str) -> str:
    if len(versions) == 1:
        return f"{path}@{versions[0]}" if path else versions[0]
    return f"{len(versions)} versions"
