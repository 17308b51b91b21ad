"""Whatever is killed at whatever moment: what was acknowledged is there, wholly, and nothing by half.

So it is with a checksum database that two repositories feed meanwhile: its head never goes back.

Each part of the server is killed once, in any order; GOMOD_TEST_KILLS says how often something is killed in all.
"""

import io
import os
import random
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from pulp_gomod.golang.dirhash import hash_zip
from pulp_gomod.golang.sumdb import Client
from pulp_gomod.golang.sumdb.proving import open_head
from tests.functional.killing import ROLES, Attempt, Publishers, kill_one, parts, schedule
from tests.functional.owners import Owner
from tests.functional.processes import Family
from tests.functional.rest_api import MODULES, STATUS, SUMDBS, Rest
from tests.functional.serving import (
    PASSWORD,
    USERNAME,
    ServeProcess,
    Server,
    make_data_dir,
)
from tests.functional.uploads import eventually, rows_of, temporary_files
from tests.seeds import SEED
from tests.sumdb_ops import Ops
from tests.unit.golang.sumdb_world import run

KILLS = int(os.environ.get("GOMOD_TEST_KILLS", str(len(ROLES))))
CLIENTS = 4
# The server is back after this, however busy the machine is, in seconds.
PATIENCE = 120

# Test servers do without; here PostgreSQL has to keep what it has acknowledged.
DURABLE = "\nsynchronous_commit = on\nfull_page_writes = on\n"


@pytest.fixture
def running(tmp_path: Path, server_cache: Path) -> Iterator[tuple[ServeProcess, Server]]:
    """A server that nobody else uses."""
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    for each in (tmp_path, tmp_path.parent):
        each.chmod(0o711)
    data_dir = tmp_path / "data"
    make_data_dir(data_dir, server_cache)
    with (data_dir / "postgres" / "postgresql.conf").open("a") as file:
        file.write(DURABLE)
    process = ServeProcess(data_dir, "--port", "0").start()
    try:
        url = process.wait()
        yield process, Server(url, USERNAME, PASSWORD, str(data_dir), process.process.pid)
    finally:
        process.stop()


@pytest.mark.timeout(KILLS * PATIENCE)
def test_kills_at_any_moment(running: tuple[ServeProcess, Server]) -> None:
    process, server = running
    choice = random.Random(SEED)
    rest, family = Rest(server.url, (server.username, server.password)), Family(server.pid)
    sumdb = rest.create(SUMDBS, name=f"go.example.com/{uuid4().hex[:12]}")
    everybody = [Publishers(Owner.create(rest, sumdb=sumdb["pulp_href"])) for _ in range(2)]
    watcher = Watcher(everybody[0].owner, sumdb["verifier_key"])
    for publishers in everybody:
        publishers.start(CLIENTS // len(everybody))
    killed = []
    try:
        for role in schedule(KILLS, choice):
            time.sleep(choice.random())
            killed.append((role, kill_one(family, role, choice)))
            eventually(lambda: _is_healthy(server, family), PATIENCE)
            eventually(watcher.look, PATIENCE)
            assert process.process.poll() is None, process.errors
    finally:
        for publishers in everybody:
            publishers.stop()
    statuses = [publishers.statuses for publishers in everybody]
    print(f"killed {killed}; answers {statuses}\n{process.errors}")
    assert all(pid for _, pid in killed), "there was nothing to kill"
    for publishers in everybody:
        assert publishers.statuses[201] > 0
        _check(rest, server, publishers)
    rest.wait(rest.call("POST", f"{sumdb['pulp_href']}check/"))
    assert watcher.look()
    paths = {each.made.path for publishers in everybody for each in publishers.attempts}
    # Both publish the same, and each has one record.
    assert watcher.sizes[-1] == rest.get(sumdb["pulp_href"])["size"] == len(paths)


class Watcher:
    """Somebody who asks for the head of a checksum database, and proves that each one continues those before."""

    def __init__(self, owner: Owner, key: str) -> None:
        self._owner, self._key = owner, key
        self._client: Client = Ops(owner.content_url, key).client
        self._name = key.partition("+")[0]
        self.sizes = [0]

    def look(self) -> bool:
        """Ask; False if nobody answers just now."""
        try:
            answer = self._owner.get(f"sumdb/{self._name}/latest")
            if answer.status_code != 200:
                print(f"{answer.status_code} {answer.text}")
                return False
            run(self._client.head(answer.content))
        except (requests.RequestException, LookupError) as error:
            print(error)
            return False
        size = open_head(answer.content, self._key).tree.n
        assert size >= self.sizes[-1]
        self.sizes.append(size)
        return True


def _is_healthy(server: Server, family: Family) -> bool:
    """Whether everything runs that has to, and answers."""
    mains = ("api main", "content main", "worker main", "postmaster")
    if not parts(family).keys() >= set(mains):
        return False
    try:
        return requests.get(f"{server.url}{STATUS}", timeout=10).status_code == 200
    except requests.RequestException:
        return False


def _check(rest: Rest, server: Server, publishers: Publishers) -> None:
    owner, repository = publishers.owner, publishers.owner.repository
    # What was being done for clients who are gone is over.
    eventually(lambda: not _unfinished(rest), PATIENCE)
    wrong, held = [], _held(rest, repository)
    to_repeat = []
    for attempt in publishers.attempts:
        there = _is_there(owner, attempt, held)
        if there is None:
            wrong.append(f"{attempt.made.path}: by half")
        if attempt.status == 201 and not there:
            wrong.append(f"{attempt.made.path}: acknowledged and lost")
        if attempt.status in (400, 403, 404, 409):
            wrong.append(f"{attempt.made.path}: refused with {attempt.status} {attempt.text}")
        if attempt.status != 201:
            to_repeat.append((attempt, there))
    # At once, so that few tasks do it.
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda each: owner.put(each[0].data).status_code, to_repeat))
    wrong += [
        f"{attempt.made.path}: {there} there, but {status} again"
        for (attempt, there), status in zip(to_repeat, again, strict=True)
        if status != (409 if there else 201)
    ]
    assert wrong == []
    held = _held(rest, repository)
    assert len(held) == len(publishers.attempts)
    assert all(_is_there(owner, attempt, held) for attempt in publishers.attempts)
    assert temporary_files(server) == []
    # Whoever was killed has left his change; it is cleared away later, and in nobody's way.
    assert {state for _, _, state in rows_of(server, repository)} <= {"waiting", "done", "conflict"}


def _unfinished(rest: Rest) -> int:
    count: int = rest.get("tasks/", state__in="waiting,running,canceling")["count"]
    return count


def _held(rest: Rest, repository: str) -> dict[str, str]:
    """The checksums of all modules in the newest version."""
    held: dict[str, str] = {}
    while True:
        page = rest.get(
            MODULES,
            repository_version=rest.latest(repository),
            ordering="module",
            limit=1000,
            offset=len(held),
        )
        held |= {each["module"]: each["h1"] for each in page["results"]}
        if not page["next"]:
            return held


def _is_there(owner: Owner, attempt: Attempt, held: dict[str, str]) -> bool | None:
    """Whether a module is wholly there, or not at all; None if it is neither."""
    path = attempt.made.path
    info, mod, zip = (owner.get(f"{path}/@v/v1.0.0.{file}") for file in ("info", "mod", "zip"))
    statuses = {each.status_code for each in (info, mod, zip)}
    if statuses == {404} and path not in held:
        return False
    if statuses != {200} or info.json()["Version"] != "v1.0.0" or zip.content != attempt.data:
        print(f"{path}: {[(each.status_code, each.content[:99]) for each in (info, mod, zip)]}")
        return None
    with zipfile.ZipFile(io.BytesIO(zip.content)) as archive:
        agrees = archive.read(f"{path}@v1.0.0/go.mod") == mod.content
    return True if agrees and hash_zip(io.BytesIO(zip.content)) == held.get(path) else None
