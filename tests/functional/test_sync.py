"""Syncing a repository from a remote: by name, by a go.sum, and by a go.mod.

What a sync makes of all that an upstream may say is in tests/inprocess.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme

from pulp_gomod.golang import dirhash
from tests.functional.owners import Go
from tests.functional.rest_api import MODFILES, RELEASES, REMOTES, Made, Rest, TaskFailed
from tests.functional.serving import Server
from tests.functional.test_rest_access import grant, new_user
from tests.functional.upstream_world import Mirror, Upstream, Version
from tests.gomods import modules

WRONG = "h1:" + b64encode(hashlib.sha256(b"other").digest()).decode()


def sync(mirror: Mirror, /, **body: Any) -> Mapping[str, Any]:
    """Sync, wait, and return the task."""
    rest = mirror.owner.rest
    body.setdefault("remote", mirror.remote)
    return rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))


def complaint(mirror: Mirror, /, **body: Any) -> str:
    """Sync in vain, and return what the task says."""
    with pytest.raises(TaskFailed) as failed:
        sync(mirror, **body)
    return failed.value.description


def refused(mirror: Mirror, /, **body: Any) -> str:
    """Ask for what is refused at once, and return the answer."""
    body.setdefault("remote", mirror.remote)
    answer = mirror.owner.rest.call("POST", f"{mirror.owner.repository}sync/", json=body)
    assert answer.status_code == 400, (answer.status_code, answer.text)
    return answer.text


def sum_lines(upstream: Upstream, path: str, version: str) -> tuple[str, str]:
    """The lines of go.sum for a module version: of its zip and of its go.mod."""
    found = upstream.modules[path][version]
    h1 = dirhash.hash_zip(BytesIO(found.zip))
    go_mod_h1 = dirhash.hash_go_mod(found.mod)
    return f"{path} {version} {h1}\n", f"{path} {version}/go.mod {go_mod_h1}\n"


def zips(upstream: Upstream) -> list[str]:
    """The zips that an upstream was asked for."""
    return sorted(path for path in upstream.asked if path.endswith(".zip"))


def test_by_name(rest: Rest, upstream: Upstream) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0-0.20200101000000-0123456789ab"):
        upstream.add("example.com/all", version)
    for version in ("v1.0.0", "v1.5.0"):
        upstream.add("example.com/Newest", version)
    upstream.add("example.com/one", "v1.0.0")
    upstream.add("example.com/one", "v1.1.0")
    upstream.latest["example.com/Newest"] = upstream.modules["example.com/Newest"]["v1.5.0"].info
    mirror = Mirror.create(rest, upstream, policy="immediate")
    names = ["example.com/all", "example.com/Newest@latest", "example.com/one@v1.0.0"]
    task = sync(mirror, modules=names)
    assert mirror.held() == [
        "example.com/Newest@v1.5.0",
        "example.com/all@v1.0.0",
        "example.com/all@v1.1.0",
        "example.com/one@v1.0.0",
    ]
    assert mirror.held(MODFILES) == []
    assert mirror.number() == 1
    assert task["created_resources"] == [rest.latest(mirror.owner.repository)]
    reports = {each["code"]: each for each in task["progress_reports"]}
    assert reports["sync.gomod.downloading"]["done"] == 4
    assert reports["sync.gomod.downloading"]["total"] == 4
    assert {each["state"] for each in reports.values()} == {"completed"}
    steps = {"sync.gomod.listing", "sync.gomod.downloading", "sync.gomod.adding"}
    assert set(reports) == {*steps, "sync.gomod.chosen"}
    assert reports["sync.gomod.chosen"]["message"].splitlines() == [
        "Versions chosen:",
        "example.com/Newest@latest: v1.5.0",
    ]
    assert (reports["sync.gomod.adding"]["done"], reports["sync.gomod.adding"]["total"]) == (4, 4)
    (release,) = rest.get(RELEASES, repository=mirror.owner.repository, module="example.com/one")[
        "results"
    ]
    assert release["source"] == "synced"
    assert release["time"] == "2020-02-03T04:05:06Z"
    assert release["origin"] == {"VCS": "git"}
    # The task has ended, so it is served.
    upstream.everything = None
    found = upstream.modules["example.com/one"]["v1.0.0"]
    asked = len(upstream.asked)
    assert mirror.get("example.com/one/@v/v1.0.0.zip").content == found.zip
    assert mirror.get("example.com/one/@v/v1.0.0.mod").content == found.mod
    assert mirror.get("example.com/one/@v/v1.0.0.info").content == found.info
    assert len(upstream.asked) == asked


def test_the_go_command_builds_from_what_its_go_mod_needs(
    rest: Rest, upstream: Upstream, tmp_path: Path
) -> None:
    for each in modules():
        files = Version(each.info, each.mod, each.zip)
        upstream.modules.setdefault(each.path, {})[each.version] = files
    go = Go.create(
        tmp_path,
        'package main\n\nimport "rsc.io/quote"\n\nfunc main() { println(quote.Hello()) }\n',
    )
    go.run(upstream.url, "get", "rsc.io/quote@v1.5.2")
    go.run(upstream.url, "mod", "tidy")
    work = go.directory / "work"
    files = {"go_mod": (work / "go.mod").read_text(), "go_sum": (work / "go.sum").read_text()}
    mirror = Mirror.create(rest, upstream, policy="immediate")
    sync(mirror, **files)
    assert "rsc.io/quote@v1.5.2" in mirror.held()
    # Without the remote, everything has to be there.
    body = {"remote": None}
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json=body))
    fresh = Go.create(tmp_path / "fresh", (work / "main.go").read_text())
    for name in ("go.mod", "go.sum"):
        (fresh.directory / "work" / name).write_text((work / name).read_text())
    flags = {"GOFLAGS": "-mod=readonly -modcacherw"}
    fresh.run(mirror.url, "mod", "download", env=flags)
    assert "Hello, world." in fresh.run(mirror.url, "run", ".", env=flags).stderr
    fresh.run(mirror.url, "mod", "verify", env=flags)
    fresh.run(mirror.url, "list", "-m", "all", env=flags)


def test_in_a_domain(domain_server: Server, upstream: Upstream, tmp_path: Path) -> None:
    upstream.add("example.com/m", "v1.0.0")
    admin = Rest(domain_server.url, (domain_server.username, domain_server.password))
    domain = f"sync-{uuid4().hex[:8]}"
    admin.create(
        "domains/",
        name=domain,
        storage_class="pulpcore.app.models.storage.FileSystem",
        storage_settings={"location": str(tmp_path)},
    )
    rest = Rest(domain_server.url, (domain_server.username, domain_server.password), domain)
    repository = rest.create_repository()
    url = {"url": upstream.url, "policy": "immediate", "sumdb": "off"}
    remote = rest.create(REMOTES, name="up", **url)["pulp_href"]
    elsewhere = admin.create(REMOTES, name=domain, **url)["pulp_href"]
    href, wanted = f"{repository}sync/", {"modules": ["example.com/m"]}
    refusal = rest.call("POST", href, json={"remote": elsewhere, **wanted})
    assert refusal.status_code == 400, refusal.text
    rest.wait(rest.call("POST", href, json={"remote": remote, **wanted}))
    assert rest.held(repository) == ["example.com/m@v1.0.0"]
    assert any(tmp_path.rglob("artifact/*/*"))


def test_what_an_immutable_repository_had_otherwise_is_an_error(
    rest: Rest, upstream: Upstream
) -> None:
    mirror = Mirror.create(rest, upstream, policy="immediate", mix="example.com/m")
    owner = mirror.owner
    # A removal blocks what a remote of the distribution could bring back.
    rest.wait(rest.call("PATCH", owner.distribution, json={"remote": None}))
    offered = upstream.add("example.com/m", "v1.0.0")
    upstream.add("example.com/n", "v1.0.0")
    other = Made("example.com/m").zip("v1.0.0", **{"other.go": "package m"})
    for data in (offered.zip, other):
        assert owner.put(data).status_code == 201
        assert owner.delete("example.com/m/@v/v1.0.0").status_code == 204
    assert rest.status("PATCH", owner.repository, json={"immutable": True}) in (200, 202)
    said = complaint(mirror, modules=["example.com/m", "example.com/n"])
    assert "GOM0003" in said and "example.com/m@v1.0.0" in said
    assert mirror.held() == []


def test_the_remote_of_the_repository(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    sync_href = f"{mirror.owner.repository}sync/"
    answer = rest.call("POST", sync_href, json={"modules": ["example.com/m"]})
    assert answer.status_code == 400 and set(answer.json()) == {"remote"}
    body = {"remote": mirror.remote}
    assert rest.status("PATCH", mirror.owner.repository, json=body) in (200, 202)
    rest.wait(rest.call("POST", sync_href, json={"modules": ["example.com/m"]}))
    assert mirror.held() == ["example.com/m@v1.0.0"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["modules, go_sum, go_mod"]),
        ({"modules": []}, ["modules"]),
        ({"modules": "example.com/m"}, ["modules", "list"]),
        ({"modules": [1, None, {}]}, ["modules"]),
        ({"modules": ["example.com/m", "example.com/m@a/b"]}, ["2: example.com/m@a/b", "no proxy"]),
        ({"modules": ["example.com/m@patch"]}, ["write its minor version"]),
        ({"tools": ["example.com/m"]}, ["has a version behind an @"]),
        ({"tools": ["example.com/m@>v1"]}, ["ambiguous semantic version"]),
        ({"modules": ["example.com/m@"]}, ["1: example.com/m@"]),
        ({"modules": ["nodot"]}, ["missing dot"]),
        ({"modules": ["example.com/" + "m" * 5000]}, ["too long"]),
        ({"modules": ["example.com/m"] * 10_001}, ["10000"]),
        ({"go_sum": "example.com/m v1.0.0\n"}, ["go.sum:1", "wrong number of fields 2"]),
        ({"go_sum": f"\nexample.com/m v1 {WRONG}\n"}, ["go.sum:2", "canonical"]),
        ({"go_sum": "example.com/m v1.0.0 h1:abc\n"}, ["go.sum:1", "not a checksum"]),
        ({"go_sum": f"\nexample.com/{'m' * 5000} v1.0.0 {WRONG}\n"}, ["go.sum:2", "too long"]),
        ({"go_sum": "x" * (1024 * 1024 + 1)}, ["go_sum", "1048576"]),
        ({"go_mod": "module example.com/m\nrequire example.com/n master\n"}, ["go.mod:2"]),
        ({"go_mod": "what is this\n"}, ["go.mod:1", "unknown directive"]),
        ({"go_mod": "\0"}, ["go_mod"]),
        ({"go_mod": 5, "go_sum": []}, ["go_mod", "go_sum"]),
        ({"modules": ["example.com/m"], "mirror": "perhaps"}, ["mirror"]),
        ({"modules": ["example.com/m"], "missing": "maybe"}, ["missing"]),
        ({"toolchains": ["1.26"]}, ["is no toolchain: write the Go version"]),
        (
            {"toolchains": ["go1.26.x linux-amd64"], "toolchain_platforms": ["linux-amd64"]},
            ["Give go_mod, too"],
        ),
        ({"modules": ["example.com/m"], "what": 1}, ["what"]),
        ({"modules": ["example.com/m"], "remote": 7}, ["remote"]),
        (
            {"modules": ["example.com/m"], "remote": "/pulp/api/v3/remotes/gomod/gomod/no/"},
            ["remote"],
        ),
    ],
)
def test_what_is_refused_at_once(bad: Mirror, body: dict[str, Any], words: list[str]) -> None:
    text = refused(bad, **body)
    assert all(word in text for word in words), text


@pytest.fixture(scope="module")
def bad(rest: Rest) -> Mirror:
    return Mirror.create(rest, Upstream(url="http://127.0.0.1:9/none"))


def test_what_is_no_object(bad: Mirror) -> None:
    href = f"{bad.owner.repository}sync/"
    for body in ([], "text", 1):
        assert bad.owner.rest.status("POST", href, json=body) == 400
    answer = bad.owner.rest.call(
        "POST", href, data="{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_a_module_that_requires_nothing(bad: Mirror) -> None:
    number = bad.number()
    go_mod = "module example.com/hello\n\ngo 1.21\n"
    for files in ({"go_sum": ""}, {"go_mod": go_mod}, {"go_mod": go_mod, "go_sum": ""}):
        said = {each["code"]: each["message"] for each in sync(bad, **files)["progress_reports"]}
        assert said["sync.gomod.downloading"] == "Nothing to sync: no module is required"
        assert "mirror would remove everything" in refused(bad, mirror=True, **files)
    assert bad.number() == number
    assert "Say what to sync" in refused(bad)


def test_what_is_too_much(bad: Mirror) -> None:
    text = refused(bad, go_sum="x" * 2_000_000)
    assert "1048576" in text and len(text) < 1000
    text = refused(bad, modules=["example.com/" + "m" * 2200] * 1000)
    assert "and 990 more" in text and len(text) < 10_000
    rest, href = bad.owner.rest, f"{bad.owner.repository}sync/"
    answer = rest.call("POST", href, json={"remote": bad.remote, "go_sum": "x" * 30_000_000})
    assert answer.status_code == 413 and "10485760 bytes" in answer.text


def test_a_remote_that_cannot_be_opened(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream, policy="immediate")
    one, other = (trustme.CA().issue_cert("client.example.com") for _ in range(2))
    settings = {
        "client_cert": one.cert_chain_pems[0].bytes().decode(),
        "client_key": other.private_key_pem.bytes().decode(),
    }
    answer = rest.call("PATCH", mirror.remote, json=settings)
    assert answer.status_code == 400
    assert "key values mismatch" in answer.json()["client_cert"][0]


def test_who_may_sync(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    href, body = f"{mirror.owner.repository}sync/", {"modules": ["example.com/m"]}
    body["remote"] = mirror.remote  # type: ignore[assignment]
    user = new_user(rest)
    assert user.status("POST", href, json=body) == 404
    grant(rest, mirror.owner.repository, user, "gomod.gorepository_viewer")
    grant(rest, mirror.remote, user, "gomod.goremote_viewer")
    assert user.status("POST", href, json=body) == 403
    other = new_user(rest)
    grant(rest, mirror.owner.repository, other, "gomod.gorepository_owner")
    # The repository is theirs, the remote is not.
    assert other.status("POST", href, json=body) in (400, 403)
    grant(rest, mirror.owner.repository, user, "gomod.gorepository_owner")
    user.wait(user.call("POST", href, json=body))
    assert mirror.held() == ["example.com/m@v1.0.0"]


def test_a_remote_of_another_kind(rest: Rest, bad: Mirror) -> None:
    name = f"file-{uuid4().hex[:8]}"
    listed = rest.call("GET", "remotes/file/file/")
    if listed.status_code != 200:
        pytest.skip("this server has no other kind of remote")
    other = rest.create("remotes/file/file/", name=name, url="http://127.0.0.1:9/PULP_MANIFEST")
    text = refused(bad, modules=["example.com/m"], remote=other["pulp_href"])
    assert "remote" in text


def test_a_sync_that_is_scheduled_is_run_and_taken_back(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/scheduled", "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    repository = mirror.owner.repository
    body = {"remote": mirror.remote, "modules": ["example.com/scheduled"], "every": "6h"}
    made = rest.call("POST", f"{repository}schedule/", json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["schedule"], made.json()["every"]) == ("default", "6h")
    assert made.json()["wanted"]["modules"] == ["example.com/scheduled"]
    assert [each["schedule"] for each in rest.get(f"{repository}schedules/")] == ["default"]
    for wrong in ({"every": "soon"}, {"every": "1h", "schedule": "a/b"}, {}):
        answer = rest.call("POST", f"{repository}schedule/", json=body | {"every": ""} | wrong)
        assert answer.status_code == 400, answer.text
    # A viewer sees it, and may neither make nor end one.
    viewer = new_user(rest)
    grant(rest, repository, viewer, "gomod.gorepository_viewer")
    assert viewer.status("GET", f"{repository}schedules/") == 200
    assert viewer.status("POST", f"{repository}schedule/", json=body) == 403
    assert viewer.status("POST", f"{repository}unschedule/", json={}) == 403
    mirror.until(mirror.held, 120)
    assert mirror.held() == ["example.com/scheduled@v1.0.0"]
    assert rest.status("POST", f"{repository}unschedule/", json={}) == 204
    assert rest.get(f"{repository}schedules/") == []
    assert rest.status("POST", f"{repository}unschedule/", json={}) == 400
