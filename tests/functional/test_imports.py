"""What is exported from one Pulp and imported into another, or into another domain."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.functional.carried import World, blocks_of, releases_of, worker_logs
from tests.functional.owners import Owner
from tests.functional.pulp_exports import export, export_with, exporter, import_into, run_import
from tests.functional.rest_api import MODFILES, MODULES, SUMDBS, Made, Rest, TaskFailed
from tests.functional.serving import Server
from tests.functional.test_promotion import missing, told
from tests.functional.test_sync import sync
from tests.functional.uploads import eventually
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
    sumdb = there.create(SUMDBS, name=f"imports.example.com/{uuid4().hex[:8]}")
    target = Owner.create(there, sumdb=sumdb["pulp_href"])
    for _ in range(2):
        import_into(there, owner.name, target.name, path)
        # What an import brings is on record, once.
        assert target.get(f"sumdb/{sumdb['name']}/lookup/{made.path}@v1.0.0").status_code == 200
        assert there.get(sumdb["pulp_href"])["size"] == 1
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


def test_what_a_repository_knows_is_carried(
    here: Rest, run_dir: Path, tmp_path: Path, upstream: Upstream
) -> None:
    world = World(here, upstream)
    source = world.owner
    (unit,) = here.get(MODULES, module=world.made.path, version="v1.0.0")["results"]
    assert (
        here.status("POST", f"{unit['pulp_href']}set_label/", json={"key": "a", "value": "b"}) < 300
    )
    before = world.answers(source)
    assert before[world.proof][0] == 200
    assert {status for status, _ in before.values()} == {200, 403, 404}
    made = exporter(here, [source.repository], run_dir / f"exports-{uuid4().hex[:8]}")
    # Small enough for several files.
    full, _ = export_with(here, made, chunk_size="16KB")
    assert "toc" in full

    there = Rest(here.url, here.auth, domain_at(here, tmp_path / "own"))
    target = Owner.create(there)
    import_into(there, source.name, target.name, **full)
    assert world.answers(target) == before
    assert releases_of(there, target.repository) == releases_of(here, source.repository)
    assert blocks_of(there, target.repository) == blocks_of(here, source.repository)
    assert there.held(target.repository) == here.held(source.repository)
    assert there.names(MODFILES, repository_version=there.latest(target.repository)) == [
        "example.com/graph@v1.0.0"
    ]
    (unit,) = there.get(MODULES, module=world.made.path, version="v1.0.0")["results"]
    assert unit["pulp_labels"] == {"a": "b"}

    # Incremental: what was blocked is not, what was there is gone, and what is new has its zip.
    (block,) = here.get("gomod/blocks/", repository=source.repository)["results"]
    assert here.status("DELETE", block["pulp_href"]) == 204
    assert source.delete(f"{world.made.path}/@v/v1.0.0").status_code == 204
    assert source.put(world.made.zip("v1.2.0")).status_code == 201
    more, _ = export_with(here, made, full=False)
    before = world.answers(source)
    import_into(there, source.name, target.name, **more)
    assert world.answers(target) == before
    assert there.held(target.repository) == here.held(source.repository)
    assert blocks_of(there, target.repository) == []
    # The same again makes no version.
    version = there.latest(target.repository)
    import_into(there, source.name, target.name, **more)
    assert there.latest(target.repository) == version
    # By itself it is not enough, and where it starts from may be gone.
    empty = Rest(here.url, here.auth, domain_at(here, tmp_path / "empty"))
    alone = Owner.create(empty)
    errors = [
        each["error"]["description"]
        for each in run_import(empty, {source.name: alone.name}, **more)
        if each["error"]
    ]
    assert len(errors) == 1
    assert errors[0].startswith("[GOM0010] The zip of ")
    assert "Import the exports before it first" in errors[0]
    base = here.latest(source.repository)
    source.delete(f"{world.made.path}/@v/v1.1.0")
    retained = here.latest(source.repository)
    source.delete(f"{world.made.path}/@v/v1.2.0")
    # Beside what is served and what the next export starts from, one.
    here.wait(here.call("PATCH", source.repository, json={"retain_repo_versions": 1}))
    versions = f"{source.repository}versions/"
    kept = [here.latest(source.repository), retained, base]
    eventually(lambda: [each["pulp_href"] for each in here.get(versions)["results"]] == kept)
    here.wait(here.call("DELETE", base))
    with pytest.raises(TaskFailed, match=rf"GOM0011.*{source.name}"):
        export_with(here, made, full=False)


def test_repositories_that_share_modules_are_imported_at_once(
    here: Rest, domain_server: Server, run_dir: Path, tmp_path: Path
) -> None:
    """One waits for the other: none tries to make what another is making."""
    first, made = Owner.create(here), Made()
    here.publish(*(made.zip(f"v1.0.{n}") for n in range(8)), repository=first.repository)
    units = [unit["pulp_href"] for unit in here.get(MODULES, module=made.path)["results"]]
    owners = [first, Owner.create(here), Owner.create(here)]
    here.modify(owners[1].repository, add_content_units=units[::-1])
    here.modify(owners[2].repository, add_content_units=units[::2])
    repositories = [each.repository for each in owners]
    made_exporter = exporter(here, repositories, run_dir / f"exports-{uuid4().hex[:8]}")
    what, _ = export_with(here, made_exporter)
    there = Rest(here.url, here.auth, domain_at(here, tmp_path / "own"))
    tasks = run_import(there, {}, create_repositories=True, **what)
    assert [each["error"] for each in tasks] == [None] * 4
    for owner in owners:
        (copy,) = there.get("repositories/gomod/gomod/", name=owner.name)["results"]
        assert there.held(copy["pulp_href"]) == here.held(owner.repository)
    assert "import-errors" not in worker_logs(domain_server)
