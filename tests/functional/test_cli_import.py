"""`pulp gomod repository import`: from a developer's module cache, and from a registry that runs."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.functional.owners import Go, Owner
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server


@pytest.fixture(scope="module")
def rest(server: Server) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def pulp(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Pulp:
    return Pulp.create(tmp_path_factory.mktemp("import") / "admin", server)


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


@pytest.fixture(scope="module")
def registry(rest: Rest, made: Made) -> Owner:
    """The registry that is left: two versions of a module."""
    owner = Owner.create(rest)
    for version, time in (("v1.0.0", "2020-01-02T03:04:05Z"), ("v1.1.0", "2021-01-02T03:04:05Z")):
        assert owner.put(made.zip(version), params={"time": time}).status_code == 201
    return owner


def files(made: Made, version: str) -> list[str]:
    return [f"{made.path}/@v/{version}.{file}" for file in ("info", "mod", "zip")]


def test_a_module_cache(
    rest: Rest, pulp: Pulp, registry: Owner, made: Made, tmp_path: Path
) -> None:
    go = Go.create(tmp_path)
    go.run(registry.packages_url, "mod", "download", f"{made.path}@v1.0.0")
    new = Owner.create(rest)
    cache = tmp_path / "path" / "pkg" / "mod"
    report = pulp.get("repository", "import", "--repository", new.name, cache)
    assert (report["added"], report["refused"]) == (1, 0)
    for path in files(made, "v1.0.0"):
        assert new.get(path).content == registry.get(path).content
    # Nothing that is there is sent into another version.
    again = pulp.get("repository", "import", "--repository", new.name, cache)
    assert (again["added"], again["held"]) == (0, 1)
    # What has changed on the disk since is refused, by the checksum that lies beside it.
    zip_file = next(cache.rglob("v1.0.0.zip"))
    zip_file.write_bytes(made.zip("v1.0.0", **{"other.go": "package other\n"}))
    done = pulp.run("gomod", "repository", "import", "--repository", new.name, cache)
    assert done.code == 1
    assert json.loads(done.stdout)["refused"] == 1
    assert "checksum mismatch" in done.stderr


def test_a_registry_that_runs(
    rest: Rest, pulp: Pulp, registry: Owner, made: Made, tmp_path: Path
) -> None:
    new = Owner.create(rest)
    report = pulp.get(
        *("repository", "import", "--repository", new.name, "--own"),
        *("--directory", tmp_path / "tree", registry.packages_url),
    )
    assert (report["added"], report["refused"], report["reasons"]) == (2, 0, {})
    for version in ("v1.0.0", "v1.1.0"):
        for path in files(made, version):
            assert new.get(path).content == registry.get(path).content
    releases = pulp.get("release", "list", "--repository", new.name)
    assert {each["source"] for each in releases} == {"uploaded"}


def test_an_import_that_failed_need_not_be_sent_again(
    rest: Rest, pulp: Pulp, registry: Owner, made: Made, tmp_path: Path
) -> None:
    new, tree = Owner.create(rest), tmp_path / "tree"
    rest.wait(rest.call("PATCH", new.repository, json={"max_size": 1}))
    command = ("repository", "import", "--repository", new.name, "--directory", tree)
    said = pulp.fail(*command, registry.packages_url)
    href = re.search(r"The upload is still there.* --resume (\S+)", said)
    assert href and "GOM0004" in said
    rest.wait(rest.call("PATCH", new.repository, json={"max_size": None}))
    report = pulp.get("repository", "import", "--repository", new.name, "--resume", href[1], tree)
    assert (report["added"], report["refused"]) == (2, 0)


def test_what_cannot_be_imported(pulp: Pulp, registry: Owner, tmp_path: Path) -> None:
    pulp.fail("repository", "import", "--repository", f"none-{uuid4()}", tmp_path)
    assert "no modules below" in pulp.fail(
        "repository", "import", "--repository", registry.name, tmp_path
    )
    done = pulp.run("gomod", "repository", "import", "--repository", registry.name, "missing")
    assert done.code == 2 and "missing does not exist" in done.stderr
