"""What auditors read of a checksum database, put to a checker that was not written here: tests/audit."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from pulp_gomod.golang import module
from pulp_gomod.golang.sumdb import checkpoint, note, proof_file, tlog
from tests.functional.owners import Owner
from tests.functional.rest_api import SUMDBS, Made, Rest
from tests.gomods import find_goroot
from tests.unit.golang.test_sumdb_audit import (
    KEY,
    LOG,
    ORIGIN,
    SIGNER,
    WITNESS,
    log_record,
    tree,
)

AUDIT = Path(__file__).parents[1] / "audit"

pytestmark = pytest.mark.upstream


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built with what the machine's GOPROXY has."""
    binary = tmp_path_factory.mktemp("audit") / "audit"
    go = find_goroot() / "bin" / "go"
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"}
    env.pop("GOROOT", None)
    subprocess.run([go, "build", "-o", binary, "."], cwd=AUDIT, env=env, check=True)
    return binary


def check(checker: Path, question: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checker, "check"], input=json.dumps(question), capture_output=True, text=True, timeout=60
    )


def proof_of(number: int, n: int, signers: list[note.Signer]) -> dict[str, Any]:
    record = log_record(number)
    signed = checkpoint.sign_checkpoint(ORIGIN, tree(n), *signers)
    text = proof_file.format_proof(number, tlog.prove_record(n, number, LOG), signed, record)
    return {"record": base64.b64encode(record).decode(), "text": text.decode()}


def test_our_checkpoints_cosignatures_and_proofs(checker: Path) -> None:
    sizes = (1, 2, 255, 256, 257, 300)
    question = {
        "origin": ORIGIN,
        "key": KEY,
        "witnesses": [WITNESS.verifier_key],
        "checkpoint": checkpoint.sign_checkpoint(ORIGIN, tree(300), SIGNER, WITNESS).decode(),
        "proofs": [
            proof_of(number, n, [SIGNER, WITNESS]) for n in sizes for number in {0, n // 2, n - 1}
        ],
    }
    done = check(checker, question)
    assert done.stdout.startswith("300 records, "), done.stderr

    question["proofs"] = [proof_of(0, 300, [SIGNER])]
    done = check(checker, question)
    assert done.returncode and "only 2/3" in done.stderr


def test_a_log_that_a_server_serves(checker: Path, rest: Rest, tmp_path: Path) -> None:
    made = Made()
    sumdb = rest.create(SUMDBS, name=f"audit.example.com/{made.path.rpartition('/')[2].lower()}")
    owner = Owner.create(rest, sumdb=sumdb["pulp_href"])
    versions = ["v1.0.0", "v1.1.0", "v1.2.0"]
    url = f"{owner.packages_url}/sumdb/{sumdb['name']}"
    texts = []
    for version in versions:
        assert owner.put(made.zip(version)).status_code == 201
        # x/mod's client, which remembers the head that it saw before.
        asked = {
            "URL": url,
            "Key": sumdb["verifier_key"],
            "Dir": str(tmp_path),
            "Modules": [f"{made.path}@{version}"],
        }
        done = subprocess.run(
            [checker, "lookup"], input=json.dumps(asked), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        answered = requests.get(
            f"{url}/lookup/{module.escape_path(made.path)}@{version}", timeout=60
        )
        text = answered.text.partition("\n")[2].partition("\n\n")[0] + "\n"
        assert set(done.stdout.splitlines()) < set(text.splitlines()) | {""}
        assert done.stdout.startswith(f"{made.path} {version} h1:")
        texts.append(base64.b64encode(text.encode()).decode())
    shown = rest.get(sumdb["pulp_href"])
    proofs = [
        {
            "record": text,
            "text": rest.call(
                "GET",
                f"{sumdb['pulp_href']}proof/",
                params={"module": made.path, "version": version},
                headers={"Accept": "text/plain"},
            ).text,
        }
        for text, version in zip(texts, versions, strict=True)
    ]
    question = {
        "origin": shown["origin"],
        "key": shown["checkpoint_key"],
        "url": f"{url}/c2sp",
        "records": texts,
        "proofs": proofs,
    }
    done = check(checker, question)
    assert done.stdout == "3 records, 3 proofs\n", done.stderr
    question["records"] = [*texts[:2], texts[0]]
    assert "entry 2 is" in check(checker, question).stderr
