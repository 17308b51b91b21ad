"""What only the front door may say to the API."""

import tests.unit.django_set_up  # noqa: F401  isort: skip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

import pulp_gomod.app
from pulp_gomod.app.auth import door
from pulp_gomod.app.auth.door import PROOF, DoorHeaders, is_by_door, proof
from pulp_gomod.app.auth.refusals import WORTHLESS
from pulp_gomod.app.upload.handover import BODY_OF, PLACE, WAITER

OURS = "pulp_gomod.app.auth.door.DoorHeaders"
SAID = (WAITER, PLACE, BODY_OF, WORTHLESS)


def variable(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def sent(headers: dict[str, str]) -> HttpRequest:
    """A request as it is behind the middleware; other middlewares have read its headers before."""
    request = HttpRequest()
    request.META |= {variable(name): value for name, value in headers.items()}
    assert set(request.headers) == set(headers)
    DoorHeaders(lambda _: HttpResponse())(request)
    return request


@pytest.mark.parametrize("said", [{}, {PROOF: ""}, {PROOF: "1"}, {PROOF: "é"}])
def test_clients_are_believed_nothing(said: dict[str, str]) -> None:
    request = sent(dict.fromkeys(SAID, "1") | said | {"X-Gomodular": "1"})
    assert list(request.headers) == ["X-Gomodular"]
    assert not is_by_door(request)


def test_the_door_is_believed_and_its_proof_shown_to_nobody() -> None:
    request = sent(dict.fromkeys(SAID, "1") | {PROOF: proof()})
    assert set(request.headers) == set(SAID)
    assert is_by_door(request)
    assert proof() not in repr(request.META)


def test_nothing_reads_such_headers_before() -> None:
    ours = [each for each in settings.MIDDLEWARE if each.startswith("pulp_gomod.")]
    assert ours[0] == OURS


def test_all_such_headers_are_among_those() -> None:
    """Headers that the API reads have names which the middleware knows; CHANGE and HEAVY are answers."""
    root = Path(pulp_gomod.app.__file__).parent
    texts = [path.read_text() for path in root.rglob("*.py") if path != Path(door.__file__)]
    named = {name for text in texts for name in re.findall(r'"(X-G[\w-]+)"', text)}
    assert named == {*SAID, "X-Gomod-Change", "X-Gomod-Heavy"}
