"""`pulp gomod sumdb`: a checksum database from its beginning to a proof that is verified without a server."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pulp_gomod.golang.sumdb import cosignature
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Made
from tests.functional.serving import Server
from tests.functional.uploads import eventually
from tests.witness_world import Witness, running


@pytest.fixture(scope="module")
def pulp(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Pulp:
    return Pulp.create(tmp_path_factory.mktemp("sumdb-cli") / "admin", server)


@pytest.fixture
def told() -> Iterator[Witness]:
    with running() as told:
        yield told


def publish(pulp: Pulp, repository: str, made: Made, version: str) -> None:
    file = pulp.save(f"{uuid4().hex}.zip", made.zip(version))
    pulp.do("content", "upload", "--file", file, "--repository", repository)


def test_a_whole_life(pulp: Pulp, told: Witness, tmp_path: Path) -> None:
    word = uuid4().hex[:12]
    name, made = f"corp.example.com/{word}", Made()
    begun = pulp.get("sumdb", "create", "--name", name)
    assert (begun["size"], begun["state"], begun["witnesses"]) == (0, "signing", [])
    pulp.do("repository", "create", "--name", word)
    publish(pulp, word, made, "v1.0.0")
    # What it holds is put on record when it begins to feed a checksum database.
    pulp.do("repository", "update", "--name", word, "--sumdb", name)
    fed = pulp.get("repository", "show", "--name", word)
    assert fed["sumdb"] == begun["pulp_href"]
    publish(pulp, word, made, "v1.1.0")
    shown = pulp.get("sumdb", "show", "--name", name)
    assert shown["size"] == 2
    assert name in [each["name"] for each in pulp.get("sumdb", "list", "--name-contains", word)]

    told.logs[shown["origin"]] = shown["verifier_key"]
    pulp.do("sumdb", "update", "--name", name, "--witness", told.url, told.key)

    def cosigned() -> bool:
        (known,) = pulp.get("sumdb", "show", "--name", name)["witnesses"]
        return bool(known.get("size") == 2 and known.get("seen"))

    eventually(cosigned)

    file = tmp_path / "mod.tlog-proof"
    module_version = f"{made.path}@v1.1.0"
    pulp.do("sumdb", "prove", module_version, "--name", name, "--output", str(file))
    words = ["sumdb", "verify", str(file), "--key", shown["verifier_key"]]
    proven = json.loads(pulp.do(*words, "--module", module_version, "--witness", told.key))
    assert proven["lines"][0].startswith(f"{made.path} v1.1.0 h1:")
    assert (proven["size"], proven["origin"]) == (2, shown["origin"])
    assert proven["witnesses"][0]["name"] == cosignature.new_verifier(told.key).name
    assert "has no record of" in pulp.fail("sumdb", "prove", f"{made.path}@v9.0.0", "--name", name)

    pulp.do("sumdb", "check", "--name", name)
    rotated = pulp.get("sumdb", "rotate", "--name", name, "--until", "2099-01-01T00:00:00Z")
    assert rotated["retiring_key"] == {
        "verifier_key": shown["verifier_key"],
        "until": "2099-01-01T00:00:00Z",
    }
    assert rotated["verifier_key"] != shown["verifier_key"]
    assert "2099-01-01" in pulp.fail(
        "sumdb", "rotate", "--name", name, "--until", "2099-02-01T00:00:00Z"
    )

    pulp.do("sumdb", "update", "--name", name, "--no-witnesses")
    assert pulp.get("sumdb", "show", "--name", name)["witnesses"] == []
    assert word in pulp.fail("sumdb", "destroy", "--name", name)
    pulp.do("repository", "update", "--name", word, "--sumdb", "")
    assert pulp.get("repository", "show", "--name", word)["sumdb"] is None
    pulp.do("sumdb", "destroy", "--name", name)
    assert "Could not find checksum database" in pulp.fail("sumdb", "show", "--name", name)


def test_a_repository_that_feeds_from_the_beginning(pulp: Pulp) -> None:
    word = uuid4().hex[:12]
    name = f"corp.example.com/{word}"
    begun = pulp.get("sumdb", "create", "--name", name)
    made = pulp.get("repository", "create", "--name", word, "--sumdb", begun["pulp_href"])
    assert made["sumdb"] == begun["pulp_href"]
    assert "Could not find checksum database" in pulp.fail(
        "repository", "create", "--name", f"{word}-2", "--sumdb", "corp.example.com/none"
    )
    publish(pulp, word, Made(), "v1.0.0")
    assert pulp.get("sumdb", "show", "--name", name)["size"] == 1
