"""
Letting only good credentials on to the API, which would verify them while everybody waits.

The API's few workers answer one request at a time, and hash a password for each that has one. So the
door verifies credentials that are new to it, as the content app does for content guards, and in the
same queue. What it finds decides nothing but this: guesses are answered here, or are marked, so that
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
from pulp_gomod.app.auth.header import Secret, parse
from pulp_gomod.app.auth.proxies import is_from_proxy, is_proxy_header
from pulp_gomod.app.auth.throttle import Attempt, TooManyFailures
from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.logins import Logins, attempt_of, client_address
from pulp_gomod.app.db.executors import Busy

_PACKAGES = "/api/packages/"
_FORM = "/auth/login/"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTEMPT = "gomod_attempt"
_WORTHLESS = "gomod_worthless"


class Credentials:
    """Who may go on to the API."""

    async def refusal(self, request: web.Request) -> web.Response | None:
        """
        Verify the credentials of a request; None if it is to be forwarded.

        Args:
            request: The request, of which the head was read.
        """
        sent = parse(request.headers.get(hdrs.AUTHORIZATION))
        if sent is None:
            return None
        if isinstance(sent, Secret):
            # One statement tells, and nobody guesses 256 random bits.
            return None
        attempt = request[_ATTEMPT] = attempt_of(request, sent)
        logins = services.of(request.app).gate.logins
        if logins.throttle.is_known(attempt):
            return None
        return await self._verify(request, attempt, logins)

    async def _verify(
        self, request: web.Request, attempt: Attempt, logins: Logins
    ) -> web.Response | None:
        try:
            caller = await logins.identify(_as_django_sees(request), attempt)
        except TooManyFailures as error:
            return _respond(request, 429, str(error), {hdrs.RETRY_AFTER: str(error.seconds)})
        except Busy:
            return _respond(request, 503, refusals.BUSY, {hdrs.RETRY_AFTER: "1"})
        except DatabaseError:
            # The API has its own words for that.
            return None
        if not caller.is_refused:
            return None
        if request.method in _SAFE_METHODS:
            # Some views answer everybody.
            request[_WORTHLESS] = True
            return None
        return _respond(request, 401, refusals.WRONG, refusals.CHALLENGE)

    def turn(self, request: web.Request) -> AbstractAsyncContextManager[Any]:
        """Make the context in which the API is asked; forms with a password wait for their turn."""
        if request.method != "POST" or request.path != _FORM:
            return nullcontext()
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
