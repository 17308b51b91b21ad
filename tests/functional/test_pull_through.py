"""A distribution with a remote answers everything that its repository and the upstream have."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from aiohttp import web

from tests.functional.owners import Go
from tests.functional.rest_api import DISTRIBUTIONS, RELEASES, REMOTES, Rest
from tests.functional.upstream_world import Mirror, Upstream, running
from tests.gomods import pack

JOINED = 30.0


def wait_until_held(mirror: Mirror, *names: str) -> None:
    mirror.until(lambda: set(names) <= set(mirror.held()), JOINED)


def test_every_file_comes_from_the_upstream_once(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/Up/a", "v1.0.0")
    upstream.latest["example.com/Up/a"] = made.info
    mirror = Mirror.create(rest, upstream)
    base = "example.com/!up/a"
    for path, body in (
        (f"{base}/@v/list", b"v1.0.0\n"),
        (f"{base}/@latest", made.info),
        (f"{base}/@v/v1.0.0.info", made.info),
        (f"{base}/@v/v1.0.0.mod", made.mod),
        (f"{base}/@v/v1.0.0.zip", made.zip),
    ):
        for _ in range(2):
            answer = mirror.get(path)
            assert (answer.status_code, answer.content) == (200, body), path
        assert upstream.count(path) == 1, path


def test_the_go_command_builds_with_modules_of_both(
    rest: Rest, upstream: Upstream, tmp_path: object
) -> None:
    from pathlib import Path

    upstream.add("example.com/theirs", "v1.2.0", "require example.com/ours v0.1.0")
    mirror = Mirror.create(rest, upstream)
    ours = pack(
        "example.com/ours@v0.1.0/",
        [("go.mod", b"module example.com/ours\n"), ("a.go", b"package ours\n")],
    )
    assert mirror.owner.put(ours).status_code == 201
    go = Go.create(
        Path(str(tmp_path)), 'package main\n\nimport _ "example.com/theirs"\n\nfunc main() {}\n'
    )
    go.run(mirror.url, "get", "example.com/theirs@latest", "example.com/ours@latest")
    go.run(mirror.url, "build", "./...")
    assert "example.com/ours v0.1.0" in (go.directory / "work" / "go.mod").read_text()


def test_what_came_joins_the_repository_with_its_time_and_origin(
    rest: Rest, upstream: Upstream
) -> None:
    for number in range(30):
        upstream.add(f"example.com/m{number}", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    for number in range(30):
        assert mirror.get(f"example.com/m{number}/@v/v1.0.0.mod").status_code == 200
        assert mirror.get(f"example.com/m{number}/@v/v1.0.0.zip").status_code == 200
    wait_until_held(mirror, *(f"example.com/m{number}@v1.0.0" for number in range(30)))
    number = rest.get(mirror.owner.repository)["latest_version_href"].rstrip("/").split("/")[-1]
    assert int(number) <= 2
    (release,) = rest.get(RELEASES, repository=mirror.owner.repository, module="example.com/m7")[
        "results"
    ]
    assert release["source"] == "cached"
    assert release["time"].startswith("2020-02-03T04:05:06")
    assert release["origin"] == {"VCS": "git"}


def test_everything_is_served_with_the_upstream_gone(rest: Rest) -> None:
    with running() as upstream:
        made = upstream.add("example.com/kept", "v1.0.0")
        upstream.latest["example.com/kept"] = made.info
        mirror = Mirror.create(rest, upstream, cache_ttl=1)
        paths = ["@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"]
        before = {path: mirror.get(f"example.com/kept/{path}").content for path in paths}
    time.sleep(2.5)
    for path in paths:
        answer = mirror.get(f"example.com/kept/{path}")
        assert (answer.status_code, answer.content) == (200, before[path]), path
    wait_until_held(mirror, "example.com/kept@v1.0.0")
    for path in paths:
        assert mirror.get(f"example.com/kept/{path}").status_code == 200, path
    assert mirror.get("example.com/unknown/@v/list").status_code == 502


def test_publishing_a_cached_version_is_a_conflict(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/taken", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    ours = pack("example.com/taken@v1.0.0/", [("go.mod", b"module example.com/taken\n// ours\n")])
    assert mirror.get("example.com/taken/@v/v1.0.0.zip").status_code == 200
    assert mirror.owner.put(ours).status_code == 409
    wait_until_held(mirror, "example.com/taken@v1.0.0")
    assert mirror.owner.put(ours).status_code == 409


def test_not_found_is_remembered_briefly(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream, not_found_ttl=1)
    for _ in range(3):
        answer = mirror.get("example.com/later/@v/list")
        assert (answer.status_code, answer.text) == (404, "not found: no such thing upstream\n")
    assert upstream.count("example.com/later/@v/list") == 1
    upstream.add("example.com/later", "v1.0.0")
    time.sleep(1.2)
    assert mirror.get("example.com/later/@v/list").text == "v1.0.0\n"


def test_streamed_keeps_nothing(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/stream", "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="streamed")
    for count in (1, 2):
        assert mirror.get("example.com/stream/@v/v1.0.0.zip").content == made.zip
        assert mirror.get("example.com/stream/@v/v1.0.0.mod").content == made.mod
        assert upstream.count("example.com/stream/@v/v1.0.0.zip") == count
    time.sleep(7)
    assert mirror.held() == []


def test_fifty_clients_cause_one_fetch(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/cold", "v1.0.0")
    slow = upstream.behaviours

    async def slowly(request: web.Request) -> web.Response:
        import asyncio

        await asyncio.sleep(0.5)
        return upstream.answer(request.match_info["path"])

    for file in ("list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"):
        slow[f"example.com/cold/@v/{file}"] = slowly
    mirror = Mirror.create(rest, upstream)

    def get(file: str) -> tuple[int, bytes]:
        answer = mirror.get(f"example.com/cold/@v/{file}")
        return answer.status_code, answer.content

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(get, ["v1.0.0.zip"] * 50)) == {(200, made.zip)}
        assert set(pool.map(get, ["list"] * 50)) == {(200, b"v1.0.0\n")}
    for file in ("list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"):
        assert upstream.count(f"example.com/cold/@v/{file}") == 1, file


def test_a_client_that_breaks_off_does_not_stop_the_others(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/broken", "v1.0.0")

    async def slowly(request: web.Request) -> web.Response:
        import asyncio

        await asyncio.sleep(1.5)
        return upstream.answer(request.match_info["path"])

    path = "example.com/broken/@v/v1.0.0.zip"
    upstream.behaviours[path] = slowly
    mirror = Mirror.create(rest, upstream)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(mirror.get, path) for _ in range(3)]
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{mirror.url}/{path}", timeout=0.5)
        assert {answer.result().content for answer in waiting} == {made.zip}
    assert upstream.count(path) == 1


def test_a_remote_needs_a_repository_that_is_not_frozen(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream)
    version = rest.get(mirror.owner.repository)["latest_version_href"]
    refused = rest.call(
        "POST",
        DISTRIBUTIONS,
        json={
            "name": "pinned",
            "base_path": "pinned",
            "repository_version": version,
            "remote": mirror.remote,
        },
    )
    assert refused.status_code == 400
    assert "must serve a repository" in json.dumps(refused.json()["remote"])
    refused = rest.call(
        "POST", DISTRIBUTIONS, json={"name": "bare", "base_path": "bare", "remote": mirror.remote}
    )
    assert refused.status_code == 400
    refused = rest.call(
        "PATCH", mirror.owner.distribution, json={"repository": None, "repository_version": version}
    )
    assert refused.status_code == 400


def test_files_are_no_upstream(rest: Rest) -> None:
    refused = rest.call("POST", REMOTES, json={"name": "file", "url": "file:///etc"})
    assert refused.status_code == 400
