"""What a repository version holds, in the order in which it came there."""

from pulp_gomod.app.content.repository import queries
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.judge import Judge, Question
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models.blocking import Blocks
from pulp_gomod.golang.index import MOST, Entry


async def entries_since(
    lookups: Lookups,
    judge: Judge,
    target: ServedDistribution,
    served: Served,
    since: int,
    limit: int,
) -> list[Entry]:
    """
    Return the first module versions that came at a time or later.

    It costs one statement that reads as many as are wanted, and another one for each MOST versions beyond
    that are blocked or stopped.

    Args:
        lookups: Where to ask.
        judge: Says what the distribution's policy stops.
        target: The distribution.
        served: The repository version that it serves.
        since: Nanoseconds since 1970.
        limit: How many are wanted, up to MOST.
    """
    found: list[Entry] = []
    most = limit
    while True:
        rows = await lookups.ask(
            queries.index(),
            repository=served.repository,
            number=served.number,
            since=since,
            most=most,
        )
        entries, passed = await compute(len(rows), _read, rows, most, served.blocks)
        found += await _unstopped(judge, target, passed) if target.policy else passed
        # An answer that ends before its limit says that there is no more.
        if len(found) >= limit or len(entries) < most:
            return found[:limit]
        since, most = entries[-1].time + 1, MOST


def _read(rows: list[Row], most: int, blocks: Blocks) -> tuple[list[Entry], list[Entry]]:
    """Return the next entries in order, and those that are not blocked."""
    entries = sorted((Entry(*row) for row in rows), key=lambda entry: entry.time)[:most]
    if not blocks:
        return entries, entries
    return entries, [each for each in entries if not blocks.find(each.path, each.version)]


async def _unstopped(judge: Judge, target: ServedDistribution, entries: list[Entry]) -> list[Entry]:
    """Return the entries that a policy does not stop by name."""
    by_path: dict[str, list[str]] = {}
    for entry in entries:
        by_path.setdefault(entry.path, []).append(entry.version)
    questions = [Question(target, path, versions) for path, versions in by_path.items()]
    judged = await judge.ask_each(questions)
    said = dict(zip(by_path, judged, strict=True))
    return [each for each in entries if not said[each.path].enforced(each.version)]
