"""
How many records a checksum database had some days ago, while this server has not watched it for so long.

The index of an upstream says which module versions came at that time; the database says what numbers they have, and
had at least as many records then as the lowest of these.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.models import ages
from pulp_gomod.app.remote.http.results import Missing, NoRecord, UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.golang import GoError
from pulp_gomod.golang.index import Entry, format_time, parse_line
from pulp_gomod.golang.sumdb import tlog

log = logging.getLogger(__name__)

# Seconds after which it is asked again, and days of which one known size is enough.
EVERY: Final = 3600.0
_NEAR: Final = timedelta(days=1)
# Records may have been written a little later than the index says.
_MARGIN: Final = timedelta(hours=1)
# Entries whose numbers are looked up, of how many of an index; and bytes that it may have.
_ENTRIES: Final = 5
_AMONG: Final = 100
_MOST_BYTES: Final = 2 * 1024 * 1024
_NANOSECONDS: Final = 10**9
# Days that are remembered to have been asked for, more than anybody can name for one database; and those at a time.
_MOST_ASKED: Final = 8192
_AT_ONCE: Final = 2


class History:
    """Learns of the past of checksum databases, beside all else."""

    def __init__(self) -> None:
        self._asked: Lru[tuple[str, int], float] = Lru(_MOST_ASKED)
        self._flights: SingleFlight[None] = SingleFlight()

    async def close(self) -> None:
        """Call off what is being asked."""
        await self._flights.close()

    def learn(self, client: RemoteClient, days: int) -> "asyncio.Task[None] | None":
        """
        Begin to learn how many records the database of a remote had some days ago, unless that was tried lately.

        Args:
            client: The remote, which has a checksum database.
            days: How many days.
        """
        key = client.upstream.settings.sumdb.key, days
        asked = self._asked.get(key)
        if asked is not None and time.monotonic() - asked < EVERY:
            return None
        if len(self._flights) >= _AT_ONCE:
            # Whoever asks says how many days, and each number is asked for by itself.
            return None
        self._asked.put(key, time.monotonic())
        return self._flights.start(key, lambda: _learn(client, days))


async def _learn(client: RemoteClient, days: int) -> None:
    settings, run = client.upstream.settings, client.upstream.threads.database
    then = datetime.now(UTC) - timedelta(days=days)
    try:
        if await run(ages.has_mark, settings.sumdb.key, then - _NEAR, then):
            return
        entries = await _entries(client, then - 2 * _MARGIN)
        numbers = [await _number(client, entry) for entry in entries]
    except UpstreamFault as fault:
        log.info("The past of %s is not known from %s: %s", *_names(settings), fault.line)
        return
    known = [number for number in numbers if number is not None]
    if not known:
        log.info("The past of %s is not known from %s.", *_names(settings))
        return
    latest = datetime.fromtimestamp(max(entry.time for entry in entries) / _NANOSECONDS, UTC)
    if not await run(ages.mark_past, settings.sumdb.key, min(known), latest + _MARGIN):
        log.warning(
            "What %s is said by %s to have had on %s contradicts what was seen here.",
            *_names(settings),
            latest,
        )


def _names(settings: RemoteSettings) -> tuple[str, str]:
    return settings.sumdb.name, settings.index_url


async def _entries(client: RemoteClient, since: datetime) -> list[Entry]:
    """Return some of the first entries of the index from a time on which the database has."""
    text = format_time(int(since.timestamp()) * _NANOSECONDS)
    found = await client.upstream.index(text, _MOST_BYTES)
    if isinstance(found, Missing):
        return []
    entries = []
    for line in found.body.decode("utf-8", "replace").splitlines()[:_AMONG]:
        try:
            entry = parse_line(line)
        except GoError:
            continue
        if client.upstream.settings.covers(entry.path):
            entries.append(entry)
    step = max(len(entries) // _ENTRIES, 1)
    return entries[::step][:_ENTRIES]


async def _number(client: RemoteClient, entry: Entry) -> int | None:
    assert client.sumdb is not None
    try:
        return tlog.parse_record(await client.sumdb.lookup(entry.path, entry.version))[0]
    except (NoRecord, GoError):
        return None
