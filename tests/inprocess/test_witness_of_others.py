"""A witness that was not written here, litewitness of filippo.io/torchwood, cosigns what is served."""

import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from pulp_gomod.golang.sumdb import cosignature, tlog
from pulp_gomod.golang.sumdb.checkpoint import origin_key, origin_signer, sign_checkpoint
from pulp_gomod.golang.sumdb.proof_file import verify_proof
from pulp_gomod.golang.sumdb.witness import format_request
from tests.functional.upstream_world import unused_port
from tests.gomods import find_goroot
from tests.inprocess.test_own_sumdb import append_signed, entries
from tests.unit.golang.sumdb_world import Log

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.models import GoSumdb  # isort: skip
from pulp_gomod.app.storage import signing  # isort: skip
from pulp_gomod.app.storage.log_proofs import prove  # isort: skip
from pulp_gomod.app.tasks.witnesses import cosign  # isort: skip

# Its first build takes minutes: there is a database in it.
PROGRAM = "filippo.io/torchwood/cmd/litewitness@v0.10.0"
NAME = "witness.example/lite"

pytestmark = [
    pytest.mark.upstream,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not shutil.which("ssh-agent"), reason="its key is in an ssh-agent"),
]


class Litewitness:
    """The program, while it runs; and its database, which its operator writes to."""

    def __init__(self, binary: Path, directory: Path, agent: Path) -> None:
        key = directory / "key"
        subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", key], check=True)
        subprocess.run(
            ["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": str(agent)}, check=True
        )
        shown = subprocess.run(
            ["ssh-keygen", "-lf", key], capture_output=True, text=True, check=True
        )
        self._database, log = directory / "lite.db", directory / "log"
        where = f"127.0.0.1:{unused_port()}"
        command = [binary, "-name", NAME, "-db", self._database, "-ssh-agent", agent]
        command += ["-listen", where, "-key", shown.stdout.split()[1]]
        with log.open("w") as errors:
            self.process = subprocess.Popen(command, stderr=errors)
        self.url = f"http://{where}"
        end = time.monotonic() + 60
        while "msg=listening" not in log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        self.key = log.read_text().partition("vkey=")[2].split()[0].strip('"')

    def know(self, origin: str, key: str) -> None:
        """Know a log, as its operator says."""
        empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        with sqlite3.connect(self._database) as database:
            database.execute("INSERT INTO log VALUES (?, 0, ?)", (origin, empty))
            database.execute("INSERT INTO key VALUES (?, ?)", (origin, key))


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Litewitness]:
    environment = {**os.environ, "GOBIN": str(tmp_path), "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    environment.pop("GOROOT", None)
    go = find_goroot() / "bin" / "go"
    subprocess.run([go, "install", PROGRAM], env=environment, check=True)
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.1)
        made = Litewitness(tmp_path / "litewitness", tmp_path, socket)
        yield made
        made.process.terminate()
        made.process.wait(30)
    finally:
        agent.terminate()
        agent.wait(30)


def assert_no_other_history_is_signed(witness: Litewitness, sumdb: GoSumdb, known: int) -> None:
    """Whoever has the log's key has it sign a fork, and a tree from before, and shows them to the witness."""
    signer = origin_signer(sumdb.signing_key, sumdb.origin)
    fork = Log(known + 96)

    def status(old: int, size: int) -> int:
        message = sign_checkpoint(sumdb.origin, tlog.Tree(size, fork.roots[size]), signer)
        proof = tlog.prove_tree(size, old, fork) if 0 < old < size else ()
        body = format_request(old, proof, message)
        return requests.post(f"{witness.url}/add-checkpoint", data=body, timeout=60).status_code

    assert status(known, known + 96) == 422
    assert status(known, known) in (409, 422)
    assert status(0, known + 96) == 409
    assert status(known, known - 4) in (400, 409)


def test_it_cosigns_what_grows(content_url: str, witness: Litewitness) -> None:
    sumdb = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
    sumdb.witnesses = [{"url": witness.url, "key": witness.key}]
    signing.make_sumdb(sumdb)
    witness.know(sumdb.origin, origin_key(sumdb.verifier_key, sumdb.origin))

    def grow(start: int, count: int) -> None:
        append_signed(sumdb, entries("example.com/m", count, start))
        cosign(str(sumdb.pk))
        sumdb.refresh_from_db()
        (known,) = sumdb.witnesses
        assert (known["fault"], known["signed_size"]) == ("", start + count)

    for start, count in ((0, 3), (3, 300), (303, 1)):
        grow(start, count)
    cosigner = cosignature.new_verifier(witness.key)
    proof = prove(sumdb.pk, "example.com/m/0000000", "v1.0.0")
    proven = verify_proof(proof, sumdb.verifier_key, cosigners=[cosigner])
    assert NAME in {each.name for each in proven.note.sigs}
    assert_no_other_history_is_signed(witness, sumdb, 304)
    # It knows the old key alone, and goes on while both sign.
    signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    grow(304, 1)
