"""
Letting only good credentials on to the API, which would verify them while everybody waits.

The API's few workers answer one request at a time, and hash a password for each that has one. So the
door verifies credentials that are new to it, as the content app does for content guards, and in the
same queues. What it finds decides nothing but this: guesses are answered here, or are marked, so that
the API says what it says to them without hashing them again.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from aiohttp import hdrs, web
from django.db import Error as DatabaseError
from django.http import HttpRequest

from pulp_gomod.app.auth import refusals, throttle
from pulp_gomod.app.auth.addresses import trusted_proxies
from pulp_gomod.app.auth.header import Credentials as Sent
from pulp_gomod.app.auth.header import Secret, parse
from pulp_gomod.app.auth.proxies import is_from_proxy, is_proxy_header
from pulp_gomod.app.auth.throttle import Attempt, TooManyFailures, client_at
from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.logins import attempt_of, client_address
from pulp_gomod.app.content.repository.guard import GuardCache
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.round_robin import Clients, RoundRobin

_PACKAGES = "/api/packages/"
_FORM = "/auth/login/"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTEMPT = "gomod_attempt"
_WORTHLESS = "gomod_worthless"
# Requests with worthless credentials that one client may have waiting.
_LONGEST_OF_ONE = 100
# Clients for whom the API may be asked at a time; each of them may keep all of its workers busy, which is no more
# than others have to wait for.
_CLIENTS = 4
# Requests that one client may have waiting for its turn.
_MOST_WAITING = 1000


class Credentials:
    """
    Who may go on to the API, and when.

    Args:
        api_workers: How many requests the API answers at a time.
    """

    def __init__(self, api_workers: int) -> None:
        self._worthless = RoundRobin(1, _LONGEST_OF_ONE)
        self._turns = RoundRobin(_CLIENTS * api_workers, _MOST_WAITING, api_workers)

    async def refusal(self, request: web.Request) -> web.Response | None:
        """
        Verify the credentials of a request; None if it is to be forwarded.

        Args:
            request: The request, of which the head was read.
        """
        sent = parse(request.headers.get(hdrs.AUTHORIZATION))
        if sent is None:
            return None
        attempt = request[_ATTEMPT] = attempt_of(request, sent)
        gate = services.of(request.app).gate
        if gate.is_known(attempt):
            return None
        try:
            if await _is_worthless(request, sent, attempt, gate):
                return self._refuse(request, sent)
        except TooManyFailures as error:
            return _respond(request, 429, str(error), {hdrs.RETRY_AFTER: str(error.seconds)})
        except Busy:
            return _respond(request, 503, refusals.BUSY, {hdrs.RETRY_AFTER: "1"})
        except DatabaseError:
            # The API has its own words for that.
            return None
        return None

    def _refuse(self, request: web.Request, sent: Sent) -> web.Response | None:
        if request.method in _SAFE_METHODS:
            # Some views answer everybody.
            request[_WORTHLESS] = True
            return None
        return _respond(request, 401, refusals.wrong(sent), refusals.CHALLENGE)

    def turn(self, request: web.Request, *, has_place: bool) -> AbstractAsyncContextManager[Any]:
        """
        Make the context in which the API is asked: its few workers answer clients in turn.

        Nobody waits for two turns: who has one of those that are few and waits for its own others meanwhile, keeps
        everybody waiting. So those that verify credentials, and those with a place, have no other: they are few. Forms with
        a password wait for such a turn, and so does whoever has sent worthless credentials: no more of the API's workers
        are busy with them than there are content processes.

        Args:
            request: The request, whose credentials were looked at.
            has_place: Whether it has waited for one of the places.

        Raises:
            Busy: Too much of the same client waits; where the context is entered.
        """
        if request.get(_WORTHLESS):
            return self._worthless.turn(Clients(client_at(client_address(request))))
        if request.method == "POST" and request.path == _FORM:
            return self._turn_of_form(request)
        return nullcontext() if has_place else self._turns.turn(Clients(self.client(request)))

    def client(self, request: web.Request) -> str:
        """Name whose turn a request waits for."""
        return services.of(request.app).gate.client(request)

    def _turn_of_form(self, request: web.Request) -> AbstractAsyncContextManager[Any]:
        attempt = throttle.password_attempt(client_address(request), "", "")
        context: AbstractAsyncContextManager[Any] = services.of(request.app).gate.logins.turn(
            attempt
        )
        return context

    def learn(self, request: web.Request, status: int) -> None:
        """
        Hear what the API has answered: credentials may have become worthless.

        Args:
            status: The status of the answer.
        """
        if status == 401 and _ATTEMPT in request:
            services.of(request.app).gate.logins.throttle.forget(request[_ATTEMPT])

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """Return what the API is to know."""
        return {refusals.WORTHLESS: "1"} if request.get(_WORTHLESS) else {}


async def _is_worthless(
    request: web.Request, sent: Sent, attempt: Attempt, gate: GuardCache
) -> bool:
    if isinstance(sent, Secret):
        return not await gate.knows(sent, attempt)
    caller = await gate.logins.identify(_as_django_sees(request), attempt)
    return caller.is_refused


def _as_django_sees(request: web.Request) -> HttpRequest:
    django_request = HttpRequest()
    django_request.method = request.method
    is_proxy = is_from_proxy(request, trusted_proxies())
    for name, value in request.headers.items():
        if "_" in name or (is_proxy_header(name) and not is_proxy):
            # They do not reach the API either.
            continue
        django_request.META.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
    return django_request


def _respond(request: web.Request, status: int, line: str, headers: dict[str, str]) -> web.Response:
    body, content_type = refusals.body(request.path, status, line)
    response = web.Response(
        status=status, body=body, headers={hdrs.CONTENT_TYPE: content_type, **headers}
    )
    if request.body_exists:
        # The client may be sending a body that nobody reads.
        response.force_close()
    return response
