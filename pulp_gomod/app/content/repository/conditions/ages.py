"""
Since when module versions are known.

The clock is the number of a version's record in the checksum database, which rises with time: a record was there
when the database had more records than its number. That is neither the author's to choose nor the upstream's. A number
that is not known is looked up, once for all times. Of a module outside the database counts when this server first
saw a version.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from pulp_gomod.app.content.repository.conditions import age_queries
from pulp_gomod.app.content.repository.conditions.history import History
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models import ages, ownership
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.cache.info import parse_info, versions_of
from pulp_gomod.app.remote.http.results import NoRecord, UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient, RemoteRegistry
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.app.storage.release_info import parse_time
from pulp_gomod.golang import GoError, semver
from pulp_gomod.golang.osv import Affected, Event
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, tlog
from pulp_gomod.golang.sumdb.growth import known_since

log = logging.getLogger(__name__)

TOOLCHAIN: Final = "golang.org/toolchain"
_GO: Final = "sum.golang.org"

# Modules of which it is remembered what is known, and versions of all of them together.
_MOST_MODULES = 4096
_MOST_VERSIONS = 500_000
# Versions of one module of which an upstream is asked, or that are noted; the rest counts as young.
MOST_LEARNED: Final = 10_000
# Versions that are asked for at once for a list, and lists for which that is done.
AT_ONCE: Final = 8
_GROUP = 64
_MOST_FLIGHTS = 16
# Seconds that a list waits for what is not known of its versions, and after which it is made anew if that was not enough.
PATIENCE: Final = 10.0
AGAIN: Final = timedelta(seconds=5)
# Seconds for which it is trusted that nobody else has learned more, and that a database has no record.
_TRUSTED = 2.0
# Seconds after which it is read again what is known: more of the past may be.
_RENEWED = 600.0
_ABSENT_FOR = 15.0
_NIL = UUID(int=0)

_Fact = tuple[
    int | None, datetime | None, str | None, datetime | None, datetime | None, datetime | None
]
"""A record's number, and since when it is there; how a version came here, and when; when it was seen, and its time."""


class Age(NamedTuple):
    """
    What is known of the age of a version.

    Attributes:
        since: Since when it is known, at the latest; None if that is not known yet.
        number: The number of its record in the checksum database; None if it has none, or that is not known.
        how: How it came into the repository (see GoRelease); "" if it is not there.
        held: Since when it is in the repository.
        is_all: Whether there is no more to be known.
    """

    since: datetime | None
    number: int | None
    how: str
    held: datetime | None
    is_all: bool


UNKNOWN: Final = Age(None, None, "", None, False)


class Report(NamedTuple):
    """
    What a reviewed report in the vulnerability database of the distribution, or of its policy, says of a module.

    Attributes:
        name: Its ID.
        affected: Which versions it is about.
    """

    name: str
    affected: list[Affected]

    def is_about(self, version: str) -> bool:
        """Say whether a version is affected."""
        return any(each.affects(version) for each in self.affected)

    def is_fixed_by(self, version: str) -> bool:
        """Say whether a version is one that it names as the first that is not affected any more."""
        ranges = (events for each in self.affected for events in each.ranges or ())
        fixed = {event.fixed for events in ranges for event in events if event.fixed}
        return version.removeprefix("v") in fixed and not self.is_about(version)


class Found(NamedTuple):
    """
    What is known of a module.

    Attributes:
        ages: Of the versions that are asked for; those of which nobody knows are left out.
        database: The name of the checksum database that has them; "" for none.
        reports: What reports say of the module.
        others: Makes the ages of all versions of which anything is known.
    """

    ages: Mapping[str, Age]
    database: str
    reports: Sequence[Report]
    others: Callable[[], Mapping[str, Age]]


class _Known(NamedTuple):
    facts: dict[str, _Fact]
    reports: list[Report]
    read: float


class _Place(NamedTuple):
    """Where a module's versions are: what is known of them depends on it."""

    target: ServedDistribution
    path: str
    key: str
    database: str

    @property
    def memory(self) -> tuple[Any, ...]:
        served = self.target.served
        number = (served.repository, served.number) if served else None
        return number, self.target.remote, self.key, self.path, self.target.vulndb, self.fixes

    @property
    def vulndb(self) -> UUID | None:
        """The database that the policy goes by."""
        named = self.target.policy.said.get("vulnerable_db")
        return UUID(named) if named else None

    @property
    def fixes(self) -> bytes:
        """Change whenever that database does."""
        return self.target.policy.revision if self.vulndb is not None else b""


class Ages:
    """
    The ages of all module versions.

    Args:
        lookups: Where to ask what is known.
        remotes: Whom to ask for what is not.
    """

    def __init__(self, lookups: Lookups, remotes: RemoteRegistry) -> None:
        self._lookups = lookups
        self._remotes = remotes
        self._known: Lru[tuple[Any, ...], _Known] = Lru(
            _MOST_MODULES, _MOST_VERSIONS, lambda known: len(known.facts)
        )
        self._absent: Lru[tuple[str, str, str], float] = Lru(_MOST_MODULES)
        self._flights: SingleFlight[None] = SingleFlight()
        self._history = History()

    async def close(self) -> None:
        """Call off what is being looked up."""
        await self._history.close()
        await self._flights.close()

    async def of(
        self,
        target: ServedDistribution,
        path: str,
        versions: Sequence[str],
        *,
        is_enough: Callable[[Age], bool],
        by_info: bool = False,
        may_fetch: bool = True,
        days: int = 0,
    ) -> Found:
        """
        Return what is known of versions.

        A single version is looked up if need be, of many only as many as a short time allows: the others are learned
        meanwhile, and Age.since is None for them.

        Args:
            target: The distribution.
            path: The module path.
            is_enough: Says of an age whether more need not be known.
            by_info: Whether the time in `.info` is believed of what no checksum database knows.
            may_fetch: Whether anybody may be asked.
            days: For how many days back it matters how many records the checksum database had.

        Raises:
            UpstreamFault: A single version could not be looked up.
        """
        client = await self._client(target)
        place = _place(target, path, client)
        found = await self._read(place, versions, by_info)
        if client is None or not may_fetch or _refusal(client, target, path):
            return found
        unknown = await compute(len(versions), _lacking, path, versions, found.ages, is_enough)
        if place.key:
            self._history.learn(client, days)
        if unknown:
            await self._learn(client, place, versions, unknown, by_info)
            found = await self._read(place, versions, by_info)
        return found

    async def needs(
        self,
        target: ServedDistribution,
        path: str,
        versions: Sequence[str],
        *,
        is_enough: Callable[[Age], bool],
        by_info: bool = False,
        may_fetch: bool = True,
    ) -> Sequence[Need]:
        """Say what has to be looked up before `of` is asked the same."""
        client = await self._client(target)
        place = _place(target, path, client)
        known = self._fresh(place)
        if known is not None:
            is_young = time.monotonic() - known.read < _TRUSTED
            if is_young or not may_fetch or client is None or _refusal(client, target, path):
                return ()
            # Another process may have learned what is not known here.
            ages = await compute(len(versions), _ages, place, versions, known.facts, by_info)
            if not await compute(len(versions), _lacking, path, versions, ages, is_enough):
                return ()

        read = time.monotonic()

        async def keep(rows: list[Row]) -> None:
            await self._remember(place, rows, read)

        return [Need(age_queries.known(), age_queries.WIDTH, _values(place), keep)]

    async def _client(self, target: ServedDistribution) -> RemoteClient | None:
        if target.remote is None:
            return None
        return await self._remotes.of(target.remote, target.remote_changed)

    def _forget(self, place: _Place) -> None:
        self._known.put(place.memory, _Known({}, [], -_RENEWED))

    def _fresh(self, place: _Place) -> _Known | None:
        known = self._known.get(place.memory)
        return known if known and time.monotonic() - known.read <= _RENEWED else None

    async def _remember(self, place: _Place, rows: list[Row], read: float) -> _Known:
        known = _Known(*await compute(len(rows), _facts, rows), read)
        self._known.put(place.memory, known)
        return known

    async def _read(self, place: _Place, versions: Sequence[str], by_info: bool) -> Found:
        known = self._fresh(place)
        if known is None:
            read = time.monotonic()
            rows = await self._lookups.ask(age_queries.known(), **_values(place))
            known = await self._remember(place, rows, read)
        facts = known.facts
        found = await compute(len(versions), _ages, place, versions, facts, by_info)
        return Found(
            found, place.database, known.reports, lambda: _ages(place, facts, facts, by_info)
        )

    async def _learn(
        self,
        client: RemoteClient,
        place: _Place,
        versions: Sequence[str],
        unknown: list[str],
        by_info: bool,
    ) -> None:
        """Learn of a single version at once, of many as far as a short time allows."""
        if len(versions) == 1:
            await self._learn_one(client, place, versions[0])
            return
        if not place.key and not by_info:
            # That they are listed is all there is to know.
            await self._note(client, place, dict.fromkeys(unknown))
            return
        if len(self._flights) >= _MOST_FLIGHTS and not self._flights.is_under_way(place.memory):
            return

        async def learn() -> None:
            for first in range(0, len(unknown), _GROUP):
                await self._learn_group(client, place, unknown[first : first + _GROUP])

        await asyncio.wait({self._flights.start(place.memory, learn)}, timeout=PATIENCE)

    async def _learn_one(self, client: RemoteClient, place: _Place, version: str) -> None:
        key = (place.key or str(place.target.remote), place.path, version)
        absent = self._absent.get(key)
        if absent is not None and time.monotonic() - absent < _ABSENT_FOR:
            return
        if place.key and client.sumdb is not None:
            number = await _number(client.sumdb, place.path, version)
            if number is not None:
                await self._keep(client, place, {version: number})
                return
        else:
            found = await client.modules.get("info", place.path, version)
            if found.found:
                await self._note(client, place, {version: _time_of(found.body)})
                return
        self._absent.put(key, time.monotonic())

    async def _learn_group(
        self, client: RemoteClient, place: _Place, versions: Sequence[str]
    ) -> None:
        """Learn of a few versions; of those for which that fails, nothing."""
        free = asyncio.Semaphore(AT_ONCE)
        numbers: dict[str, int] = {}
        times: dict[str, datetime | None] = {}

        async def learn(version: str) -> None:
            async with free:
                try:
                    if place.key and client.sumdb is not None:
                        number = await _number(client.sumdb, place.path, version)
                        if number is not None:
                            numbers[version] = number
                    else:
                        found = await client.modules.get("info", place.path, version)
                        times[version] = _time_of(found.body) if found.found else None
                except UpstreamFault as fault:
                    log.info("The age of %s@%s is not known: %s", place.path, version, fault.line)

        await asyncio.gather(*map(learn, versions))
        await (
            self._keep(client, place, numbers) if place.key else self._note(client, place, times)
        )

    async def _keep(self, client: RemoteClient, place: _Place, numbers: dict[str, int]) -> None:
        run = client.upstream.threads.database
        await run(ages.keep_numbers, place.key, place.path, numbers)
        self._forget(place)

    async def _note(
        self, client: RemoteClient, place: _Place, times: Mapping[str, datetime | None]
    ) -> None:
        run = client.upstream.threads.database
        await run(ages.keep_seen, client.upstream.settings.pk, place.path, list(times.items()))
        self._forget(place)


def _place(target: ServedDistribution, path: str, client: RemoteClient | None) -> _Place:
    if client is None:
        return _Place(target, path, KNOWN_GOSUMDB[_GO], _GO)
    settings = client.upstream.settings
    # The go command asks for toolchains whatever is exempt.
    if client.sumdb is None or not (settings.covers(path) or path == TOOLCHAIN):
        return _Place(target, path, "", "")
    return _Place(target, path, settings.sumdb.key, settings.sumdb.name)


def _values(place: _Place) -> dict[str, Any]:
    target = place.target
    return {
        "key": place.key,
        "domain": target.domain,
        "repository": target.served.repository if target.served else _NIL,
        "remote": target.remote or _NIL,
        "distribution": target.distribution,
        "vulndb": place.vulndb or _NIL,
        "module": place.path,
    }


def _refusal(client: RemoteClient, target: ServedDistribution, path: str) -> str | None:
    own = target.served.own if target.served is not None else ownership.NONE
    return policy.refusal(client.upstream.settings, path, own=own)


async def _number(sumdb: ChecksumDatabase, path: str, version: str) -> int | None:
    """Look up the number of a record; None if there is none."""
    try:
        body = await sumdb.lookup(path, version)
        return tlog.parse_record(body)[0]
    except (NoRecord, GoError):
        return None


def _time_of(info: bytes) -> datetime | None:
    said = parse_info(info)
    return parse_time(said.time) if said is not None and said.time else None


def _facts(rows: Iterable[Row]) -> tuple[dict[str, _Fact], list[Report]]:
    """Put together what rows say of each version: of what they say twice, the earlier."""
    found: dict[str, _Fact] = {}
    reports = []
    for version, *said in rows:
        if version.startswith(age_queries.REPORT):
            reports.append(_report(version.removeprefix(age_queries.REPORT), said[2]))
            continue
        before = found.get(version)
        found[version] = tuple(said) if before is None else _both(before, said)
    return found, reports


def _report(name: str, affected: str) -> Report:
    return Report(
        name,
        [
            Affected(
                "",
                None
                if ranges is None
                else tuple(tuple(Event(*each) for each in events) for events in ranges),
                tuple(versions),
            )
            for ranges, versions in json.loads(affected)
        ],
    )


def _both(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        b if a is None else a if b is None else min(a, b) for a, b in zip(one, other, strict=True)
    )


def _ages(
    place: _Place, versions: Iterable[str], facts: Mapping[str, _Fact], by_info: bool
) -> dict[str, Age]:
    return {
        version: _age(place, facts[version], by_info) for version in versions if version in facts
    }


def _age(place: _Place, fact: _Fact, by_info: bool) -> Age:
    number, logged, how, held, seen, said = fact
    known = [logged, held, seen]
    if number is not None:
        known.append(known_since(place.key, number))
    if by_info and not place.key:
        known.append(said)
    since = min((each for each in known if each is not None), default=None)
    is_seen = seen is not None and (said is not None or not by_info)
    is_all = number is not None if place.key else is_seen
    return Age(since, number, how or "", held, is_all)


def _lacking(
    path: str,
    versions: Sequence[str],
    found: Mapping[str, Age],
    is_enough: Callable[[Age], bool],
) -> list[str]:
    """Return the versions of which more has to be known, from the highest on."""
    is_version = versions_of(path)

    def lacks(version: str) -> bool:
        age = found.get(version, UNKNOWN)
        return not (age.is_all or is_enough(age)) and is_version(version)

    return sorted(filter(lacks, versions), key=semver.sort_key, reverse=True)[:MOST_LEARNED]
