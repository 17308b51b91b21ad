"""What is exported from one Pulp and imported into another, or into another domain."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.functional.owners import Owner
from tests.functional.pulp_exports import export, import_into
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_promotion import missing, told
from tests.functional.test_sync import sync
from tests.functional.upstream_world import Mirror, Upstream


@pytest.fixture(scope="module")
def here(domain_server: Server) -> Rest:
    """The default domain of a server that has several."""
    return Rest(domain_server.url, (domain_server.username, domain_server.password))


def domain_at(rest: Rest, location: Path) -> str:
    """Make a domain with a storage of its own."""
    (default,) = rest.get("domains/", name="default")["results"]
    made = rest.create(
        "domains/",
        name=f"d-{uuid4().hex[:12]}",
        storage_class=default["storage_class"],
        storage_settings={"location": str(location)},
    )
    name: str = made["name"]
    return name


def files_of(directory: Path) -> list[Path]:
    """All files of module zips below a directory."""
    return [file for file in (directory / "artifact").rglob("*") if file.is_file()]


def test_zips_are_imported_into_the_storage_of_their_domain(
    here: Rest, run_dir: Path, tmp_path: Path
) -> None:
    owner, made = Owner.create(here), Made()
    assert owner.put(made.zip()).status_code == 201
    exports = run_dir / f"exports-{uuid4().hex[:8]}"
    path, _ = export(here, owner.repository, exports)

    there = Rest(here.url, here.auth, domain_at(here, tmp_path / "own"))
    (default,) = here.get("domains/", name="default")["results"]
    media = Path(default["storage_settings"]["location"])
    before = set(files_of(media))
    target = Owner.create(there)
    for _ in range(2):
        import_into(there, owner.name, target.name, path)
        assert target.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()
        assert len(files_of(tmp_path / "own")) == 1
    assert len(set(files_of(media)) - before) <= 1
    # What is published afterwards is not taken for what the import left behind.
    other = Owner.create(there)
    assert other.put(made.zip()).status_code == 201
    assert other.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()


def test_zips_that_an_export_goes_without_are_told_of(
    here: Rest, run_dir: Path, upstream: Upstream
) -> None:
    for name in ("a", "b"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(here, upstream)
    sync(mirror, modules=["example.com/a@v1.0.0", "example.com/b@v1.0.0"])
    exports = run_dir / f"exports-{uuid4().hex[:8]}"
    path, task = export(here, mirror.owner.repository, exports)
    assert [line.partition(" (")[0] for line in told(task)] == ["zips missing: 2"]
    target = Owner.create(here)
    tasks = import_into(here, mirror.owner.name, target.name, path)
    lines = [line for each in tasks for line in told(each)]
    assert [line.partition(" (")[0] for line in lines] == ["zips missing: 2"]
    assert missing(here, target.repository) == 2
