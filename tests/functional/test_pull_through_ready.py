"""What was pulled through is answered from memory, and what an upstream may add to it never is."""

import pytest

from tests.functional.connections import Connection
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Mirror, Upstream

NAMES = ("example.com/one", "example.com/two")
FILES = ("mod", "info", "zip")


@pytest.fixture
def mirror(rest: Rest, upstream: Upstream) -> Mirror:
    """A mirror whose repository holds one version of two modules."""
    for name in NAMES:
        upstream.add(name, "v1.0.0")
    mirror = Mirror.create(rest, upstream, cache_ttl=0, not_found_ttl=0)
    for name in NAMES:
        for file in FILES:
            assert mirror.get(f"{name}/@v/v1.0.0.{file}").status_code == 200
    mirror.until(lambda: len(mirror.held()) == 2)
    return mirror


def _ask(mirror: Mirror, connections: list[Connection], path: str) -> set[tuple[int, bytes]]:
    return {each.get(f"{mirror.url}/{path}") for each in connections for _ in range(2)}


def test_held_files_are_answered_without_the_upstream(mirror: Mirror, upstream: Upstream) -> None:
    connections = [Connection(mirror.url) for _ in range(4)]
    asked = len(upstream.asked)
    for name in NAMES:
        for file in FILES:
            path = f"{name}/@v/v1.0.0.{file}"
            ((status, body),) = _ask(mirror, connections, path)
            assert (status, body) == (200, mirror.get(path).content)
    assert len(upstream.asked) == asked


def test_what_the_upstream_adds_is_seen_beside_what_is_held(
    mirror: Mirror, upstream: Upstream
) -> None:
    connections = [Connection(mirror.url) for _ in range(4)]
    name = NAMES[0]
    for minor in (0, 1, 2):
        newest = f"v1.{minor}.0"
        if minor:
            upstream.add(name, newest)
        for file in FILES:
            ((status, _),) = _ask(mirror, connections, f"{name}/@v/v1.0.0.{file}")
            assert status == 200
        for path in (f"{name}/@latest", f"{name}/@v/list"):
            for status, body in _ask(mirror, connections, path):
                assert status == 200 and newest.encode() in body
        ((status, _),) = _ask(mirror, connections, f"{name}/@v/v1.{minor + 1}.0.info")
        assert status == 404


def test_what_is_held_stays_and_what_is_not_goes_with_the_remote(
    rest: Rest, mirror: Mirror, upstream: Upstream
) -> None:
    connections = [Connection(mirror.url) for _ in range(4)]
    held, other = f"{NAMES[0]}/@v/v1.0.0.info", "example.com/other/@v/v1.0.0.info"
    upstream.add("example.com/other", "v1.0.0")
    for remote in (None, mirror.remote, None, mirror.remote):
        rest.wait(rest.call("PATCH", mirror.owner.distribution, json={"remote": remote}))
        assert {status for status, _ in _ask(mirror, connections, held)} == {200}
        found = {status for status, _ in _ask(mirror, connections, other)}
        assert found == {200 if remote else 404}


def test_names_that_no_index_takes_are_not_asked_for(mirror: Mirror, upstream: Upstream) -> None:
    asked = len(upstream.asked)
    name = "example.com/" + "/".join(["x" * 200] * 11)
    for file in FILES:
        answer = mirror.get(f"{name}/@v/v1.0.0.{file}")
        assert answer.status_code == 404 and "longer than this server accepts" in answer.text
    assert len(upstream.asked) == asked


def test_a_guard_and_a_removal_take_what_is_held_away(
    rest: Rest, mirror: Mirror, upstream: Upstream
) -> None:
    connections = [Connection(mirror.url) for _ in range(4)]
    paths = [f"{name}/@v/v1.0.0.{file}" for name in NAMES for file in FILES]
    for path in paths[:4]:
        assert {status for status, _ in _ask(mirror, connections, path)} == {200}
    guard = rest.create("contentguards/core/rbac/", name=mirror.owner.name)["pulp_href"]
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json={"content_guard": guard}))
    for path in paths:
        assert {status for status, _ in _ask(mirror, connections, path)} == {401}
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json={"content_guard": None}))
    mirror.change(private="example.com")
    assert mirror.owner.delete(f"{NAMES[1]}/@v/v1.0.0").status_code == 204
    for path in paths:
        expected = 200 if path.startswith(NAMES[0]) else 404
        assert {status for status, _ in _ask(mirror, connections, path)} == {expected}, path
