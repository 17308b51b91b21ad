"""What a GOPROXY answers of a checksum database of one's own, and what the real go command makes of it."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from django.utils import timezone

from pulp_gomod.app.content.repository import resolver
from pulp_gomod.golang import dirhash
from pulp_gomod.golang.sumdb import entries, note, tlog
from pulp_gomod.golang.sumdb.checkpoint import open_checkpoint
from tests.functional.owners import Go
from tests.functional.upstream_world import SUMDB_KEY, Upstream, running
from tests.gomods import pack
from tests.inprocess import content
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_own_sumdb import _dump, _restore
from tests.sumdb_ops import Ops
from tests.unit.golang.sumdb_world import run

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoDistribution,
    GoLogRecord,
    GoLogTile,
    GoModule,
    GoRepository,
    GoSumdb,
    GoSumdbHead,
)
from pulp_gomod.app.models.feeding import Entry, append  # isort: skip
from pulpcore.plugin.models import Artifact  # isort: skip
from pulp_gomod.app.storage import kept_heads, signing  # isort: skip
from pulp_gomod.app.storage.backends import storage_of  # isort: skip

WORD = 'package a\n\nimport b "example.com/public"\n\nfunc Word() string { return b.Word }\n'
MAIN = 'package main\n\nimport "corp.example/secret"\n\nfunc main() { println(a.Word()) }\n'
PUBLIC = 'package a\n\nconst Word = "proven"\n'


def get(root: str, path: str) -> requests.Response:
    return requests.get(f"{root}/{path}", timeout=60)


@pytest.fixture
def sumdb(content_url: str) -> GoSumdb:
    made = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
    signing.make_sumdb(made)
    return made


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        started.sign()
        yield started


def feed(owner: Owner, sumdb: GoSumdb) -> Owner:
    GoRepository.objects.filter(pk=owner.repository.pk).update(sumdb=sumdb)
    owner.repository.refresh_from_db()
    return owner


def module_zip(path: str, version: str, source: str = "package a\n", require: str = "") -> bytes:
    go_mod = f"module {path}\n\ngo 1.16\n{require}"
    return pack(f"{path}@{version}/", [("go.mod", go_mod.encode()), ("a.go", source.encode())])


def test_clients_prove_what_was_published(content_url: str, sumdb: GoSumdb) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    name = sumdb.name
    assert get(owner.content_url, f"sumdb/{name}/supported").status_code == 200
    path = f"corp.example/{uuid4().hex[:8]}"
    packed = module_zip(path, "v1.0.0")
    owner.publish(packed)
    ops = Ops(owner.content_url, sumdb.verifier_key)
    run(ops.client.verify(path, "v1.0.0", dirhash.hash_zip(io.BytesIO(packed))))
    owner.publish(*(module_zip(path, f"v1.{n}.0", f"package a // {n}\n") for n in range(1, 4)))
    # The same client goes on from the head that it has seen.
    run(ops.client.record(path, "v1.3.0"))
    answer = get(owner.packages_url, f"sumdb/{name}/tile/8/0/000.p/4")
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    other = Owner.create(content_url)
    assert get(other.content_url, f"sumdb/{name}/supported").status_code == 404


def test_a_record_that_comes_while_a_head_is_signed_is_under_the_next_head(
    content_url: str, sumdb: GoSumdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    (own,) = content.sumdbs
    write_head, seal = signing.write_head, own._seal
    begun, go_on = threading.Event(), threading.Event()
    asked = 0

    def write_slowly(*given: Any) -> None:
        begun.set()
        assert go_on.wait(30)
        write_head(*given)

    async def wait_for_a_signature(pk: UUID) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            # In this moment, it will wait for the signature that the first one waits for.
            go_on.set()
        await seal(pk)

    monkeypatch.setattr(signing, "write_head", write_slowly)
    monkeypatch.setattr(own, "_seal", wait_for_a_signature)
    append(sumdb.pk, [_entry("corp.example/first")])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, owner.content_url, f"sumdb/{sumdb.name}/latest")
        assert begun.wait(30)
        append(sumdb.pk, [_entry("corp.example/second")])
        ops = Ops(owner.content_url, sumdb.verifier_key)
        run(ops.client.record("corp.example/second", "v1.0.0"))
        assert first.result().status_code == 200
    assert asked > 2


def _entry(path: str) -> Entry:
    h1 = f"h1:{'A' * 43}="
    return Entry(path, "v1.0.0", h1, f"{path} v1.0.0 {h1}\n{path} v1.0.0/go.mod {h1}\n")


def test_every_path(content_url: str, sumdb: GoSumdb) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    lines = (f"corp.example/m{n} v1.0.0 h1:{'A' * 43}=\n" for n in range(300))
    append(sumdb.pk, [Entry(*line.split(" ")[:2], line.split()[2], line) for line in lines])
    root = f"{owner.content_url}/sumdb/{sumdb.name}"
    # Nobody knows of a tile before a head has it.
    assert get(root, "tile/8/0/000").status_code == 404
    assert b"300" in get(root, "latest").content
    texts = [
        record.text.encode()
        for record in GoLogRecord.objects.filter(sumdb=sumdb).order_by("number")
    ]
    hashes = b"".join(map(tlog.record_hash, texts))
    for width in (1, 2, 255, 256):
        part = "" if width == 256 else f".p/{width}"
        assert get(root, f"tile/8/0/000{part}").content == hashes[: 32 * width]
        assert get(root, f"c2sp/tile/0/000{part}").content == hashes[: 32 * width]
        data = get(root, f"tile/8/data/000{part}").content
        assert data == b"".join(text + b"\n" for text in texts[:width])
        bundle = get(root, f"c2sp/tile/entries/000{part}").content
        assert entries.parse_entries(bundle) == texts[:width]
    assert get(root, "tile/8/0/001.p/44").content == hashes[32 * 256 :]
    for path in (
        "tile/8/0/001.p/45",
        "tile/8/0/001",
        "tile/8/0/002.p/1",
        "tile/8/1/000.p/2",
        "tile/8/63/000.p/1",
        "tile/8/data/001.p/45",
        "tile/4/0/000.p/1",
        "c2sp/tile/entries/001.p/45",
        "c2sp/tile/8/000.p/1",
        "c2sp/lookup/x@v1.0.0",
        "lookup/corp.example/none@v1.0.0",
        "lookup/nonsense",
        "tile/8/0/x999/x999/x999/x999/x999/x999/999",
    ):
        answer = get(root, path)
        assert answer.status_code == 404 and answer.text.startswith("not found"), path
    head = get(root, "latest").content
    checkpoint, _ = open_checkpoint(get(root, "c2sp/checkpoint").content, sumdb.verifier_key)
    assert checkpoint.origin == f"{sumdb.name}/c2sp"
    opened = note.open_note(head, [note.new_verifier(sumdb.verifier_key)])
    assert tlog.parse_tree(opened.text) == checkpoint.tree
    assert checkpoint.tree.n == 300


def test_tiles_are_there_for_whoever_has_been_told_of_their_head(
    content_url: str, sumdb: GoSumdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    append(sumdb.pk, [Entry("corp.example/m", "v1.0.0", "h1:x", "corp.example/m v1.0.0 h1:x\n")])
    root = f"{owner.content_url}/sumdb/{sumdb.name}"
    # As if the next request came within a moment: what was looked up is not looked up again.
    monkeypatch.setattr(resolver, "TRUSTED", 60.0)
    monkeypatch.setattr(resolver, "AHEAD", 60.0)
    tile = "tile/8/0/000.p/1"
    assert get(root, tile).status_code == 404
    assert b"\n1\n" in get(root, "latest").content
    assert get(root, tile).status_code == 200


def test_a_record_that_nobody_has_signed_yet_is_signed_when_it_is_asked_for(
    content_url: str, sumdb: GoSumdb
) -> None:
    """As when a worker was killed between the commit and the signature."""
    owner = feed(Owner.create(content_url), sumdb)
    before = {f.name: getattr(sumdb.signed_head, f.name) for f in GoSumdbHead._meta.fields}
    owner.publish(module_zip(f"corp.example/m{sumdb.pk.hex}", "v1.0.0"))
    del before["sumdb"]
    GoSumdbHead.objects.filter(sumdb=sumdb).update(**before)
    ops = Ops(owner.content_url, sumdb.verifier_key)
    run(ops.client.record(f"corp.example/m{sumdb.pk.hex}", "v1.0.0"))


def test_public_modules_are_proven_first_and_appended_as_they_are(
    content_url: str, sumdb: GoSumdb, upstream: Upstream
) -> None:
    for name in ("known", "private"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY, private="example.com/private")
    owner = feed(mirror.owner, sumdb)
    root = f"{owner.content_url}/sumdb/{sumdb.name}"
    answer = get(root, "lookup/example.com/known@v1.0.0")
    assert answer.status_code == 200, answer.text
    assert upstream.sumdb is not None
    theirs = upstream.lookup("example.com/known", "v1.0.0")
    assert tlog.parse_record(answer.content).text == theirs
    run(Ops(owner.content_url, sumdb.verifier_key).client.record("example.com/known", "v1.0.0"))
    unknown = get(root, "lookup/example.com/unknown@v1.0.0")
    assert unknown.status_code in (404, 410)
    private = get(root, "lookup/example.com/private@v1.0.0")
    assert private.status_code == 404 and "no other one is asked for it" in private.text
    assert not [path for path in upstream.asked if "sumdb" in path and "private" in path]
    assert GoLogRecord.objects.filter(sumdb=sumdb).count() == 1


def test_a_public_record_that_is_not_proven_is_not_appended(
    content_url: str, sumdb: GoSumdb, upstream: Upstream
) -> None:
    upstream.add("example.com/known", "v1.0.0")
    _, other_key = note.generate_key(SUMDB_KEY.partition("+")[0])
    mirror = Mirror.create(content_url, upstream, sumdb=other_key)
    owner = feed(mirror.owner, sumdb)
    answer = get(owner.content_url, f"sumdb/{sumdb.name}/lookup/example.com/known@v1.0.0")
    assert answer.status_code >= 400
    assert not GoLogRecord.objects.filter(sumdb=sumdb).exists()


def _forget_soundness(sumdb: GoSumdb) -> None:
    """As when another process is asked, or some time has passed."""
    (own,) = content.sumdbs
    own._sound.put(sumdb.pk, 0.0)


def test_after_a_restore_a_sentence_is_served(content_url: str, sumdb: GoSumdb) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    owner.publish(module_zip(f"corp.example/m{sumdb.pk.hex}", "v1.0.0"))
    assert get(owner.content_url, f"sumdb/{sumdb.name}/latest").status_code == 200
    # PostgreSQL as it was before, while no process had looked at it since.
    _forget_soundness(sumdb)
    GoLogRecord.objects.filter(sumdb=sumdb).delete()
    GoLogTile.objects.filter(sumdb=sumdb).delete()
    GoSumdb.objects.filter(pk=sumdb.pk).update(size=0, root=tlog.EMPTY_HASH)
    GoSumdbHead.objects.filter(sumdb=sumdb).update(size=0, root=tlog.EMPTY_HASH)
    for path in ("latest", "supported", f"lookup/corp.example/m{sumdb.pk.hex}@v1.0.0"):
        answer = get(owner.content_url, f"sumdb/{sumdb.name}/{path}")
        assert answer.status_code == 503
        assert "as after a restore from an older backup: recover the records" in answer.text


def client(directory: Path) -> Go:
    go = Go.create(directory, MAIN)
    (go.directory / "work" / "go.mod").write_text(
        "module example.org/main\n\ngo 1.21\n\nrequire corp.example/secret v1.0.0\n"
    )
    return go


def env(key: str) -> dict[str, str]:
    return {"GOSUMDB": key, "GONOSUMDB": "", "GOFLAGS": "-mod=mod -modcacherw"}


def test_go_needs_one_key_for_all(
    content_url: str, sumdb: GoSumdb, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.add("example.com/public", "v1.0.0", **{"w.go": PUBLIC})
    go = client(tmp_path / "first")
    platform = "-".join(go.run("off", "env", "GOOS", "GOARCH").stdout.split())
    toolchain = {"bin/go": "#!/bin/sh\necho this is the go of the future\n"}
    toolchain |= dict.fromkeys(("bin/gofmt", "pkg/tool/none", "lib/none"), "")
    upstream.add("golang.org/toolchain", f"v0.0.1-go1.99.0.{platform}", **toolchain)
    mirror = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    owner = feed(mirror.owner, sumdb)
    require = "\nrequire example.com/public v1.0.0\n"
    owner.publish(module_zip("corp.example/secret", "v1.0.0", WORD, require))
    key = sumdb.verifier_key
    assert "proven" in go.run(owner.content_url, "run", ".", env=env(key)).stderr
    go.run(owner.content_url, "mod", "verify", env=env(key))
    newer = go.run(owner.content_url, "version", env={**env(key), "GOTOOLCHAIN": "go1.99.0"})
    assert newer.stdout == "this is the go of the future\n"
    assert GoLogRecord.objects.filter(sumdb=sumdb).count() == 3
    _check_rotation(owner, sumdb, go, tmp_path)
    _check_changes(owner, sumdb, tmp_path)


def _check_rotation(owner: Owner, sumdb: GoSumdb, go: Go, directory: Path) -> None:
    """A client that knows a head signed by the old key alone takes the new key, after both have signed."""
    old = sumdb.verifier_key
    signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    sumdb.refresh_from_db()
    owner.publish(module_zip("corp.example/later", "v1.0.0"))
    download = ("mod", "download", "corp.example/later@v1.0.0")
    go.run(owner.content_url, *download, env=env(old))
    owner.publish(module_zip("corp.example/later", "v1.1.0"))
    later = ("mod", "download", "corp.example/later@v1.1.0")
    go.run(owner.content_url, *later, env=env(sumdb.verifier_key))
    past = timezone.now() - timedelta(seconds=1)
    GoSumdb.objects.filter(pk=sumdb.pk).update(retiring_until=past)
    GoSumdbHead.objects.filter(sumdb=sumdb).update(resign=past)
    owner.publish(module_zip("corp.example/later", "v1.2.0"))
    latest = ("mod", "download", "corp.example/later@v1.2.0")
    go.run(owner.content_url, *latest, env=env(sumdb.verifier_key))
    stale = client(directory / "stale")
    told = stale.run(owner.content_url, "mod", "download", "all", env=env(old), check=False)
    assert told.returncode != 0 and "no verifiable signatures" in told.stderr


def _check_changes(owner: Owner, sumdb: GoSumdb, directory: Path) -> None:
    """Nothing that was changed on the server is believed."""
    key = sumdb.verifier_key
    record = GoLogRecord.objects.get(sumdb=sumdb, module="corp.example/secret")
    tile = GoLogTile.objects.get(sumdb=sumdb, level=0, number=0)
    head = GoSumdbHead.objects.get(sumdb=sumdb)
    hashes, message = bytes(tile.hashes), bytes(head.message)
    wrong = bytes([hashes[0] ^ 255]) + hashes[1:]
    lines = message.split(b"\n")
    lines[2] = b"A" * 43 + b"="
    for number, (row, change, words) in enumerate(
        [
            (record, {"text": f"{record.text}and more\n"}, "cannot authenticate record"),
            (tile, {"hashes": wrong}, "inconsistent tile"),
            (head, {"message": b"\n".join(lines)}, "invalid signature"),
        ]
    ):
        rows = type(row).objects.filter(pk=row.pk)
        before = {name: getattr(row, name) for name in change}
        rows.update(**change)
        # Another distribution, of which no process remembers an answer.
        other = feed(Owner.create(owner.url), sumdb)
        found = client(directory / f"changed{number}").run(
            f"{other.content_url},{owner.content_url}",
            "mod",
            "download",
            "corp.example/secret",
            env={**env(f"{key} {other.content_url}/sumdb/{sumdb.name}")},
            check=False,
        )
        assert found.returncode != 0 and words in found.stderr, found.stderr
        rows.update(**before)


def test_go_refuses_a_server_that_rolls_back_forks_or_changes_a_zip(
    content_url: str, sumdb: GoSumdb, tmp_path: Path
) -> None:
    """Whoever has the server, the key and the storage still cannot take back what a client has seen."""
    owner = feed(Owner.create(content_url), sumdb)
    path = f"corp.example/{uuid4().hex[:8]}"
    owner.publish(module_zip(path, "v1.0.0"))
    signing.seal(sumdb.pk)
    yesterday = _dump(sumdb)
    owner.publish(module_zip(path, "v1.1.0"))
    go = client(tmp_path)

    def download(version: str, check: bool = False) -> str:
        # Below a path of its own: no process remembers an answer, which would be right.
        name = uuid4().hex
        GoDistribution.objects.create(name=name, base_path=name, repository=owner.repository)
        url = f"{content_url}/pulp/content/{name}"
        go.run(url, "clean", "-modcache", env=env(sumdb.verifier_key))
        wanted = ("mod", "download", f"{path}@{version}")
        done = go.run(url, *wanted, env=env(sumdb.verifier_key), check=check)
        assert check or done.returncode != 0
        return done.stderr

    download("v1.1.0", check=True)
    _take_back(sumdb, yesterday)
    assert "checking tree#2" in download("v1.0.0")
    h1 = f"h1:{'A' * 43}="
    append(sumdb.pk, [Entry(path, "v1.1.0", h1, f"{path} v1.1.0 {h1}\n")])
    signing.seal(sumdb.pk)
    told = download("v1.1.0")
    assert "downloaded inconsistent tile" in told, told
    # Another client, which has seen nothing yet, and a zip that has another byte than on record.
    go = client(tmp_path / "other")
    packed = Artifact.objects.get(
        content__in=GoModule.objects.filter(module=path, version="v1.0.0")
    )
    file = Path(packed.file.path)
    file.chmod(0o600)
    file.write_bytes(module_zip(path, "v1.0.0", "package b\n"))
    told = download("v1.0.0")
    # The server notices a small one before it sends it.
    assert "checksum mismatch" in told or "the stored zip is damaged" in told, told


def _take_back(sumdb: GoSumdb, rows: list[list[dict[str, object]]]) -> None:
    """Have everything be as it was, and nothing that tells of what came after."""
    _restore(sumdb, rows)
    storage, (row,) = storage_of(sumdb.pulp_domain), rows[0]
    for place in ("head.0", "head.1"):
        name = f"{kept_heads.directory(sumdb.pk)}/{place}"
        if storage.exists(name):
            storage.delete(name)
    texts = list(GoLogRecord.objects.filter(sumdb=sumdb).values_list("text", flat=True))
    head = kept_heads.KeptHead(sumdb.verifier_key, len(texts), bytes(row["root"]), texts)  # type: ignore[arg-type]
    kept_heads.write_head(storage, sumdb.pk, head, None)
    _forget_soundness(sumdb)
