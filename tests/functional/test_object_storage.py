"""While an object storage fails, who needs it is told so, and nobody else notices."""

import http.client
import io
import os
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.functional import object_storage
from tests.functional.nginx import Site
from tests.functional.nginx import running as running_nginx
from tests.functional.object_storage import Behaviour, ObjectStorage
from tests.functional.owners import Owner
from tests.functional.rest_api import MODULES, Made, Rest, TaskFailed
from tests.functional.serving import PASSWORD, USERNAME, ServeProcess, Server, make_data_dir
from tests.functional.uploads import eventually, held_up, rows_of
from tests.functional.upstream_world import Mirror, Upstream
from tests.gomods import pack
from tests.statements import connect

# Seconds that the server waits for the storage, and for its turn with an upload.
TIMEOUT = 6
WAIT = 6
# More than is held in memory, and than arrives before a connection is cut.
LARGE = 3 * 1024 * 1024

# One process of each kind, so that all who ask are kept by the one that also serves the others.
ONE = ("--content-workers", "1", "--api-workers", "1", "--workers", "1")

DOWN: list[Behaviour] = ["refuse", "hang", 500, 503, 403]


@dataclass(frozen=True)
class World:
    """A server whose files are in an object storage."""

    storage: ObjectStorage
    server: Server
    rest: Rest
    owner: Owner

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with connect(Path(self.server.data_dir)) as connection:
            ((found,),) = connection.execute(f"SELECT count(*) FROM {table}")
            return int(found)

    def log(self, name: str) -> str:
        """What a program has written."""
        return (Path(self.server.data_dir) / "logs" / f"{name}.log").read_text()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server_cache: Path) -> Iterator[World]:
    """A server that sends on what it has in an object storage."""
    directory = tmp_path_factory.mktemp("object-storage")
    with object_storage.running() as storage:
        variables = object_storage.write_settings(
            storage,
            directory / "settings.py",
            GOMOD_STORAGE_TIMEOUT=TIMEOUT,
            GOMOD_UPLOAD_WAIT=WAIT,
        )
        data_dir = directory / "data"
        make_data_dir(data_dir, server_cache)
        process = ServeProcess(data_dir, "--port", "0", *ONE, variables=variables).start()
        try:
            url = process.wait(280)
            server = Server(url, data_dir=str(data_dir), pid=process.process.pid)
            rest = Rest(url, (USERNAME, PASSWORD))
            yield World(storage, server, rest, Owner.create(rest))
        finally:
            process.stop()


@pytest.fixture(autouse=True)
def nothing_fails_afterwards(world: World) -> Iterator[None]:
    """Each test finds a storage that works, and a server that has noticed so."""
    yield
    world.storage.behave("pass")
    end = time.monotonic() + 60
    while world.owner.put(Made().zip()).status_code != 201:
        assert time.monotonic() < end
        time.sleep(0.5)


@dataclass(frozen=True)
class Stored:
    """A module version and where its zip is."""

    path: str
    data: bytes

    @classmethod
    def publish(cls, owner: Owner, size: int = 0) -> "Stored":
        """Publish one with so many bytes that cannot be compressed."""
        path = Made().path
        files = [("go.mod", f"module {path}\n".encode()), ("blob", os.urandom(size))]
        data = pack(f"{path}@v1.0.0/", files)
        answer = owner.put(data)
        assert answer.status_code == 201, answer.text
        return cls(path, data)

    @property
    def zip(self) -> str:
        """Its zip, below an owner's root."""
        return f"{self.path}/@v/v1.0.0.zip"

    @property
    def info(self) -> str:
        """Its `.info`, likewise."""
        return f"{self.path}/@v/v1.0.0.info"


class Connection:
    """One connection to a server, which is to be kept."""

    def __init__(self, owner: Owner) -> None:
        url = urlsplit(owner.packages_url)
        self._root = url.path
        self._connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        self._connection.connect()
        self._socket = self._connection.sock

    def get(self, path: str) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Ask for something."""
        self._connection.request("GET", f"{self._root}/{path}")
        answer = self._connection.getresponse()
        return answer.status, answer.read(), answer.headers

    @property
    def is_kept(self) -> bool:
        """Whether it is the same connection still."""
        return self._connection.sock is self._socket


def test_a_zip_that_cannot_be_had_is_said_so_on_a_connection_that_is_kept(world: World) -> None:
    small, large = Stored.publish(world.owner), Stored.publish(world.owner, LARGE)
    clients = {stored: Connection(world.owner) for stored in (small, large)}

    def ask(stored: Stored) -> None:
        status, body, headers = clients[stored].get(stored.zip)
        assert (status, headers["Content-Type"]) == (503, "text/plain; charset=utf-8")
        assert (
            body.startswith(b"unavailable: this server's file storage") and body.count(b"\n") == 1
        )
        assert headers["Retry-After"] and headers["ETag"] is None
        # What is in the database is served all the same.
        assert clients[stored].get(stored.info)[0] == 200

    for behaviour in DOWN:
        print(behaviour)
        # Side by side: where the storage hangs, each is waited for.
        with world.storage.failing(behaviour), ThreadPoolExecutor(2) as pool:
            list(pool.map(ask, clients))
        # It is there at once when the storage is; the small one would be in memory the next time.
        assert clients[large].get(large.zip)[:2] == (200, large.data)
    connection = clients[small]
    assert connection.get(small.zip)[:2] == (200, small.data)
    assert connection.is_kept and clients[large].is_kept
    # What is in memory needs no storage.
    with world.storage.failing("refuse"):
        assert connection.get(small.zip)[:2] == (200, small.data)


def test_nobody_else_waits_for_a_storage_that_hangs(world: World) -> None:
    large = [Stored.publish(world.owner, LARGE) for _ in range(2)]
    with world.storage.failing("hang"), ThreadPoolExecutor(24) as pool:
        waiting = [pool.submit(Connection(world.owner).get, large[n % 2].zip) for n in range(24)]
        others = Connection(world.owner)
        answered = 0
        while not all(each.done() for each in waiting):
            assert others.get(large[0].info)[0] == 200
            answered += 1
            time.sleep(0.05)
        # All who wait were told within one time-out; in between, others got their answers.
        assert {each.result()[0] for each in waiting} == {503}
        assert answered > 1


def test_a_zip_that_was_lost_is_the_administrators_to_repair(world: World) -> None:
    before = world.storage.names()
    stored = Stored.publish(world.owner, LARGE)
    (name,) = world.storage.names() - before
    world.storage.lose(name)
    connection = Connection(world.owner)
    status, body, _ = connection.get(stored.zip)
    assert (status, body.count(b"\n")) == (500, 1)
    assert b"repair" in body
    assert connection.is_kept and connection.get(stored.info)[0] == 200


def test_a_zip_that_breaks_off_ends_the_connection_and_nothing_more(world: World) -> None:
    stored = Stored.publish(world.owner, LARGE)
    with world.storage.failing("cut"), pytest.raises(http.client.IncompleteRead):
        Connection(world.owner).get(stored.zip)
    assert Connection(world.owner).get(stored.zip)[:2] == (200, stored.data)
    log = world.log("content")
    assert "Traceback" not in log
    assert "was cut off" in log or "IncompleteRead" in log
    assert object_storage.SECRET_KEY not in log


def test_a_storage_that_is_slow_is_waited_for(world: World) -> None:
    stored = Stored.publish(world.owner, LARGE)
    begun = time.monotonic()
    with world.storage.failing("drip"):
        assert Connection(world.owner).get(stored.zip)[:2] == (200, stored.data)
    # It came in time each time, and not all of it in that time.
    assert time.monotonic() - begun > TIMEOUT


def test_conditions_and_ranges_hold_for_objects(world: World) -> None:
    stored = Stored.publish(world.owner, LARGE)
    whole = world.owner.get(stored.zip)
    part = world.owner.get(stored.zip, headers={"Range": "bytes=1000-1000999"})
    assert (part.status_code, part.content) == (206, stored.data[1000:1001000])
    known = {"If-None-Match": whole.headers["ETag"]}
    with world.storage.failing("refuse"):
        # What a client has already is not asked of the storage.
        assert world.owner.get(stored.zip, headers=known).status_code == 304
        beyond = {"Range": f"bytes={len(stored.data)}-"}
        assert world.owner.get(stored.zip, headers=beyond).status_code == 416


def test_an_upload_is_told_to_try_again_and_leaves_nothing(world: World) -> None:
    tables = ("core_artifact", "gomod_gochange", "gomod_gomodule", "core_pulptemporaryfile")
    for behaviour in DOWN:
        print(behaviour)
        data = Made().zip()
        before = world.storage.names(), [world.count(table) for table in tables]
        with world.storage.failing(behaviour):
            answer = world.owner.put(data)
            assert answer.status_code == 503
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert "storage" in answer.text and answer.text.count("\n") == 1
            assert answer.headers["Retry-After"]
            refused = world.rest.post_zips(data, Made().zip(), repository=world.owner.repository)
            assert refused.status_code == 503
            assert "storage" in refused.json()["detail"] and refused.headers["Retry-After"]
        assert before == (world.storage.names(), [world.count(table) for table in tables])
        time.sleep(float(answer.headers["Retry-After"]) if behaviour == "hang" else 0)
        assert world.owner.put(data).status_code == 201


def test_a_task_says_that_the_storage_failed(world: World) -> None:
    made = Made()
    artifact = world.rest.add_artifact(made.zip())
    with world.storage.failing("refuse"):
        body = {"artifact": artifact, "repository": world.owner.repository}
        with pytest.raises(TaskFailed) as failed:
            world.rest.wait(world.rest.call("POST", MODULES, json=body))
    assert failed.value.description.startswith("[GOM0007] The file storage of this server failed")
    world.rest.wait(world.rest.call("POST", MODULES, json=body))


def test_an_upload_that_is_withdrawn_meanwhile_is_not_lost_track_of(world: World) -> None:
    data = Made().zip()
    before = world.storage.names()
    with held_up(world.server, world.owner), ThreadPoolExecutor(1) as pool:
        waiting = world.storage.names()
        putting = pool.submit(world.owner.put, data)
        # It waits for its turn: what it has stored is there, and nothing more is asked of the storage.
        eventually(lambda: rows_of(world.server, world.owner.repository))
        (stored,) = world.storage.names() - waiting
        artifacts = world.count("core_artifact")
        with world.storage.failing("refuse"):
            answer = putting.result()
        assert (answer.status_code, "busy" in answer.text) == (503, True), answer.text
        # The cleanup of orphans finds the row, and by it the object.
        assert world.count("core_artifact") == artifacts
        assert world.count("gomod_gochange") == 0
    assert stored in world.storage.names() - before
    assert world.owner.put(data).status_code == 201


def test_what_comes_from_an_upstream_is_passed_on_and_kept_the_next_time(
    world: World, upstream: Upstream
) -> None:
    made = upstream.add("example.com/passed", "v1.0.0")
    upstream.add("example.com/held", "v1.0.0", blob=os.urandom(2 * LARGE).hex())
    mirror = Mirror.create(world.rest, upstream)
    passed, held = (f"example.com/{name}/@v/v1.0.0.zip" for name in ("passed", "held"))
    assert mirror.get(held).status_code == 200
    before = world.storage.names()
    for behaviour in ("refuse", "hang"):
        with world.storage.failing(behaviour):
            with ThreadPoolExecutor(1) as pool:
                of_the_storage = pool.submit(mirror.get, held)
                answer = mirror.get(passed)
            assert (answer.status_code, answer.content) == (200, made.zip)
            assert "immutable" not in answer.headers["Cache-Control"]
            assert of_the_storage.result().status_code == 503
    assert world.storage.names() == before
    time.sleep(5)
    assert mirror.get(passed).content == made.zip
    assert len(world.storage.names()) == len(before) + 1
    asked = upstream.count(passed)
    assert mirror.get(passed).content == made.zip
    assert upstream.count(passed) == asked


def test_a_sync_says_that_the_storage_failed(world: World, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(world.rest, upstream, policy="immediate")
    href = f"{mirror.owner.repository}sync/"
    body = {"remote": mirror.remote, "modules": ["example.com/m"]}
    with world.storage.failing("refuse"), pytest.raises(TaskFailed) as failed:
        world.rest.wait(world.rest.call("POST", href, json=body))
    assert "this server's file storage is not responding" in failed.value.description
    assert mirror.held() == []
    world.rest.wait(world.rest.call("POST", href, json=body))
    assert mirror.held() == ["example.com/m@v1.0.0"]


@pytest.fixture
def nginx(world: World, tmp_path: Path) -> Iterator[str]:
    """An nginx before the server; yields its origin."""
    # As with two processes on two addresses: an nginx that knows one only never takes it out of service.
    address = urlsplit(world.server.url).netloc
    with running_nginx(tmp_path / "nginx", f"{address}; server {address}", Site()) as origin:
        yield origin


def test_nginx_takes_nothing_out_of_service(world: World, nginx: str) -> None:
    stored = Stored.publish(world.owner, LARGE)
    root = world.owner.packages_url.replace(world.server.url, nginx)
    failures: list[tuple[Behaviour, set[int]]] = [("refuse", {503}), (500, {503}), (404, {500})]
    for behaviour, statuses in failures:
        with world.storage.failing(behaviour):
            # One for each that could be taken out of service, and one more.
            assert {requests.get(f"{root}/{stored.zip}").status_code for _ in range(3)} == statuses
            assert requests.get(f"{root}/{stored.info}").status_code == 200
            assert requests.get(f"{nginx}/pulp/api/v3/status/").status_code == 200
    with world.storage.failing("cut"):
        for _ in range(3):
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                requests.get(f"{root}/{stored.zip}")
        assert requests.get(f"{root}/{stored.info}").status_code == 200
    assert requests.get(f"{root}/{stored.zip}").content == stored.data


def test_a_bundle_comes_from_the_storage_or_says_that_it_fails(world: World) -> None:
    owner = Owner.create(world.rest)
    stored = [Stored.publish(owner, LARGE), Stored.publish(owner)]
    url = f"{owner.packages_url}/bundle.tar"
    whole = requests.get(url, timeout=60)
    assert whole.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(whole.content)) as tar:
        for each in stored:
            assert tar.extractfile(each.zip).read() == each.data  # type: ignore[union-attr]
    # From the middle of an object on.
    start = whole.content.index(stored[0].data) + LARGE // 2
    headers = {"Range": f"bytes={start}-", "If-Range": whole.headers["ETag"]}
    part = requests.get(url, headers=headers, timeout=60)
    assert part.status_code == 206 and part.content == whole.content[start:]
    world.storage.behave("refuse")
    refused = requests.get(url, headers=headers, timeout=60)
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert "file storage is not responding" in refused.text
