"""Proofs that are kept: every distribution serves them for what it holds, with nobody to ask."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
import requests

from pulp_gomod.golang import dirhash
from pulp_gomod.golang.sumdb import Client, note, tlog
from tests.functional.upstream_world import SUMDB, SUMDB_KEY, Upstream, running
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.unit.golang.sumdb_world import run

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.app.contexts import with_task_context  # noqa: TID251  # isort: skip
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoCacheEntry,
    GoPendingEntry,
    GoDistribution,
    GoModFile,
    GoModule,
    GoPublication,
    GoRepository,
    GoSumdbRecord,
    GoSumdbTile,
    GoSumdbTree,
)
from pulp_gomod.app.db.pool import Database  # isort: skip
from pulp_gomod.app.tasks.ingest import ingest  # isort: skip
from pulp_gomod.app.tasks.sync.run import sync  # isort: skip

LOOKUP = f"sumdb/{SUMDB}/lookup/"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        started.sign()
        yield started


@pytest.fixture(autouse=True)
def no_leftovers(content_url: str) -> Iterator[None]:
    GoSumdbTree.objects.all().delete()
    yield
    GoSumdbTree.objects.all().delete()


@contextmanager
def task() -> Iterator[None]:
    made = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(made):
        yield


def mirror_of(url: str, upstream: Upstream, **settings: Any) -> Mirror:
    return Mirror.create(url, upstream, **{"sumdb": SUMDB_KEY, **settings})


def join_now(repository: GoRepository, count: int) -> None:
    """Let what was fetched join, as the task does that is dispatched when nothing more comes."""
    end = time.monotonic() + 30
    while GoPendingEntry.objects.filter(repository=repository).count() < count:
        assert time.monotonic() < end
        time.sleep(0.05)
    with task():
        ingest(str(repository.pk))


def frozen(url: str, repository: GoRepository, **settings: Any) -> str:
    """The URL of a distribution that has no remote."""
    name = f"frozen-{uuid4().hex[:8]}"
    given = settings or {"repository": repository}
    GoDistribution.objects.create(name=name, base_path=name, **given)
    return f"{url}/pulp/content/{name}"


def get(root: str, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{root}/{path}", timeout=60, headers=headers)


class Go:
    """A client of the checksum database, as the go command has it; it keeps the heads that it sees."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.configs: dict[str, bytes] = {}
        self.cache: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.client = Client(self, SUMDB_KEY)

    def verify(self, path: str, version: str, h1: str) -> None:
        run(self.client.verify(path, version, h1))

    def with_head(self, head: bytes) -> "Go":
        self.configs[f"{SUMDB}/latest"] = head
        return self

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        self.asked.append(path)
        answer = get(self.root, f"sumdb/{SUMDB}{path}")
        if answer.status_code != 200:
            raise LookupError(answer.text)
        return answer.content

    async def read_config(self, file: str, /) -> bytes:
        return self.configs.get(file, b"")

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        self.configs[file] = new

    async def read_cache(self, file: str, /) -> bytes | None:
        return self.cache.get(file)

    async def write_cache(self, file: str, data: bytes, /) -> None:
        self.cache[file] = data


def check_all(root: str, upstream: Upstream, *names: str) -> Go:
    """A client without a cache proves all of them, and their go.mod files."""
    go = Go(root)
    for name in names:
        path, _, version = name.partition("@")
        made = upstream.modules[path][version]
        go.verify(path, f"{version}/go.mod", dirhash.hash_go_mod(made.mod))
    return go


def test_what_was_pulled_through_is_proven_without_the_remote(
    content_url: str, upstream: Upstream
) -> None:
    mirror = mirror_of(content_url, upstream)
    names = [f"example.com/pulled{number}@v1.0.0" for number in range(8)]
    for name in names:
        path, _, version = name.partition("@")
        upstream.add(path, version)
        assert mirror.get(f"{path}/@v/{version}.mod").status_code == 200
    # Of one the zip, too: all others are go.mod files alone.
    assert mirror.get("example.com/pulled0/@v/v1.0.0.zip").status_code == 200
    join_now(mirror.owner.repository, len(names) + 1)
    assert GoModule.objects.filter(module="example.com/pulled0").exists()
    first = get(frozen(content_url, mirror.owner.repository), f"sumdb/{SUMDB}/latest").content
    upstream.add("example.com/later", "v1.0.0")
    assert mirror.get("example.com/later/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 1)
    # Whatever happens to the remote:
    GoCacheEntry.objects.filter(remote=mirror.remote).delete()
    mirror.owner.distribution.remote = None
    mirror.owner.distribution.save()
    mirror.remote.delete()
    version = mirror.owner.repository.latest_version()
    publication = GoPublication.objects.create(repository_version=version, complete=True)
    upstream.asked.clear()
    for root in (
        mirror.owner.content_url,
        frozen(content_url, mirror.owner.repository),
        frozen(content_url, mirror.owner.repository, repository_version=version),
        frozen(content_url, mirror.owner.repository, publication=publication),
    ):
        assert get(root, f"sumdb/{SUMDB}/supported").status_code == 200
        go = check_all(root, upstream, *names, "example.com/later@v1.0.0")
        assert not get(root, f"{LOOKUP}example.com/unknown@v1.0.0").ok
        # A client that has the head of before goes on from there.
        Go(root).with_head(first).verify(
            "example.com/later",
            "v1.0.0/go.mod",
            dirhash.hash_go_mod(upstream.modules["example.com/later"]["v1.0.0"].mod),
        )
        assert go.configs[f"{SUMDB}/latest"] == get(root, f"sumdb/{SUMDB}/latest").content
    assert upstream.asked == []


def test_only_what_is_held_is_told(content_url: str, upstream: Upstream) -> None:
    mirror = mirror_of(content_url, upstream)
    upstream.add("example.com/seen", "v1.0.0")
    assert mirror.get("example.com/seen/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 1)
    other = Owner.create(content_url)
    path = f"{LOOKUP}example.com/seen@v1.0.0"
    assert get(mirror.owner.content_url, path).status_code == 200
    for asked in ("supported", "latest", "lookup/example.com/seen@v1.0.0", "tile/8/0/000.p/1"):
        answer = get(other.content_url, f"sumdb/{SUMDB}/{asked}")
        assert answer.status_code == 404, asked
        assert answer.text.startswith("not found: ") and answer.text.count("\n") == 1
        if asked.startswith("lookup/"):
            # The go command asks one place for all modules, also for those of the next proxy.
            assert f"GOSUMDB='<its key> https://{SUMDB}'" in answer.text
    # Another module of that name, which the record says nothing of.
    unit = GoModFile.objects.create(
        module="example.com/seen", version="v1.0.0", go_mod_h1="h1:other=", go_mod=b"module x\n"
    )
    with other.repository.new_version() as new:
        new.add_content(GoModFile.objects.filter(pk=unit.pk))
    for asked in ("supported", "lookup/example.com/seen@v1.0.0"):
        assert get(other.content_url, f"sumdb/{SUMDB}/{asked}").status_code == 404


def test_a_sync_keeps_the_proofs_of_all_that_it_finds_held_or_not(
    content_url: str, upstream: Upstream
) -> None:
    for number in range(300):
        upstream.sumdb.serve(f"/lookup/example.com/other{number}@v1.0.0")  # type: ignore[union-attr]
        upstream.add(f"example.com/other{number}", "v1.0.0")
    upstream.add("example.com/a", "v1.0.0", "require example.com/b v1.0.0")
    upstream.add("example.com/b", "v1.0.0")
    upstream.add("golang.org/toolchain", "v0.0.1-go1.26.9.linux-amd64")
    names = ["example.com/a@v1.0.0", "golang.org/toolchain@v0.0.1-go1.26.9.linux-amd64"]
    for policy in ("immediate", "on_demand"):
        GoSumdbTree.objects.all().delete()
        mirror = mirror_of(content_url, upstream, policy=policy)
        go_mod = "module m\n\ngo 1.26.9\n\nrequire example.com/a v1.0.0\n"
        repository, remote = str(mirror.owner.repository.pk), str(mirror.remote.pk)

        def again(repository: str = repository, remote: str = remote, go_mod: str = go_mod) -> None:
            with task():
                sync(repository, remote, go_mod=go_mod, toolchain_platforms=["linux-amd64"])

        again()
        number = mirror.owner.repository.latest_version().number
        root = frozen(content_url, mirror.owner.repository)
        check_all(root, upstream, *names, "example.com/b@v1.0.0")
        # What a server has that kept no proofs when it synced, it gets by syncing again.
        GoSumdbTree.objects.all().delete()
        again()
        assert mirror.owner.repository.latest_version().number == number
        check_all(frozen(content_url, mirror.owner.repository), upstream, *names)


def test_who_has_seen_the_head_of_a_lookup_goes_on_from_it(
    content_url: str, upstream: Upstream
) -> None:
    """Whoever resolved a go.mod with the public proxy has seen the heads of the same lookups."""
    log: Any = upstream.sumdb._ops  # type: ignore[union-attr]
    mirror = mirror_of(content_url, upstream)
    names = ("example.com/first", "example.com/second")
    for name in names:
        upstream.add(name, "v1.0.0")
        assert mirror.get(f"{name}/@v/v1.0.0.mod").status_code == 200
        lookup = mirror.get(f"{LOOKUP}{name}@v1.0.0")
        for number in range(700):
            log.add(f"{name}/x{number} v1.0.0 h1:x=\n".encode())
        if name == names[0]:
            _, _, seen = tlog.parse_record(lookup.content)
    # The head of all, which nobody has seen who only resolved.
    assert mirror.get(f"sumdb/{SUMDB}/latest").status_code == 200
    join_now(mirror.owner.repository, 2)
    root = frozen(content_url, mirror.owner.repository)
    h1 = dirhash.hash_go_mod(upstream.modules[names[1]]["v1.0.0"].mod)
    Go(root).with_head(seen).verify(names[1], "v1.0.0/go.mod", h1)
    assert GoSumdbTree.objects.get().passed == [1, 702]


def test_a_remote_that_is_down_or_has_its_database_off_takes_nothing_away(
    content_url: str,
) -> None:
    with running() as upstream:
        upstream.sign()
        upstream.add("example.com/down", "v1.0.0")
        mirror = mirror_of(content_url, upstream)
        root = mirror.owner.content_url
        assert mirror.get("example.com/down/@v/v1.0.0.mod").status_code == 200
        join_now(mirror.owner.repository, 1)
    GoCacheEntry.objects.filter(remote=mirror.remote).delete()
    for sumdb in (SUMDB_KEY, "off", "sum.golang.org"):
        mirror.remote.sumdb = sumdb
        mirror.remote.save()
        assert get(root, f"sumdb/{SUMDB}/supported").status_code == 200, sumdb
        check_all(root, upstream, "example.com/down@v1.0.0")
        held_only = {"Disable-Module-Fetch": "true"}
        assert get(root, f"{LOOKUP}example.com/down@v1.0.0", **held_only).status_code == 200
        refused = get(root, f"{LOOKUP}example.com/never@v1.0.0")
        assert refused.status_code in (404, 502, 504), refused.text


def test_who_has_seen_another_state_is_told_what_to_do(
    content_url: str, upstream: Upstream
) -> None:
    mirror = mirror_of(content_url, upstream)
    upstream.add("example.com/early", "v1.0.0")
    assert mirror.get("example.com/early/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 1)
    root = frozen(content_url, mirror.owner.repository)
    log: Any = upstream.sumdb._ops  # type: ignore[union-attr]
    for number in range(300):
        log.add(f"example.com/x{number} v1.0.0 h1:x=\n".encode())
    h1 = dirhash.hash_go_mod(upstream.modules["example.com/early"]["v1.0.0"].mod)
    with pytest.raises(LookupError, match="up to record 1, .* has seen a newer state of it"):
        Go(root).with_head(log.signed()).verify("example.com/early", "v1.0.0/go.mod", h1)
    assert "sync the repository again" in get(root, f"sumdb/{SUMDB}/tile/8/0/000").text
    for path in ("tile/8/data/000.p/1", "tile/4/0/000.p/1", "tile/8/0/0", "tile/8/63/000", "x"):
        answer = get(root, f"sumdb/{SUMDB}/{path}")
        assert (answer.status_code, answer.text.count("\n")) == (404, 1), path
    assert "not a path" in get(root, f"sumdb/{'n' * 256}/supported").text
    for path in ("tile/8/x999/x999/x999/x999/x999/x999/999", "lookup/@v1.0.0", "lookup/a.b/c@v1"):
        answer = get(root, f"sumdb/{SUMDB}/{path}")
        assert (answer.status_code, answer.text.count("\n")) == (404, 1), path
    # An older state that this server never had.
    between = log.signed()
    for number in range(700):
        log.add(f"example.com/y{number} v1.0.0 h1:x=\n".encode())
    upstream.add("example.com/new", "v1.0.0")
    assert mirror.get("example.com/new/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 1)
    with pytest.raises(LookupError, match=r"remove \$\(go env GOPATH\)/pkg/sumdb/" + SUMDB):
        Go(root).with_head(between).verify("example.com/early", "v1.0.0/go.mod", h1)
    Go(root).verify("example.com/early", "v1.0.0/go.mod", h1)


@pytest.mark.parametrize("what", ["record", "tile", "head"])
def test_a_changed_byte_is_noticed_by_clients(
    content_url: str, upstream: Upstream, what: str
) -> None:
    mirror = mirror_of(content_url, upstream)
    for name in ("example.com/one", "example.com/two"):
        upstream.add(name, "v1.0.0")
        assert mirror.get(f"{name}/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 2)
    root = frozen(content_url, mirror.owner.repository)
    if what == "record":
        record = GoSumdbRecord.objects.get(module="example.com/one")
        record.text = f"{record.text}more\n"
        record.save()
    elif what == "tile":
        tile = GoSumdbTile.objects.get()
        tile.hashes = bytes(tile.hashes[:-1]) + bytes([bytes(tile.hashes)[-1] ^ 1])
        tile.save()
    else:
        tree = GoSumdbTree.objects.get()
        tree.head = bytes(tree.head).replace(b"\n2\n", b"\n3\n")
        tree.save()
    with pytest.raises(
        (note.NoteError, tlog.TlogError, Exception), match="inconsistent|authenticate|signature"
    ):
        check_all(root, upstream, "example.com/one@v1.0.0")


def test_a_request_costs_a_look_and_one_statement(
    content_url: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = mirror_of(content_url, upstream)
    upstream.add("example.com/cost", "v1.0.0")
    assert mirror.get("example.com/cost/@v/v1.0.0.mod").status_code == 200
    join_now(mirror.owner.repository, 1)
    asked: list[str] = []
    fetch_all = Database.fetch_all

    async def counted(self: Database, sql: str, *args: Any) -> Any:
        if "gosumdb" in sql:
            asked.append(sql)
        return await fetch_all(self, sql, *args)

    monkeypatch.setattr(Database, "fetch_all", counted)
    for path in ("supported", "latest", "lookup/example.com/cost@v1.0.0", "tile/8/0/000.p/1"):
        root = frozen(content_url, mirror.owner.repository)
        for statements in (1, 0 if path == "supported" else 1):
            asked.clear()
            answer = get(root, f"sumdb/{SUMDB}/{path}")
            assert (answer.status_code, len(asked)) == (200, statements), path
        # Of another version nothing is known.
        with GoRepository.objects.get(pk=mirror.owner.repository.pk).new_version() as new:
            new.add_content(_another())


def _another() -> Any:
    unit = GoModFile.objects.create(
        module=f"example.com/x{uuid4().hex}", version="v1.0.0", go_mod_h1="h1:x=", go_mod=b""
    )
    return GoModFile.objects.filter(pk=unit.pk)
