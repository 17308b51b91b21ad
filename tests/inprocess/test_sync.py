"""Syncs of what is new in another distribution, of ranges, and of tools: the task runs in the test itself."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.functional.owners import Go
from tests.functional.upstream_world import Upstream
from tests.goproxy_requests import zip_of
from tests.inprocess.owners import Owner

from django.utils import timezone  # isort: skip
from pulpcore.app.contexts import with_task_context  # isort: skip  # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task  # isort: skip

from pulp_gomod.app.exceptions import SyncFailedError  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoBlock,
    GoBlockRevision,
    GoIndexPosition,
    GoModule,
    GoModFile,
    GoPolicyEvent,
    GoRemote,
)
from pulp_gomod.app.models.membership import held_in  # isort: skip
from pulp_gomod.app.tasks.sync.run import sync as sync_task  # isort: skip
from pulp_gomod.golang.index import format_time  # isort: skip


@pytest.fixture
def follower(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture
def source(content_url: str) -> Owner:
    return Owner.create(content_url)


def remote_of(owner: Owner, url: str, **settings: Any) -> GoRemote:
    values = {"policy": "immediate", "sumdb": "off", **settings}
    remote: GoRemote = GoRemote.objects.create(name=owner.repository.name, url=url, **values)
    return remote


def sync(owner: Owner, remote: GoRemote, **wanted: Any) -> dict[str, Any]:
    """Sync, and return the progress reports by code."""
    task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(task):
        sync_task(str(owner.repository.pk), str(remote.pk), **wanted)
    owner.repository.refresh_from_db()
    return {report.code: report for report in task.progress_reports.all()}


def held(owner: Owner, model: Any = GoModule) -> list[str]:
    units = held_in(model.objects.all(), owner.repository.latest_version())
    return [
        f"{path}@{v}"
        for path, v in units.order_by(
            "module", "version_key" if model is GoModule else "version"
        ).values_list("module", "version")
    ]


def publish(owner: Owner, name: str, *versions: str) -> str:
    path = f"example.com/{owner.repository.name}/{name}"
    owner.publish(*(zip_of(path, version, f"module {path}\n") for version in versions))
    return path


def test_another_distribution_is_followed(source: Owner, follower: Owner) -> None:
    m = publish(source, "m", "v1.0.0", "v1.1.0", "v0.0.0-20200102030405-abcdefabcdef")
    remote = remote_of(follower, source.content_url)
    reports = sync(follower, remote, index=True)
    everything = [
        f"{m}@v0.0.0-20200102030405-abcdefabcdef",
        f"{m}@v1.0.0",
        f"{m}@v1.1.0",
    ]
    assert held(follower) == everything
    assert reports["sync.gomod.index"].done == 3
    assert reports["sync.gomod.downloading"].done == 3
    version = follower.repository.latest_version()
    reports = sync(follower, remote, index=True)
    # The last one is told again, and is held.
    assert reports["sync.gomod.downloading"].done <= 1
    assert follower.repository.latest_version() == version
    n = publish(source, "n", "v1.0.0")
    sync(follower, remote, index=True)
    assert held(follower) == [*everything, f"{n}@v1.0.0"]
    # It is additive: what is removed there stays here.
    source.repository.refresh_from_db()
    with source.repository.new_version() as new:
        new.remove_content(GoModule.objects.filter(module=m))
    sync(follower, remote, index=True)
    assert held(follower) == [*everything, f"{n}@v1.0.0"]


def test_only_what_matches_is_taken(source: Owner, follower: Owner) -> None:
    m = publish(source, "m", "v1.0.0", "v1.1.0")
    x, y = publish(source, "m/x", "v1.0.0"), publish(source, "y", "v1.0.0", "v1.1.0")
    z = publish(source, "z", "v1.0.0")
    remote = remote_of(follower, source.content_url, excludes=z)
    GoBlock.objects.create(
        repository=follower.repository, module=y, versions="v1.1.0", reason="bad"
    )
    GoBlockRevision.objects.create(repository=follower.repository, changed=timezone.now())
    sync(follower, remote, index=True, patterns=[f"{m}@v1.1.0", x])
    assert held(follower) == [f"{m}@v1.1.0", f"{x}@v1.0.0"]
    # What was passed over is taken when it is asked for from the beginning.
    sync(follower, remote, index=True)
    assert held(follower) == [f"{m}@v1.1.0", f"{x}@v1.0.0"]
    sync(follower, remote, index=True, since=format_time(0))
    assert held(follower) == [f"{m}@v1.0.0", f"{m}@v1.1.0", f"{x}@v1.0.0", f"{y}@v1.0.0"]


def test_a_sync_that_fails_is_not_further_than_before(upstream: Upstream, follower: Owner) -> None:
    upstream.add("example.com/follow", "v1.0.0")
    lines = [
        '{"Path":"example.com/follow","Version":"v1.0.0","Timestamp":"2026-01-02T03:04:05.000000001Z"}',
        '{"Path":"example.com/gone","Version":"v1.0.0","Timestamp":"2026-01-02T03:04:05.000000002Z"}',
    ]
    asked: list[str] = []

    async def index(request: web.Request) -> web.Response:
        asked.append(request.query["since"])
        return web.Response(text="".join(f"{line}\n" for line in lines))

    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500)

    upstream.behaviours["elsewhere/index"] = index
    upstream.behaviours["example.com/follow/@v/v1.0.0.zip"] = broken
    remote = remote_of(
        follower, upstream.url, index_url=f"{upstream.url}/elsewhere/index", max_retries=0
    )
    with pytest.raises(SyncFailedError, match="500"):
        sync(follower, remote, index=True)
    assert held(follower) == [] and not GoIndexPosition.objects.filter(remote=remote).exists()
    del upstream.behaviours["example.com/follow/@v/v1.0.0.zip"]
    reports = sync(follower, remote, index=True)
    assert held(follower) == ["example.com/follow@v1.0.0"]
    # What is gone there fails nothing, and nothing is asked for twice.
    assert "example.com/gone@v1.0.0" in reports["sync.gomod.left_out"].message
    lines[:] = [lines[1]]
    sync(follower, remote, index=True)
    assert asked[0] == "1970-01-01T00:00:00Z"
    assert asked[-1] == "2026-01-02T03:04:05.000000002Z"
    # The index of another URL is another one.
    remote.index_url = f"{upstream.url}/nowhere"
    remote.save()
    with pytest.raises(SyncFailedError, match="there is no index at"):
        sync(follower, remote, index=True)


def test_names_that_nothing_can_hold_keep_nothing_else_away(
    upstream: Upstream, follower: Owner
) -> None:
    upstream.add("example.com/follow", "v1.0.0")
    names = [r"example.com/\u0000", r"example.com/\ud800", r"example.com/\n", "x" * 10_000]
    names.append("example.com/follow")
    line = '{"Path":"%s","Version":"v1.0.0","Timestamp":"2026-01-02T03:04:0%dZ"}\n'

    async def index(_: web.Request) -> web.Response:
        return web.Response(text="".join(line % (name, at) for at, name in enumerate(names)))

    upstream.behaviours["index"] = index
    reports = sync(follower, remote_of(follower, upstream.url), index=True)
    assert held(follower) == ["example.com/follow@v1.0.0"]
    left_out = reports["sync.gomod.left_out"]
    assert left_out.done == 4
    assert r'"example.com/\x00@v1.0.0": it is not a valid module version' in left_out.message
    assert len(left_out.message) < 5_000


@pytest.mark.parametrize("body", ["<html>", "gone\n", '{"Path":"example.com/m"}\n', "\xff"])
def test_what_is_no_index_fails(upstream: Upstream, follower: Owner, body: str) -> None:
    async def index(_: web.Request) -> web.Response:
        return web.Response(body=body.encode("latin-1"))

    upstream.behaviours["index"] = index
    with pytest.raises(SyncFailedError, match="the index: "):
        sync(follower, remote_of(follower, upstream.url), index=True)


def test_ranges_of_what_is_listed(upstream: Upstream, follower: Owner) -> None:
    for version in ("v1.0.0", "v1.2.0", "v1.9.0", "v1.10.0", "v1.10.1-rc.1"):
        upstream.add("example.com/ranged", version)
    remote = remote_of(follower, upstream.url)
    sync(follower, remote, modules=["example.com/ranged@>=v1.2.0 <v1.10.0"])
    assert held(follower) == ["example.com/ranged@v1.2.0", "example.com/ranged@v1.9.0"]
    with pytest.raises(SyncFailedError, match="lists no version in that range"):
        sync(follower, remote, modules=["example.com/ranged@>v1.11.0"])


def test_a_tool_comes_with_all_that_it_takes_to_build_it(
    upstream: Upstream, follower: Owner
) -> None:
    upstream.add("example.com/tools", "v1.0.0", "go 1.21", "require example.com/lib v1.1.0")
    upstream.add("example.com/tools/nested", "v1.0.0", "go 1.21")
    upstream.add("example.com/tools", "v1.1.0", "go 1.21", "require example.com/lib v1.2.0")
    for version in ("v1.1.0", "v1.2.0"):
        upstream.add("example.com/lib", version, "go 1.16", "require example.com/deep v1.0.0")
    upstream.add("example.com/deep", "v1.0.0")
    upstream.add("example.com/unrelated", "v1.0.0")
    remote = remote_of(follower, upstream.url)
    sync(follower, remote, tools=["example.com/tools/cmd/a@v1.0.0"])
    first = ["example.com/deep@v1.0.0", "example.com/lib@v1.1.0", "example.com/tools@v1.0.0"]
    assert held(follower) == first
    assert held(follower, GoModFile) == []
    sync(follower, remote, tools=["example.com/tools/nested/b@latest", "example.com/tools@latest"])
    assert held(follower) == [
        "example.com/deep@v1.0.0",
        "example.com/lib@v1.1.0",
        "example.com/lib@v1.2.0",
        "example.com/tools@v1.0.0",
        "example.com/tools@v1.1.0",
        "example.com/tools/nested@v1.0.0",
    ]


def test_tools_that_go_would_not_install_fail(upstream: Upstream, follower: Owner) -> None:
    upstream.add("example.com/forked", "v1.0.0", "replace example.com/a => example.com/b v1.0.0")
    remote = remote_of(follower, upstream.url)
    with pytest.raises(SyncFailedError, match="contains replace directives"):
        sync(follower, remote, tools=["example.com/forked/cmd/a@v1.0.0"])
    with pytest.raises(SyncFailedError, match="does not have it"):
        sync(follower, remote, tools=["example.com/nowhere/cmd/a@latest"])
    assert held(follower) == []


def test_that_own_names_come_from_nowhere_is_on_record(source: Owner, follower: Owner) -> None:
    m, n = publish(source, "m", "v1.0.0"), publish(source, "n", "v1.0.0")
    follower.publish(zip_of(m, "v1.5.0", f"module {m}\n"))
    remote = remote_of(follower, source.content_url)
    sync(follower, remote, index=True)
    assert held(follower) == [f"{m}@v1.5.0", f"{n}@v1.0.0"]
    with pytest.raises(SyncFailedError):
        sync(follower, remote, modules=[f"{m}@v1.0.0"])
    (event,) = GoPolicyEvent.objects.filter(distribution=follower.distribution)
    assert (event.kind, event.module, event.requests) == ("own", m, 2)
    assert "published" in event.detail or "own" in event.detail


QUERIES = [
    *[
        "v1",
        "v1.1",
        "v1.2",
        "v1.3",
        "v0",
        "v2",
        "v3",
        "v4",
        "latest",
        "upgrade",
        "v1.1.0",
        "v2.0.0",
    ],
    *[
        "main",
        "0123456789ab",
        "v1.1.0+meta",
        "nowhere",
        "v1.1.0-rc.1",
        "v1.4.0",
        "<v1.2.0",
        ">v1.0.0",
    ],
    *["<=v1.1.1", ">=v1.2.0-rc.1", ">=v1.3", "<v3", ">v9.0.0"],
]


def queried(upstream: Upstream) -> str:
    """Let the upstream have a module of which a query may mean all sorts of things."""
    path, pseudo = "example.com/queried", "v1.4.1-0.20200101000000-0123456789ab"
    for version in ("v1.0.0", "v1.1.0", "v1.1.1-rc.1", "v1.2.0-rc.1", "v1.2.0", "v1.2.1"):
        upstream.add(path, version)
    upstream.add(path, "v1.3.0-rc.1")
    upstream.add(path, "v1.4.0", "retract [v1.2.1, v1.2.9]", "retract v1.4.0")
    for version in ("v2.0.0+incompatible", "v3.0.0-rc.1+incompatible"):
        upstream.add(path, version)
        # As the go command makes it where there is none.
        upstream.modules[path][version].mod = f"module {path}\n".encode()
    upstream.add(path, pseudo)
    for name in ("main", "0123456789ab"):
        upstream.modules[path][name] = upstream.modules[path][pseudo]
    upstream.modules[path]["v2.0.0"] = upstream.modules[path]["v2.0.0+incompatible"]

    async def listed(_: web.Request) -> web.Response:
        versions = [
            v for v in upstream.modules[path] if v not in ("main", "0123456789ab", "v2.0.0")
        ]
        return web.Response(text="".join(f"{v}\n" for v in versions))

    upstream.behaviours[f"{path}/@v/list"] = listed
    return path


def test_a_query_means_what_it_means_to_the_go_command(
    upstream: Upstream, follower: Owner, tmp_path: Path
) -> None:
    path = queried(upstream)
    go = Go.create(tmp_path, "package main\n\nfunc main() {}\n")
    remote = remote_of(follower, upstream.url, policy="on_demand")
    said: dict[str, str] = {}
    for query in QUERIES:
        found = go.run(upstream.url, "list", "-m", "-mod=mod", f"{path}@{query}", check=False)
        said[f"{path}@{query}"] = found.stdout.strip().partition(" ")[2] or "none"
    tools = [f"{path}/cmd/tool@{query}" for query in QUERIES]
    reports = sync(follower, remote, tools=tools, missing="skip")
    lines = reports["sync.gomod.chosen"].message.splitlines()[1:]
    ours = dict(line.replace("/cmd/tool", "").split(": ") for line in lines)
    # A version is what it is, and is left out here if there is none.
    for version in ("v1.1.0", "v1.1.0-rc.1", "v1.4.0"):
        said.pop(f"{path}@{version}")
    chosen = {query: f"{path}@{version}" for query, version in said.items() if version != "none"}
    assert ours == chosen
    assert len(set(chosen.values())) == 4
    missing = reports["sync.gomod.left_out"].message
    assert reports["sync.gomod.left_out"].done == len(said) - len(chosen) + 1, missing
    assert f"{path}/cmd/tool@v4: the upstream lists no version that this means" in missing
