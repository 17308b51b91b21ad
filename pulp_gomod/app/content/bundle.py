"""`bundle.tar`: everything that a distribution serves of its own, as one tar to carry away."""

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, NamedTuple
from uuid import UUID

from aiohttp import hdrs, web
from django.conf import settings
from django.db import Error as DatabaseError
from psycopg import Error as PostgresError

from pulpcore.plugin.models import Domain, RepositoryVersion

from pulp_gomod.app.bundle.plan import Plan, UnknownVersionError, make_plan
from pulp_gomod.app.bundle.rows import ChangedError
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.bundle.stream import tar_bytes
from pulp_gomod.app.content.consumers import Consumers
from pulp_gomod.app.content.http.responses import (
    Representation,
    cache_control,
    not_found,
    opened,
    problem,
    respond,
    storage_problem,
)
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.judge import Judge, Question
from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.db.round_robin import CLIENTS, Clients, RoundRobin
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models.consumer import BUNDLE
from pulp_gomod.app.models.stopping import Mode
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.faults import DamagedFileError
from pulp_gomod.app.storage.reading import ZipReader

log = logging.getLogger(__name__)

TAR: Final = "application/x-tar"
_RETRY_AFTER: Final = "30"
#: Bundles that are sent at a time, and to one client: each has a chunk and a few hundred rows in memory, and a file open.
MOST_SENT, MOST_SENT_TO_ONE = 32, 8
# Plans that one client may wait for: each takes a while.
_PLANNED_OF_ONE = 4
# Plans that are remembered, their bytes, and for how many seconds: what proves a module may come to be
# known later than the module.
_PLANS = 16
_PLAN_BYTES = 64 * 1024 * 1024
_PLAN_SECONDS = 600.0
# Seconds after which the event loop is taken to have ended, and to answer no more.
_LOOP_SECONDS = 60.0
_NUMBER = re.compile("[0-9]{1,9}", re.ASCII)


class Occupied(Exception):
    """As much as may be is under way already, for one client or for all."""


class _Key(NamedTuple):
    repository: UUID
    number: int
    since: int | None
    blocks: bytes


class _Planned(NamedTuple):
    plan: Plan
    zips: ZipReader
    made: float
    # When something ends to be exempt from the policy; that nobody changes then.
    until: datetime | None
    # When these bytes were planned for the first time: neither the repository version nor the policy says when they
    # last changed, since proofs come later, and holds end by themselves.
    modified: datetime

    @property
    def is_right(self) -> bool:
        """Whether it may be used again."""
        is_over = self.until is not None and self.until <= datetime.now(UTC)
        return not is_over and time.monotonic() - self.made < _PLAN_SECONDS


class Bundles:
    """
    The bundles that a content process makes and sends.

    A few threads make the next bytes of whichever bundle has been waited for longest, so that who reads slowly takes none
    of them from others. They are not those that plan, which may take long.
    """

    def __init__(self) -> None:
        at_once = max(int(settings.GOMOD_BUNDLES), 1)
        self._threads = BoundedExecutor("gomod-bundle", at_once)
        self._planners = BoundedExecutor("gomod-bundle-plan", at_once)
        self._turns = RoundRobin(at_once, _PLANNED_OF_ONE)
        self._sent: Counter[str] = Counter()
        self._plans: Lru[_Key, _Planned] = Lru(
            _PLANS, _PLAN_BYTES, lambda planned: planned.plan.memory
        )
        self._flights: SingleFlight[_Planned] = SingleFlight()

    async def close(self) -> None:
        """Call off what is being planned."""
        await self._flights.close()
        self._planners.close()
        self._threads.close()

    async def plan(self, scope: Scope) -> _Planned:
        """
        Return the plan of a bundle, made once for all who ask for it.

        Args:
            scope: What the bundle is of.

        Raises:
            Occupied: Too many that are for the same client wait to be planned.
            UnknownVersionError: There is no older version to start from.
            DamagedFileError: A zip is lost.
            django.db.Error: PostgreSQL cannot be reached.
        """
        key = _Key(scope.repository, scope.number, scope.since, scope.revision)
        known = self._plans.get(key)
        if known is not None and known.is_right:
            return known

        async def make() -> _Planned:
            try:
                async with self._turns.turn(CLIENTS.get()):
                    planned = await self._planners.run(_plan, scope)
            except Busy:
                raise Occupied from None
            if known is not None and known.plan.etag == planned.plan.etag:
                planned = planned._replace(modified=known.modified)
            self._plans.put(key, planned)
            return planned

        return await asyncio.shield(self._flights.start(key, make))

    def take(self, client: str) -> None:
        """
        Take a place for what is sent to a client.

        Raises:
            Occupied: There is none.
        """
        if self._sent.total() >= MOST_SENT or self._sent[client] >= MOST_SENT_TO_ONE:
            raise Occupied
        self._sent[client] += 1

    def give_back(self, client: str) -> None:
        """Give a place back."""
        self._sent[client] -= 1
        if not self._sent[client]:
            del self._sent[client]

    def submit(self, iterator: Iterator[bytes]) -> "Future[bytes]":
        """Have a thread make the next bytes; none at the end."""
        return self._threads.submit(next, iterator, b"")

    def forget(self, plan: Plan) -> None:
        """Forget a plan that has turned out to be wrong."""
        scope = plan.scope
        key = _Key(scope.repository, scope.number, scope.since, scope.revision)
        known = self._plans.get(key)
        if known is not None and known.plan is plan:
            self._plans.put(key, known._replace(made=-_PLAN_SECONDS))


def _plan(scope: Scope) -> _Planned:
    now = datetime.now(UTC)
    until = scope.policy.waived_until(now)
    domain = on_a_connection(Domain.objects.get, pk=scope.domain)
    zips = ZipReader(on_a_connection(storage_of, domain))
    return _Planned(make_plan(scope, zips.check), zips, time.monotonic(), until, now)


class _BundleReader:
    """
    Brings a bundle, a chunk ahead of what is sent.

    Args:
        bundles: Where it takes its place.
        planned: Its plan.
        client: Whom it is sent to.
    """

    def __init__(self, bundles: Bundles, planned: _Planned, client: str) -> None:
        self._bundles = bundles
        self._planned = planned
        self._client = client
        self._iterator: Iterator[bytes] | None = None
        self._ahead: asyncio.Future[bytes] | None = None
        self._loop = asyncio.get_running_loop()

    def __del__(self) -> None:
        """Give the place back, should it ever be lost on the way to whoever sends this; in any thread."""
        if self._iterator is not None:
            # Once the loop has ended there are no places.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(
                    _close, self._bundles, self._client, self._iterator, self._ahead
                )

    async def open(self, offset: int, count: int) -> None:
        """
        Begin to read.

        Raises:
            Occupied: There is no place.
        """
        self._bundles.take(self._client)
        plan, zips = self._planned.plan, self._planned.zips
        self._iterator = tar_bytes(plan, offset, offset + count, zips.read)
        self._go_on()

    def _go_on(self) -> None:
        assert self._iterator is not None
        self._ahead = asyncio.wrap_future(self._bundles.submit(self._iterator))

    async def read(self, most: int) -> bytes:
        """
        Return the next bytes, which are no more than anybody asks for.

        Raises:
            DamagedFileError: Something is not what it was, or is lost.
            StorageUnavailableError: The storage, or the database, failed.
        """
        assert self._ahead is not None
        try:
            chunk = await asyncio.shield(self._ahead)
        except ChangedError as error:
            self._bundles.forget(self._planned.plan)
            log.error("A bundle was sent only in part: %s", error)
            raise DamagedFileError(str(error)) from error
        except DamagedFileError as error:
            log.error("A bundle was sent only in part: %s", error)
            raise
        except DatabaseError as error:
            log.error("A bundle was sent only in part: PostgreSQL is not responding.")
            raise StorageUnavailableError("making a bundle", "the database failed") from error
        if chunk:
            self._go_on()
        return chunk

    def close(self) -> None:
        """End it; the place is free once the thread has come back."""
        if self._iterator is None:
            return
        iterator, self._iterator = self._iterator, None
        _close(self._bundles, self._client, iterator, self._ahead)


def _close(
    bundles: Bundles, client: str, iterator: Iterator[bytes], ahead: asyncio.Future[bytes] | None
) -> None:
    def end(_: object) -> None:
        if ahead is not None and not ahead.cancelled():
            # Whoever wanted to know has gone.
            ahead.exception()
        bundles.give_back(client)
        # It closes a file at most.
        close = getattr(iterator, "close", None)
        if close is not None:
            close()

    if ahead is None or ahead.done():
        end(ahead)
    else:
        ahead.add_done_callback(end)


async def serve_bundle(
    bundles: Bundles,
    judge: Judge,
    consumers: Consumers,
    request: web.Request,
    target: ServedDistribution,
    client: str,
) -> web.StreamResponse:
    """
    Answer a request for a bundle.

    Args:
        bundles: Those that are made.
        judge: Says what policies stop.
        consumers: Notes who downloads it.
        request: The request, permitted by the guard.
        target: The distribution.
        client: Whose request it is.
    """
    if target.served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    CLIENTS.set(Clients(client))
    try:
        since = _since(request)
    except ValueError as error:
        return problem(400, f"bad request: {error}")
    served = target.served
    scope = Scope(
        target.domain,
        served.repository,
        served.number,
        since,
        served.blocks,
        target.policy,
        asked_from_threads(judge, target),
        target.vulndb.state if target.vulndb else b"",
    )
    try:
        planned = await bundles.plan(scope)
        plan = planned.plan
        found = Representation(
            TAR,
            plan.etag,
            planned.modified,
            plan.size,
            False,
            reader=_BundleReader(bundles, planned, client),
        )
        response = respond(request, found, cache_control(False, target.guard is None))
        response = await opened(request, response)
        if response.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            consumers.note_request(request, target, BUNDLE, str(served.number))
        return response
    except Occupied:
        line = "unavailable: too many bundles are being made or sent, to you or to all; try again"
        return problem(503, line, {hdrs.RETRY_AFTER: _RETRY_AFTER})
    except UnknownVersionError as error:
        return not_found(error.line)
    except ChangedError:
        return not_found("the repository version was deleted meanwhile")
    except (StorageUnavailableError, DamagedFileError) as error:
        return storage_problem(error)
    except (DatabaseError, RepositoryVersion.DoesNotExist):
        log.exception("PostgreSQL is not responding.")
        return problem(503, "unavailable: the server's database is not responding")


def asked_from_threads(judge: Judge, target: ServedDistribution) -> Callable[[str, str], Mode]:
    """Make what the threads that make a bundle ask: as of now, however long they take."""
    loop, now = asyncio.get_running_loop(), datetime.now(UTC)

    def mode(path: str, version: str) -> Mode:
        if target.policy.reach < Mode.LISTS:
            return Mode.OFF
        question = Question(target, path, [version], now, gives_zips=True)
        judged = judge.ask_lists(question)
        if judged is None:
            try:
                asked = asyncio.run_coroutine_threadsafe(judge.ask(question), loop)
                judged = asked.result(_LOOP_SECONDS)
            except (PostgresError, TimeoutError, CancelledError, RuntimeError) as error:
                reason = "what its policy stops cannot be looked up"
                raise StorageUnavailableError("making a bundle", reason) from error
        return max((stop.mode for stop in judged.stops.get(version, ())), default=Mode.OFF)

    return mode


# What a content guard that redirects has signed is in the query, too.
_SIGNATURE = frozenset({"expires", "validate_token"})


def _since(request: web.Request) -> int | None:
    """
    Read the number of the older version.

    Raises:
        ValueError: The query is wrong; the text says what.
    """
    query = request.query
    for name in query:
        if name != "since" and name not in _SIGNATURE:
            raise ValueError(f"{name[:64]!r} is not a parameter of a bundle; the only one is since")
    values = query.getall("since", [])
    if not values:
        return None
    if len(values) > 1 or not _NUMBER.fullmatch(values[0]):
        raise ValueError(
            "since must be the number of an older repository version, such as since=12"
        )
    return int(values[0])
