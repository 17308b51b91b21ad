"""What a sync on demand has brought, promoted: zips that are missing are told of, and can be had now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.functional.owners import Owner
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import MODFILES, PUBLICATIONS, Rest, TaskFailed
from tests.functional.serving import Server
from tests.functional.test_sync import sum_lines, sync
from tests.functional.upstream_world import Mirror, Upstream

A, B, GRAPH = "example.com/a@v1.0.0", "example.com/b@v1.0.0", "example.com/graph@v1.0.0"


def told(task: Mapping[str, Any]) -> list[str]:
    """What a task says of missing zips."""
    reports = task["progress_reports"]
    return [each["message"] for each in reports if each["code"] == "gomod.zips_missing"]


def missing(rest: Rest, repository: str) -> int:
    """How many zips the newest version of a repository lacks, by its own account."""
    number: int = rest.get(rest.latest(repository))["zips_missing"]
    return number


@pytest.fixture
def mirror(rest: Rest, upstream: Upstream) -> Mirror:
    """Two modules without their zips, and a go.mod that is all that is needed of a third one."""
    for name in (A, B, GRAPH):
        upstream.add(*name.split("@"))
    made = Mirror.create(rest, upstream)
    (line,) = told(sync(made, modules=[A, B], go_sum=sum_lines(upstream, *GRAPH.split("@"))[1]))
    assert line.startswith(f"zips missing: 2 ({A}, {B}). ")
    assert made.held(MODFILES) == [A, B, GRAPH]
    return made


def test_what_is_promoted_without_its_zips_says_so(rest: Rest, mirror: Mirror) -> None:
    version = rest.latest(mirror.owner.repository)
    assert missing(rest, mirror.owner.repository) == 2
    waiting = rest.names(MODFILES, repository_version=version, awaits_zip=True)
    assert waiting == [A, B]
    stable = Owner.create(rest)
    (line,) = told(rest.modify(stable.repository, base_version=version))
    assert line.startswith("zips missing: 2 (")
    assert missing(rest, stable.repository) == 2
    listed = rest.get(f"{stable.repository}versions/")["results"]
    assert [each["zips_missing"] for each in listed] == [2, 0]
    body = {"repository": stable.repository}
    assert len(told(rest.wait(rest.call("POST", PUBLICATIONS, json=body)))) == 1
    # Nothing is said where nothing is missing.
    (unit,) = rest.get(MODFILES, module="example.com/graph", repository_version=version)["results"]
    other = Owner.create(rest)
    assert told(rest.modify(other.repository, add_content_units=[unit["pulp_href"]])) == []
    assert missing(rest, other.repository) == 0
    assert sync(mirror, modules=[A, B])["created_resources"] == []
    mirror.change(policy="immediate")
    assert told(sync(mirror, modules=[A, B])) == []
    assert missing(rest, mirror.owner.repository) == 0


def test_promotion_with_zips_fetches_them(rest: Rest, mirror: Mirror, upstream: Upstream) -> None:
    version = rest.latest(mirror.owner.repository)
    stable = Owner.create(rest)
    body: dict[str, Any] = {"base_version": version, "with_zips": True}
    answer = rest.call("POST", f"{stable.repository}modify/", json=body)
    assert answer.status_code == 400 and "remote" in answer.json()
    gone = upstream.modules["example.com/b"].pop("v1.0.0")
    body["remote"] = mirror.remote
    with pytest.raises(TaskFailed, match=r"example.com/b@v1.0.0: the upstream does not have it"):
        rest.wait(rest.call("POST", f"{stable.repository}modify/", json=body))
    assert rest.latest(stable.repository).endswith("versions/0/")

    upstream.modules["example.com/b"]["v1.0.0"] = gone
    task = rest.wait(rest.call("POST", f"{stable.repository}modify/", json=body))
    assert told(task) == []
    assert rest.held(stable.repository) == [A, B]
    latest = rest.latest(stable.repository)
    assert latest.endswith("versions/1/") and missing(rest, stable.repository) == 0
    assert rest.names(MODFILES, repository_version=latest) == [GRAPH]
    assert stable.get("example.com/b/@v/v1.0.0.zip").content == gone.zip
    # The other way: one that is named; and what a repository lacks itself.
    (unit,) = rest.get(MODFILES, module="example.com/a", repository_version=version)["results"]
    named = Owner.create(rest)
    rest.modify(
        named.repository,
        add_content_units=[unit["pulp_href"]],
        with_zips=True,
        remote=mirror.remote,
    )
    assert rest.held(named.repository) == [A]
    rest.modify(mirror.owner.repository, with_zips=True, remote=mirror.remote)
    assert mirror.held() == [A, B] and mirror.held(MODFILES) == [GRAPH]


def test_the_command_line_tells_and_fetches(
    rest: Rest, server: Server, mirror: Mirror, tmp_path: Path
) -> None:
    pulp = Pulp.create(tmp_path, server)
    stable = Owner.create(rest)
    modify = ("repository", "content", "modify", "--repository", stable.name)
    modify = (*modify, "--base-repository", mirror.owner.name)
    done = pulp.run("gomod", *modify)
    assert done.code == 0 and "note: zips missing: 2 (" in done.stderr
    done = pulp.run("gomod", *modify, "--remote", mirror.remote)
    assert done.code == 2 and "--with-zips" in done.stderr
    pulp.do(*modify, "--with-zips", "--remote", mirror.remote)
    assert rest.held(stable.repository) == [A, B]
    named = Owner.create(rest)
    add = ("repository", "content", "--type", "modfile", "add", "--repository", named.name)
    pulp.do(*add, "--with-zips", "--remote", mirror.remote, A)
    assert rest.held(named.repository) == [A]
