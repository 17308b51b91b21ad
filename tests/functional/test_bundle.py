"""Bundles of a server: written to its own disk, and downloaded with the pulp command."""

import io
import json
import os
import tarfile
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.functional.owners import Go, Owner
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Rest, TaskFailed
from tests.functional.serving import Server
from tests.gomods import pack

_MAIN = 'package main\n\nimport x "example.com/Upper"\n\nfunc main() { println(x.X) }\n'


@pytest.fixture(scope="module")
def rest(domain_server: Server) -> Rest:
    return Rest(domain_server.url, (domain_server.username, domain_server.password))


@pytest.fixture(scope="module")
def owner(rest: Rest) -> Owner:
    owner = Owner.create(rest)
    for path, version in (
        ("example.com/Upper", "v1.0.0"),
        ("example.com/Upper", "v1.1.0"),
        ("example.com/b", "v1.0.0"),
    ):
        files = [
            ("go.mod", f"module {path}\n".encode()),
            ("x.go", b"package x\n\nconst X = 1\n"),
        ]
        body = pack(f"{path}@{version}/", files)
        assert owner.put(body).status_code == 201
    return owner


@pytest.fixture
def directory(run_dir: Path) -> Path:
    """Where the server may write."""
    return run_dir / f"bundle-{uuid4().hex[:8]}"


def version_of(rest: Rest, owner: Owner, number: int | None = None) -> str:
    href: str = rest.get(owner.repository)["latest_version_href"]
    return href if number is None else f"{owner.repository}versions/{number}/"


def write(rest: Rest, owner: Owner, directory: Path, **more: object) -> None:
    body = {"path": str(directory), **more}
    rest.wait(rest.call("POST", f"{version_of(rest, owner)}bundle/", json=body))


def files_below(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def files_of(owner: Owner, **query: object) -> dict[str, bytes]:
    answer = requests.get(f"{owner.content_url}/bundle.tar", params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["write", "hardlink", "symlink"])
def test_a_directory_has_what_the_tar_has(
    rest: Rest, owner: Owner, directory: Path, method: str
) -> None:
    for _ in range(2):
        # The second time over the first.
        write(rest, owner, directory, method=method)
        assert files_below(directory) == files_of(owner)
    zips = list(directory.rglob("*.zip"))
    assert len(zips) == 3
    for file in zips:
        assert file.is_symlink() == (method == "symlink")
        assert (file.lstat().st_nlink > 1) == (method == "hardlink")


def test_what_came_since_is_written_over_it(rest: Rest, owner: Owner, directory: Path) -> None:
    write(rest, owner, directory, since=1)
    assert files_below(directory) == files_of(owner, since=1)
    assert not (directory / "example.com/!upper/@v/v1.0.0.zip").exists()
    assert json.loads((directory / "bundle/about.json").read_bytes())["since"] == 1


def test_the_lists_of_another_repository_are_not_replaced(
    rest: Rest, owner: Owner, directory: Path
) -> None:
    write(rest, owner, directory)
    about = directory / "bundle/about.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"repository": "other"}))
    before = files_below(directory)
    refused = rest.call("POST", f"{version_of(rest, owner)}bundle/", json={"path": str(directory)})
    assert refused.status_code == 400 and "of the repository other, whose lists" in refused.text
    assert files_below(directory) == before


def test_nothing_may_be_missing_between_it_and_what_is_there(
    rest: Rest, owner: Owner, directory: Path
) -> None:
    first = version_of(rest, owner, 1)
    rest.wait(rest.call("POST", f"{first}bundle/", json={"path": str(directory)}))
    before = files_below(directory)
    refused = rest.call(
        "POST", f"{version_of(rest, owner)}bundle/", json={"path": str(directory), "since": 2}
    )
    assert refused.status_code == 400 and "has a bundle of version 1" in refused.text
    assert files_below(directory) == before
    write(rest, owner, directory, since=1)
    # What the disk refuses is said by name.
    (directory / "example.com/b/@v/list").unlink()
    (directory / "example.com/b/@v/list").mkdir()
    (directory / "example.com/b/@v/list/x").touch()
    with pytest.raises(TaskFailed, match="GOM0014.*example.com/b/@v"):
        write(rest, owner, directory)


def test_it_is_written_nowhere_else(
    rest: Rest, owner: Owner, directory: Path, run_dir: Path, tmp_path: Path
) -> None:
    url = f"{version_of(rest, owner)}bundle/"
    link = run_dir / f"link-{uuid4().hex[:8]}"
    link.symlink_to(tmp_path)
    full = run_dir / f"full-{uuid4().hex[:8]}"
    full.mkdir()
    (full / "mine").write_text("x")
    for path, words in (
        (str(tmp_path), "ALLOWED_EXPORT_PATHS"),
        (f"{run_dir}-beside", "ALLOWED_EXPORT_PATHS"),
        (f"{directory}/../../elsewhere", "ALLOWED_EXPORT_PATHS"),
        (f"{link}/x", "ALLOWED_EXPORT_PATHS"),
        ("relative", "absolute"),
        (str(full), "has other files in it"),
        (str(full / "mine"), "is not a directory"),
    ):
        refused = rest.call("POST", url, json={"path": path})
        assert refused.status_code == 400 and words in refused.text, (path, refused.text)
    for wrong in ({"since": 99}, {"since": "x"}, {"method": "move"}):
        body = {"path": str(directory), **wrong}
        assert rest.status("POST", url, json=body) == 400
    assert not directory.exists() and list(tmp_path.iterdir()) == []


def test_links_within_it_lead_nowhere(
    rest: Rest, owner: Owner, directory: Path, tmp_path: Path
) -> None:
    write(rest, owner, directory)
    for file in (directory / "example.com/b/@v").iterdir():
        file.unlink()
    (directory / "example.com/b/@v").rmdir()
    (directory / "example.com/b/@v").symlink_to(tmp_path)
    with pytest.raises(TaskFailed, match="leads out of"):
        write(rest, owner, directory)
    assert list(tmp_path.iterdir()) == []


def test_only_administrators_write_to_the_servers_disk(
    rest: Rest, owner: Owner, directory: Path
) -> None:
    name, password = f"u{uuid4().hex[:8]}", "a quite long one"
    user = rest.create("users/", username=name, password=password)
    rest.create(
        f"{user['pulp_href']}roles/",
        role="gomod.gorepository_owner",
        content_object=owner.repository,
    )
    theirs = Rest(rest.url, (name, password), domains=rest.domains)
    assert theirs.status("GET", version_of(rest, owner)) == 200
    body = {"path": str(directory)}
    assert theirs.status("POST", f"{version_of(rest, owner)}bundle/", json=body) == 403
    assert not directory.exists()


@pytest.mark.parametrize("kind", ["repository_version", "publication"])
def test_a_filesystem_export_of_pulp_is_refused(
    rest: Rest, owner: Owner, directory: Path, kind: str
) -> None:
    body = {"name": f"fs-{uuid4().hex[:8]}", "path": str(directory)}
    exporter = rest.call("POST", "exporters/core/filesystem/", json=body).json()
    what = version_of(rest, owner)
    if kind == "publication":
        made = rest.call("POST", "publications/gomod/gomod/", json={"repository_version": what})
        (what,) = rest.wait(made)["created_resources"]
    with pytest.raises(TaskFailed, match="GOM0013.*bundle/"):
        rest.wait(rest.call("POST", f"{exporter['pulp_href']}exports/", json={kind: what}))
    assert not directory.exists()


def test_the_pulp_command_downloads_it(domain_server: Server, owner: Owner, tmp_path: Path) -> None:
    pulp = Pulp.create(tmp_path / "user", domain_server)
    tree = tmp_path / "tree"
    arguments = ("bundle", "--distribution", owner.name, "--output")
    shown = pulp.get(*arguments, tree)
    assert shown["versions"] == 3 and shown["directory"] == str(tree)
    assert files_below(tree) == files_of(owner)
    go = Go.create(tmp_path / "go", _MAIN)
    go.run(f"file://{tree}", "get", "example.com/Upper@latest")
    assert go.run(f"file://{tree}", "run", ".").stderr == "1\n"
    file = tmp_path / "since.tar"
    shown = pulp.get(*arguments, file, "--since", "1")
    assert shown["size"] == os.path.getsize(file)
    with tarfile.open(file) as tar:
        assert set(tar.getnames()) == set(files_of(owner, since=1))
    pulp.get(*arguments, tmp_path / "cache", "--modcache")
    env = {"GOMODCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}
    offline = Go.create(tmp_path / "offline", _MAIN)
    offline.run("off", "get", "example.com/Upper@v1.0.0", env=env)
    assert offline.run("off", "run", ".", env=env).stderr == "1\n"
    assert (
        "--modcache needs a directory" in pulp.run("gomod", *arguments, file, "--modcache").stderr
    )
    assert "is newer than version" in pulp.fail(*arguments, file, "--since", "99")
    for nowhere in (tmp_path / "nowhere" / "all.tar", file / "tree"):
        said = pulp.fail(*arguments, nowhere)
        assert "Errno" not in said and ".part" not in said and str(nowhere) in said
    block = owner.rest.create(
        "gomod/blocks/", repository=owner.repository, module="example.com/b", reason="bad"
    )
    done = pulp.run("gomod", *arguments, tmp_path / "less")
    assert owner.rest.status("DELETE", block["pulp_href"]) == 204
    assert "zips left out: 1 (example.com/b@v1.0.0): a block" in done.stderr
