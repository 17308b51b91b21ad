"""
Slowing down who guesses passwords in the API, whichever view is asked.

What comes through the front door has had its credentials in headers verified there, and only the form for browsers
is left to do here; of all else everything is done here.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from pulp_gomod.app.auth import configuration, refusals, throttle
from pulp_gomod.app.auth.addresses import client_address
from pulp_gomod.app.auth.door import is_by_door
from pulp_gomod.app.auth.header import Secret, parse
from pulp_gomod.app.auth.throttle import Attempt, TooManyFailures

_PACKAGES = "/api/packages/"
_FORM = "/auth/login/"
# A form that is none. Django would answer the same, and log a traceback, as often as anybody likes.
_UNREADABLE = (MultiPartParserError, TooManyFieldsSent, TooManyFilesSent)
# An Authorization header that every authenticator for HTTP Basic refuses, and none verifies.
_MALFORMED = "Basic"

Respond = Callable[[HttpRequest], HttpResponse]


class LoginThrottleMiddleware:
    """
    Django's middleware around all views.

    Args:
        get_response: What answers otherwise.
    """

    def __init__(self, get_response: Respond) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if refusals.WORTHLESS in request.headers:
            return self._say_worthless(request)
        try:
            attempt = _attempt(request)
        except _UNREADABLE:
            return _respond(request, 400, "the form cannot be read", {})
        if attempt is None:
            return self._get_response(request)
        counted = throttle.configured()
        try:
            counted.check(attempt)
        except TooManyFailures as error:
            headers = {"Retry-After": str(error.seconds)}
            return _respond(request, 429, str(error), headers)
        response = self._get_response(request)
        if _has_failed(request, response):
            counted.failed(attempt)
        elif _is_by(request, attempt):
            counted.succeeded(attempt)
        return response

    def _say_worthless(self, request: HttpRequest) -> HttpResponse:
        line = refusals.wrong(parse(request.META.get("HTTP_AUTHORIZATION")))
        request.META["HTTP_AUTHORIZATION"] = _MALFORMED
        # Django reads them once only, and the REST framework looks there.
        vars(request).pop("headers", None)
        response = self._get_response(request)
        if response.status_code != 401:
            return response
        challenge = response.headers.get("WWW-Authenticate")
        headers = {"WWW-Authenticate": challenge} if challenge else refusals.CHALLENGE
        return _respond(request, 401, line, headers)


def _attempt(request: HttpRequest) -> Attempt | None:
    if _is_form(request):
        name, password = request.POST.get("username", ""), request.POST.get("password", "")
        return throttle.password_attempt(client_address(request), str(name), str(password))
    if is_by_door(request) or configuration.may_be_named_by_header(request.headers):
        return None
    header = request.META.get("HTTP_AUTHORIZATION", "")
    sent = parse(header)
    if sent is None or isinstance(sent, Secret):
        # One statement tells, and nobody guesses 256 random bits.
        return None
    return throttle.attempt(client_address(request), sent, header)


def _is_form(request: HttpRequest) -> bool:
    return bool(request.method == "POST" and request.path == _FORM)


def _has_failed(request: HttpRequest, response: HttpResponse) -> bool:
    # The form is shown again to whoever has not got it right.
    failure = 200 if _is_form(request) else 401
    return bool(response.status_code == failure)


def _is_by(request: HttpRequest, attempt: Attempt) -> bool:
    """Say whether a view has verified the credentials: some ask nobody who it is."""
    if not _is_form(request) and settings.SESSION_COOKIE_NAME in request.COOKIES:
        return False
    user: Any = getattr(request, "user", None)
    return user is not None and bool(user.is_authenticated) and attempt.is_by(user)


def _respond(request: HttpRequest, status: int, line: str, headers: dict[str, str]) -> HttpResponse:
    body, content_type = refusals.body(request.path, status, line)
    return HttpResponse(body, status=status, content_type=content_type, headers=headers)
