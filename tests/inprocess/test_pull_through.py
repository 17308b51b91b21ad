"""What a distribution with a remote answers from what its repository and the upstream have."""

import time

from aiohttp import web

from tests.functional.upstream_world import Behaviour, Upstream
from tests.gomods import pack
from tests.inprocess.mirrors import Mirror


def _say(body: bytes) -> Behaviour:
    async def say(_: web.Request) -> web.Response:
        return web.Response(body=body)

    return say


def test_lists_and_latest_are_merged(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/lib", "v1.0.0")
    upstream.add("example.com/lib", "v1.2.0")
    upstream.latest["example.com/lib"] = b'{"Version":"v1.2.0"}'
    mirror = Mirror.create(content_url, upstream, mix="example.com/lib")

    def publish(version: str, *lines: str) -> None:
        go_mod = "\n".join(["module example.com/lib", *lines, ""]).encode()
        mirror.owner.publish(pack(f"example.com/lib@{version}/", [("go.mod", go_mod)]))

    publish("v1.1.0")
    assert mirror.get("example.com/lib/@v/list").text == "v1.0.0\nv1.1.0\nv1.2.0\n"
    assert mirror.get("example.com/lib/@latest").json()["Version"] == "v1.2.0"
    publish("v1.3.0")
    assert mirror.get("example.com/lib/@latest").json()["Version"] == "v1.3.0"
    # The newest version retracts itself and the one before; that is the upstream's.
    publish("v1.4.0", "retract [v1.2.0, v1.4.0]")
    assert mirror.get("example.com/lib/@latest").json()["Version"] == "v1.1.0"


def test_retractions_of_the_upstream_count(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/r", "v1.0.0")
    upstream.add("example.com/r", "v1.5.0", "retract v1.5.0 // oops", "retract v1.4.0")
    mirror = Mirror.create(content_url, upstream, mix="*")
    ours = pack("example.com/r@v1.4.0/", [("go.mod", b"module example.com/r\n")])
    mirror.owner.publish(ours)
    assert mirror.get("example.com/r/@latest").json()["Version"] == "v1.0.0"


def test_what_the_repository_holds_wins(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/same", "v1.0.0", "// theirs")
    mirror = Mirror.create(content_url, upstream)
    ours = pack("example.com/same@v1.0.0/", [("go.mod", b"module example.com/same\n// ours\n")])
    mirror.owner.publish(ours)
    assert mirror.get("example.com/same/@v/v1.0.0.zip").content == ours
    assert mirror.get("example.com/same/@v/v1.0.0.mod").text.endswith("// ours\n")
    assert "example.com/same/@v/v1.0.0.zip" not in upstream.asked


def test_queries_and_odd_versions(content_url: str, upstream: Upstream) -> None:
    upstream.behaviours["example.com/q/@v/master.info"] = _say(b'{"Version":"v1.0.1"}')
    pseudo = "v0.0.0-20200102030405-0123456789ab"
    upstream.add("example.com/q", pseudo)
    upstream.latest["example.com/q"] = upstream.modules["example.com/q"][pseudo].info
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get("example.com/q/@v/master.info").json() == {"Version": "v1.0.1"}
    listed = mirror.get("example.com/q/@v/list")
    assert (listed.status_code, listed.text) == (200, "")
    assert mirror.get("example.com/q/@latest").json()["Version"] == pseudo
    assert mirror.get(f"example.com/q/@v/{pseudo}.zip").status_code == 200
    toolchain = upstream.add("golang.org/toolchain", "v0.0.1-go1.99.linux-amd64")
    answer = mirror.get("golang.org/toolchain/@v/v0.0.1-go1.99.linux-amd64.zip")
    assert answer.content == toolchain.zip


def test_lists_are_asked_for_again_with_their_validators(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add("example.com/etag", "v1.0.0")
    seen: list[str | None] = []

    async def validated(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        if request.headers.get("If-None-Match") == '"one"':
            return web.Response(status=304)
        return web.Response(text="v1.0.0\n", headers={"ETag": '"one"'})

    upstream.behaviours["example.com/etag/@v/list"] = validated
    mirror = Mirror.create(content_url, upstream, cache_ttl=1)
    for _ in range(2):
        assert mirror.get("example.com/etag/@v/list").text == "v1.0.0\n"
    assert seen == [None]
    time.sleep(2.2)
    assert mirror.get("example.com/etag/@v/list").text == "v1.0.0\n"
    assert seen == [None, '"one"']


def test_gone_stays_gone(content_url: str, upstream: Upstream) -> None:
    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=410, text="gone: withdrawn\n")

    upstream.behaviours["example.com/gone/@v/v1.0.0.zip"] = gone
    mirror = Mirror.create(content_url, upstream)
    answer = mirror.get("example.com/gone/@v/v1.0.0.zip")
    assert (answer.status_code, answer.text) == (410, "gone: withdrawn\n")


def test_nothing_is_fetched_for_who_asks_so(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/nofetch", "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    no_fetch = {"Disable-Module-Fetch": "true"}
    for file in ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"):
        assert mirror.get(f"example.com/nofetch/{file}", **no_fetch).status_code == 404
    assert upstream.asked == []
    assert mirror.get("example.com/nofetch/@v/v1.0.0.zip").status_code == 200
    answer = mirror.get("example.com/nofetch/@v/v1.0.0.zip", **no_fetch)
    assert answer.status_code == 200


def test_patterns_bound_what_is_asked(content_url: str, upstream: Upstream) -> None:
    for path in ("corp.example.com/secret", "example.com/no", "example.com/yes", "other.example/x"):
        upstream.add(path, "v1.0.0")
    mirror = Mirror.create(
        content_url,
        upstream,
        private="corp.example.com",
        includes="example.com,corp.example.com",
        excludes="example.com/no",
    )
    for path in ("corp.example.com/secret", "example.com/no", "other.example/x"):
        for file in ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"):
            assert mirror.get(f"{path}/{file}").status_code == 404
    assert upstream.asked == []
    assert mirror.get("example.com/yes/@v/list").status_code == 200
