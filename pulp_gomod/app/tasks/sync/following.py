"""Following the index of an upstream: whatever came there since the last time."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.app.tasks.sync.failures import Missing, Unavailable
from pulp_gomod.app.tasks.sync.plan import MAX_VERSIONS, Plan
from pulp_gomod.app.tasks.sync.progress import Progress
from pulp_gomod.app.tasks.sync.source import SyncSource
from pulp_gomod.app.tasks.sync.wanted import Pattern
from pulp_gomod.golang.index import MOST, Entry
from pulp_gomod.golang.module import Version

# Pages that one sync reads, of 2,000 entries at most: an index may have ever newer ones, none of which is wanted.
MOST_PAGES = 20_000


@dataclass(frozen=True, slots=True)
class Following:
    """
    What is to be followed.

    Attributes:
        since: The first time that is of interest, in nanoseconds since 1970.
        patterns: What is wanted of all that the index tells; everything without any.
    """

    since: int
    patterns: Sequence[Pattern] = ()

    def wants(self, entry: Entry) -> bool:
        """
        Say whether a module version is wanted.

        Args:
            entry: What the index says of it.
        """
        return not self.patterns or any(
            pattern.matches(entry.path, entry.version) for pattern in self.patterns
        )


async def follow(
    source: SyncSource, following: Following, plan: Plan, missing: Missing, progress: Progress
) -> int:
    """
    Plan what an index tells, page by page, up to what one sync may read and bring.

    Args:
        source: The remote.
        following: What is to be followed.
        plan: Where to write down what is wanted.
        missing: Where to write down what cannot be had.
        progress: How far it is.

    Returns:
        The time up to which it was read: the next sync begins there.

    Raises:
        SyncError: The index cannot be read.
    """
    since, known = following.since, set[tuple[str, str]]()
    for _ in range(MOST_PAGES):
        page = await source.index(since)
        # The first ones were on the page before.
        new = [
            each
            for each in page
            if each.time > since or (each.time == since and (each.path, each.version) not in known)
        ]
        if not new and len(page) >= MOST and page[-1].time == since:
            # More came at one time than a page has room for: the rest of them is never told.
            since += 1
            continue
        if not new or len(plan.items) + len(new) > MAX_VERSIONS:
            return since
        for entry in filter(following.wants, new):
            _plan(source, entry, plan, missing)
        progress.increase(len(new))
        newest = max(entry.time for entry in new)
        if newest > since:
            known.clear()
        known.update((each.path, each.version) for each in new if each.time == newest)
        since = newest
    return since


def _plan(source: SyncSource, entry: Entry, plan: Plan, missing: Missing) -> None:
    version = Version(entry.path, entry.version)
    if not is_version(*version):
        missing.note(version, Unavailable("it is not a valid module version"), named=False)
    elif source.is_open(version):
        plan.at(*version, named=False).whole = True
