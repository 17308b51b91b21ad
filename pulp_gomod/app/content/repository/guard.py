"""
Asking a distribution's content guard, on every path and seldom twice.

In a content process pulpcore authenticates one request after the other, and hashes each password
anew. Here the same authenticators and guards are asked in threads of their own, once for all requests
that come at a time with the same credentials; what they permit holds for less than a second, or as
long as nothing is written to the database.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote
from uuid import UUID

from aiohttp import hdrs, web
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest
from yarl import URL

# The plugin API has no way from a request of aiohttp to the one that Django's authenticators read.
from pulpcore.content.authentication import convert_request

from pulp_gomod.app.auth import configuration, guards, refusals, tokens
from pulp_gomod.app.auth.callers import Caller, identify_at_once
from pulp_gomod.app.auth.decisions import Decisions
from pulp_gomod.app.auth.header import Credentials, Secret, parse
from pulp_gomod.app.auth.throttle import Attempt, TooManyFailures, client_at
from pulp_gomod.app.content.http.logins import Logins, attempt_of, client_address
from pulp_gomod.app.content.http.responses import CALLER, problem
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.round_robin import Clients, RoundRobin

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Where the GOPROXY roots of owners are.
PACKAGES = "/api/packages/"
# What need not be quoted in paths (RFC 3986, section 3.3).
_UNQUOTED = "/~!$&'()*+,;=:@"
CHALLENGE: dict[str, str] = {hdrs.WWW_AUTHENTICATE: 'Basic realm="Pulp"'}

_ACCESS_THREADS = 2
_ACCESS_QUEUE = 2000
# One statement a turn: the threads find the next when they have done one.
_AT_ONCE = 2 * _ACCESS_THREADS
_LONGEST_OF_ONE = 500
# Statements at a time that are for one client: made-up tokens in numbers leave a thread to others.
_MOST_OF_ONE = 1
# All who send no credentials ask the same.
_NOBODY = "nobody"


def _nobody_said() -> str:
    """Say what a request without credentials lacks; over http the go command keeps even those of .netrc to itself."""
    over_http = (settings.CONTENT_ORIGIN or "").startswith("http:")
    hint = ", and the go command sends them over https only" if over_http else ""
    return f"credentials are required to read this{hint}"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Who asks, and what the guard says: None where it looks at more than who asks."""

    caller: Caller
    permits: bool | None

    def seconds(self) -> float | None:
        """
        Say for how long it may be used again while nothing is written; None for not at all.

        A denial is not: a right that was just given works at once. That a guard looks at more is, of who is
        known and of who sends no credentials: it is asked each time, and nothing else is.
        """
        is_settled = self.caller.is_known or self.caller.seconds > 0
        usable = self.permits or (self.permits is None and is_settled)
        return self.caller.seconds if usable else None


class _GuardKey(NamedTuple):
    # Made and looked up for each request: a tuple is both in a fifth of the time.
    guard: UUID
    distribution: UUID
    domain: UUID


class GuardCache:
    """Asks the guards of one content process."""

    def __init__(self) -> None:
        self._access = BoundedExecutor(
            "gomod-access", _ACCESS_THREADS, _ACCESS_QUEUE, uses_orm=True
        )
        self._turns = RoundRobin(_AT_ONCE, _LONGEST_OF_ONE, _MOST_OF_ONE)
        self.logins = Logins()
        self._verdicts: Decisions[_Verdict] = Decisions(_Verdict.seconds)
        self._key = secrets.token_bytes(32)
        self._notes: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Let the threads end."""
        self._access.close()
        self.logins.close()

    async def ask(
        self, request: web.Request, target: ServedDistribution, guard: UUID
    ) -> tuple[Caller, bool]:
        """
        Say who asks, and whether the guard permits it.

        Args:
            target: The distribution.
            guard: The pk of its guard.

        Raises:
            TooManyFailures: Too many logins have failed before.
            Busy: Too many of the same client wait.
            django.db.Error: The database does not answer.
        """
        door = _guard_key(target, guard)
        sent = parse(request.headers.get(hdrs.AUTHORIZATION))
        if isinstance(sent, Secret) or is_plain(request):
            key = (door, self.digest(request))
            verdict = await self._verdicts.get(
                key, lambda: self._decide(request, door, sent), target.snapshot
            )
        else:
            verdict = _Verdict(await self.identify(request, sent), None)
        if verdict.permits is not None:
            return verdict.caller, verdict.permits
        http_request = convert_request(request)
        asked = [
            guards.GuardRequest(each, http_request) for each in _as_guards_see(request, target)
        ]
        who = self.client(request)
        return verdict.caller, await self._in_turn(who, _permits, door, asked, verdict.caller)

    async def identify(self, request: web.Request, sent: Credentials | None) -> Caller:
        """
        Say who asks, where that takes long.

        Args:
            sent: What its Authorization header says.

        Raises:
            TooManyFailures: Too many logins have failed before.
            Busy: Too many wait to be identified.
            django.db.Error: The database does not answer.
        """
        http_request = convert_request(request)
        if sent is None:
            return await self.logins.identify_otherwise(http_request, client_address(request))
        return await self.logins.identify(http_request, attempt_of(request, sent))

    async def knows(self, sent: Secret, attempt: Attempt) -> bool:
        """
        Say whether a token is somebody's, for whatever it is good.

        Args:
            sent: The token.
            attempt: The attempt that sending it is.

        Raises:
            Busy: Too many of the same client wait.
            django.db.Error: The database does not answer.
        """
        owner = await self._in_turn(self._who_learns(attempt), tokens.owner_of, sent)
        self._learn(attempt, Caller(None, is_known=owner is not None, token_owner=owner))
        return owner is not None

    def is_known(self, attempt: Attempt) -> bool:
        """Say whether credentials were good lately, and whose they are."""
        is_good = self.logins.throttle.is_known(attempt)
        return is_good and self.logins.owners.name(attempt) is not None

    def digest(self, request: web.Request) -> bytes:
        """Return what stands for a request's credentials, and tells nothing of them."""
        header = request.headers.get(hdrs.AUTHORIZATION)
        return hmac.digest(self._key, repr(header).encode(), "sha256")

    def permits(self, target: ServedDistribution, guard: UUID, digest: bytes) -> bool:
        """
        Say whether a guard has permitted credentials lately, and whether that still holds.

        Args:
            target: The distribution, as it is known now.
            guard: The pk of its guard.
            digest: As of `digest`, of a request that has nothing else that could say who asks.
        """
        verdict = self._verdicts.recall((_guard_key(target, guard), digest), target.snapshot)
        return verdict is not None and verdict.permits is True

    def still_permits(self, target: ServedDistribution, digest: bytes | None) -> bool:
        """
        Say whether a distribution may be read without asking anew.

        Args:
            target: The distribution, as it is known now.
            digest: What stands for the credentials; None where nothing is known of the request.
        """
        if target.guard is None:
            return True
        return digest is not None and self.permits(target, target.guard, digest)

    def caller(self, target: ServedDistribution, digest: bytes | None) -> Caller | None:
        """
        Return who was permitted with credentials lately; None if nobody had to be.

        Args:
            target: The distribution, as it is known now.
            digest: What stands for the credentials; None where nothing is known of the request.
        """
        if target.guard is None or digest is None:
            return None
        key = (_guard_key(target, target.guard), digest)
        verdict = self._verdicts.recall(key, target.snapshot)
        return None if verdict is None else verdict.caller

    async def refusal(
        self, request: web.Request, target: ServedDistribution
    ) -> web.Response | None:
        """
        Ask the guard of a distribution, if it has one; None if the request is permitted.

        Never 404: the go command would go on to the next proxy of its list, and ask a public one for a
        private module.

        Args:
            target: The distribution.
        """
        if target.guard is None:
            return None
        try:
            caller, permitted = await self.ask(request, target, target.guard)
        except (TooManyFailures, Busy, DatabaseError) as error:
            return _not_now(error)
        if permitted:
            request[CALLER] = caller
            return None
        if caller.is_known:
            return problem(403, "forbidden: these credentials do not permit reading this")
        if hdrs.AUTHORIZATION in request.headers:
            log.warning(
                "Worthless credentials for %s from %s.", request.rel_url.raw_path, request.remote
            )
            return problem(401, f"unauthorized: {refusals.INVALID}", CHALLENGE)
        return problem(401, f"unauthorized: {_nobody_said()}", CHALLENGE)

    async def verified(self, request: web.Request) -> web.Request | web.Response:
        """
        Return a request as pulpcore may have it, which hashes passwords while all else waits.

        Without its credentials if they are nobody's, which is the same to pulpcore.

        Args:
            request: A request with credentials, for something of pulpcore's.

        Returns:
            The request, or an answer instead.
        """
        sent = parse(request.headers.get(hdrs.AUTHORIZATION))
        if isinstance(sent, Secret):
            # It stands for nobody there, and no password looks like that.
            return _without_credentials(request)
        if sent is None or self.logins.throttle.is_known(attempt_of(request, sent)):
            return request
        try:
            caller = await self.identify(request, sent)
        except (TooManyFailures, Busy, DatabaseError) as error:
            return _not_now(error)
        return _without_credentials(request) if caller.is_refused else request

    async def _decide(
        self, request: web.Request, door: _GuardKey, sent: Credentials | None
    ) -> _Verdict:
        http_request = convert_request(request)
        who = self._who_learns(attempt_of(request, sent)) if sent else _NOBODY
        verdict = await self._in_turn(who, _ask_at_once, door, sent, http_request)
        if verdict is None:
            caller = await self.identify(request, sent)
            # Whose credentials are good waits for nobody else's.
            who = self.client(request)
            verdict = await self._in_turn(who, _ask_guard, door, caller, http_request)
        elif isinstance(sent, Secret):
            self._learn(attempt_of(request, sent), verdict.caller)
        elif sent is not None and verdict.caller.is_known:
            self.logins.owners.learn(attempt_of(request, sent), verdict.caller)
        if verdict.caller.token_in_use:
            self._note_use(verdict.caller.token_in_use)
        return verdict

    async def _in_turn(
        self, who: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Make a call in a thread when it is a client's turn: anybody can make up credentials."""
        async with self._turns.turn(Clients(who)):
            return await self._access.run(call, *args, **kwargs)

    def client(self, request: web.Request) -> str:
        """Name the client whose turn a request has to wait for."""
        sent = parse(request.headers.get(hdrs.AUTHORIZATION))
        if sent is not None:
            return self._who(attempt_of(request, sent))
        return client_at(client_address(request))

    def _who(self, attempt: Attempt) -> str:
        """Name a client: its address, or whose credentials it has if they were good, which nobody makes up."""
        owner = self.logins.owners.name(attempt) if self.is_known(attempt) else None
        return owner or client_at(attempt.address)

    def _who_learns(self, attempt: Attempt) -> str:
        """Name a client that is about to be looked up: what another process knows to be good waits for no address."""
        if self.logins.throttle.is_known(attempt) and not self.is_known(attempt):
            return attempt.digest.hex()
        return self._who(attempt)

    def _learn(self, attempt: Attempt, caller: Caller) -> None:
        if caller.is_known:
            self.logins.throttle.succeeded(attempt)
            self.logins.owners.learn(attempt, caller)
        else:
            self.logins.throttle.forget(attempt)

    def _note_use(self, token: UUID) -> None:
        """Record the use of a token while the request goes on."""

        async def note() -> None:
            try:
                await self._access.run(tokens.record_use, token)
            except (Busy, DatabaseError):
                log.info("The use of a token was not recorded.", exc_info=True)

        task = asyncio.create_task(note())
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


def _without_credentials(request: web.Request) -> web.Request:
    headers = request.headers.copy()
    headers.popall(hdrs.AUTHORIZATION)
    return request.clone(headers=headers)


def _guard_key(target: ServedDistribution, guard: UUID) -> _GuardKey:
    return _GuardKey(guard, target.distribution, target.domain)


def _ask_at_once(
    door: _GuardKey, sent: Credentials | None, http_request: HttpRequest
) -> _Verdict | None:
    caller = identify_at_once(sent, door.distribution, door.domain)
    return None if caller is None else _ask_guard(door, caller, http_request)


def _ask_guard(door: _GuardKey, caller: Caller, http_request: HttpRequest) -> _Verdict:
    guard = guards.find(door.guard)
    if guard is None:
        return _Verdict(caller, False)
    if not guards.is_by_user(guard):
        return _Verdict(caller, None)
    return _Verdict(caller, guards.permits(guard, guards.GuardRequest({}, http_request), caller))


def _permits(door: _GuardKey, asked: list[guards.GuardRequest], caller: Caller) -> bool:
    guard = guards.find(door.guard)
    return guard is not None and any(guards.permits(guard, each, caller) for each in asked)


def is_plain(request: web.Request) -> bool:
    """Say whether nothing but the Authorization header can say who asks."""
    headers = request.headers
    return (
        hdrs.COOKIE not in headers
        and configuration.are_authenticators_known()
        and not any(name in headers for name in configuration.identity_headers())
    )


class _At:
    """
    A request as if it had come by another URL of the same file.

    Guards that look at the path (that of RHSM certificates does) know none but that below the content
    prefix. What is signed is a URL, and a web server may have used the other name of its file.
    """

    def __init__(self, request: web.Request, path: str, url: URL) -> None:
        self._request = request
        self.path = path
        self.url = url

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)

    def __getitem__(self, name: str) -> Any:
        return self._request[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._request[name] = value


def _as_guards_see(request: web.Request, target: ServedDistribution) -> list[Any]:
    """Return the request as guards are to see it: one after the other, until one is permitted."""
    domain = request.match_info.get("pulp_domain")
    place = f"{domain}/{target.base_path}" if domain else target.base_path
    by_content = f"{settings.CONTENT_PATH_PREFIX}{place}/{target.path}"
    is_owners = "owner" in request.match_info
    seen = [_At(request, by_content, request.url) if is_owners else request]
    # Only signatures are of a URL.
    if "validate_token" in request.query:
        other = by_content if is_owners else f"{PACKAGES}{place}/go/{target.path}"
        seen += [_At(request, by_content, url) for url in _spelled(request.url, other)]
    return seen


def _spelled(url: URL, path: str) -> list[URL]:
    """Return a URL with another path, as most spell it and as the go command does."""
    usual = quote(path, safe=_UNQUOTED)
    return [
        # With the query as it was sent: it is signed, too.
        URL.build(
            scheme=url.scheme,
            host="localhost",
            path=spelled,
            query_string=url.raw_query_string,
            encoded=True,
        )
        for spelled in dict.fromkeys((usual, usual.replace("!", "%21")))
    ]


def _not_now(error: Exception) -> web.Response:
    if isinstance(error, TooManyFailures):
        headers: dict[str, str] = {hdrs.RETRY_AFTER: str(error.seconds)}
        return problem(429, f"too many requests: {error}", headers)
    if isinstance(error, Busy):
        return problem(503, f"unavailable: {refusals.BUSY}", {hdrs.RETRY_AFTER: "1"})
    log.error("PostgreSQL is not responding.", exc_info=error)
    return problem(503, "unavailable: the server's database is not responding")
