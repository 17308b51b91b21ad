"""Modules that were published here beside an upstream: their names stay here, and they are ours alone."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.functional.owners import Go, Owner
from tests.functional.rest_api import MODULES, RELEASES, Rest, TaskFailed
from tests.functional.serving import Server
from tests.functional.uploads import eventually, held_up, rows_of
from tests.functional.upstream_world import SUMDB, SUMDB_KEY, Mirror, Upstream, running
from tests.gomods import pack

HELLO = "example.com/hello"
ABOVE = f"belongs to {HELLO},"


def module(path: str, version: str, *lines: str) -> bytes:
    """A module with a command below it."""
    go_mod = "\n".join([f"module {path}", "", "go 1.21", *lines, ""]).encode()
    main = b"package main\n\nfunc main() {}\n"
    return pack(f"{path}@{version}/", [("go.mod", go_mod), ("cmd/hello/main.go", main)])


def test_nothing_about_an_own_module_leaves(rest: Rest, upstream: Upstream) -> None:
    theirs = {HELLO: "v1.9.9", f"{HELLO}/sub": "v1.0.0", f"{HELLO}/v2": "v2.0.0"}
    for path, version in (theirs | {f"{HELLO}2": "v1.0.0", "example.com/Up/x": "v1.0.0"}).items():
        upstream.add(path, version)
        upstream.latest[path] = f'{{"Version":"{version}"}}'.encode()
    upstream.sign()
    mirror = Mirror.create(rest, upstream, sumdb=SUMDB_KEY)
    for path in (HELLO, "example.com/Up"):
        assert mirror.owner.put(module(path, "v1.0.0")).status_code == 201

    assert mirror.get(f"{HELLO}/@v/list").text == "v1.0.0\n"
    assert mirror.get(f"{HELLO}/@latest").json()["Version"] == "v1.0.0"
    assert mirror.get(f"{HELLO}/@v/v1.0.info").status_code == 404
    for path, version in (theirs | {"example.com/!up/x": "v1.0.0"}).items():
        for file in ("info", "mod", "zip"):
            answer = mirror.get(f"{path}/@v/{version}.{file}")
            assert answer.status_code == 404 and "mix" in answer.text, answer.text
        lookup = mirror.get(f"sumdb/{SUMDB}/lookup/{path}@{version}")
        assert lookup.status_code == 404 and "GONOSUMDB=example.com/" in lookup.text
    for path in (f"{HELLO}/sub", f"{HELLO}/v2", f"{HELLO}/cmd/hello", "example.com/!up/x"):
        for file in ("@v/list", "@latest", "@v/main.info"):
            assert mirror.get(f"{path}/{file}").status_code == 404
    # It stays ours when it is removed.
    assert mirror.owner.delete(f"{HELLO}/@v/v1.0.0").status_code == 204
    assert ABOVE in mirror.get(f"{HELLO}/@v/v1.9.9.info").text
    assert upstream.asked == []
    assert mirror.get(f"{HELLO}2/@v/list").text == "v1.0.0\n"

    mirror.change(mix=f"{HELLO}/v2")
    assert mirror.get(f"{HELLO}/v2/@v/list").text == "v2.0.0\n"
    assert mirror.get(f"sumdb/{SUMDB}/lookup/{HELLO}/v2@v2.0.0").status_code == 200
    assert ABOVE in mirror.get(f"{HELLO}/@v/v1.9.9.zip").text


def test_the_go_command_installs_what_is_ours_while_the_upstream_is_down(
    rest: Rest, tmp_path: Path
) -> None:
    with running() as upstream:
        mirror = Mirror.create(rest, upstream)
    assert mirror.owner.put(module(HELLO, "v1.0.0")).status_code == 201
    go = Go.create(tmp_path)
    go.run(mirror.url, "install", f"{HELLO}/cmd/hello@v1.0.0")
    assert (tmp_path / "path" / "bin" / "hello").exists()


def test_a_patched_fork_is_mixed_with_what_it_was_made_of(
    rest: Rest, upstream: Upstream, tmp_path: Path
) -> None:
    lib = "example.org/public/lib"
    upstream.add(lib, "v1.0.0")
    upstream.add(lib, "v1.1.0")
    mirror = Mirror.create(rest, upstream, mix="example.org/public")
    patched = mirror.owner.put(module(lib, "v1.0.1"), headers={"Accept": "text/plain"})
    assert patched.status_code == 201 and "note" not in patched.text
    assert mirror.get(f"{lib}/@v/list").text == "v1.0.0\nv1.0.1\nv1.1.0\n"
    go = Go.create(tmp_path)
    listed = go.run(mirror.url, "list", "-m", "-versions", lib).stdout
    assert listed.split() == [lib, "v1.0.0", "v1.0.1", "v1.1.0"]
    go.run(mirror.url, "mod", "download", f"{lib}@v1.0.1", f"{lib}@v1.1.0")


def test_what_an_upload_hides_is_said(rest: Rest, upstream: Upstream) -> None:
    names = [f"example.com/{name}" for name in ("a", "b", "c")]
    for path in names:
        upstream.add(path, "v1.9.9")
    mirror = Mirror.create(rest, upstream)
    for path in names:
        assert mirror.get(f"{path}/@v/list").text == "v1.9.9\n"
    first, second = (
        mirror.owner.put(module("example.com/a", version), headers={"Accept": "text/plain"})
        for version in ("v1.0.0", "v1.0.1")
    )
    assert first.text.splitlines()[-1].startswith(
        "note: from now on example.com/a is this repository's own"
    )
    assert "mix" in first.text and "mix" in first.headers["Gomod-Note"]
    assert "note" not in second.text and "Gomod-Note" not in second.headers

    def told(task: Mapping[str, object]) -> list[str]:
        reports = task["progress_reports"]
        assert isinstance(reports, list)
        return [each["message"] for each in reports if each["code"] == "gomod.own"]

    fields = {"repository": mirror.owner.repository}
    (line,) = told(rest.publish(module("example.com/b", "v1.0.0"), **fields))
    assert "example.com/b" in line and "mix" in line
    assert told(rest.publish(module("example.com/b", "v1.0.1"), **fields)) == []
    # What was uploaded elsewhere is ours where it is copied to.
    source = Owner.create(rest)
    assert source.put(module("example.com/c", "v1.0.0")).status_code == 201
    (unit,) = rest.get(MODULES, repository_version=rest.latest(source.repository))["results"]
    (line,) = told(rest.modify(mirror.owner.repository, add_content_units=[unit["pulp_href"]]))
    assert "example.com/c" in line and "mix" in line
    for path in names:
        assert "v1.9.9" not in mirror.get(f"{path}/@v/list").text


def test_who_publishes_together_is_told_each_about_their_own(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    names = [f"example.com/{name}" for name in ("d", "e", "f")]
    for path in names[:2]:
        upstream.add(path, "v1.9.9")
    mirror = Mirror.create(rest, upstream)
    for path in names:
        mirror.get(f"{path}/@v/list")

    def put(path: str) -> str:
        data = module(path, "v1.0.0")
        return str(mirror.owner.put(data, headers={"Accept": "text/plain"}).headers)

    with ThreadPoolExecutor(len(names)) as pool:
        with held_up(server, mirror.owner):
            waiting = [pool.submit(put, path) for path in names]
            eventually(lambda: len(rows_of(server, mirror.owner.repository)) == len(names))
        told = [each.result() for each in waiting]
    for path, headers in zip(names[:2], told, strict=False):
        assert f"{path} is this repository's own" in headers and "Gomod-Note" in headers
        assert headers.count("this repository's own") == 1
    assert "Gomod-Note" not in told[2]


def test_what_came_through_is_nobodys_own(rest: Rest, upstream: Upstream) -> None:
    for version in ("v1.0.0", "v1.1.0"):
        upstream.add("example.com/m", version)
    mirror = Mirror.create(rest, upstream, policy="immediate")
    body = {"remote": mirror.remote, "modules": ["example.com/m@v1.0.0"]}
    rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))
    (release,) = rest.get(RELEASES, repository=mirror.owner.repository)["results"]
    assert release["source"] == "synced"
    assert mirror.get("example.com/m/@v/list").text == "v1.0.0\nv1.1.0\n"
    # Nor where it is copied to.
    other = Mirror.create(rest, upstream)
    (unit,) = rest.get(MODULES, repository_version=rest.latest(mirror.owner.repository))["results"]
    rest.modify(other.owner.repository, add_content_units=[unit["pulp_href"]])
    assert other.get("example.com/m/@v/list").text == "v1.0.0\nv1.1.0\n"
    # What is uploaded later leaves it where it is, and says so.
    said = mirror.owner.put(module("example.com/m", "v1.2.0"), headers={"Accept": "text/plain"})
    assert "v1.0.0 of example.com/m, which came from an upstream before, stays" in said.text
    assert mirror.get("example.com/m/@v/list").text == "v1.0.0\nv1.2.0\n"


def test_a_sync_brings_nothing_of_what_is_ours(rest: Rest, upstream: Upstream) -> None:
    upstream.add(HELLO, "v1.9.9")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    assert mirror.owner.put(module(HELLO, "v1.0.0")).status_code == 201
    href = f"{mirror.owner.repository}sync/"
    for name in (HELLO, f"{HELLO}@latest", f"{HELLO}@v1.9.9", f"{HELLO}/sub@v1.0.0"):
        with pytest.raises(TaskFailed, match="mix"):
            rest.wait(rest.call("POST", href, json={"remote": mirror.remote, "modules": [name]}))
    assert upstream.asked == []
    mirror.change(mix=HELLO)
    rest.wait(rest.call("POST", href, json={"remote": mirror.remote, "modules": [HELLO]}))
    assert mirror.held() == [f"{HELLO}@v1.0.0", f"{HELLO}@v1.9.9"]
