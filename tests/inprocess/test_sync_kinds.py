"""What a sync makes of all that an upstream may say: the task runs in the test itself."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.functional.owners import Go
from tests.functional.rest_api import Made
from tests.functional.test_sync import WRONG, sum_lines, zips
from tests.functional.upstream_world import SUMDB_KEY, Upstream, running
from tests.gomods import pack
from tests.inprocess import test_sync
from tests.inprocess.mirrors import Mirror
from tests.inprocess.test_sumdb_kept import join_now

from pulpcore.app.contexts import with_task_context  # isort: skip  # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task  # isort: skip

from pulp_gomod.app.exceptions import SyncFailedError  # isort: skip
from pulp_gomod.app.models import GoModFile, GoModule  # isort: skip
from pulp_gomod.app.tasks.cleanup import clean_up  # isort: skip


def sync(mirror: Mirror, /, **wanted: Any) -> dict[str, Any]:
    """Sync, and return the progress reports by code."""
    return test_sync.sync(mirror.owner, mirror.remote, **wanted)


def complaint(mirror: Mirror, /, **wanted: Any) -> str:
    """Sync in vain, and return what the task says."""
    with pytest.raises(SyncFailedError) as failed:
        sync(mirror, **wanted)
    return str(failed.value)


def _clean(mirror: Mirror, **limits: Any) -> dict[str, int]:
    """Clean up, and say how much was removed, by the codes of the reports."""
    task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(task):
        clean_up(str(mirror.owner.repository.pk), **limits)
    return {each.code: each.done for each in task.progress_reports.all()}


def _join(mirror: Mirror, model: Any, *names: str) -> None:
    """Let what was fetched join the repository, until it has these."""
    while not set(names) <= set(mirror.held(model)):
        join_now(mirror.owner.repository, 1)


def test_toolchains_by_name_and_of_a_go_mod(content_url: str, upstream: Upstream) -> None:
    for version in ("1.26.0", "1.26.10", "1.26.9", "1.27rc1", "1.25.4"):
        for platform in ("linux-amd64", "darwin-arm64"):
            upstream.add("golang.org/toolchain", f"v0.0.1-go{version}.{platform}")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    wanted = ["go1.26.x linux-amd64", "go1.26.0 darwin-arm64", "go1.27rc1.linux-amd64"]
    go_mod = "module example.com/a\n\ngo 1.25.4\n"
    said = sync(mirror, toolchains=wanted, go_mod=go_mod, toolchain_platforms=["linux-amd64"])
    chosen = "go1.26.x linux-amd64: v0.0.1-go1.26.10.linux-amd64"
    assert said["sync.gomod.chosen"].message == f"Versions chosen:\n{chosen}"
    assert sorted(mirror.held()) == [
        f"golang.org/toolchain@v0.0.1-go{name}"
        for name in ("1.25.4.linux-amd64", "1.26.0.darwin-arm64", "1.26.10.linux-amd64")
        + ("1.27rc1.linux-amd64",)
    ]
    assert "go1.24.x linux-amd64: the upstream lists no such toolchain" in complaint(
        mirror, toolchains=["go1.24.x linux-amd64"]
    )


def test_latest_is_chosen_as_the_go_command_does(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    upstream.add("example.com/m", "v1.1.0", "retract v1.1.0")
    pseudo = "v0.0.0-20200101000000-0123456789ab"
    upstream.latest["example.com/untagged"] = upstream.add("example.com/untagged", pseudo).info

    async def forbidden(_: web.Request) -> web.Response:
        return web.Response(status=403)

    # The go command does not ask for it where the list names a version.
    upstream.behaviours["example.com/m/@latest"] = forbidden
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    sync(mirror, modules=["example.com/m@latest", "example.com/untagged@latest"])
    assert mirror.held() == ["example.com/m@v1.0.0", f"example.com/untagged@{pseudo}"]


def test_the_same_again_changes_nothing_and_new_versions_are_seen(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    sync(mirror, modules=["example.com/m"])
    sync(mirror, modules=["example.com/m"])
    assert mirror.number() == 1
    assert zips(upstream) == ["example.com/m/@v/v1.0.0.zip"]
    # At once, though the list is remembered for a minute.
    upstream.add("example.com/m", "v1.1.0")
    sync(mirror, modules=["example.com/m"])
    assert mirror.held() == ["example.com/m@v1.0.0", "example.com/m@v1.1.0"]
    assert mirror.number() == 2


@pytest.mark.parametrize("policy", ["on_demand", "streamed"])
def test_zips_when_they_are_asked_for(content_url: str, upstream: Upstream, policy: str) -> None:
    found = upstream.add("example.com/m", "v1.0.0")
    upstream.add("example.com/other", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy=policy)
    sync(mirror, modules=["example.com/m", "example.com/other"])
    assert mirror.held() == []
    assert mirror.held(GoModFile) == ["example.com/m@v1.0.0", "example.com/other@v1.0.0"]
    assert zips(upstream) == []
    asked = len(upstream.asked)
    assert mirror.get("example.com/m/@v/v1.0.0.mod").content == found.mod
    assert len(upstream.asked) == asked
    assert mirror.get("example.com/m/@v/v1.0.0.info").content == found.info
    if policy == "on_demand":
        assert len(upstream.asked) == asked
    assert mirror.get("example.com/m/@v/v1.0.0.zip").content == found.zip
    # Synced again with zips, there is one unit for each.
    mirror.change(policy="immediate")
    sync(mirror, modules=["example.com/m", "example.com/other"])
    assert mirror.held() == ["example.com/m@v1.0.0", "example.com/other@v1.0.0"]
    assert mirror.held(GoModFile) == []


def test_by_go_sum(content_url: str, upstream: Upstream) -> None:
    for name in ("used", "graph", "unnamed"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    lines = sum_lines(upstream, "example.com/used", "v1.0.0")
    go_sum = "".join([*lines, "\n", sum_lines(upstream, "example.com/graph", "v1.0.0")[1]])
    sync(mirror, go_sum=go_sum)
    assert mirror.held() == ["example.com/used@v1.0.0"]
    assert mirror.held(GoModFile) == ["example.com/graph@v1.0.0"]
    assert mirror.number() == 1
    # What is held is compared, too.
    other = lines[0].replace(lines[0].split()[2], WRONG)
    text = complaint(mirror, go_sum=other)
    assert "example.com/used@v1.0.0" in text and WRONG in text and lines[0].split()[2] in text


@pytest.mark.parametrize("policy", ["immediate", "on_demand"])
@pytest.mark.parametrize("which", [0, 1], ids=["zip", "go.mod"])
def test_nothing_of_another_checksum_gets_in(
    content_url: str, upstream: Upstream, policy: str, which: int
) -> None:
    for name in ("good", "bad"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    upstream.sign()
    mirror = Mirror.create(content_url, upstream, policy=policy, sumdb=SUMDB_KEY)
    lines = [*sum_lines(upstream, "example.com/bad", "v1.0.0")]
    h1 = lines[which].split()[2]
    lines[which] = lines[which].replace(h1, WRONG)
    go_sum = "".join([*lines, *sum_lines(upstream, "example.com/good", "v1.0.0")])
    text = complaint(mirror, go_sum=go_sum)
    assert "GOM0006" in text and "example.com/bad@v1.0.0" in text
    assert h1 in text and WRONG in text
    assert "example.com/good" not in text
    assert mirror.held() == mirror.held(GoModFile) == []
    assert mirror.number() == 0


def test_the_checksum_database_has_the_last_word(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    upstream.sign()
    mirror = Mirror.create(content_url, upstream, policy="immediate", sumdb=SUMDB_KEY)
    sync(mirror, modules=["example.com/m@v1.0.0"])
    assert any(path.startswith("sumdb/") for path in upstream.asked)
    good = upstream.add("example.com/n", "v1.0.0")
    upstream.lookup("example.com/n", "v1.0.0")
    mirror.get("sumdb/sum.example.org/db/lookup/example.com/n@v1.0.0")
    bad = upstream.add("example.com/n", "v1.0.0", other="package other\n")
    assert bad.zip != good.zip
    text = complaint(mirror, modules=["example.com/n@v1.0.0"])
    assert "SECURITY ERROR" in text and "example.com/n@v1.0.0" in text
    assert mirror.held() == ["example.com/m@v1.0.0"]


def test_by_go_mod(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/a", "v1.0.0", "go 1.16", "require example.com/b v1.0.0")
    upstream.add("example.com/b", "v1.0.0", "go 1.16")
    upstream.add("example.com/b", "v1.1.0", "go 1.16", "require example.com/gone v1.0.0")
    upstream.add("example.com/c", "v1.0.0", "go 1.17", "require example.com/b v1.1.0")
    upstream.add("example.com/old", "v1.0.0")
    upstream.add("example.com/new", "v1.9.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    go_mod = """module example.com/main
go 1.21
require (
    example.com/a v1.0.0
    example.com/c v1.0.0
    example.com/old v1.0.0
    example.com/local v1.0.0
)
exclude example.com/gone v1.0.0
replace example.com/old => example.com/new v1.9.0
replace example.com/local => ../local
"""
    sync(mirror, go_mod=go_mod)
    assert mirror.held() == [
        "example.com/a@v1.0.0",
        "example.com/b@v1.1.0",
        "example.com/c@v1.0.0",
        "example.com/new@v1.9.0",
    ]
    assert mirror.held(GoModFile) == ["example.com/b@v1.0.0"]
    assert mirror.number() == 1


def test_uploaded_modules_win(content_url: str, upstream: Upstream) -> None:
    ours = Made()
    upstream.add(ours.path, "v1.0.0", "require example.com/never v1.0.0")
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate", private=ours.path)
    mirror.owner.publish(ours.zip())
    main = f"module example.com/main\nrequire {ours.path} v1.0.0\nrequire example.com/m v1.0.0\n"
    sync(mirror, go_mod=main, modules=[f"{ours.path}@v1.0.0"])
    assert mirror.held() == sorted([f"{ours.path}@v1.0.0", "example.com/m@v1.0.0"])
    assert not any(ours.path in path for path in upstream.asked)
    text = complaint(mirror, go_sum=sum_lines(upstream, ours.path, "v1.0.0")[0])
    assert "the repository holds" in text
    served = mirror.get(f"{ours.path}/@v/v1.0.0.mod").text
    assert served == f"module {ours.path}\n\ngo 1.21\n"


def test_all_that_cannot_be_had_is_named_and_the_rest_is_kept(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add("example.com/there", "v1.0.0")
    bad = upstream.add("example.com/bad", "v1.0.0")
    bad.zip = b"no zip"
    mirror = Mirror.create(content_url, upstream, policy="immediate", excludes="example.com/not")
    names = ["example.com/there", "example.com/gone@v1.0.0", "example.com/not@v1.0.0"]
    text = complaint(mirror, modules=[*names, "example.com/bad@v1.0.0", "example.com/nolist"])
    lines = text.splitlines()[1:]
    assert [line.partition(": ")[0] for line in lines] == [
        "example.com/bad@v1.0.0",
        "example.com/gone@v1.0.0",
        "example.com/nolist",
        "example.com/not@v1.0.0",
    ]
    assert "404: not found: no such thing upstream" in lines[1]
    assert "excluded" in lines[3]
    assert not any("example.com/not/" in path for path in upstream.asked)
    assert mirror.number() == 0
    # It was fetched, and is not fetched again.
    upstream.add("example.com/gone", "v1.0.0")
    sync(mirror, modules=names[:2])
    assert mirror.held() == ["example.com/gone@v1.0.0", "example.com/there@v1.0.0"]
    assert upstream.count("example.com/there/@v/v1.0.0.zip") == 1


def test_listed_versions_that_cannot_be_had_are_left_out(
    content_url: str, upstream: Upstream
) -> None:
    async def gone(_: web.Request) -> web.StreamResponse:
        return web.Response(status=410, text="gone: by request of its owner\n")

    for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.2.1", "v1.3.0"):
        upstream.add("example.com/some", version)
    for file in ("info", "mod", "zip"):
        upstream.behaviours[f"example.com/some/@v/v1.1.0.{file}"] = gone
    upstream.modules["example.com/some"]["v1.2.0"].zip = b"no zip"
    other = [("go.mod", b"module example.com/some\n"), ("x/../a.go", b"package a\n")]
    upstream.modules["example.com/some"]["v1.2.1"].zip = pack("example.com/some@v1.2.1/", other)
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    strict = complaint(mirror, modules=["example.com/some"], missing="fail")
    for text in (
        strict,
        complaint(mirror, modules=["example.com/some", "example.com/some@v1.1.0"]),
    ):
        assert "example.com/some@v1.1.0: the upstream does not have it (410: gone" in text
    assert "example.com/some@v1.2.0: the upstream 127.0.0.1:" in strict and " sent no zip" in strict
    assert "example.com/some@v1.2.1: it is not a module that can be stored" in strict
    assert mirror.number() == 0
    reports = sync(mirror, modules=["example.com/some"])
    assert mirror.held() == ["example.com/some@v1.0.0", "example.com/some@v1.3.0"]
    report = reports["sync.gomod.left_out"]
    assert (report.done, report.total, report.state) == (3, 3, "completed")
    first, *lines = report.message.splitlines()
    assert first == "Left out, because they cannot be fetched:"
    assert [line.partition(": ")[0] for line in lines] == [
        "example.com/some@v1.1.0",
        "example.com/some@v1.2.0",
        "example.com/some@v1.2.1",
    ]
    assert "410: gone: by request of its owner" in lines[0]
    # Nothing of that is a reason to go on without what somebody has named, unless they say so.
    names = ["example.com/some@v1.1.0", "example.com/never", "example.com/some@v1.0.0"]
    complaint(mirror, modules=names)
    reports = sync(mirror, modules=names, missing="skip", mirror=True)
    assert mirror.held() == ["example.com/some@v1.0.0"]
    assert reports["sync.gomod.left_out"].done == 2


def test_a_list_of_nothing_but_what_cannot_be_had_is_an_error(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add("example.com/void", "v1.0.0")
    for file in ("info", "mod", "zip"):
        setattr(upstream.modules["example.com/void"]["v1.0.0"], file, b"")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    text = complaint(mirror, modules=["example.com/void"])
    assert (
        "nothing that the upstream lists could be fetched:\nexample.com/void@v1.0.0: the upstream does not"
        in text
    )


def test_no_cleanup_takes_what_was_synced(content_url: str, tmp_path: Path) -> None:
    with running() as upstream:
        upstream.add("example.com/a", "v1.0.0", "go 1.16", "require example.com/b v1.0.0")
        upstream.add("example.com/b", "v1.0.0", "go 1.16")
        upstream.add("example.com/b", "v1.1.0", "go 1.16", "require example.com/c v1.0.0")
        upstream.add("example.com/c", "v1.0.0", "go 1.16")
        upstream.add("example.com/other", "v1.0.0")
        upstream.add("example.com/other", "v1.1.0")
        mirror = Mirror.create(content_url, upstream, policy="immediate")
        # What clients have asked for before is synced, too.
        assert mirror.get("example.com/b/@v/v1.0.0.mod").status_code == 200
        _join(mirror, GoModFile, "example.com/b@v1.0.0")
        main = "module example.org/main\n\ngo 1.16\n\nrequire example.com/a v1.0.0\n"
        main += "require example.com/b v1.1.0\n"
        sync(mirror, go_mod=main)
        synced, graph = mirror.held(), mirror.held(GoModFile)
        assert (len(synced), graph) == (3, ["example.com/b@v1.0.0"])
        assert mirror.get("example.com/other/@v/v1.0.0.zip").status_code == 200
        assert mirror.get("example.com/other/@v/v1.1.0.mod").status_code == 200
        _join(mirror, GoModule, "example.com/other@v1.0.0")
        _join(mirror, GoModFile, "example.com/other@v1.1.0")
        removed = _clean(mirror, max_size=0, unused_days=0)
        assert removed == {"gomod.cleanup": 1, "gomod.cleanup.mod_files": 1}
        assert (mirror.held(), mirror.held(GoModFile)) == (synced, graph)
        assert set(_clean(mirror, max_size=0, unused_days=0).values()) == {0}
        # Neither does the limit of the remote.
        mirror.change(cache_size=1)
        assert mirror.get("example.com/other/@v/v1.0.0.zip").status_code == 200
        assert mirror.get("example.com/other/@v/v1.1.0.mod").status_code == 200
        number = mirror.number()
        while mirror.number() < number + 2:
            join_now(mirror.owner.repository, 1)
        assert (mirror.held(), mirror.held(GoModFile)) == (synced, graph)
    imports = (
        'package main\n\nimport (\n\t_ "example.com/a"\n\t_ "example.com/b"\n)\n\nfunc main() {}\n'
    )
    go = Go.create(tmp_path, imports)
    (go.directory / "work" / "go.mod").write_text(main)
    go.run(mirror.url, "mod", "tidy")


def test_a_zip_that_comes_for_a_synced_go_mod_stays(content_url: str, upstream: Upstream) -> None:
    for name in ("synced", "cached"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    sync(mirror, modules=["example.com/synced@v1.0.0"])
    assert mirror.held(GoModFile) == ["example.com/synced@v1.0.0"]
    assert mirror.get("example.com/cached/@v/v1.0.0.mod").status_code == 200
    _join(mirror, GoModFile, "example.com/cached@v1.0.0")
    for name in ("synced", "cached"):
        assert mirror.get(f"example.com/{name}/@v/v1.0.0.zip").status_code == 200
    _join(mirror, GoModule, "example.com/synced@v1.0.0", "example.com/cached@v1.0.0")
    assert mirror.held(GoModFile) == []
    assert _clean(mirror, max_size=0) == {"gomod.cleanup": 1, "gomod.cleanup.mod_files": 0}
    assert mirror.held() == ["example.com/synced@v1.0.0"]


def test_when_nearly_everything_is_wrong_the_rest_is_not_tried(
    content_url: str, upstream: Upstream
) -> None:
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    text = complaint(mirror, modules=[f"example.com/m{n}@v1.0.0" for n in range(1000)])
    lines = text.splitlines()[1:]
    assert len(lines) == 21
    found = re.fullmatch(r"and at least (\d+) more; the rest was not tried", lines[-1])
    # Those that are under way when it is enough may add theirs before they are ended.
    assert found and 30 <= int(found[1]) < 100
    assert len(upstream.asked) < 500


def test_no_more_at_a_time_than_the_remote_allows(content_url: str, upstream: Upstream) -> None:
    under_way, most = 0, 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        # Whatever else was to come at the same time has come then.
        await asyncio.sleep(0.05)
        under_way -= 1
        return upstream.answer(request.match_info["path"])

    for number in range(12):
        upstream.add(f"example.com/m{number}", "v1.0.0")
    upstream.everything = count
    mirror = Mirror.create(content_url, upstream, policy="immediate", download_concurrency=3)
    sync(mirror, modules=[f"example.com/m{number}" for number in range(12)])
    assert len(mirror.held()) == 12
    assert 1 < most <= 3


def test_an_upstream_that_fails(content_url: str, upstream: Upstream) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="out of order\n")

    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="on_demand")
    sync(mirror, modules=["example.com/m"])
    # Nobody takes an old list for a new one.
    upstream.behaviours["example.com/m/@v/list"] = fail
    text = complaint(mirror, modules=["example.com/m"])
    assert "example.com/m: the upstream 127.0.0.1:" in text and " answered 500" in text
    assert mirror.number() == 1


def test_other_bytes_than_clients_have(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    sync(mirror, modules=["example.com/m"])
    with mirror.repository.new_version() as new:
        new.remove_content(GoModule.objects.filter(repositories=mirror.repository))
    with running() as other:
        other.add("example.com/m", "v1.0.0", other="package other\n")
        mirror.change(url=other.url)
        assert "SECURITY ERROR" in complaint(mirror, modules=["example.com/m"])
    assert mirror.held() == []


def test_mirroring_removes_all_else(content_url: str, upstream: Upstream) -> None:
    for name in ("a", "b", "c"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    ours = Made()
    mirror.owner.publish(ours.zip())
    sync(mirror, modules=["example.com/a", "example.com/b"])
    assert len(mirror.held()) == 3
    sync(mirror, modules=["example.com/b", "example.com/c"], mirror=True)
    assert mirror.held() == ["example.com/b@v1.0.0", "example.com/c@v1.0.0"]
    assert mirror.number() == 3
    mirror.change(policy="on_demand")
    go_sum = sum_lines(upstream, "example.com/a", "v1.0.0")[1]
    sync(mirror, modules=["example.com/b"], go_sum=go_sum, mirror=True)
    assert mirror.held() == ["example.com/b@v1.0.0"]
    assert mirror.held(GoModFile) == ["example.com/a@v1.0.0"]
    number = mirror.number()
    sync(mirror, modules=["example.com/b"], go_sum=go_sum, mirror=True)
    assert mirror.number() == number


def test_cleanup_leaves_what_was_synced(content_url: str, upstream: Upstream) -> None:
    for name in ("a", "b"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    # As much as nothing fits into the cache.
    mirror = Mirror.create(content_url, upstream, policy="immediate", cache_size=10)
    sync(mirror, modules=["example.com/a", "example.com/b"])
    _clean(mirror, unused_days=0, max_size=0)
    assert mirror.held() == ["example.com/a@v1.0.0", "example.com/b@v1.0.0"]


def test_a_go_version_of_thousands_of_digits_is_only_a_number(
    content_url: str, upstream: Upstream
) -> None:
    long = "1." + "9" * 5000
    upstream.add("example.com/m", "v1.0.0", f"go {long}")
    mirror = Mirror.create(content_url, upstream, policy="on_demand")
    for go in ("1.20", long):
        text = f"module example.com/main\n\ngo {go}\n\nrequire example.com/m v1.0.0\n"
        sync(mirror, go_mod=text)
    assert mirror.held(GoModFile) == ["example.com/m@v1.0.0"]
