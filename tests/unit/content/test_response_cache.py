"""When a response that is kept is still the right one, and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import make_mocked_request

from pulp_gomod.app.content.accelerator.interface import PlainGet
from pulp_gomod.app.content.http import identity
from pulp_gomod.app.content.http.responses import JSON, STOPPED, UNTIL, Representation
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.result_cache import ResultCache
from pulp_gomod.app.content.response_cache import cache
from pulp_gomod.app.content.response_cache.cache import ResponseCache
from pulp_gomod.app.content.response_cache.entries import ResponseStore, entry_of
from pulp_gomod.app.content.response_cache.wire import Resent, Wire

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVED = Served(uuid4(), 3, NOW)
TARGET = ServedDistribution("", "base", uuid4(), None, uuid4(), NOW, SERVED)
MIRROR = replace(TARGET, remote=uuid4())


def is_right(target: ServedDistribution, kept_for: ServedDistribution) -> bool:
    entry = entry_of(kept_for, ("m", "v1.0.0"), web.Response(body=b"{}"))
    assert entry is not None
    return cache._renew(entry, target)


def test_what_is_held_needs_no_remote() -> None:
    assert is_right(replace(TARGET), TARGET)
    assert is_right(TARGET, MIRROR) and is_right(replace(MIRROR, remote=uuid4()), MIRROR)
    # Nothing was kept of what the remote would have been asked for.
    assert not is_right(MIRROR, TARGET)


@pytest.mark.parametrize("kept_for", (TARGET, MIRROR))
def test_another_version_guard_or_storage_takes_it_away(kept_for: ServedDistribution) -> None:
    assert not is_right(replace(kept_for, served=replace(SERVED, number=4)), kept_for)
    assert not is_right(replace(kept_for, guard=uuid4()), kept_for)
    assert not is_right(replace(kept_for, distribution=uuid4()), kept_for)
    changed = replace(kept_for, domain_changed=NOW + timedelta(seconds=1))
    assert not is_right(changed, kept_for)


PRIVATE = replace(TARGET, guard=uuid4())
MINE, OTHERS = b"my credentials", b"those of others"
PATH = "m.example.com/@v/v1.0.0.info"


class Content:
    """A content app that has one file in memory, and what it asks whether it may tell of it."""

    def __init__(self, target: ServedDistribution) -> None:
        self.target = target
        self.permitted = {(target.guard, MINE)}
        self.answers = ResultCache()
        self.used: list[tuple[str, str]] = []
        usage = SimpleNamespace(note=lambda *use: self.used.append(use[1:]))
        services: Any = SimpleNamespace(
            resolver=self,
            gate=self,
            answers=self.answers,
            remotes=SimpleNamespace(usage=usage),
        )
        info = Representation(JSON, "etag", NOW, 2, True, b"{}")
        key = (SERVED.repository.bytes, SERVED.number, "info", "m.example.com", "v1.0.0")
        self.answers.keep(key, info, 2)
        self.cache = ResponseCache()
        self.cache.use(services)

    def recall(self, domain: str, base_path: str, ahead: bool = False) -> ServedDistribution:
        return self.target

    def still_permits(self, target: ServedDistribution, digest: bytes | None) -> bool:
        return target.guard is None or (target.guard, digest) in self.permitted

    def digest(self, request: web.Request) -> bytes:
        return request.headers.get(hdrs.AUTHORIZATION, "").encode()

    def ask(self, digest: bytes | None, if_none_match: str = "") -> tuple[bytes, ...] | None:
        wire = self.cache.known(PlainGet("default", "base", PATH, digest, if_none_match))
        return None if wire is None else wire.pieces

    def find(self, headers: dict[str, str] | None = None, **arguments: Any) -> Any:
        """The response to a request that came to aiohttp."""
        request = make_mocked_request("GET", f"/base/{PATH}", headers or {}, **arguments)
        request.match_info.update({"owner": "base", "path": PATH})
        return self.cache.find(request)


def test_what_is_private_is_told_to_those_whom_the_guard_permits() -> None:
    content = Content(PRIVATE)
    assert content.ask(OTHERS) is None and content.ask(None) is None
    for _ in range(3):
        told = content.ask(MINE)
        assert told is not None and told[-1] == b"{}"
        assert b"Cache-Control: private, no-cache\r\n" in told[0]
        assert content.ask(OTHERS) is None and content.ask(None) is None
    assert content.used == [("m.example.com", "v1.0.0")] * 3
    content.permitted.clear()
    assert content.ask(MINE) is None


def test_that_something_private_is_not_there_is_private() -> None:
    content = Content(PRIVATE)
    key = (SERVED.repository.bytes, SERVED.number, "info", "m.example.com", "v1.0.0")
    content.answers.keep(key, None, 0)
    told = content.ask(MINE)
    assert told is not None and told[0].startswith(b"HTTP/1.1 404")
    assert b"Cache-Control: private, no-cache\r\n" in told[0]


def test_another_guard_is_asked_anew() -> None:
    content = Content(PRIVATE)
    assert content.ask(MINE)
    content.target = replace(PRIVATE, guard=uuid4())
    assert content.ask(MINE) is None
    content.permitted.add((content.target.guard, MINE))
    assert content.ask(MINE)


def test_what_was_private_becomes_public_and_private_again() -> None:
    content = Content(PRIVATE)
    for _ in range(2):
        content.target = PRIVATE
        told = content.ask(MINE)
        assert told is not None and b"Cache-Control: private" in told[0]
        assert content.ask(None) is None
        content.target = TARGET
        for digest in (MINE, OTHERS, None):
            told = content.ask(digest)
            assert told is not None and b"Cache-Control: public" in told[0]


def test_a_new_repository_version_is_no_secret_of_the_old_one() -> None:
    content = Content(PRIVATE)
    assert content.ask(MINE)
    content.target = replace(PRIVATE, served=replace(SERVED, number=4))
    assert content.ask(MINE) is None


def test_what_is_stored_is_found_by_its_path_whatever_else_is_said() -> None:
    content = Content(TARGET)
    content.answers = ResultCache()
    request = make_mocked_request("GET", f"/base/{PATH}?a=b")
    request.match_info.update({"owner": "base", "path": PATH})
    content.cache.store(request, replace(TARGET, path=PATH), web.Response(body=b"stored"))
    for headers in ({}, {"Via": "1.1 x"}, {"Cookie": "a=b"}, {"Authorization": "Basic eDp5"}):
        found = content.find(headers)
        assert isinstance(found, Resent) and found._pieces[-1] == b"stored"
    for name in ("Range", "If-Modified-Since", "If-Match", "If-Unmodified-Since"):
        assert content.find({name: "bytes=0-1"}) is None


def test_what_a_policy_stops_for_a_time_is_forgotten_when_that_is_over() -> None:
    content = Content(TARGET)
    for seconds, is_kept in ((60, True), (-1, False)):
        request = make_mocked_request("GET", f"/base/{PATH}")
        request.match_info.update({"owner": "base", "path": PATH})
        request[STOPPED] = True
        request[UNTIL] = datetime.now(UTC) + timedelta(seconds=seconds)
        stopped = web.Response(status=403, body=b"too young")
        content.cache.store(request, replace(TARGET, path=PATH), stopped)
        told = content.ask(None)
        assert told is not None and (told[-1] == b"too young") is is_kept


@pytest.mark.parametrize("tag", ('"etag"', 'W/"etag"', '"x", "etag"', "*"))
def test_who_has_it_is_told_so(tag: str) -> None:
    content = Content(TARGET)
    for _ in range(2):
        told = content.ask(None, tag)
        assert told is not None and told[-1] == b""
        head = told[0].decode()
        assert head.startswith("HTTP/1.1 304 Not Modified\r\n") and head.endswith("\r\nDate: ")
        assert '\r\nEtag: "etag"\r\n' in head and "Cache-Control: public" in head
        assert "Last-Modified" in head and "Content-" not in head
    assert content.find({"If-None-Match": tag}).status == 304
    told = content.ask(None, '"other"')
    assert told is not None and told[-1] == b"{}"


def test_clients_that_keep_no_connection_get_the_same() -> None:
    content = Content(TARGET)
    closing = content.find(closing=True)
    assert type(closing) is web.Response and closing.body == b"{}"
    kept = content.find()
    assert isinstance(kept, Resent)
    told = dict(Wire(200, kept._pieces[0], b"").headers())
    assert dict(closing.headers) | {"Content-Length": "2"} == {
        name: value for name, value in told.items() if name not in ("Server", "Date")
    }


def test_what_is_private_is_found_by_those_whom_the_guard_permits() -> None:
    content = Content(PRIVATE)
    assert content.find({"Authorization": MINE.decode()}).status == 200
    assert content.find({"Authorization": OTHERS.decode()}) is None and content.find() is None
    # A cookie could say who asks, too.
    assert content.find({"Authorization": MINE.decode(), "Cookie": "a=b"}) is None
    content.permitted.clear()
    assert content.find({"Authorization": MINE.decode()}) is None


def test_which_headers_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = ["127.0.0.1"]
    transport: Any = SimpleNamespace(
        get_extra_info=lambda name: (peer[0], 1) if name == "peername" else None
    )
    may_ignore = Content(TARGET).cache.may_ignore
    assert may_ignore("traceparent", transport) and may_ignore("X-Forwarded-For", transport)
    for name in ("Range", "Cookie", "Authorization", "X-CLIENT-CERT", "X-Unknown", "Remote-User"):
        assert not may_ignore(name, transport)
    # A header that says who asks is none of these.
    monkeypatch.setattr(cache, "identity_headers", lambda: ("X_REAL_IP",))
    assert not may_ignore("x-real-ip", transport)
    # Who is no proxy is not believed, and that is logged.
    peer[0] = "192.0.2.1"
    assert not identity.may_say("X-Forwarded-For", transport)
    assert not may_ignore("X-Forwarded-For", transport) and may_ignore("traceparent", transport)


def test_a_body_that_has_grown_or_shrunk_takes_the_place_of_the_other() -> None:
    store = ResponseStore()
    key = ("default", "base", PATH)
    for size in (10, 200_000, 20, 300_000, 1):
        entry = entry_of(TARGET, None, web.Response(body=b"x" * size))
        assert entry is not None
        store.add(key, entry)
        assert store.get(key) is entry
