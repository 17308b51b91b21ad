"""What the API does with credentials that the front door has found to be nobody's."""

import tests.unit.django_set_up  # noqa: F401  isort: skip
import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
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


NO_BASE64 = (
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--"
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", NO_BASE64),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1001)),
    ],
    ids=["boundary", "base64", "fields"],
)
def test_a_form_that_is_none_is_refused_in_a_line(content_type: str, body: bytes) -> None:
    request = RequestFactory().post("/auth/login/", body, content_type=content_type)
    answer = LoginThrottleMiddleware(lambda _: HttpResponse())(request)
    assert (answer.status_code, json.loads(answer.content)) == (
        400,
        {"detail": "the form cannot be read"},
    )


def test_scripts_get_a_challenge_that_no_browser_asks_for_a_password_for() -> None:
    request = HttpRequest()
    assert PasswordAuthentication().authenticate_header(request) == 'Basic realm="Pulp"'
    request = HttpRequest()
    request.META["HTTP_X_REQUESTED_WITH"] = "XMLHttpRequest"
    assert PasswordAuthentication().authenticate_header(request) == 'xBasic realm="Pulp"'
