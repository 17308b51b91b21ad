"""A version that is published again upstream: all files of one generation, or an error that says so."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from aiohttp import web

from pulp_gomod.golang import dirhash
from tests.functional.owners import Owner
from tests.functional.rest_api import MODFILES, MODULES, REMOTES, Rest
from tests.functional.upstream_world import Mirror, Upstream, Version
from tests.gomods import pack

PATH = "example.com/again"
STEM = f"{PATH}/@v/v1.0.0"


def _publish_again(upstream: Upstream) -> Version:
    """Publish other bytes of everything."""
    made = upstream.add(PATH, "v1.0.0", "require example.com/other v1.2.3")
    made.info = made.info.replace(b"2020-02-03", b"2024-05-06")
    return made


def _is_whole(mirror: Mirror, made: Version) -> None:
    for file in ("zip", "mod", "info", "zip"):
        answer = mirror.get(f"{STEM}.{file}")
        assert (answer.status_code, answer.content) == (200, getattr(made, file)), file


def _wait_for(mirror: Mirror, kind: str = MODFILES) -> None:
    mirror.until(lambda: f"{PATH}@v1.0.0" in mirror.held(kind), 40)


@pytest.mark.parametrize("before", [("mod",), ("info",), ("info", "mod")])
def test_what_was_cached_small_gives_way_to_what_the_upstream_says_now(
    rest: Rest, upstream: Upstream, before: tuple[str, ...]
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    for file in before:
        assert mirror.get(f"{STEM}.{file}").status_code == 200
    _is_whole(mirror, _publish_again(upstream))


def test_what_has_joined_gives_way_too_in_each_repository(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror, other = Mirror.create(rest, upstream), Owner.create(rest)
    rest.wait(rest.call("PATCH", other.distribution, json={"remote": mirror.remote}))
    both = [mirror, Mirror(other, mirror.remote)]
    for each in both:
        assert each.get(f"{STEM}.mod").content == old.mod
        _wait_for(each)
    made = _publish_again(upstream)
    for each in both:
        _is_whole(each, made)


def test_many_at_once_get_one_generation(rest: Rest, upstream: Upstream) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    made = _publish_again(upstream)
    with ThreadPoolExecutor(8) as pool:
        zips = list(pool.map(lambda _: mirror.get(f"{STEM}.zip"), range(8)))
    assert {(each.status_code, each.content) for each in zips} == {(200, made.zip)}
    _is_whole(mirror, made)


def test_an_upstream_that_contradicts_itself_is_told_with_both_checksums(
    rest: Rest, upstream: Upstream
) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.mod").content == old.mod
    made = _publish_again(upstream)
    new_mod, made.mod = made.mod, old.mod
    for _ in range(2):
        answer = mirror.get(f"{STEM}.zip")
        assert answer.status_code == 502, answer.text
        for go_mod in (old.mod, new_mod):
            assert dirhash.hash_go_mod(go_mod) in answer.text
    assert mirror.get(f"{STEM}.mod").content == old.mod
    made.mod = new_mod
    _is_whole(mirror, made)


def test_a_zip_that_was_served_keeps_what_belongs_to_it(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.zip").content == old.zip
    _publish_again(upstream)
    _is_whole(mirror, old)


@pytest.mark.parametrize("policy", ["immediate", "on_demand"])
def test_a_sync_brings_what_the_upstream_has_now(
    rest: Rest, upstream: Upstream, policy: str
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy=policy)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    _wait_for(mirror)
    made = _publish_again(upstream)
    h1 = dirhash.hash_go_mod(made.mod)
    body = {"remote": mirror.remote, "go_sum": f"{PATH} v1.0.0/go.mod {h1}\n"}
    if policy == "immediate":
        body = {"remote": mirror.remote, "modules": [f"{PATH}@v1.0.0"]}
    rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))
    assert mirror.get(f"{STEM}.mod").content == made.mod
    _is_whole(mirror, made)


def test_nothing_is_mixed_where_nothing_is_kept(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="streamed")
    made = _publish_again(upstream)
    made.mod = old.mod
    assert mirror.get(f"{STEM}.zip").status_code == 502
    made.mod = _publish_again(upstream).mod
    assert mirror.get(f"{STEM}.zip").status_code == 200


def test_a_go_mod_that_says_the_same_to_others_is_no_contradiction(
    rest: Rest, upstream: Upstream
) -> None:
    made = upstream.add(PATH, "v1.0.0")
    # As some modules of Go's own tests have it.
    made.mod += b"exclude example.com/other v1.0.0\n"
    mirror = Mirror.create(rest, upstream)
    for _ in range(2):
        assert mirror.get(f"{STEM}.mod").content == made.mod
        assert mirror.get(f"{STEM}.zip").content == made.zip


def test_an_upstream_that_fails_when_it_is_asked_again_is_told(
    rest: Rest, upstream: Upstream
) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    made = _publish_again(upstream)

    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=500)

    upstream.behaviours[f"{STEM}.mod"] = fail
    assert mirror.get(f"{STEM}.zip").status_code == 502
    upstream.behaviours.clear()
    _is_whole(mirror, made)


def _forget(mirror: Mirror, name: str = f"{PATH}@v1.0.0") -> None:
    rest = mirror.owner.rest
    rest.wait(rest.call("POST", f"{mirror.remote}forget/", json={"module": name}))


def test_what_is_forgotten_is_fetched_anew(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    upstream.add(PATH, "v1.0.1")
    mirror = Mirror.create(rest, upstream)
    _is_whole(mirror, old)
    assert mirror.get(f"{PATH}/@v/v1.0.1.mod").status_code == 200
    made = _publish_again(upstream)
    # First what has not joined yet, and then what has.
    for _ in range(2):
        _forget(mirror)
        assert f"{PATH}@v1.0.0" not in mirror.held()
        _is_whole(mirror, made)
        _wait_for(mirror, MODULES)
        made = upstream.add(PATH, "v1.0.0", "require example.com/third v1.0.0")
    upstream.modules[PATH].pop("v1.0.1")
    assert mirror.get(f"{PATH}/@v/v1.0.1.mod").status_code == 200


def test_what_was_published_or_synced_is_not_forgotten(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    ours = pack("example.com/ours@v1.0.0/", [("go.mod", b"module example.com/ours\n")])
    assert mirror.owner.put(ours).status_code == 201
    body = {"remote": mirror.remote, "modules": [f"{PATH}@v1.0.0"]}
    rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))
    _publish_again(upstream)
    for name in (f"{PATH}@v1.0.0", "example.com/ours@v1.0.0"):
        _forget(mirror, name)
        assert name in mirror.held()
    _is_whole(mirror, old)


@pytest.mark.parametrize(
    "name", ["", PATH, f"{PATH}@latest", f"{PATH}@main", f"{PATH}@v2.0.0", "@v1.0.0", "a\0b@v1.0.0"]
)
def test_only_one_version_can_be_forgotten(rest: Rest, upstream: Upstream, name: str) -> None:
    remote = rest.create(REMOTES, name=f"forget-{uuid4().hex[:8]}", url=upstream.url)
    answer = rest.call("POST", f"{remote['pulp_href']}forget/", json={"module": name})
    assert (answer.status_code, list(answer.json())) == (400, ["module"]), answer.text


def test_a_synced_go_mod_is_vouched_for(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.mod").content == old.mod
    _wait_for(mirror)
    body = {"remote": mirror.remote, "modules": [f"{PATH}@v1.0.0"]}
    rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))
    made = _publish_again(upstream)
    for _ in range(2):
        answer = mirror.get(f"{STEM}.zip")
        assert answer.status_code == 502 and "SECURITY ERROR" in answer.text, answer.text
        for go_mod in (old.mod, made.mod):
            assert dirhash.hash_go_mod(go_mod) in answer.text
        _forget(mirror)
    assert mirror.get(f"{STEM}.mod").content == old.mod


def test_a_zip_without_go_mod_does_not_contradict_the_one_beside_it(
    rest: Rest, upstream: Upstream
) -> None:
    made = upstream.add(PATH, "v1.0.0")
    made.zip = pack(f"{PATH}@v1.0.0/", [("a.go", b"package a\n")])
    made.mod += b"\ngo 1.20\n"
    mirror = Mirror.create(rest, upstream)
    _is_whole(mirror, made)
    _wait_for(mirror)
    _is_whole(mirror, made)
    # What is not kept cannot take the place of what the repository holds.
    made.mod += b"// again\n"
    answer = mirror.get(f"{STEM}.zip")
    assert answer.status_code == 502 and dirhash.hash_go_mod(made.mod) in answer.text, answer.text
