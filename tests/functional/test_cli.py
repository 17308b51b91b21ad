"""`pulp gomod`, from nothing to a served module and back."""

import json
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from pulp_glue.common.context import PulpContext, PulpEntityContext
from pulp_glue.gomod import context as gomod
from pulp_glue.gomod import sending

from pulp_gomod.golang import dirhash
from tests.functional.pulp_command import Pulp, PulpProgram
from tests.functional.rest_api import Made
from tests.functional.serving import Server
from tests.functional.upstream_world import Upstream

VERSIONS = ["v1.0.0", "v1.1.0"]


@pytest.fixture(scope="module")
def pulp(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Pulp:
    return Pulp.create(tmp_path_factory.mktemp("cli") / "admin", server)


@pytest.fixture
def repository(pulp: Pulp) -> str:
    """The name of a new repository."""
    name = f"cli-{uuid4().hex[:12]}"
    pulp.do("repository", "create", "--name", name)
    return name


def save_zip(pulp: Pulp, made: Made, version: str = "v1.0.0", **files: str) -> Path:
    """Write a module zip to a file of its own."""
    return pulp.save(f"{uuid4().hex}.zip", made.zip(version, **files))


def spread(option: str, values: list[Any]) -> list[str]:
    """Repeat an option for each value."""
    return [word for value in values for word in (option, str(value))]


def held(pulp: Pulp, repository: str, *options: str) -> list[str]:
    """The versions of modules that a repository holds."""
    shown = pulp.get("repository", "content", "list", "--repository", repository, *options)
    return sorted(unit["version"] for unit in shown)


def test_a_whole_life(server: Server, tmp_path: Path) -> None:
    program = PulpProgram.create(tmp_path / "user", server)
    # The same command, the same configuration and cache.
    pulp = Pulp(program.directory)
    name, made = f"cli-{uuid4().hex[:12]}", Made()
    program.do("repository", "create", "--name", name, "--description", "ours")
    distributed = pulp.get(
        "distribution", "create", "--name", name, "--base-path", name, "--repository", name
    )
    zips = [save_zip(pulp, made, version) for version in ("v1.0.0", "v1.2.0", "v1.10.0")]

    uploaded = program.get("content", "upload", *spread("--file", zips), "--repository", name)
    assert [unit["version"] for unit in uploaded] == ["v1.0.0", "v1.2.0", "v1.10.0"]
    versions = pulp.get("repository", "version", "list", "--repository", name)
    assert [version["number"] for version in versions] == [1, 0]

    shown = pulp.get("content", "show", "--module", made.path, "--version", "v1.2.0")
    assert shown["h1"] == uploaded[1]["h1"]
    assert shown["go_mod"] == f"module {made.path}\n\ngo 1.21\n"
    listed = pulp.get("content", "list", "--module", made.path, "--ordering", "version")
    assert [unit["version"] for unit in listed] == ["v1.0.0", "v1.2.0", "v1.10.0"]
    served = requests.get(f"{distributed['client_url']}/{made.path}/@v/list", timeout=60)
    assert served.text.split() == ["v1.0.0", "v1.2.0", "v1.10.0"]

    published = pulp.get("publication", "create", "--repository", name, "--version", "1")
    assert published["repository_version"] == versions[0]["pulp_href"]

    pulp.do("repository", "label", "set", "--repository", name, "--key", "stage", "--value", "test")
    assert pulp.do("repository", "label", "show", "--repository", name, "--key", "stage") == (
        "test\n"
    )
    found = pulp.get("repository", "list", "--label-select", f"stage=test,!{name}")
    assert name in [each["name"] for each in found]

    pulp.do("publication", "destroy", "--href", published["pulp_href"])
    pulp.do("distribution", "destroy", "--name", name)
    pulp.do("repository", "destroy", "--name", name)
    assert "Could not find go repository" in program.fail("repository", "show", "--name", name)
    assert requests.get(distributed["client_url"], timeout=60).status_code == 404


def test_what_is_known_of_an_upload(pulp: Pulp, repository: str) -> None:
    made, origin = Made(), {"VCS": "git", "URL": "https://git.example.com/a", "Hash": "a" * 40}
    unit = pulp.get(
        *("content", "upload", "--file", save_zip(pulp, made), "--repository", repository),
        *("--time", "2024-01-02T03:04:05+02:00", "--origin", json.dumps(origin)),
        *("--labels", '{"team": "core"}'),
    )
    assert (unit["module"], unit["version"]) == (made.path, "v1.0.0")
    assert unit["pulp_labels"] == {"team": "core"}
    release = pulp.get("release", "show", "--repository", repository, "--module", made.path)
    assert (release["time"], release["origin"]) == ("2024-01-02T01:04:05Z", origin)
    assert (release["h1"], release["published_by"]) == (unit["h1"], "admin")
    found = pulp.get("release", "list", "--module", made.path, "--time-after", "2024-01-02")
    assert found == [release]
    assert pulp.get("release", "list", "--module", made.path, "--time-before", "2024-01-01") == []


def test_large_zips_are_sent_in_chunks(pulp: Pulp, repository: str) -> None:
    made = Made()
    zips = [
        save_zip(pulp, made, "v1.0.0", big=f"package code\n\nvar X = `{uuid4().hex * 999}`\n"),
        save_zip(pulp, made, "v1.1.0"),
        save_zip(pulp, made, "v1.2.0", other=f"package code\n\n// {uuid4().hex}\n"),
    ]
    uploaded = pulp.get(
        *("content", "upload", *spread("--file", zips), "--repository", repository),
        *("--chunk-size", f"{zips[2].stat().st_size}B"),
    )
    assert [unit["version"] for unit in uploaded] == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert [unit["size"] for unit in uploaded] == [file.stat().st_size for file in zips]
    assert held(pulp, repository) == ["v1.0.0", "v1.1.0", "v1.2.0"]


@pytest.mark.parametrize("options", [(), ("--chunk-size", "200B")], ids=["whole", "chunks"])
def test_one_bad_zip_and_none_is_taken(
    pulp: Pulp, repository: str, options: tuple[str, ...]
) -> None:
    made, bad = Made(), pulp.save(f"bad-{uuid4().hex}.zip", b"no zip at all")
    complaint = pulp.fail(
        *("content", "upload", "--file", save_zip(pulp, made), "--file", bad),
        *("--repository", repository, *options),
    )
    assert bad.name in complaint
    assert held(pulp, repository) == []
    assert pulp.get("content", "list", "--module", made.path) == []
    # Other tests may be uploading at the same time.
    sizes = {upload["size"] for upload in json.loads(pulp.run("upload", "list").stdout)}
    assert bad.stat().st_size not in sizes


def test_other_bytes_are_refused(pulp: Pulp, repository: str) -> None:
    made = Made()
    upload = ("content", "upload", "--repository", repository, "--file")
    first = pulp.get(*upload, save_zip(pulp, made))
    assert pulp.get(*upload, save_zip(pulp, made))["pulp_href"] == first["pulp_href"]
    complaint = pulp.fail(*upload, save_zip(pulp, made, other="package code\n"))
    assert f"{made.path}@v1.0.0 is already in the repository with {first['h1']}" in complaint


def test_adding_and_removing(pulp: Pulp, repository: str) -> None:
    made = Made()
    zips = [save_zip(pulp, made, version) for version in ("v1.0.0", "v1.1.0")]
    pulp.do("content", "upload", *spread("--file", zips), "--repository", repository)
    # Elsewhere the same version has other bytes, so that only the repository tells which is meant.
    pulp.do("content", "create", "--file", save_zip(pulp, made, other="package code\n"))
    v1 = ("--repository", repository, "--module", made.path, "--version", "v1.0.0")

    pulp.do("repository", "content", "remove", *v1)
    assert held(pulp, repository) == ["v1.1.0"]
    gone = ("repository", "content", "remove", "--repository", repository, f"{made.path}@v1.0.0")
    assert f"{made.path}@v1.0.0" in pulp.fail(*gone)
    assert held(pulp, repository, "--version", "1") == ["v1.0.0", "v1.1.0"]
    assert "Multiple go modules" in pulp.fail("repository", "content", "add", *v1)
    (first,) = (
        unit
        for unit in pulp.get("content", "list", "--module", made.path, "--version", "v1.0.0")
        if unit["file_count"] == 2
    )
    pulp.do("repository", "content", "add", *v1, "--h1", first["h1"])
    assert held(pulp, repository, "--q", made.path) == ["v1.0.0", "v1.1.0"]
    pulp.do(
        *("repository", "content", "modify", "--repository", repository, "--remove-content"),
        json.dumps([{"module": made.path, "version": "v1.1.0"}]),
    )
    assert held(pulp, repository) == ["v1.0.0"]
    everything = ("repository", "content", "list", "--repository", repository, "--all-types")
    assert len(pulp.get(*everything)) == 1
    modfiles = ("repository", "content", "--type", "modfile", "list", "--repository", repository)
    assert pulp.get(*modfiles) == []

    # By name, from what the repository holds; several at once are one new version.
    remove = ("repository", "content", "remove", "--repository", repository)
    names = [f"{made.path}@{version}" for version in ("v1.0.0", "v1.1.0")]
    pulp.do("repository", "content", "add", "--repository", repository, names[1])
    pulp.do(*remove, *names)
    assert held(pulp, repository) == []
    pulp.do("repository", "content", "add", "--repository", repository, names[1])
    pulp.do(*remove, "--all")
    assert held(pulp, repository) == []


def test_promoting_from_a_named_repository(pulp: Pulp, repository: str) -> None:
    made, target = Made(), f"{repository}-stable"
    name = f"{made.path}@v1.0.0"
    pulp.do("repository", "create", "--name", target)
    upload = ("content", "upload", "--repository", repository)
    ours = pulp.get(*upload, *spread("--file", [save_zip(pulp, made, v) for v in VERSIONS]))
    # Not in the newest version of any repository.
    other = pulp.get("content", "upload", "--file", save_zip(pulp, made, other="package code\n"))
    add = ("repository", "content", "add", "--repository", target)

    complaint = pulp.fail(*add, name)
    assert f"{name} {ours[0]['h1']}  in {repository} since 20" in complaint
    assert f"{name} {other['h1']}  not in the newest version of any repository" in complaint
    absent = pulp.fail(*add, "--from", f"{repository}@0", "--module", name)
    assert f"{name} in version 0 of {repository}. It exists elsewhere:\n  {name} h1:" in absent
    assert f"{repository} has no version 7" in pulp.fail(*add, "--from", f"{repository}@7", name)
    assert held(pulp, target) == []

    names = [f"{made.path}@{version}" for version in VERSIONS]
    pulp.do(*add, "--from", f"{repository}@1", *names)
    assert held(pulp, target) == VERSIONS
    shown = pulp.get("repository", "show", "--name", target)
    assert shown["latest_version_href"].endswith("/versions/1/")


def test_what_a_distribution_serves(pulp: Pulp, repository: str) -> None:
    name = ("--name", repository)

    def served() -> list[str | None]:
        shown = pulp.get("distribution", "show", *name)
        return [shown[key] for key in ("repository", "repository_version", "publication")]

    whole = pulp.get("repository", "show", *name)["pulp_href"]
    published = pulp.get("publication", "create", "--repository", repository)["pulp_href"]
    pinned = f"{whole}versions/0/"
    created = ("--base-path", repository, "--repository", repository, "--version", "0")
    pulp.do("distribution", "create", *name, *created)
    assert served() == [None, pinned, None]
    pulp.do("distribution", "update", *name, "--publication", published)
    assert served() == [None, None, published]
    pulp.do("distribution", "update", *name, "--repository", repository)
    assert served() == [whole, None, None]
    pulp.do("distribution", "update", *name, "--version", "0")
    assert served() == [None, pinned, None]
    pulp.do("distribution", "update", *name, "--repository", "")
    assert served() == [None, None, None]
    assert "--repository" in pulp.fail("distribution", "update", *name, "--version", "0")


def test_settings_of_a_repository(pulp: Pulp, repository: str) -> None:
    name = ("--name", repository)
    limits = ("--immutable", "--max-size", "20GB", "--max-modules", "7")
    pulp.do("repository", "update", *name, "--retain-repo-versions", "3", *limits)
    shown = pulp.get("repository", "show", *name)
    assert shown["retain_repo_versions"] == 3
    assert (shown["immutable"], shown["max_size"], shown["max_modules"]) == (True, 20 * 10**9, 7)
    pulp.do("repository", "update", *name, "--max-size", "", "--not-immutable")
    shown = pulp.get("repository", "show", *name)
    assert (shown["immutable"], shown["max_size"], shown["max_modules"]) == (False, None, 7)


def test_versions_and_tasks(pulp: Pulp, repository: str) -> None:
    upload = ("content", "upload", "--repository", repository, "--file")
    pulp.do(*upload, save_zip(pulp, Made()))
    version = ("repository", "version")
    shown = pulp.get(*version, "show", "--repository", repository)
    assert shown["content_summary"]["present"]["gomod.module"]["count"] == 1
    repaired = pulp.get(*version, "repair", "--repository", repository, "--version", "1")
    assert repaired["state"] == "completed"
    pulp.do(*version, "destroy", "--repository", repository, "--version", "1")
    assert [each["number"] for each in pulp.get(*version, "list", "--repository", repository)] == [
        0
    ]
    tasks = pulp.get("repository", "task", "list", "--repository", repository)
    assert "pulp_gomod.app.tasks.upload.upload_modules" in [task["name"] for task in tasks]


def test_remotes(pulp: Pulp, repository: str) -> None:
    name = ("--name", repository)
    url = ("--url", "https://goproxy.example.com")
    pulp.do("remote", "create", *name, *url, "--private", "corp.example.com/*", "--sumdb", "off")
    pulp.do("remote", "update", *name, "--includes", "example.com/*", "--policy", "streamed")
    shown = pulp.get("remote", "show", *name)
    assert (shown["private"], shown["sumdb"]) == ("corp.example.com/*", "off")
    assert (shown["includes"], shown["policy"]) == ("example.com/*", "streamed")
    assert "a[" in pulp.fail("remote", "update", *name, "--excludes", "a[")
    pulp.do(
        "remote", "update", *name, "--cache-size", "2.5GiB", "--redirect-hosts", "*.example.com"
    )
    changed = pulp.get("remote", "show", *name)
    assert (changed["cache_size"], changed["redirect_hosts"]) == (5 << 29, "*.example.com")
    pulp.do("remote", "update", *name, "--cache-size", "")
    assert pulp.get("remote", "show", *name)["cache_size"] is None
    pulp.do("repository", "update", *name, "--remote", repository)
    assert pulp.get("repository", "show", *name)["remote"] == shown["pulp_href"]
    forget = ("remote", "forget", "--remote", repository, "--module")
    assert pulp.get(*forget, "example.com/cli@v1.0.0")["state"] == "completed"
    assert "v1.2.3" in pulp.fail(*forget, "example.com/cli")
    pulp.do("remote", "destroy", *name)


def test_pulling_through_and_cleaning_up(pulp: Pulp, repository: str) -> None:
    name = ("--name", repository)
    remote = pulp.get("remote", "create", *name, "--url", "https://goproxy.example.com")
    served = ("--base-path", repository, "--repository", repository, "--remote", repository)
    assert pulp.get("distribution", "create", *name, *served)["remote"] == remote["pulp_href"]
    pulp.do("distribution", "update", *name, "--remote", "")
    assert pulp.get("distribution", "show", *name)["remote"] is None
    made = Made()
    pulp.do("content", "upload", "--repository", repository, "--file", save_zip(pulp, made))
    cleanup = ("repository", "cleanup", *name)
    assert "unused_days" in pulp.fail(*cleanup)
    assert pulp.get(*cleanup, "--unused-days", "0", "--max-size", "0B")["state"] == "completed"
    assert held(pulp, repository) == ["v1.0.0"]
    # Servers of tests document nothing by default.
    assert "GOMOD_DOCUMENTATION" in pulp.fail("repository", "document", *name, "--anew")


def test_syncing(pulp: Pulp, repository: str, upstream: Upstream) -> None:
    for name in ("named", "summed", "required"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    found = upstream.modules["example.com/summed"]["v1.0.0"]
    h1 = dirhash.hash_zip(BytesIO(found.zip))
    name = ("--name", repository)
    fetching = ("--url", upstream.url, "--policy", "immediate", "--sumdb", "off")
    pulp.do("remote", "create", *name, *fetching)
    sync = ("repository", "sync", "--repository", repository)
    assert "remote" in pulp.fail(*sync, "--module", "example.com/named")
    sync = (*sync, "--remote", repository)
    assert "modules, go_sum, go_mod" in pulp.fail(*sync)
    go_sum = pulp.save(f"{repository}.sum", f"example.com/summed v1.0.0 {h1}\n".encode())
    go_mod = pulp.save(f"{repository}.mod", b"module m\nrequire example.com/required v1.0.0\n")
    files = ("--go-sum", f"@{go_sum}", "--go-mod", f"@{go_mod}")
    wanted = ("--module", "example.com/named@v1.0.0", "--module", "example.com/named", *files)
    assert (
        f"Version 1 of {repository}: 3 module(s) added." in pulp.run("gomod", *sync, *wanted).stderr
    )
    assert f"Nothing new: {repository}" in pulp.run("gomod", *sync, *wanted).stderr
    shown = pulp.get("repository", "content", "list", "--repository", repository)
    paths = sorted(unit["module"] for unit in shown)
    assert paths == ["example.com/named", "example.com/required", "example.com/summed"]
    pulp.do("repository", "update", *name, "--remote", repository)
    mirror = ("repository", "sync", *name, "--module", "example.com/named", "--mirror")
    assert f"{repository}: 2 module(s) removed." in pulp.run("gomod", *mirror).stderr
    assert len(pulp.get("repository", "content", "list", "--repository", repository)) == 1
    prefix = ("--module", "example.com/named@v1", "--tool", "example.com/required/cmd@latest")
    assert pulp.run("gomod", *sync, *prefix).stderr.splitlines()[-4:-1] == [
        "Versions chosen:",
        "example.com/named@v1: v1.0.0",
        "example.com/required/cmd@latest: example.com/required@v1.0.0",
    ]
    wrong = pulp.save(f"{repository}.wrong", b"example.com/summed v1.0.0\n")
    assert "go.sum:1" in pulp.fail(*sync, "--go-sum", f"@{wrong}")
    empty = pulp.save(f"{repository}.empty", b"")
    done = pulp.run("gomod", *sync, "--go-sum", f"@{empty}")
    assert (done.code, "Nothing to sync: no module is required" in done.stderr) == (0, True)
    gone = pulp.fail(*sync, "--module", "example.com/gone@v1.0.0")
    assert "example.com/gone@v1.0.0: the upstream does not have it" in gone


def test_tokens(pulp: Pulp, repository: str) -> None:
    name = ("--name", f"token-{repository}")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    elsewhere = tomorrow.astimezone(timezone(timedelta(hours=-3)))
    created = pulp.get("token", "create", *name, "--expires", elsewhere.isoformat())
    assert created["token"].startswith(created["hint"])
    assert created["scope"] == "read"
    assert datetime.fromisoformat(created["expires"]) == tomorrow
    shown = pulp.get("token", "show", *name)
    assert shown == {key: value for key, value in created.items() if key != "token"}
    assert shown in pulp.get("token", "list", "--scope", "read", "--owner", "admin")
    nobody = pulp.run("gomod", "token", "list", "--owner", "nobody-of-this-name")
    assert nobody.code == 3 and "nobody-of-this-name" in nobody.stderr
    field = ("token", "list", "--field")
    assert pulp.get(*field, "name", "--name", name[1]) == [{"name": name[1]}]
    misnamed = pulp.run("gomod", *field, "nope")
    assert misnamed.code == 2 and "There is no field nope. There are: " in misnamed.stderr
    for kind in ("repository", "content", "remote", "policy", "waiver", "sumdb"):
        assert pulp.run("gomod", kind, "list", "--exclude-field", "nope").code == 2, kind
    for option in ("--policy", "--distribution"):
        nothing = pulp.run("gomod", "policy", "events", option, "nothing-of-this-name")
        assert nothing.code == 3 and "nothing-of-this-name" in nothing.stderr
    pulp.do("token", "destroy", *name)
    assert "Could not find go token" in pulp.fail("token", "show", *name)


def test_everything_is_found_by_its_prn(pulp: Pulp, repository: str) -> None:
    made = Made()
    upload = ("content", "upload", "--repository", repository, "--file")
    unit = pulp.get(*upload, save_zip(pulp, made))
    release = pulp.get("release", "show", "--repository", repository, "--module", made.path)
    for each in (unit, release, pulp.get("repository", "show", "--name", repository)):
        shown = json.loads(pulp.run("show", "--prn", each["prn"]).stdout)
        assert shown["pulp_href"] == each["pulp_href"]
    assert pulp.get("content", "show", "--href", unit["prn"])["h1"] == unit["h1"]


def test_a_publisher(server: Server, pulp: Pulp, repository: str, tmp_path: Path) -> None:
    name = f"user-{uuid4().hex[:12]}"
    created = pulp.run("user", "create", "--username", name, "--password", f"{name}-secret")
    assert created.code == 0, created.stderr
    user = Pulp.create(tmp_path / name, server, username=name, password=f"{name}-secret")
    made = Made()
    zip = save_zip(user, made)
    upload = ("content", "upload", "--file", zip, "--repository", repository)
    assert "Could not find go repository" in user.fail(*upload)
    assert "Could not find go repository" in user.fail(*upload[:-1], f"no-{repository}")
    role = ("repository", "role", "add", "--name", repository, "--user", name, "--role")
    pulp.do(*role, "gomod.gorepository_publisher")
    # No right to see the repository is needed, and none is given.
    assert user.get(*upload)["module"] == made.path
    href = pulp.get("repository", "show", "--name", repository)["pulp_href"]
    again = user.get("content", "upload", "--file", zip, "--repository", href)
    assert again["version"] == "v1.0.0"
    assert "Could not find go repository" in user.fail("repository", "show", "--name", repository)
    base = ("--name", repository, "--base-path", repository, "--repository", repository)
    distribution = pulp.get("distribution", "create", *base)
    token = ("token", "create", "--scope", "publish", "--distribution")
    for number, distributed in enumerate((repository, distribution["pulp_href"])):
        made_token = user.get(*token, distributed, "--name", f"ci-{number}")
        assert made_token["distribution"] == distribution["pulp_href"]
    assert "Could not find go distribution" in user.fail(*token, f"no-{repository}", "--name", "x")
    with pytest.MonkeyPatch.context() as patch:
        # As with zips of more than 64 MB, for pieces of which the user lacks the right.
        patch.setattr(sending, "REQUEST_SIZE", 100)
        assert user.get(*upload)["module"] == made.path
    pulp.do(*role, "gomod.gorepository_viewer")
    release = user.get("release", "show", "--repository", repository, "--module", made.path)
    assert release["published_by"] == name
    assert "uploads_create" in user.fail(*upload, "--chunk-size", "100B")


def test_with_a_token(server: Server, pulp: Pulp, repository: str, tmp_path: Path) -> None:
    made = Made()
    base = ("--name", repository, "--base-path", repository, "--repository", repository)
    pulp.do("distribution", "create", *base)
    scope = ("--scope", "publish", "--distribution", repository)
    secret = pulp.get("token", "create", "--name", repository, *scope)["token"]
    machine = Pulp.create(tmp_path / "machine", server, password=secret)
    upload = ("content", "upload", "--repository", repository, "--directory")
    zips = machine.directory / "zips" / "below"
    zips.mkdir(parents=True)
    for version in VERSIONS:
        (zips / f"{version}.zip").write_bytes(made.zip(version))
    uploaded = machine.get(*upload, zips.parent)
    assert [unit["version"] for unit in uploaded] == VERSIONS
    assert uploaded == pulp.get("content", "list", "--module", made.path, "--ordering", "version")
    machine.do(
        "repository",
        "content",
        "remove",
        "--repository",
        repository,
        "--module",
        f"{made.path}@v1.0.0",
    )
    assert held(machine, repository, "--module", made.path) == ["v1.1.0"]
    denied = machine.run("gomod", "token", "list")
    assert (denied.code, "not authorized" in denied.stderr) == (4, True)
    assert machine.run("gomod", "repository", "show", "--name", f"no-{repository}").code == 3
    nowhere = Pulp.create(tmp_path / "nowhere", server, base_url="http://127.0.0.1:9")
    assert nowhere.run("gomod", "content", "list").code == 5


def test_in_a_domain(domain_server: Server, tmp_path: Path) -> None:
    admin = Pulp.create(tmp_path / "admin", domain_server)
    domain, made = f"domain-{uuid4().hex[:8]}", Made()
    settings = json.dumps({"location": str(tmp_path / "media")})
    created = admin.run(
        *("domain", "create", "--name", domain, "--storage-settings", settings),
        *("--storage-class", "pulpcore.app.models.storage.FileSystem"),
    )
    assert created.code == 0, created.stderr
    pulp = Pulp.create(tmp_path / "team", domain_server, domain=domain)
    pulp.do("repository", "create", "--name", "go")
    zips = [save_zip(pulp, made, version) for version in ("v1.0.0", "v1.1.0")]
    upload = ("content", "upload", *spread("--file", zips), "--repository", "go")
    units = pulp.get(*upload, "--chunk-size", "100B")
    assert [unit["version"] for unit in units] == ["v1.0.0", "v1.1.0"]
    assert all(f"/{domain}/" in unit["pulp_href"] for unit in units)
    assert admin.get("content", "list", "--module", made.path) == []


CONTEXTS = [getattr(gomod, name) for name in gomod.__all__]


@pytest.fixture(scope="module")
def glue(server: Server, pulp: Pulp) -> PulpContext:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(pulp.directory))
        context = PulpContext(api_root="/pulp/", api_kwargs={"base_url": server.url})
        assert context.api
    return context


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda context: context.__name__)
def test_contexts_say_what_the_schema_says(
    glue: PulpContext, context: type[PulpEntityContext]
) -> None:
    operations = glue.api.operations
    method, path = operations[f"{context.ID_PREFIX}_read"]
    assert (method, path) == ("get", f"{{{context.HREF}}}")
    assert f"{context.ID_PREFIX}_list" in operations
    assert ("roles" in context.CAPABILITIES) == (f"{context.ID_PREFIX}_add_role" in operations)
