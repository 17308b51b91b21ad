"""When a response that is kept is still the right one, and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from pulp_gomod.app.content import ready
from pulp_gomod.app.content.accelerator.patterns import Pattern
from pulp_gomod.app.content.http.responses import JSON, Representation
from pulp_gomod.app.content.kept import kept_of
from pulp_gomod.app.content.ready import Ready
from pulp_gomod.app.content.repository.answers import Answers
from pulp_gomod.app.content.repository.distributions import Served, Target

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVED = Served(uuid4(), 3, NOW)
TARGET = Target("", "base", uuid4(), None, uuid4(), NOW, SERVED)
MIRROR = replace(TARGET, remote=uuid4())


def is_right(target: Target, kept_for: Target) -> bool:
    kept = kept_of("default", kept_for, ("m", "v1.0.0"), web.Response(body=b"{}"))
    assert kept is not None
    return ready._is_right_for(target, kept)


def test_what_is_held_needs_no_remote() -> None:
    assert is_right(replace(TARGET), TARGET)
    assert is_right(TARGET, MIRROR) and is_right(replace(MIRROR, remote=uuid4()), MIRROR)
    # Nothing was kept of what the remote would have been asked for.
    assert not is_right(MIRROR, TARGET)


@pytest.mark.parametrize("kept_for", (TARGET, MIRROR))
def test_another_version_guard_or_storage_takes_it_away(kept_for: Target) -> None:
    assert not is_right(replace(kept_for, served=replace(SERVED, number=4)), kept_for)
    assert not is_right(replace(kept_for, guard=uuid4()), kept_for)
    assert not is_right(replace(kept_for, distribution=uuid4()), kept_for)
    changed = replace(kept_for, domain_changed=NOW + timedelta(seconds=1))
    assert not is_right(changed, kept_for)


PRIVATE = replace(TARGET, guard=uuid4())
MINE, OTHERS = b"my credentials", b"those of others"
BEFORE, AFTER = b"GET /base/", b" HTTP/1.1\r\nAuthorization: mine\r\n\r\n"
HEAD = BEFORE + b"m.example.com/@v/v1.0.0.info" + AFTER


class Content:
    """A content app that has one file in memory, and what it asks whether it may tell of it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.permitted = {(target.guard, MINE)}
        self.answers = Answers()
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
        self.ready = Ready(services)

    def recall(self, domain: str, base_path: str, ahead: bool = False) -> Target:
        return self.target

    def still_permits(self, target: Target, digest: bytes | None) -> bool:
        return target.guard is None or (target.guard, digest) in self.permitted

    def ask(self, digest: bytes | None) -> tuple[bytes, ...] | None:
        pattern = Pattern(BEFORE, AFTER, "default", "base", digest)
        return self.ready.foresee(HEAD, pattern)


def test_what_is_private_is_told_to_those_whom_the_guard_permits() -> None:
    content = Content(PRIVATE)
    assert content.ask(OTHERS) is None and content.ask(None) is None
    for _ in range(3):
        told = content.ask(MINE)
        assert told is not None and told[-1] == b"{}"
        assert b"Cache-Control: private, no-cache\r\n" in told[0]
        assert content.ask(OTHERS) is None and content.ask(None) is None
        # Nothing is known under words that hold a secret.
        assert content.ready.again(HEAD) is None
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
