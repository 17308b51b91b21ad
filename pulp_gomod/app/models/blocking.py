"""Which module versions are kept out of a repository: blocks, as values that are quickly asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from pulp_gomod.golang import GoError
from pulp_gomod.golang.ranges import Range, parse_range

BELOW = "/..."
"""What follows a module path that stands for all modules below it, too: as in the patterns of Go."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Block:
    """
    A module version, or many of them, that a repository neither takes in nor serves.

    Attributes:
        module: A module path, or one with `/...` behind it.
        versions: A range of versions, "" for all.
        reason: Why, for people.
        since: The day on which it was made.
        yields: Whether it came of a removal: then it goes when somebody publishes the version again.
    """

    module: str
    versions: str
    reason: str
    since: str
    yields: bool = False

    def covers(self, version: str) -> bool:
        """Say whether a version of a module that it is about is blocked."""
        return version in _range(self.versions)

    def line(self, path: str, version: str = "") -> str:
        """Say to people why there is no such module version."""
        where = f"{path}@{version}" if version else path
        return (
            f"{where} is blocked in this repository since {self.since}: {self.reason} (those who "
            "manage the repository can lift the block)"
        )


class Blocks:
    """
    All blocks of one repository at one time.

    They are the same if their revisions are.

    Attributes:
        revision: Changes whenever a block is made or lifted; b"" where none ever was.
        changed: When that was the last time.

    Args:
        revision: See above.
        changed: See above.
    """

    __slots__ = ("_by_path", "changed", "revision")

    def __init__(
        self, revision: bytes = b"", changed: datetime = _LONG_AGO, blocks: Iterable[Block] = ()
    ) -> None:
        self.revision = revision
        self.changed = changed
        self._by_path: dict[str, list[Block]] = {}
        for block in blocks:
            self._by_path.setdefault(block.module, []).append(block)

    def __eq__(self, other: object) -> bool:
        """Compare what they are, by their revisions."""
        return isinstance(other, Blocks) and self.revision == other.revision

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self.revision)

    def __bool__(self) -> bool:
        """Whether anything is blocked."""
        return bool(self._by_path)

    def of(self, path: str) -> list[Block]:
        """Return the blocks that are about a module."""
        if not self._by_path:
            return []
        found = list(self._by_path.get(path, ()))
        end = len(path)
        while end > 0:
            found += self._by_path.get(path[:end] + BELOW, ())
            end = path.rfind("/", 0, end)
        return found

    def find(self, path: str, version: str) -> Block | None:
        """Return the block of a module version, if there is one; rather one that does not yield."""
        found = [block for block in self.of(path) if block.covers(version)]
        return min(found, key=lambda block: block.yields, default=None)


NONE = Blocks()
"""Of a repository in which nothing was ever blocked."""


@lru_cache(maxsize=4096)
def _range(text: str) -> Range:
    try:
        return parse_range(text)
    except GoError:
        # Nobody could have stored it; it must not open what it was to close.
        return Range(())
