"""What policies do is on record, whichever memory it was answered from, and somebody can be told of it."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from django.db import transaction
from django.utils import timezone

from pulp_gomod.app.content import policy_events
from pulp_gomod.app.models import GoPolicyEvent, event
from pulp_gomod.app.models.event import Event, record, trim
from pulp_gomod.app.models.telling import tell_soon
from pulp_gomod.app.remote.webhook import WebhookFault, signature
from pulp_gomod.app.tasks.telling import tell
from tests.functional.upstream_world import Upstream, running
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_policies import change, obey, path_of, publish, rule
from tests.inprocess.test_waivers import approve, request, revoke
from tests.unit import django_set_up  # noqa: F401

from pulpcore.plugin.models import TaskSchedule  # isort: skip


@pytest.fixture
def configure() -> Iterator[Callable[[str, Any], None]]:
    """Change a setting until the test is over."""
    with ExitStack() as until:
        yield lambda name, value: until.enter_context(configured(**{name: value}))


@pytest.fixture(autouse=True)
def _written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is noted while a test asks not wait for long because some of it was written in between."""
    monkeypatch.setattr(policy_events, "AGAIN", 0.0)


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def counts(owner: Owner, *fields: str) -> dict[Any, int]:
    rows = GoPolicyEvent.objects.filter(distribution=owner.distribution)
    return {
        tuple(getattr(row, name) for name in fields or ("kind", "version")): row.requests
        for row in rows
    }


def wait(check: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask(url: str, *files: str) -> None:
    session = requests.Session()
    for file in files:
        for _ in range(4):
            session.get(f"{url}/{file}", timeout=60)


def test_each_stop_counts_from_whichever_memory_it_comes(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    policy = obey(owner, deny=[rule(path_of(owner), "v1.2.0")])
    for root in (owner.packages_url, owner.content_url):
        ask(f"{root}/{path}", "@v/v1.2.0.zip", "@v/v1.2.0.info", "@v/v1.0.0.zip", "@v/v1.2.0.mod")
        ask(f"{root}/{path}", "@v/list", "@latest")
    expected = {("stopped", "v1.2.0"): 16, ("hidden", ""): 8, ("hidden", "v1.2.0"): 8}
    wait(lambda: counts(owner) == expected)
    row = GoPolicyEvent.objects.get(distribution=owner.distribution, kind="stopped")
    assert row.policy_id == policy.pk and row.policy_name == policy.name
    assert row.distribution_name == owner.distribution.name and row.condition == "deny"
    assert row.module == path_of(owner) and "it steals keys" in row.detail
    with transaction.atomic():
        owner.distribution.policy = None
        owner.distribution.save()
    policy.delete()
    row.refresh_from_db()
    assert row.policy_id is None and row.policy_name == policy.name


def test_what_would_be_stopped_counts_each_time_it_is_served(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    policy = obey(owner, deny=[rule(path_of(owner), "v1.2.0")], deny_mode="observe")
    for root in (owner.packages_url, owner.content_url):
        ask(f"{root}/{path}", "@v/v1.2.0.zip", "@v/v1.2.0.info", "@v/list", "@v/v1.0.0.zip")
    wait(lambda: counts(owner) == {("observed", "v1.2.0"): 16, ("observed", ""): 8})
    change(policy, deny_mode="off")
    ask(f"{owner.packages_url}/{path}", "@v/v1.2.0.zip")
    change(policy, deny_mode="lists")
    ask(f"{owner.packages_url}/{path}", "@v/v1.2.0.zip", "@latest")
    wait(lambda: counts(owner).get(("hidden", "v1.2.0")) == 4)
    assert counts(owner)["observed", "v1.2.0"] == 16


def test_what_is_decided_about_waivers_and_what_passes_by_them(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    policy = obey(owner, deny=[rule(path_of(owner), "v1.2.0")])
    waiver = request(policy, path_of(owner), "v1.2.0")
    approve(waiver, note="for now")
    ask(f"{owner.packages_url}/{path}", "@v/v1.2.0.zip")
    wait(lambda: counts(owner) == {("waived", "v1.2.0"): 4})
    revoke(waiver)
    decided = GoPolicyEvent.objects.filter(policy=policy, distribution=None).order_by("first_seen")
    assert [(row.kind, row.made_by, row.version, row.detail) for row in decided] == [
        ("waiver_requested", "alice", "v1.2.0", "it is needed"),
        ("waiver_approved", "bob", "v1.2.0", "for now"),
        ("waiver_revoked", "bob", "v1.2.0", "it is needed"),
    ]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        yield upstream


def test_that_own_names_go_nowhere_is_on_record(upstream: Upstream, content_url: str) -> None:
    mirror = Mirror.create(content_url, upstream)
    path = publish(mirror.owner, "v1.0.0")
    upstream.add(path_of(mirror.owner), "v9.9.9")
    url = f"{mirror.owner.packages_url}/{path}"
    ask(url, "@v/v9.9.9.zip", "@v/v9.9.9.info", "@v/v1.0.0.zip")
    ask(f"{url}/sub", "@latest")
    wait(
        lambda: (
            counts(mirror.owner, "kind", "condition", "module")
            == {
                ("own", "own", path_of(mirror.owner)): 8,
                ("own", "own", f"{path_of(mirror.owner)}/sub"): 4,
            }
        )
    )
    row = GoPolicyEvent.objects.filter(distribution=mirror.owner.distribution).first()
    assert row is not None and "this repository's own" in row.detail


def happened(owner: Owner, module: str, kind: str = "stopped", **said: Any) -> Event:
    distribution = owner.distribution
    made = Event(kind, distribution.pulp_domain_id, "p", distribution.pk, "deny", module, "v1.0.0")
    return made._replace(**said)


def test_a_flood_of_names_fills_no_table(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "MOST_A_DAY", 3)
    other, now = Owner.create(owner.url), timezone.now()
    for start in (0, 2, 4):
        flood = [(happened(owner, f"example.com/{start + n}"), 1) for n in range(4)]
        record([*flood, (happened(other, "example.com/0"), 1)], now)
    record([(happened(owner, "example.com/0"), 5), (happened(owner, "m" * 9_000), 2)], now)
    expected = {("example.com/0",): 6, ("example.com/1",): 1, ("example.com/2",): 2, ("",): 10}
    assert counts(owner, "module") == expected
    assert counts(other, "module") == {("example.com/0",): 3}
    # Decisions are never among those that are counted as one.
    decided = happened(owner, "example.com/9", "waiver_approved", distribution=None, made_by="x")
    record([(decided._replace(module=f"example.com/{n}"), 1) for n in range(9)], now)
    assert GoPolicyEvent.objects.filter(kind="waiver_approved", made_by="x").count() == 9


def test_what_is_old_goes_and_who_wants_none_has_none(
    owner: Owner, configure: Callable[[str, Any], None]
) -> None:
    now = timezone.now()
    gone = Owner.create(owner.url)
    key = happened(gone, "example.com/gone")
    gone.distribution.delete()
    record([(key, 1), (happened(owner, "example.com/new"), 1)], now)
    record([(happened(owner, "example.com/old"), 1)], now - timedelta(days=91))
    trim()
    assert counts(owner, "module") == {("example.com/new",): 1}
    row = GoPolicyEvent.objects.get(module="example.com/gone")
    assert row.distribution_id is None
    configure("GOMOD_EVENT_DAYS", 0)
    record([(happened(owner, "example.com/none"), 1)], now)
    assert counts(owner, "module") == {("example.com/new",): 1}


class Receiver:
    """What a webhook is sent to."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver(configure: Callable[[str, Any], None]) -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    GoPolicyEvent.objects.update(is_told=True)
    TaskSchedule.objects.filter(name="gomod.events").delete()
    configure("GOMOD_EVENTS_URL", receiver.url)
    configure("GOMOD_EVENTS_SECRET", "a secret")
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def due() -> datetime | None:
    return TaskSchedule.objects.get(name="gomod.events").next_dispatch


def test_somebody_is_told_what_happened_and_who_says_so(owner: Owner, receiver: Receiver) -> None:
    policy = obey(owner, deny=[rule(path_of(owner))])
    receiver.status = 503
    request(policy, path_of(owner), "v1.2.0")
    before = due()
    assert before is not None and before <= timezone.now()
    tell()
    retry = due()
    assert retry is not None and retry > timezone.now() + timedelta(minutes=4)
    tell_soon()
    assert due() == retry
    receiver.status = 204
    tell()
    tell()
    assert len(receiver.got) == 2
    (first, body), (headers, again) = receiver.got
    assert body == again and first["webhook-id"] == headers["webhook-id"]
    (said,) = json.loads(body)["events"]
    assert said["kind"] == "waiver_requested" and said["module"] == path_of(owner)
    assert said["policy"] == policy.name and said["domain"] == "default"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"a secret", signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_forbidden_places_and_redirects_are_not_told(
    owner: Owner, receiver: Receiver, configure: Callable[[str, Any], None]
) -> None:
    record([(happened(owner, "example.com/m"), 1)], timezone.now())
    receiver.status = 307
    tell()
    configure("GOMOD_EVENTS_URL", "http://169.254.169.254/")
    tell()
    configure("GOMOD_EVENTS_URL", "nonsense")
    tell()
    assert len(receiver.got) == 1
    assert GoPolicyEvent.objects.filter(is_told=False).count() == 1
    GoPolicyEvent.objects.update(last_seen=datetime.now(UTC) - timedelta(days=2))
    configure("GOMOD_EVENTS_URL", receiver.url)
    tell()
    assert len(receiver.got) == 1 and not GoPolicyEvent.objects.filter(is_told=False).exists()


def test_secrets_are_texts_or_base64() -> None:
    plain = signature("msg_1", 1, b"{}", "key")
    assert plain == signature("msg_1", 1, b"{}", "whsec_" + base64.b64encode(b"key").decode())
    assert "webhook-signature" not in signature("msg_1", 1, b"{}", "")
    with pytest.raises(WebhookFault, match="base64"):
        signature("msg_1", 1, b"{}", "whsec_!")


def test_no_text_keeps_others_from_being_recorded(owner: Owner) -> None:
    def noted(version: str) -> Event:
        place = owner.distribution
        return Event("stopped", place.pulp_domain_id, "", place.pk, "deny", "m", version, version)

    record([(noted(version), 1) for version in ("v1", "v2\0", "v3\ud800")], timezone.now())
    kept = {("v1",): 1, ("v2\N{REPLACEMENT CHARACTER}",): 1, ("v3?",): 1}
    assert counts(owner, "version") == kept
