"""A version that is published again upstream: all files of one generation, or an error that says so.

What needs neither several processes nor the API is in tests/inprocess.
"""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import MODFILES, MODULES, REMOTES, Rest
from tests.functional.test_pull_through_faults import Reads
from tests.functional.upstream_world import Mirror, Upstream, Version

PATH = "example.com/again"
STEM = f"{PATH}/@v/v1.0.0"


def publish_again(upstream: Upstream) -> Version:
    """Publish other bytes of everything, and return them."""
    made = upstream.add(PATH, "v1.0.0", "require example.com/other v1.2.3")
    made.info = made.info.replace(b"2020-02-03", b"2024-05-06")
    return made


def is_whole(mirror: Reads, made: Version) -> None:
    """Hold all files to those of one generation."""
    for file in ("zip", "mod", "info", "zip"):
        answer = mirror.get(f"{STEM}.{file}")
        assert (answer.status_code, answer.content) == (200, getattr(made, file)), file


def test_what_has_joined_gives_way_too_in_each_repository(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    mirror, other = Mirror.create(rest, upstream), Owner.create(rest)
    rest.wait(rest.call("PATCH", other.distribution, json={"remote": mirror.remote}))
    both = [mirror, Mirror(other, mirror.remote)]
    for each in both:
        assert each.get(f"{STEM}.mod").content == old.mod
        each.until(lambda each=each: f"{PATH}@v1.0.0" in each.held(MODFILES), 40)
    made = publish_again(upstream)
    for each in both:
        is_whole(each, made)


def test_many_at_once_get_one_generation(rest: Rest, upstream: Upstream) -> None:
    upstream.add(PATH, "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get(f"{STEM}.mod").status_code == 200
    made = publish_again(upstream)
    with ThreadPoolExecutor(8) as pool:
        zips = list(pool.map(lambda _: mirror.get(f"{STEM}.zip"), range(8)))
    assert {(each.status_code, each.content) for each in zips} == {(200, made.zip)}
    is_whole(mirror, made)


def _forget(mirror: Mirror, name: str = f"{PATH}@v1.0.0") -> None:
    rest = mirror.owner.rest
    rest.wait(rest.call("POST", f"{mirror.remote}forget/", json={"module": name}))


def test_what_is_forgotten_is_fetched_anew(rest: Rest, upstream: Upstream) -> None:
    old = upstream.add(PATH, "v1.0.0")
    upstream.add(PATH, "v1.0.1")
    mirror = Mirror.create(rest, upstream)
    is_whole(mirror, old)
    assert mirror.get(f"{PATH}/@v/v1.0.1.mod").status_code == 200
    made = publish_again(upstream)
    # First what has not joined yet, and then what has.
    for _ in range(2):
        _forget(mirror)
        assert f"{PATH}@v1.0.0" not in mirror.held()
        is_whole(mirror, made)
        mirror.until(lambda: f"{PATH}@v1.0.0" in mirror.held(MODULES), 40)
        made = upstream.add(PATH, "v1.0.0", "require example.com/third v1.0.0")
    upstream.modules[PATH].pop("v1.0.1")
    assert mirror.get(f"{PATH}/@v/v1.0.1.mod").status_code == 200


@pytest.mark.parametrize(
    "name", ["", PATH, f"{PATH}@latest", f"{PATH}@main", f"{PATH}@v2.0.0", "@v1.0.0", "a\0b@v1.0.0"]
)
def test_only_one_version_can_be_forgotten(rest: Rest, upstream: Upstream, name: str) -> None:
    remote = rest.create(REMOTES, name=f"forget-{uuid4().hex[:8]}", url=upstream.url)
    answer = rest.call("POST", f"{remote['pulp_href']}forget/", json={"module": name})
    assert (answer.status_code, list(answer.json())) == (400, ["module"]), answer.text
