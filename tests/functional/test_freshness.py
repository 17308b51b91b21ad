"""
What was changed is what all of four busy content processes say, and at once.

GOMOD_TEST_KILLS says how often processes outlive a PostgreSQL that is killed.
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest
import requests

from tests.functional.connections import Connection, to_each_process
from tests.functional.guarded import create_guard
from tests.functional.killing import kill_one
from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import PASSWORD, USERNAME, ServeProcess, Server, make_data_dir
from tests.functional.uploads import eventually

PROCESSES = 4
ROUNDS = 4
# So often processes are to be asked that have outlived a PostgreSQL, and so often one is killed for each at most.
OUTLIVED = int(os.environ.get("GOMOD_TEST_KILLS", "1"))
ATTEMPTS = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, server_cache: Path) -> Iterator[Server]:
    """A server whose PostgreSQL can be killed."""
    directory = tmp_path_factory.mktemp("fresh")
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    for each in (directory, directory.parent):
        each.chmod(0o711)
    data_dir = directory / "data"
    make_data_dir(data_dir, server_cache)
    workers = ("--content-workers", str(PROCESSES), "--api-workers", "2", "--workers", "1")
    process = ServeProcess(data_dir, "--port", "0", *workers).start()
    try:
        url = process.wait()
        yield Server(url, data_dir=str(data_dir), pid=process.process.pid)
    finally:
        process.stop()


@pytest.fixture(scope="module")
def rest(server: Server) -> Rest:
    return Rest(server.url, (USERNAME, PASSWORD))


class Crowd:
    """A client of each process that asks again and again, and one that asks when it is told to."""

    def __init__(self, server: Server, urls: list[str]) -> None:
        path = "/api/packages/nobody/go/example.com/x/@v/list"
        self._askers = to_each_process(server, path)
        self._busy = to_each_process(server, path)
        self._urls = urls
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(len(self._askers))
        # Connections that are not used for two seconds are closed.
        self._keeping = threading.Thread(target=self._keep)
        self._keeping.start()
        self._threads = [threading.Thread(target=self._ask, args=(each,)) for each in self._busy]
        self.asked = 0

    def __enter__(self) -> "Crowd":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._over.set()
        for each in (self._keeping, *self._threads):
            if each.ident is not None:
                each.join()
        self._pool.shutdown()
        for connection in (*self._askers, *self._busy):
            connection.close()

    def _keep(self) -> None:
        while not self._over.wait(0.5):
            for each in (*self._askers, *self._busy):
                with suppress(HTTPException, OSError):
                    each.get("/api/packages/nobody/go/example.com/x/@v/list")

    def _ask(self, connection: Connection) -> None:
        while not self._over.is_set():
            for url in self._urls:
                connection.get(url)
                self.asked += 1
                # Busy, and not all that the processors do.
                time.sleep(0.02)

    def ask(self, url: str) -> list[tuple[int, bytes]]:
        """Ask each process at the same time."""
        return list(self._pool.map(lambda each: each.get(url), self._askers))

    def ask_survivors(self, url: str) -> set[int]:
        """Ask the processes that are still there; return the statuses."""
        statuses = set()
        for each in self._askers:
            with suppress(HTTPException, OSError):
                statuses.add(each.get(url)[0])
        return statuses


@pytest.fixture
def owner(rest: Rest) -> Owner:
    return Owner.create(rest)


@pytest.fixture
def made(owner: Owner) -> Made:
    made = Made()
    assert owner.put(made.zip()).status_code == 201
    return made


def url(owner: Owner, made: Made, file: str) -> str:
    return f"{owner.packages_url}/{made.path}/{file}"


def test_each_publish_and_each_removal_is_seen_by_the_very_next_request(
    server: Server, owner: Owner, made: Made
) -> None:
    infos = [url(owner, made, f"@v/v1.{minor}.0.info") for minor in range(1, ROUNDS + 1)]
    lists = [url(owner, made, file) for file in ("@v/list", "@latest")]
    with Crowd(server, infos + lists) as crowd:
        for minor, info in enumerate(infos, 1):
            version = f"v1.{minor}.0"
            assert {status for status, _ in crowd.ask(info)} == {404}
            assert owner.put(made.zip(version)).status_code == 201
            assert {status for status, _ in crowd.ask(info)} == {200}
            assert all(version.encode() in body.split() for _, body in crowd.ask(lists[0]))
            assert all(version.encode() in body for _, body in crowd.ask(lists[1]))
            if minor % 2 == 0:
                assert owner.delete(f"{made.path}/@v/{version}").status_code == 204
                assert {status for status, _ in crowd.ask(info)} == {404}
                assert all(version.encode() not in body.split() for _, body in crowd.ask(lists[0]))
        assert crowd.asked > 200


def test_a_rollback_and_a_guard_are_seen_by_the_very_next_request(
    server: Server, rest: Rest, owner: Owner, made: Made
) -> None:
    info = url(owner, made, "@v/v1.1.0.info")
    guard = create_guard(rest, "core/rbac")
    with Crowd(server, [info]) as crowd:
        assert {status for status, _ in crowd.ask(info)} == {404}
        first = rest.get(owner.repository)["latest_version_href"]
        assert owner.put(made.zip("v1.1.0")).status_code == 201
        assert {status for status, _ in crowd.ask(info)} == {200}
        pinned = {"repository": None, "repository_version": first}
        rest.wait(rest.call("PATCH", owner.distribution, json=pinned))
        assert {status for status, _ in crowd.ask(info)} == {404}
        back = {"repository": owner.repository, "repository_version": None}
        rest.wait(rest.call("PATCH", owner.distribution, json=back))
        assert {status for status, _ in crowd.ask(info)} == {200}
        rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": guard}))
        assert {status for status, _ in crowd.ask(info)} == {401}
        rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": None}))
        assert {status for status, _ in crowd.ask(info)} == {200}
        assert owner.delete(f"{made.path}/@v/v1.1.0").status_code == 204
        assert {status for status, _ in crowd.ask(info)} == {404}


def _is_published(owner: Owner, zip: bytes) -> bool:
    try:
        return owner.put(zip).status_code in (201, 409)
    except requests.ConnectionError:
        # The process that had it has ended itself: see below.
        return False


def test_processes_that_outlive_postgresql_believe_nothing_of_before(
    server: Server, owner: Owner, made: Made
) -> None:
    """Where one of its processes is killed, PostgreSQL ends all others and recovers, as from a crash."""
    crowd = Crowd(server, [])
    asked = 0
    for minor in range(1, OUTLIVED * ATTEMPTS + 1):
        info = url(owner, made, f"@v/v1.{minor}.0.info")
        for _ in range(20):
            assert crowd.ask_survivors(info) == {404}
        killed = kill_one(server.pid, "backend", random.Random(minor))
        assert killed
        zip = made.zip(f"v1.{minor}.0")
        eventually(lambda zip=zip: _is_published(owner, zip))  # type: ignore[misc]
        # A process that was about to say in the database that it lives has ended itself.
        if statuses := crowd.ask_survivors(info):
            assert statuses == {200}
            asked += 1
        if asked == OUTLIVED:
            break
    crowd.close()
    assert asked == OUTLIVED
