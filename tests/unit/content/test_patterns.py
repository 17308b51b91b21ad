"""Requests that differ from one before in the file only, and those that do not."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from pulp_gomod.app.content.accelerator import patterns
from pulp_gomod.app.content.accelerator.patterns import Pattern

END = " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
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
