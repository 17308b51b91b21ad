"""A version that is published again upstream: all files of one generation, or an error that says so."""

from typing import Any

import pytest
from aiohttp import web

from pulp_gomod.golang import dirhash
from tests.functional.test_pull_through_generations import PATH, STEM, is_whole, publish_again
from tests.functional.upstream_world import Upstream
from tests.gomods import pack
from tests.inprocess.mirrors import Mirror
from tests.inprocess.test_sumdb_kept import join_now, task
from tests.inprocess.test_sync import sync

from pulp_gomod.app.models import GoModFile  # isort: skip
from pulp_gomod.app.tasks.forgetting import forget  # isort: skip


def _join(mirror: Mirror) -> None:
    """Let what came join the repository."""
    join_now(mirror.owner.repository, 1)
    assert f"{PATH}@v1.0.0" in mirror.held(GoModFile)


def _forget(mirror: Mirror, name: str = f"{PATH}@v1.0.0") -> None:
    with task():
        forget(str(mirror.remote.pk), *name.split("@"))
    mirror.owner.repository.refresh_from_db()


@pytest.mark.parametrize("before", [("mod",), ("info",), ("info", "mod")])
def test_what_was_cached_small_gives_way_to_what_the_upstream_says_now(
    content_url: str, upstream: Upstream, before: tuple[str, ...]
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    for file in before:
        assert mirror.get(f"{STEM}.{file}").status_code == 200
    is_whole(mirror, publish_again(upstream))


def test_an_upstream_that_contradicts_itself_is_told_with_both_checksums(
    content_url: str, upstream: Upstream
) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{STEM}.mod").content == old.mod
    made = publish_again(upstream)
    new_mod, made.mod = made.mod, old.mod
    for _ in range(2):
        answer = mirror.get(f"{STEM}.zip")
        assert answer.status_code == 502, answer.text
        for go_mod in (old.mod, new_mod):
            assert dirhash.hash_go_mod(go_mod) in answer.text
    assert mirror.get(f"{STEM}.mod").content == old.mod
    made.mod = new_mod
    is_whole(mirror, made)


def test_a_zip_that_was_served_keeps_what_belongs_to_it(
    content_url: str, upstream: Upstream
) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{STEM}.zip").content == old.zip
    publish_again(upstream)
    is_whole(mirror, old)


@pytest.mark.parametrize("policy", ["immediate", "on_demand"])
def test_a_sync_brings_what_the_upstream_has_now(
    content_url: str, upstream: Upstream, policy: str
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy=policy)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    _join(mirror)
    made = publish_again(upstream)
    h1 = dirhash.hash_go_mod(made.mod)
    wanted: dict[str, Any] = {"go_sum": f"{PATH} v1.0.0/go.mod {h1}\n"}
    if policy == "immediate":
        wanted = {"modules": [f"{PATH}@v1.0.0"]}
    sync(mirror.owner, mirror.remote, **wanted)
    assert mirror.get(f"{STEM}.mod").content == made.mod
    is_whole(mirror, made)


def test_nothing_is_mixed_where_nothing_is_kept(content_url: str, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="streamed")
    made = publish_again(upstream)
    made.mod = old.mod
    assert mirror.get(f"{STEM}.zip").status_code == 502
    made.mod = publish_again(upstream).mod
    assert mirror.get(f"{STEM}.zip").status_code == 200


def test_a_go_mod_that_says_the_same_to_others_is_no_contradiction(
    content_url: str, upstream: Upstream
) -> None:
    made = upstream.add(PATH, "v1.0.0")
    # As some modules of Go's own tests have it.
    made.mod += b"exclude example.com/other v1.0.0\n"
    mirror = Mirror.create(content_url, upstream)
    for _ in range(2):
        assert mirror.get(f"{STEM}.mod").content == made.mod
        assert mirror.get(f"{STEM}.zip").content == made.zip


def test_an_upstream_that_fails_when_it_is_asked_again_is_told(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    made = publish_again(upstream)

    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=500)

    upstream.behaviours[f"{STEM}.mod"] = fail
    assert mirror.get(f"{STEM}.zip").status_code == 502
    upstream.behaviours.clear()
    is_whole(mirror, made)


def test_what_was_published_or_synced_is_not_forgotten(
    content_url: str, upstream: Upstream
) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream, policy="immediate")
    ours = pack("example.com/ours@v1.0.0/", [("go.mod", b"module example.com/ours\n")])
    mirror.owner.publish(ours)
    sync(mirror.owner, mirror.remote, modules=[f"{PATH}@v1.0.0"])
    publish_again(upstream)
    for name in (f"{PATH}@v1.0.0", "example.com/ours@v1.0.0"):
        _forget(mirror, name)
        assert name in mirror.held()
    is_whole(mirror, old)


def test_a_synced_go_mod_is_vouched_for(content_url: str, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{STEM}.mod").content == old.mod
    _join(mirror)
    sync(mirror.owner, mirror.remote, modules=[f"{PATH}@v1.0.0"])
    made = publish_again(upstream)
    for _ in range(2):
        answer = mirror.get(f"{STEM}.zip")
        assert answer.status_code == 502 and "SECURITY ERROR" in answer.text, answer.text
        for go_mod in (old.mod, made.mod):
            assert dirhash.hash_go_mod(go_mod) in answer.text
        _forget(mirror)
    assert mirror.get(f"{STEM}.mod").content == old.mod


def test_a_zip_without_go_mod_does_not_contradict_the_one_beside_it(
    content_url: str, upstream: Upstream
) -> None:
    made = upstream.add(PATH, "v1.0.0")
    made.zip = pack(f"{PATH}@v1.0.0/", [("a.go", b"package a\n")])
    made.mod += b"\ngo 1.20\n"
    mirror = Mirror.create(content_url, upstream)
    is_whole(mirror, made)
    _join(mirror)
    is_whole(mirror, made)
    # What is not kept cannot take the place of what the repository holds.
    made.mod += b"// again\n"
    answer = mirror.get(f"{STEM}.zip")
    assert answer.status_code == 502 and dirhash.hash_go_mod(made.mod) in answer.text, answer.text
