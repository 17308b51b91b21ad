"""What anonymous clients can fill has a bound: the small files, too; see also tests/inprocess/test_small_files."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.beside import Begun, Scenario, beginning
from tests.functional.rest_api import MODFILES, Rest
from tests.functional.serving import Server
from tests.functional.upstream_world import Mirror, Upstream
from tests.statements import connect

LINE = "// " + "x" * 97
# Bytes that small files may take in any case.
LEAST = 1024 * 1024
BIG = 50


def _add_big(upstream: Upstream) -> list[str]:
    """Modules with a go.mod of 100 KiB each."""
    names = [f"example.com/big{number}" for number in range(BIG)]
    for name in names:
        upstream.add(name, "v1.0.0", *[LINE] * 1024)
    return [f"{name}/@v/v1.0.0.mod" for name in names]


def _kept(server: Server, mirror: Mirror) -> int:
    """Bytes that the remote's answers take, with 1 KiB for each row."""
    with connect(Path(server.data_dir)) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(length(body) + 1024), 0) FROM gomod_gocacheentry WHERE remote_id = %s",
            [mirror.remote.rstrip("/").rpartition("/")[2]],
        ).fetchone()
    assert row is not None
    return int(row[0])


def _ask_all(mirror: Mirror, paths: list[str], status: int = 200) -> None:
    with requests.Session() as session:
        for path in paths:
            assert session.get(f"{mirror.url}/{path}", timeout=60).status_code == status


def _until_small(server: Server, mirror: Mirror, path: str) -> None:
    """Ask now and then until the remote has made room: a machine that takes long to count does so less often."""
    end = time.monotonic() + 180
    while _kept(server, mirror) > LEAST:
        assert time.monotonic() < end, _kept(server, mirror)
        mirror.get(path)
        # Each of them has a large file read.
        time.sleep(2)


def test_go_mod_files_beyond_the_limit_are_passed_on(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    paths = _add_big(upstream)
    mirror = Mirror.create(rest, upstream, cache_size=0)
    _ask_all(mirror, paths)
    # Each content process may have taken all that it saw room for.
    assert _kept(server, mirror) <= 2 * LEAST
    asked = len(upstream.asked)
    _ask_all(mirror, paths)
    assert len(upstream.asked) > asked + BIG // 4
    _until_small(server, mirror, paths[0])


def test_without_a_limit_all_are_kept(server: Server, rest: Rest, upstream: Upstream) -> None:
    paths = _add_big(upstream)
    mirror = Mirror.create(rest, upstream, cache_size=None)
    _ask_all(mirror, paths)
    assert _kept(server, mirror) > BIG * 100 * 1024
    asked = len(upstream.asked)
    _ask_all(mirror, paths)
    assert len(upstream.asked) == asked


def go_mod_files_that_joined_count_for_the_repository(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    paths = _add_big(upstream)[:5]
    mirror = Mirror.create(rest, upstream, cache_size=250 * 1024)
    _ask_all(mirror, paths)
    # The task lets them join, and then leaves what there is room for.
    mirror.until(lambda: mirror.number() > 1 and len(mirror.held(MODFILES)) == 2)


def a_go_mod_file_that_was_cleaned_up_joins_again(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    upstream.add("example.com/again", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    for times in (1, 2):
        # Both content processes have seen it join.
        for _ in range(10):
            _ask_all(mirror, ["example.com/again/@v/v1.0.0.mod"])
        mirror.until(lambda: mirror.held(MODFILES) == ["example.com/again@v1.0.0"])
        assert upstream.count("example.com/again/@v/v1.0.0.mod") == times
        href = f"{mirror.owner.repository}cleanup/"
        rest.wait(rest.call("POST", href, json={"unused_days": 0}))
        assert mirror.held(MODFILES) == []


def what_an_upstream_says_of_a_zip_is_not_lost_with_the_small_files(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    made = upstream.add("example.com/said", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    _ask_all(mirror, ["example.com/said/@v/v1.0.0.zip"])
    with connect(Path(server.data_dir)) as connection:
        connection.execute(
            "DELETE FROM gomod_gocacheentry WHERE file = 'info' AND module = 'example.com/said'"
        )
    mirror.until(lambda: mirror.held() == ["example.com/said@v1.0.0"])
    upstream.modules.clear()
    assert mirror.get("example.com/said/@v/v1.0.0.info").content == made.info


WAITING = (
    go_mod_files_that_joined_count_for_the_repository,
    a_go_mod_file_that_was_cleaned_up_joins_again,
    what_an_upstream_says_of_a_zip_is_not_lost_with_the_small_files,
)


@pytest.fixture(scope="module")
def begun(server: Server) -> Iterator[Begun]:
    """What waits for a quiet moment, each time for seconds; not beside the tests above, which keep the server busy."""
    with beginning(server, *WAITING) as begun:
        yield begun


@pytest.mark.parametrize("scenario", WAITING, ids=lambda each: each.__name__)
def test_after_a_quiet_moment(begun: Begun, scenario: Scenario) -> None:
    begun[scenario].result()
