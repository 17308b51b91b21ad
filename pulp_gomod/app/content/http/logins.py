"""
Finding out who asks where that takes long: in a content process, for guards and for the front door.

A password takes a good part of a second of a processor. So only a few are verified at a time; one
client's are verified one after the other; and whoever has guessed wrongly comes after all others.
"""

import asyncio
import logging
import os
from typing import Any

from aiohttp import hdrs, web
from django.http import HttpRequest

from pulp_gomod.app.auth import login_metrics, throttle
from pulp_gomod.app.auth.addresses import seen_through_proxies, trusted_proxies
from pulp_gomod.app.auth.callers import Caller, identify
from pulp_gomod.app.auth.header import Credentials
from pulp_gomod.app.auth.owners import Owners
from pulp_gomod.app.auth.throttle import Attempt, LoginThrottle
from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.fair_queue import FairQueue
from pulp_gomod.app.db.round_robin import Clients, RoundRobin

log = logging.getLogger(__name__)

# Hashing shall leave some of the machine to those who are known already.
_THREADS = max(1, (os.cpu_count() or 1) // 2)
# A password is verified in about a third of a second: a longer queue would be waited out by nobody.
_LONGEST_QUEUE = 64 * _THREADS
_LONGEST_OF_ONE = 32
# Of what needs no password: one is identified while the next is ready.
_OTHERS_AT_ONCE = 2


class Logins:
    """Verifies credentials in threads of one content process."""

    def __init__(self) -> None:
        self._lane = BoundedExecutor("gomod-login", _THREADS, 4 * _LONGEST_QUEUE, uses_orm=True)
        # Anybody can send a cookie with each of a thousand requests, and is not asked for a password.
        self._others = BoundedExecutor("gomod-identity", 1, 4 * _LONGEST_QUEUE, uses_orm=True)
        self._turns_of_others = RoundRobin(_OTHERS_AT_ONCE, _LONGEST_QUEUE)
        self._turns_of_known = RoundRobin(2 * _THREADS, _LONGEST_QUEUE, _THREADS)
        self._queue = FairQueue(_THREADS, _LONGEST_QUEUE, _LONGEST_OF_ONE)
        self._tasks: set[asyncio.Task[Caller]] = set()
        self.owners = Owners()

    @property
    def throttle(self) -> LoginThrottle:
        """What counts failures."""
        return throttle.configured()

    def close(self) -> None:
        """Let the threads end."""
        self._lane.close()
        self._others.close()

    async def identify_otherwise(self, request: HttpRequest, address: str | None) -> Caller:
        """
        Say who asks where no Authorization header says it, but a cookie, or a proxy.

        Args:
            request: The request as Pulp's authenticators see it.
            address: The client's address, None if it is unknown.

        Raises:
            Busy: Too many of the same client wait.
            django.db.Error: The database does not answer.
        """
        who = Clients(throttle.client_at(address))
        async with self._turns_of_others.turn(who):
            return await self._others.run(identify, request)

    async def identify(self, request: HttpRequest, attempt: Attempt) -> Caller:
        """
        Say who asks, as Pulp's authenticators tell it.

        Args:
            request: The request as the authenticators see it.
            attempt: What the credentials are.

        Raises:
            TooManyFailures: Too many logins have failed before.
            Busy: Too many wait.
            django.db.Error: The database does not answer.
        """
        self.throttle.check(attempt)
        # A client that goes away does not make room for its next guess.
        task = asyncio.create_task(self._verify(request, attempt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    async def _verify(self, request: HttpRequest, attempt: Attempt) -> Caller:
        if self.throttle.is_known(attempt):
            who = self.owners.name(attempt) or attempt.digest.hex()
            async with self._turns_of_known.turn(Clients(who)):
                return self._note(attempt, await self._lane.run(identify, request))
        async with self.turn(attempt):
            # Those before it in the queue may have failed.
            self.throttle.check(attempt)
            return self._note(attempt, await self._lane.run(identify, request))

    def turn(self, attempt: Attempt) -> Any:
        """Make an asynchronous context for the time in which an attempt is made."""
        who = throttle.client_at(attempt.address)
        return self._queue.turn(who, lambda: self.throttle.failures_of(attempt.address))

    def _note(self, attempt: Attempt, caller: Caller) -> Caller:
        if caller.is_known and attempt.is_by(caller.user):
            self.throttle.succeeded(attempt)
            self.owners.learn(attempt, caller)
        elif caller.is_refused:
            self.throttle.failed(attempt, caller.is_repeated)
        return caller


def _look_at(task: asyncio.Task[Caller]) -> None:
    """See why a task failed: the client that would have been told may be gone."""
    if not task.cancelled() and isinstance(task.exception(), Busy):
        login_metrics.refused("queue")


def attempt_of(request: web.Request, sent: Credentials) -> Attempt:
    """
    Describe the attempt that a request is.

    Args:
        sent: What its Authorization header says.
    """
    header = request.headers.get(hdrs.AUTHORIZATION, "")
    return throttle.attempt(client_address(request), sent, header)


def client_address(request: web.Request) -> str | None:
    """Return the address of the client, seen through the proxies that the settings trust."""
    forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ()))
    return seen_through_proxies(request.remote or "", forwarded, trusted_proxies())
