"""What is remembered of content guards: whom they let in, and for how long."""

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.apps import apps
from django.contrib.auth import get_user_model

from pulpcore.plugin.util import assign_role, remove_role

from pulp_gomod.app.auth import guards
from tests.goproxy_requests import zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured

READER = "core.rbaccontentguard_downloader"
PASSWORD = "a password"
# Seconds after which a revocation has an effect, and what a busy machine adds.
REVOKED_WITHIN = 1.0
BUSY = 10.0

Headers = dict[str, str]


class Reader:
    """A user without rights, until some are granted."""

    def __init__(self) -> None:
        name = f"reader-{uuid4().hex[:12]}"
        self.user = get_user_model().objects.create(username=name)
        self.user.set_password(PASSWORD)
        self.user.save()
        secret = b64encode(f"{name}:{PASSWORD}".encode()).decode()
        self.headers = {"Authorization": f"Basic {secret}"}


class Guarded:
    """A guarded distribution, and how often its guard has been asked."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.guard = _rbac()
        self.asked = 0
        owner.distribution.content_guard = self.guard
        owner.distribution.save()

    def status(self, headers: Headers, path: str = "example.com/m/@v/list") -> int:
        return requests.get(f"{self.owner.packages_url}/{path}", headers=headers).status_code


def _rbac() -> Any:
    return apps.get_model("core", "RBACContentGuard").objects.create(name=uuid4().hex)


@pytest.fixture
def guarded(content_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    owner = Owner.create(content_url)
    # Of its own: the same bytes are stored once.
    owner.publish(zip_of("example.com/m", "v1.0.0", f"module example.com/m\n// {uuid4()}\n"))
    made = Guarded(owner)
    ask, lock = guards.permits, threading.Lock()

    def counted(guard: Any, asked: guards.GuardRequest, caller: Any) -> bool:
        with lock:
            made.asked += guard.pk == made.guard.pk
        return ask(guard, asked, caller)

    monkeypatch.setattr(guards, "permits", counted)
    yield made


def eventually(check: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_who_is_let_in_is_remembered_for_all_files(guarded: Guarded) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    assert guarded.status(reader.headers) == 200
    before = guarded.asked
    paths = [f"example.com/m/@v/{file}" for file in ("list", "v1.0.0.info", "v1.0.0.mod")]
    assert {guarded.status(reader.headers, path) for path in paths * 5} == {200}
    # Once a second at most, however many ask.
    assert guarded.asked - before <= 3


def test_those_who_come_together_are_one_question(guarded: Guarded) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guarded.status, [reader.headers] * 16))
    assert set(answers) == {200}
    assert guarded.asked < 8


def test_a_denial_is_not_remembered(guarded: Guarded) -> None:
    reader = Reader()
    assert [guarded.status(reader.headers) for _ in range(3)] == [403] * 3
    assert guarded.asked == 3
    assign_role(READER, reader.user, guarded.guard)
    assert guarded.status(reader.headers) == 200


def test_that_a_guard_looks_at_more_is_found_out_once_for_all_who_send_no_credentials(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_headers = apps.get_model("core", "HeaderContentGuard").objects.create(
        name=uuid4().hex, header_name="x-team", header_value="blue"
    )
    guarded.owner.distribution.content_guard = of_headers
    guarded.owner.distribution.save()
    looked, look = [], guards.is_by_user

    def noted(guard: Any) -> bool:
        looked.append(guard.pk)
        return look(guard)

    monkeypatch.setattr(guards, "is_by_user", noted)
    blue, red = ({"X-Team": b64encode(team).decode()} for team in (b"blue", b"red"))
    for _ in range(5):
        # It is asked each time all the same.
        assert [guarded.status(each) for each in (blue, red, {})] == [200, 401, 401]
    assert 1 <= len(looked) <= 3


def test_others_gain_nothing_from_what_is_remembered(guarded: Guarded) -> None:
    reader, stranger = Reader(), Reader()
    assign_role(READER, reader.user, guarded.guard)
    wrong = {"Authorization": reader.headers["Authorization"][:-4] + "AAA="}
    for _ in range(3):
        assert guarded.status(reader.headers) == 200
        assert guarded.status({}) == 401
        assert guarded.status(wrong) == 401
        assert guarded.status(stranger.headers) == 403


def test_wrong_credentials_are_not_called_missing(guarded: Guarded) -> None:
    url = f"{guarded.owner.packages_url}/example.com/m/@v/list"
    wrong = Reader().headers["Authorization"][:-4] + "AAA="
    nobody = f"Basic {b64encode(b'nobody:at all').decode()}"
    none, *bad = (
        requests.get(url, headers={"Authorization": each} if each else {})
        for each in ("", wrong, nobody, "Bearer gomod_nothing", "Bearer x", "Digest x")
    )
    assert "credentials are required" in none.text
    # Whether there is such a user, or what is wrong, is not told.
    assert {(each.status_code, each.text) for each in bad} == {(401, bad[0].text)}
    assert "these credentials are not valid here" in bad[0].text


@pytest.mark.parametrize("written", ["\xff", "Bearer \xed\xa0\x80", "Bearer \xe2\x82\xac"])
def test_credentials_that_are_no_text_are_those_of_nobody(guarded: Guarded, written: str) -> None:
    # requests sends each of these characters as one byte.
    assert guarded.status({"Authorization": written}) == 401
    assert guarded.asked == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_that_go_keeps_credentials_to_itself_over_http_is_said(
    guarded: Guarded, scheme: str
) -> None:
    # Only there: over https a missing line in .netrc is all that can be wrong.
    with configured(CONTENT_ORIGIN=f"{scheme}://go.example.com"):
        response = requests.get(f"{guarded.owner.packages_url}/example.com/m/@v/list")
    hint = ", and the go command sends them over https only" if scheme == "http" else ""
    assert response.status_code == 401
    assert response.text == f"unauthorized: credentials are required to read this{hint}\n"


def test_the_page_has_a_netrc_line_that_go_finds(guarded: Guarded) -> None:
    url, browser = guarded.owner.packages_url, {"Accept": "text/html"}
    with configured(CONTENT_ORIGIN="https://go.example.com:8443"):
        page = requests.get(f"{url}/example.com/m", headers=browser)
    assert page.status_code == 401
    assert "machine go.example.com:8443 login YOUR-NAME" in page.text
    assert "credentials only over https" not in page.text
    assert "any user name" not in page.text and "not valid here" not in page.text
    wrong = browser | {"Authorization": "Bearer x"}
    assert "not valid here" in requests.get(f"{url}/example.com/m", headers=wrong).text


def test_the_same_guard_elsewhere_is_asked_anew(guarded: Guarded) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    assert guarded.status(reader.headers) == 200
    other = Guarded(Owner.create(guarded.owner.url))
    assert other.status(reader.headers) == 403


def test_a_right_that_is_taken_away_ends(guarded: Guarded) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    assert guarded.status(reader.headers) == 200
    remove_role(READER, reader.user, guarded.guard)
    eventually(lambda: guarded.status(reader.headers) == 403, REVOKED_WITHIN + BUSY)
    assert guarded.status(reader.headers) == 403


@pytest.mark.parametrize("change", ["password", "is_active", "gone"])
def test_credentials_that_are_revoked_end(guarded: Guarded, change: str) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    assert guarded.status(reader.headers) == 200
    if change == "gone":
        reader.user.delete()
    else:
        reader.user.is_active = change != "is_active"
        reader.user.set_password("another")
        reader.user.save()
    eventually(lambda: guarded.status(reader.headers) == 401, REVOKED_WITHIN + BUSY)


def test_a_guard_that_is_set_or_changed_counts(guarded: Guarded) -> None:
    reader = Reader()
    assign_role(READER, reader.user, guarded.guard)
    distribution = guarded.owner.distribution
    assert guarded.status(reader.headers) == 200
    for guard, statuses in ((None, (200, 200)), (_rbac(), (403, 401)), (guarded.guard, (200, 401))):
        distribution.content_guard = guard
        distribution.save()
        expected = statuses
        eventually(
            lambda expected=expected: (
                (guarded.status(reader.headers), guarded.status({})) == expected
            ),
            REVOKED_WITHIN + BUSY,
        )


def test_every_path_asks(guarded: Guarded) -> None:
    paths = (
        "example.com/m/@v/list",
        "example.com/m/@latest",
        "example.com/m/@v/v1.0.0.zip",
        "example.com/none/@v/list",
        "sumdb/sum.golang.org/supported",
        "index",
        "upload",
        "not/a/path",
    )
    for path in paths:
        assert guarded.status({}, path) == 401, path
        assert guarded.status(Reader().headers, path) == 403, path
