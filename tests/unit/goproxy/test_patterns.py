"""Requests that differ from one before in the file only, and those that do not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pulp_gomod.app.goproxy import answers, patterns, resolver
from pulp_gomod.app.goproxy.distributions import Served, Target
from pulp_gomod.app.goproxy.modules import StoredZip
from pulp_gomod.app.goproxy.patterns import Pattern
from pulp_gomod.app.goproxy.responses import JSON, Representation, cache_control, respond

NOW = datetime(2026, 1, 2, tzinfo=UTC)
END = " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
SERVED = Served(uuid4(), 3, NOW)
TARGET = Target("", "base", uuid4(), None, uuid4(), NOW, SERVED)
INFO = Representation(JSON, "etag", NOW, 2, True, b"{}")
PATH = "example.com/!m/@v/v1.0.0.info"


def pattern(target: str, path: str, owner: str = "", headers: Any = None) -> Pattern | None:
    request = make_mocked_request("GET", target, headers or {})
    request.match_info.update({"path": path} | ({"owner": owner} if owner else {}))
    return patterns.pattern_of(f"GET {target}{END}".encode(), request, owner or "base")


@pytest.mark.parametrize(
    ("pattern", "before"),
    (
        (pattern(f"/api/packages/me/go/{PATH}", PATH, "me"), "/api/packages/me/go/"),
        (pattern(f"/pulp/content/base/{PATH}", f"base/{PATH}"), "/pulp/content/base/"),
    ),
)
def test_the_path_may_be_another_one(pattern: Pattern | None, before: str) -> None:
    assert pattern is not None
    for path in (PATH, "x.example.com/y/v2/@v/v2.0.0-rc.1+incompatible.zip", "a/@v/list"):
        assert pattern.path_in(f"GET {before}{path}{END}".encode()) == path


@pytest.mark.parametrize(
    "head",
    (
        f"GET /pulp/content/other/{PATH}{END}",
        f"GET /pulp/content/base/{PATH}{END}".replace("Host: x", "Host: y"),
        f"GET /pulp/content/base/{PATH}{END}".replace("\r\n\r\n", "\r\nRange: bytes=0-1\r\n\r\n"),
        f"HEAD /pulp/content/base/{PATH}{END}",
        f"GET /pulp/content/base/{PATH}?x=1{END}",
        f"GET /pulp/content/base/%65{PATH}{END}",
        f"GET /pulp/content/base/{PATH} {END}",
        f"GET /pulp/content/base/{PATH} HTTP/1.0\r\nX: {PATH}{END}",
        f"GET /pulp/content/base/{END}",
        f"GET /pulp/content/base{END}",
        f"GET /pulp/content/base/{PATH}{END}" * 2,
        "",
    ),
)
def test_nothing_else_may(head: str) -> None:
    known = pattern(f"/pulp/content/base/{PATH}", f"base/{PATH}")
    assert known is not None and known.path_in(head.encode()) is None


@pytest.mark.parametrize(
    ("target", "path", "headers"),
    (
        (f"/pulp/content/base/{PATH}?x=1", f"base/{PATH}", {}),
        (f"/pulp/content/base/{PATH}?x=/{PATH}", f"base/{PATH}", {}),
        (f"/pulp/content/base/{PATH}#/{PATH}", f"base/{PATH}", {}),
        ("/pulp/content/base/a%2Fb/@v/list", "base/a/b/@v/list", {}),
        ("/pulp/content/base/\u00e9/@v/list", "base/\u00e9/@v/list", {}),
        # A distribution whose base path looks like one of the protocol.
        ("/pulp/content/base", "base", {}),
        (f"/pulp/content/base/{PATH}", f"base/{PATH}", {"If-None-Match": '"etag"'}),
        (f"http://x/pulp/content/base/{PATH}", f"base/{PATH}?", {}),
    ),
)
def test_requests_that_are_no_pattern(target: str, path: str, headers: dict[str, str]) -> None:
    assert pattern(target, path, headers=headers) is None


class Memory:
    """The content app's memory, and a distribution that is known."""

    def __init__(self, target: Target | None) -> None:
        self.app = web.Application()
        self.app[answers._KEY] = answers.Answers()
        self.app[answers._FILES] = answers.Answers()
        self.app[resolver._KEY] = self  # type: ignore[misc]
        self._target = target

    def recall(self, domain: str, base_path: str) -> Target | None:
        assert (domain, base_path) == ("default", "base")
        return self._target

    def keep(self, file: str, version: str, answer: Any) -> None:
        key = (SERVED.repository, SERVED.number, file, "example.com/M", version)
        answers.of(self.app).keep(key, answer, 0)

    def ask(self, path: str = PATH) -> patterns.Recalled | None:
        return patterns.recall(self.app, Pattern(b"", b"", "default", "base"), path)


def test_what_is_in_memory_is_answered_as_ever() -> None:
    memory = Memory(TARGET)
    memory.keep("info", "v1.0.0", INFO)
    found = memory.ask()
    usual = respond(make_mocked_request("GET", "/"), INFO, cache_control(True, True))
    assert found is not None and isinstance(usual, web.Response)
    assert (found.response.status, found.response.body) == (200, usual.body)
    assert found.response.headers == usual.headers
    assert found.used == ("example.com/M", "v1.0.0")


@pytest.mark.parametrize(
    "target",
    (
        None,
        replace(TARGET, guard=uuid4()),
        replace(TARGET, served=None),
        replace(TARGET, served=replace(SERVED, number=4)),
        replace(TARGET, served=replace(SERVED, repository=uuid4())),
    ),
)
def test_another_distribution_is_not_answered_for(target: Target | None) -> None:
    memory = Memory(target)
    memory.keep("info", "v1.0.0", INFO)
    assert memory.ask() is None


@pytest.mark.parametrize(
    "path",
    (
        "example.com/!m/@v/v1.0.0.mod",
        "example.com/!m/@v/v1.0.1.info",
        "example.com/!m/@v/list",
        "example.com/!m/@latest",
        "example.com/!m/@v/latest.info",
        "example.com/m/@v/v1.0.0.info",
        "example.com/../!m/@v/v1.0.0.info",
        "sumdb/example.com/supported",
    ),
)
def test_what_is_not_known_is_not_answered(path: str) -> None:
    memory = Memory(TARGET)
    memory.keep("info", "v1.0.0", INFO)
    memory.keep("info", "latest", INFO)
    memory.keep("mod", "v1.0.0", None)
    assert memory.ask(path) is None


def test_a_remote_adds_nothing_to_a_version_that_is_held() -> None:
    memory = Memory(replace(TARGET, remote=uuid4()))
    memory.keep("info", "v1.0.0", INFO)
    memory.keep("info", "main", INFO)
    memory.keep("mod", "v1.0.0", None)
    found = memory.ask()
    assert found is not None and found.response.body == INFO.body
    # The upstream may know something later of a branch, and has the go.mod.
    assert memory.ask("example.com/!m/@v/main.info") is None
    assert memory.ask("example.com/!m/@v/v1.0.0.mod") is None


def test_a_zip_that_was_not_read_is_not_answered() -> None:
    memory = Memory(TARGET)
    memory.keep("zip", "v1.0.0", StoredZip(uuid4(), "artifact/ab/cd", 2, "abcd", NOW))
    assert memory.ask("example.com/!m/@v/v1.0.0.zip") is None
