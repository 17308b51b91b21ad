"""Below `vulndb/` a distribution has what govulncheck asks for, byte for byte and in the way it wants it."""

import gzip
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import transaction

from tests.functional.upstream_world import Upstream, running
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_guards import READER, Guarded, Reader
from tests.inprocess.vulndbs import PUBLIC, fill, make, report

from pulpcore.plugin.util import assign_role  # isort: skip

from pulp_gomod.app.db.pool import Database  # isort: skip
from pulp_gomod.app.models import GoVulndb  # isort: skip
from pulp_gomod.app.tasks.vulndb import mirroring  # isort: skip
from pulp_gomod.app.tasks.vulndb.storing import store  # isort: skip


@pytest.fixture(scope="module")
def public(content_url: str) -> GoVulndb:
    vulndb = make()
    with PUBLIC.open("rb") as file:
        store(vulndb.pk, file, is_forced=True)
    return vulndb


def serve(owner: Owner, vulndb: GoVulndb | None) -> None:
    with transaction.atomic():
        owner.distribution.vulndb = vulndb
        owner.distribution.save()


def test_every_file_is_served_at_both_urls(content_url: str, public: GoVulndb) -> None:
    owner = Owner.create(content_url)
    serve(owner, public)
    with zipfile.ZipFile(PUBLIC) as opened:
        sent = {name: opened.read(name) for name in opened.namelist()}
    for name, data in sent.items():
        compressed = requests.get(f"{owner.packages_url}/vulndb/{name}.gz", stream=True, timeout=60)
        assert compressed.status_code == 200, name
        # Whatever has it is left to the client to unpack.
        assert "Content-Encoding" not in compressed.headers
        assert compressed.headers["Content-Type"] == "application/gzip"
        assert gzip.decompress(compressed.raw.read()) == data
    for root in (owner.packages_url, owner.content_url):
        for name in ("index/modules.json", "index/db.json", "ID/GO-2020-0017.json"):
            plain = get(f"{root}/vulndb/{name}")
            assert plain.content == sent[name]
            assert plain.headers["Content-Type"] == "application/json"
            for end in ("", ".gz"):
                head = requests.head(f"{root}/vulndb/{name}{end}", timeout=60)
                body = requests.get(
                    f"{root}/vulndb/{name}{end}",
                    headers={"Accept-Encoding": "identity"},
                    timeout=60,
                )
                assert head.status_code == 200 and not head.content
                assert head.headers["Content-Length"] == str(len(body.content))
                assert head.headers["ETag"] == body.headers["ETag"]


def test_one_server_mirrors_another(content_url: str, public: GoVulndb) -> None:
    owner = Owner.create(content_url)
    serve(owner, public)
    for root in (owner.packages_url, owner.content_url):
        url = f"{root}/vulndb/vulndb.zip"
        answer = get(url)
        assert answer.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as ours, zipfile.ZipFile(PUBLIC) as theirs:
            assert ours.namelist() == sorted(theirs.namelist())
            assert all(ours.read(name) == theirs.read(name) for name in theirs.namelist())
        head = requests.head(url, timeout=60)
        assert head.headers["Content-Length"] == str(len(answer.content))
        assert get(url, headers={"If-None-Match": head.headers["ETag"]}).status_code == 304
        second = make(url=url)
        stored = mirroring.sync(str(second.pk))
        assert stored is not None and stored["reports"] == len(theirs.namelist()) - 3
        assert mirroring.sync(str(second.pk)) is None
        third = Owner.create(content_url)
        serve(third, second)
        # The same of the same.
        assert get(f"{third.packages_url}/vulndb/vulndb.zip").content == answer.content


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("ID/GO-1999-0001.json.gz", "no report GO-1999-0001 is in"),
        ("index/nonsense.json", "a path of a vulnerability database is"),
        ("ID/..%2findex/db.json", "a path of a vulnerability database is"),
        ("vulndb.zip.gz", "a path of a vulnerability database is"),
        ("ID/%00.json", "malformed path"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(
    content_url: str, public: GoVulndb, path: str, line: str
) -> None:
    owner = Owner.create(content_url)
    serve(owner, public)
    for root in (owner.packages_url, owner.content_url):
        answer = get(f"{root}/vulndb/{path}")
        assert answer.status_code == 404 and line in answer.text, (root, answer.text)
        assert answer.text.count("\n") == 1
    assert get(f"{owner.packages_url}/vulndb/").status_code == 404


def test_a_distribution_without_one_says_so_and_a_new_one_has_nothing_yet(content_url: str) -> None:
    owner = Owner.create(content_url)
    answer = get(f"{owner.content_url}/vulndb/index/modules.json.gz")
    assert answer.status_code == 404 and "serves no vulnerability database" in answer.text
    serve(owner, make())
    answer = get(f"{owner.content_url}/vulndb/index/modules.json.gz")
    assert answer.status_code == 404 and "index/modules.json is not (yet) in" in answer.text


def test_clients_keep_what_has_not_changed_and_see_what_has(content_url: str) -> None:
    vulndb, owner = make(), Owner.create(content_url)
    fill(vulndb, report("GO-2026-1", "example.com/m", "1.2.0"))
    serve(owner, vulndb)
    url = f"{owner.packages_url}/vulndb/ID/GO-2026-1.json"
    first = get(url)
    assert first.headers["Cache-Control"] == "public, no-cache" and "Last-Modified" in first.headers
    assert get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert get(url, headers=since).status_code == 304
    assert get(url, headers={"Range": "bytes=0-3"}).content == first.content[:4]
    # The other spelling is another thing.
    assert get(f"{url}.gz").headers["ETag"] != first.headers["ETag"]
    for minor in range(3, 6):
        fill(vulndb, report("GO-2026-1", "example.com/m", f"1.{minor}.0"))
        changed = get(url, headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200 and f"1.{minor}.0" in changed.text
    fill(vulndb, report("GO-2026-2", "example.com/m"))
    assert get(url).status_code == 404


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        yield upstream


@pytest.mark.parametrize("has_remote", [False, True])
def test_a_request_costs_one_statement_and_then_none(
    content_url: str,
    upstream: Upstream,
    has_remote: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = Mirror.create(content_url, upstream).owner if has_remote else Owner.create(content_url)
    vulndb = make()
    fill(vulndb, report("GO-2026-1", "example.com/m"))
    serve(owner, vulndb)
    asked: list[str] = []
    fetch_all = Database.fetch_all

    async def counted(self: Database, sql: str, *args: Any) -> Any:
        if "vulnfile" in sql:
            asked.append(sql)
        return await fetch_all(self, sql, *args)

    monkeypatch.setattr(Database, "fetch_all", counted)
    for name in ("index/modules.json.gz", "ID/GO-2026-1.json.gz", "ID/GO-1999-0001.json.gz"):
        for statements in (1, 0, 0):
            asked.clear()
            get(f"{owner.content_url}/vulndb/{name}")
            assert len(asked) == statements, name


def test_a_guard_is_asked(content_url: str, public: GoVulndb) -> None:
    guarded, reader, stranger = Guarded(Owner.create(content_url)), Reader(), Reader()
    assign_role(READER, reader.user, guarded.guard)
    serve(guarded.owner, public)
    path = "vulndb/index/modules.json.gz"
    assert guarded.status({}, path) == 401
    assert guarded.status(stranger.headers, path) == 403
    for _ in range(3):
        answer = get(f"{guarded.owner.packages_url}/{path}", headers=reader.headers)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-cache"
    assert guarded.status({}, path) == 401


# Nothing of the standard library: checkers read all that a program imports.
VULNERABLE = """package main

import "github.com/dgrijalva/jwt-go"

func main() { println(jwt.MapClaims{}.VerifyAudience("a", true)) }
"""
JWT = """package jwt

type MapClaims map[string]interface{}

func (m MapClaims) VerifyAudience(cmp string, req bool) bool { return req }
"""


def messages_of(printed: str) -> list[str]:
    """Return what govulncheck says of reports, which it does in any order."""
    decoder, messages, at = json.JSONDecoder(), [], 0
    while at < len(printed):
        message, end = decoder.raw_decode(printed, at)
        if message.keys() & {"osv", "finding"}:
            messages.append(json.dumps(message, sort_keys=True))
        at = end + len(printed[end:]) - len(printed[end:].lstrip())
    return sorted(messages)


class Checked:
    """
    A program that calls what is vulnerable, and a distribution that says so to those who may read it.

    Args:
        url: The content app.
        public: The database.
        directory: Where the program goes.
        tools: Where programs that check it are, from one run to the next: linking one takes longer than all else.
    """

    def __init__(self, url: str, public: GoVulndb, directory: Path, tools: Path) -> None:
        guarded, reader = Guarded(Owner.create(url)), Reader()
        assign_role(READER, reader.user, guarded.guard)
        serve(guarded.owner, public)
        credentials = f"{reader.user.username}:a%20password@"
        self.mirrors = [
            f"{root.replace('://', f'://{credentials}')}/vulndb"
            for root in (guarded.owner.packages_url, guarded.owner.content_url)
        ]
        self.original = directory / "original"
        with zipfile.ZipFile(PUBLIC) as opened:
            opened.extractall(self.original)
        self.program = directory / "checked"
        vendored = self.program / "vendor" / "github.com" / "dgrijalva" / "jwt-go"
        vendored.mkdir(parents=True)
        (vendored / "jwt.go").write_text(JWT)
        (self.program / "main.go").write_text(VULNERABLE)
        (self.program / "go.mod").write_text(
            "module example.com/checked\n\ngo 1.21\n\nrequire github.com/dgrijalva/jwt-go v3.2.0+incompatible\n"
        )
        (self.program / "vendor" / "modules.txt").write_text(
            "# github.com/dgrijalva/jwt-go v3.2.0+incompatible\n## explicit\ngithub.com/dgrijalva/jwt-go\n"
        )
        self._bin = tools
        self._environment = os.environ | {"GOBIN": str(self._bin), "GOFLAGS": ""}

    def install(self, package: str) -> None:
        """Build a program from its source, which the machine's own GOPROXY has, if it is not there yet."""
        command = ["go", "install", package]
        directory = self.program.parent
        subprocess.run(
            command, env=self._environment, check=True, capture_output=True, cwd=directory
        )

    def run(self, *command: str, **environment: str) -> str:
        """Run a program that was installed on the one that is vulnerable; return what it prints."""
        done = subprocess.run(
            [str(self._bin / command[0]), *command[1:]],
            cwd=self.program,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@pytest.fixture
def checked(
    content_url: str, public: GoVulndb, tmp_path: Path, pytestconfig: pytest.Config
) -> Checked:
    assert pytestconfig.cache
    return Checked(content_url, public, tmp_path, pytestconfig.cache.mkdir("gomod-tools"))


@pytest.mark.upstream
def test_govulncheck_finds_what_it_finds_in_the_original_files(checked: Checked) -> None:
    checked.install("golang.org/x/vuln/cmd/govulncheck@v1.9.0")

    def check(db: str) -> list[str]:
        return messages_of(checked.run("govulncheck", "-db", db, "-format", "json", "./..."))

    found = check(checked.original.as_uri())
    assert any('"osv": "GO-2020-0017"' in each for each in found)
    for mirror in checked.mirrors:
        assert check(mirror) == found


@pytest.mark.upstream
def test_gopls_finds_what_it_finds_in_the_original_files(checked: Checked, tmp_path: Path) -> None:
    checked.install("golang.org/x/tools/gopls@v0.22.0")
    # What an editor asks for when somebody clicks on "Run govulncheck" in a go.mod file.
    wanted = json.dumps({"URI": (checked.program / "go.mod").as_uri(), "Pattern": "./..."})

    def check(db: str) -> dict[str, Any]:
        # It keeps what it has found: each time anew.
        cache = str(tmp_path / f"cache-{uuid4().hex}")
        printed = checked.run(
            *("gopls", "execute", "gopls.vulncheck", wanted), GOVULNDB=db, GOPLSCACHE=cache
        )
        result: dict[str, Any] = json.loads(printed[printed.index("{") :])["Result"]
        return {
            "reports": result["Entries"],
            "findings": sorted(json.dumps(each, sort_keys=True) for each in result["Findings"]),
        }

    found = check(checked.original.as_uri())
    assert "GO-2020-0017" in found["reports"]
    assert any("VerifyAudience" in each for each in found["findings"])
    # As govulncheck, it finds the same at the other.
    assert check(checked.mirrors[0]) == found
