"""What the API does with credentials that the front door has found to be nobody's."""

import tests.unit.django_set_up  # noqa: F401  isort: skip
import json

import pytest
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import get_authorization_header

from pulp_gomod.app.auth import refusals
from pulp_gomod.app.auth.authenticators import PasswordAuthentication
from pulp_gomod.app.auth.door import DoorHeaders, proof
from pulp_gomod.app.auth.middleware import LoginThrottleMiddleware
from pulp_gomod.app.auth.secret import new_secret

GUESS = "Basic YWRtaW46Z3Vlc3M="


@pytest.mark.parametrize(
    ("sent", "is_marked", "words"),
    [
        (GUESS, True, refusals.WRONG),
        (f"Bearer {new_secret()}", True, refusals.INVALID),
        (GUESS, False, ""),
    ],
    # Each process of a test run makes another secret, and has to call its tests the same.
    ids=["guess", "token", "unmarked"],
)
def test_what_is_known_to_be_worthless_reaches_no_authenticator(
    sent: str, is_marked: bool, words: str
) -> None:
    request = HttpRequest()
    request.path, request.method = "/pulp/api/v3/repositories/", "GET"
    request.META["HTTP_AUTHORIZATION"] = sent
    request.META["HTTP_X_GOMOD_DOOR"] = proof()
    if is_marked:
        request.META["HTTP_X_GOMOD_WORTHLESS"] = "1"
    # As every middleware before it may have done; Django makes them once.
    assert request.headers["Authorization"] == sent
    seen: list[tuple[bytes, str]] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((get_authorization_header(request), request.META["HTTP_AUTHORIZATION"]))
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Basic"})

    answer = DoorHeaders(LoginThrottleMiddleware(view))(request)
    assert answer.status_code == 401
    passed_on = "Basic" if is_marked else sent
    assert seen == [(passed_on.encode(), passed_on)]
    assert json.loads(answer.content or "{}").get("detail", "") == words


def test_scripts_get_a_challenge_that_no_browser_asks_for_a_password_for() -> None:
    request = HttpRequest()
    assert PasswordAuthentication().authenticate_header(request) == 'Basic realm="Pulp"'
    request = HttpRequest()
    request.META["HTTP_X_REQUESTED_WITH"] = "XMLHttpRequest"
    assert PasswordAuthentication().authenticate_header(request) == 'xBasic realm="Pulp"'
