"""A PostgreSQL that is restored from yesterday's dump, while clients know what came after it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from pulp_gomod.golang.sumdb.proving import open_head
from tests.functional import object_storage
from tests.functional.owners import Owner
from tests.functional.rest_api import SUMDBS, Made, Rest
from tests.functional.serving import PASSWORD, PROGRAM, USERNAME, ServeProcess, make_data_dir
from tests.sumdb_ops import Ops
from tests.unit.golang.sumdb_world import run


@dataclass
class World:
    """A server to be stopped and started."""

    data_dir: Path
    variables: dict[str, str]
    process: ServeProcess
    rest: Rest

    def execute(self, *command: str) -> None:
        """Run a program with the server's settings and database."""
        done = subprocess.run(
            [PROGRAM, "exec", "--data-dir", self.data_dir, *command],
            env=os.environ | self.variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server again."""
        self.process = ServeProcess(self.data_dir, "--port", "0", variables=self.variables).start()
        self.rest = Rest(self.process.wait(280), (USERNAME, PASSWORD))


@contextmanager
def settings(kind: str, directory: Path) -> Iterator[dict[str, str]]:
    """What keeps the server's files, which no restore of PostgreSQL takes back."""
    if kind == "files":
        yield {}
        return
    with object_storage.running() as storage:
        yield object_storage.write_settings(storage, directory / "settings.py")


@pytest.fixture(params=["files", "objects"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server_cache: Path
) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("restored")
    for each in (directory, directory.parent):
        each.chmod(0o711)
    with settings(request.param, directory) as variables:
        make_data_dir(directory / "data", server_cache)
        found = World(directory / "data", variables, None, None)  # type: ignore[arg-type]
        found.start()
        try:
            yield found
        finally:
            found.process.stop()


@pytest.mark.timeout(1200)
def test_after_a_restore_nothing_is_signed_until_the_records_are_back(
    world: World, tmp_path: Path
) -> None:
    sumdb = world.rest.create(SUMDBS, name=f"go.example.com/{uuid4().hex[:12]}")
    key, name, href = sumdb["verifier_key"], sumdb["name"], sumdb["pulp_href"]
    owner = Owner.create(world.rest, sumdb=href)
    before, after = Made(), Made()
    assert owner.put(before.zip()).status_code == 201
    dump = tmp_path / "dump"
    world.execute("pg_dump", "-Fc", "-f", str(dump))
    assert owner.put(after.zip()).status_code == 201
    client = Ops(owner.content_url, key)
    run(client.client.record(after.path, "v1.0.0"))
    head = owner.get(f"sumdb/{name}/latest").content
    assert open_head(head, key).tree.n == 2

    world.process.stop()
    world.execute("pg_restore", "--clean", "--if-exists", "-d", "pulp", str(dump))
    world.start()
    owner = Owner(world.rest, owner.name, owner.repository, owner.distribution)
    for path in ("latest", "supported", f"lookup/{before.path}@v1.0.0", "c2sp/checkpoint"):
        answer = owner.get(f"sumdb/{name}/{path}")
        assert answer.status_code == 503, (path, answer.text)
        assert "recover the records (pulp gomod sumdb recover)" in answer.text
    refused = owner.put(after.zip(more="package other\n"))
    assert refused.status_code == 403 and "pulp gomod sumdb recover" in refused.text, refused.text
    shown = world.rest.get(href)
    assert shown["state"].startswith("refused: ") and shown["head"] is None

    world.rest.wait(world.rest.call("POST", f"{href}recover/"))
    world.rest.wait(world.rest.call("POST", f"{href}check/"))
    assert world.rest.get(href)["state"] == "signing"
    # Word for word: Ed25519 signs the same in the same way.
    assert owner.get(f"sumdb/{name}/latest").content == head
    client.root = owner.content_url
    run(client.client.record(before.path, "v1.0.0"))
    # What PostgreSQL has lost may come back, as what it was and as nothing else.
    answer = owner.put(after.zip(more="package other\n"))
    assert answer.status_code == 409 and name in answer.text
    assert owner.put(after.zip()).status_code == 201
    assert owner.put(Made().zip()).status_code == 201
    run(client.client.head(owner.get(f"sumdb/{name}/latest").content))
    assert open_head(client.configs[f"{name}/latest"], key).tree.n == 3
