"""A PostgreSQL that is restored from yesterday's dump, while clients know what came after it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from pulp_gomod.golang.sumdb.proving import open_head
from tests.functional import object_storage
from tests.functional.object_storage import ObjectStorage
from tests.functional.owners import Owner
from tests.functional.rest_api import SUMDBS, Made, Rest
from tests.functional.serving import PASSWORD, PROGRAM, USERNAME, ServeProcess, make_data_dir
from tests.sumdb_ops import Ops
from tests.unit.golang.sumdb_world import run

# A domain in an object storage; the default one has its files in the server's directory. No restore of PostgreSQL
# takes back what either has.
OBJECTS = "objects"
VARIABLES = {"PULP_DOMAIN_ENABLED": "true"}
# One process of each kind: one thing is asked after the other.
ONE = ("--content-workers", "1", "--api-workers", "1", "--workers", "1")


@dataclass
class World:
    """A server to be stopped and started."""

    data_dir: Path
    process: ServeProcess
    url: str = ""

    def execute(self, *command: str) -> None:
        """Run a program with the server's settings and database."""
        done = subprocess.run(
            [PROGRAM, "exec", "--data-dir", self.data_dir, *command],
            env=os.environ | VARIABLES,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server."""
        self.process = ServeProcess(self.data_dir, "--port", "0", *ONE, variables=VARIABLES).start()
        self.url = self.process.wait(280)

    def rest(self, domain: str) -> Rest:
        """Its REST API, as the administrator sees a domain."""
        return Rest(self.url, (USERNAME, PASSWORD), domain)


@pytest.fixture
def storage() -> Iterator[ObjectStorage]:
    with object_storage.running() as storage:
        yield storage


@pytest.fixture
def world(storage: ObjectStorage, tmp_path: Path, server_cache: Path) -> Iterator[World]:
    """A server that does not run yet; it stops before the storage."""
    for each in (tmp_path, tmp_path.parent):
        each.chmod(0o711)
    data_dir = tmp_path / "data"
    make_data_dir(data_dir, server_cache)
    found = World(data_dir, ServeProcess(data_dir))
    yield found
    found.process.stop()


@dataclass
class Recorded:
    """
    A checksum database, and a client of it.

    Attributes:
        owner: Whose repository feeds it.
        name: Its name.
        href: Its href.
        key: Its key.
        before: A module that is on record when the dump is made.
        after: One that is on record afterwards.
        head: The head that covers both.
    """

    owner: Owner
    name: str
    href: str
    key: str
    client: Ops
    before: Made = field(default_factory=Made)
    after: Made = field(default_factory=Made)
    head: bytes = b""

    @classmethod
    def create(cls, rest: Rest) -> "Recorded":
        """Create it, and publish a module."""
        sumdb = rest.create(SUMDBS, name=f"go.example.com/{uuid4().hex[:12]}")
        name, key, href = sumdb["name"], sumdb["verifier_key"], sumdb["pulp_href"]
        owner = Owner.create(rest, sumdb=href)
        made = cls(owner, name, href, key, Ops(owner.content_url, key))
        assert owner.put(made.before.zip()).status_code == 201
        return made

    def publish(self) -> None:
        """Publish the other module, whose record a client proves."""
        assert self.owner.put(self.after.zip()).status_code == 201
        run(self.client.client.record(self.after.path, "v1.0.0"))
        self.head = self.owner.get(f"sumdb/{self.name}/latest").content
        assert open_head(self.head, self.key).tree.n == 2

    def go_on(self, rest: Rest) -> None:
        """Ask the server that was started again."""
        before = self.owner
        self.owner = Owner(rest, before.name, before.repository, before.distribution)
        self.client.root = self.owner.content_url

    def require_refusal(self) -> None:
        """Check that nothing is said or signed."""
        for path in ("latest", "supported", f"lookup/{self.before.path}@v1.0.0", "c2sp/checkpoint"):
            answer = self.owner.get(f"sumdb/{self.name}/{path}")
            assert answer.status_code == 503, (path, answer.text)
            assert "recover the records (pulp gomod sumdb recover)" in answer.text
        refused = self.owner.put(self.after.zip(more="package other\n"))
        assert refused.status_code == 403 and "pulp gomod sumdb recover" in refused.text, (
            refused.text
        )
        shown = self.owner.rest.get(self.href)
        assert shown["state"].startswith("refused: ") and shown["head"] is None

    def recover(self) -> None:
        """Bring back the records, and check that all goes on from the head that clients know."""
        owner, rest = self.owner, self.owner.rest
        rest.wait(rest.call("POST", f"{self.href}recover/"))
        rest.wait(rest.call("POST", f"{self.href}check/"))
        assert rest.get(self.href)["state"] == "signing"
        # Word for word: Ed25519 signs the same in the same way.
        assert owner.get(f"sumdb/{self.name}/latest").content == self.head
        run(self.client.client.record(self.before.path, "v1.0.0"))
        # What PostgreSQL has lost may come back, as what it was and as nothing else.
        answer = owner.put(self.after.zip(more="package other\n"))
        assert answer.status_code == 409 and self.name in answer.text
        assert owner.put(self.after.zip()).status_code == 201
        assert owner.put(Made().zip()).status_code == 201
        run(self.client.client.head(owner.get(f"sumdb/{self.name}/latest").content))
        assert open_head(self.client.configs[f"{self.name}/latest"], self.key).tree.n == 3


@pytest.mark.timeout(1200)
def test_after_a_restore_nothing_is_signed_until_the_records_are_back(
    world: World, storage: ObjectStorage, tmp_path: Path
) -> None:
    world.start()
    world.rest("default").create(
        "domains/",
        name=OBJECTS,
        storage_class="storages.backends.s3.S3Storage",
        storage_settings=storage.options(),
        redirect_to_object_storage=False,
    )
    everything = {domain: Recorded.create(world.rest(domain)) for domain in ("default", OBJECTS)}
    dump = tmp_path / "dump"
    world.execute("pg_dump", "-Fc", "-f", str(dump))
    for each in everything.values():
        each.publish()
    # Each has its own kept where it keeps its files.
    kept = f"gomod/sumdb/{everything[OBJECTS].href.rstrip('/').rpartition('/')[2]}/"
    assert any(name.startswith(kept) for name in storage.names())

    world.process.stop()
    world.execute("pg_restore", "--clean", "--if-exists", "-d", "pulp", str(dump))
    world.start()
    for domain, each in everything.items():
        each.go_on(world.rest(domain))
        each.require_refusal()
        each.recover()
