"""Trees of modules that others have made: what is taken in, what is refused, and what is kept of them."""

import io
import json
import tarfile
import tracemalloc
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pulpcore.app.contexts import with_task_context  # noqa: TID251 (there is no public one)
from pulpcore.plugin.constants import TASK_STATES
from pulpcore.plugin.models import Task, Upload, UploadChunk

from pulp_gomod.app.exceptions import ImportRefusedError
from pulp_gomod.app.models import GoModFile, GoRelease, GoSumdbRecord, GoSumdbTree
from pulp_gomod.app.models.own import own_paths_of
from pulp_gomod.app.models.sumdb import MAX_PASSED
from pulp_gomod.app.storage.proofs import absorb
from pulp_gomod.app.tasks.importing.layout import SumdbPlace, place_of
from pulp_gomod.app.tasks.importing.run import Report, import_tree
from pulp_gomod.app.tasks.importing.tree import open_tree
from pulp_gomod.golang import dirhash
from pulp_gomod.golang.sumdb import note, tlog
from pulp_gomod.golang.sumdb.server import Server, TestServer, gosum_text
from tests.gomods import pack
from tests.goproxy_requests import get, zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_bundle import World
from tests.unit import django_set_up  # noqa: F401

Files = Mapping[str, bytes]
TIME = "2021-02-03T04:05:06Z"
# Smaller than most files, so that reading goes over the edges of chunks.
CHUNK = 777


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture
def base() -> str:
    """A path that no other test uses."""
    return f"example.com/Import{uuid4().hex[:8]}"


def tar_of(files: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def uploaded(tar: bytes) -> Upload:
    upload = Upload.objects.create(size=len(tar))
    for start in range(0, len(tar), CHUNK * 40):
        part = tar[start : start + CHUNK * 40]
        UploadChunk.objects.create(
            upload=upload, offset=start, size=len(part), file=SimpleUploadedFile("x", part)
        )
    return upload


def imported(owner: Owner, files: Files | bytes, **options: Any) -> Report:
    upload = uploaded(files if isinstance(files, bytes) else tar_of(files))
    task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(task):
        report = import_tree(str(owner.repository.pk), str(upload.pk), **options)
    assert not Upload.objects.filter(pk=upload.pk).exists()
    return report


def escaped(path: str) -> str:
    return path.replace("I", "!i")


def info(version: str) -> bytes:
    # Not as this server writes it: what is kept is word for word.
    said = {"Time": TIME, "Version": version, "Origin": {"VCS": "git", "Hash": "a" * 40}}
    return json.dumps(said, indent=1).encode()


def goproxy_files(path: str, version: str = "v1.0.0", prefix: str = "") -> dict[str, bytes]:
    go_mod = f"module {path}\n"
    where = f"{prefix}{escaped(path)}/@v/{version}"
    return {
        f"{where}.info": info(version),
        f"{where}.mod": go_mod.encode(),
        f"{where}.zip": zip_of(path, version, go_mod),
    }


def served(owner: Owner, path: str, file: str) -> bytes:
    response = get(f"{owner.packages_url}/{escaped(path)}/@v/{file}")
    assert response.status_code == 200, response.text
    content: bytes = response.content
    return content


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "./",
        "mirror/",
        "pkg/mod/cache/download/",
        "go1.26/cache/download/",
        # As Artifactory exports a repository, and as its client downloads one.
        "export/repositories/go-local/",
        "artifactory/",
        # By the paths that Nexus has of its assets.
        "nexus/",
    ],
)
def test_a_tree_as_a_goproxy_serves_it(owner: Owner, base: str, prefix: str) -> None:
    files = goproxy_files(base, prefix=prefix)
    before = owner.repository.latest_version().number
    report = imported(owner, files | {f"{prefix}README": b"ignored"})
    assert report == Report(
        added=1, held=0, mod_files=0, records=0, refused=0, reasons={}, notes=[]
    )
    assert owner.repository.latest_version().number == before + 1
    for name, data in files.items():
        assert served(owner, base, name.rpartition("/")[2]) == data
    release = GoRelease.objects.get(repository=owner.repository, module=base)
    assert release.source == GoRelease.Source.SYNCED
    assert not own_paths_of(owner.repository.pk).above(base)


def test_what_the_repository_holds_makes_no_new_version(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    imported(owner, files)
    before = owner.repository.latest_version().number
    report = imported(owner, files)
    assert (report["added"], report["held"], report["refused"]) == (0, 1, 0)
    assert owner.repository.latest_version().number == before


def test_the_disk_storage_of_athens(owner: Owner, base: str) -> None:
    go_mod = f"module {base}/v2\n"
    where = f"athens/{base}/v2/v2.1.0"
    files = {
        f"{where}/go.mod": go_mod.encode(),
        f"{where}/source.zip": zip_of(f"{base}/v2", "v2.1.0", go_mod),
        f"{where}/v2.1.0.info": info("v2.1.0"),
    }
    assert imported(owner, files)["added"] == 1
    assert served(owner, f"{base}/v2", "v2.1.0.info") == info("v2.1.0")
    assert served(owner, f"{base}/v2", "v2.1.0.mod") == go_mod.encode()


def test_own_modules_are_own_from_then_on(owner: Owner, base: str) -> None:
    report = imported(owner, goproxy_files(base), own=True, user_name="somebody")
    assert report["added"] == 1
    release = GoRelease.objects.get(repository=owner.repository, module=base)
    assert (release.source, release.published_by) == (GoRelease.Source.UPLOADED, "somebody")
    assert own_paths_of(owner.repository.pk).above(base)
    assert served(owner, base, "v1.0.0.info") == info("v1.0.0")


def test_who_forgot_to_say_that_modules_are_own_says_it_with_the_same_tree(
    owner: Owner, base: str
) -> None:
    files = goproxy_files(base)
    assert imported(owner, files)["added"] == 1
    assert not own_paths_of(owner.repository.pk).above(base)
    assert imported(owner, files, own=True)["held"] == 1
    assert own_paths_of(owner.repository.pk).above(base)


def test_go_mod_files_without_zips_come_along_and_make_way_for_them(
    owner: Owner, base: str
) -> None:
    files = goproxy_files(base)
    alone = {name: data for name, data in files.items() if name.endswith(".mod")}
    report = imported(owner, alone)
    assert (report["added"], report["mod_files"]) == (0, 1)
    assert served(owner, base, "v1.0.0.mod") == f"module {base}\n".encode()
    assert GoModFile.objects.filter(module=base).count() == 1
    assert imported(owner, files)["added"] == 1
    newest = owner.repository.latest_version()
    assert newest.content.filter(pulp_type="gomod.modfile").count() == 0


def test_what_is_refused_is_named_and_stops_nothing_else(owner: Owner, base: str) -> None:
    bad = {
        "other": "its zip is one of",
        "hash": "its .ziphash says 'h1:wrong'",
        "mod": "its .mod is not the go.mod of its zip",
        "zip": "not a valid zip file",
        "info": "its .info cannot be used",
        "alone": "syntax error",
    }
    files = goproxy_files(f"{base}/good")
    for name in bad:
        files |= goproxy_files(f"{base}/{name}")
    where = {name: f"{escaped(base)}/{name}/@v/v1.0.0" for name in bad}
    files[f"{where['other']}.zip"] = zip_of(f"{base}/another", "v1.0.0", f"module {base}/another\n")
    files[f"{where['hash']}.ziphash"] = b"h1:wrong"
    files[f"{where['mod']}.mod"] += b"// changed\n"
    files[f"{where['zip']}.zip"] = b"PK nothing"
    files[f"{where['info']}.info"] = b"{"
    del files[f"{where['alone']}.zip"]
    files[f"{where['alone']}.mod"] = b"require (\n"
    report = imported(owner, files)
    assert (report["added"], report["refused"]) == (1, len(bad))
    for name, words in bad.items():
        assert words in report["reasons"][f"{base}/{name}@v1.0.0"], name


_ODD = (
    'module "{}\\x00"\n',
    'module "{}\\xff"\n',
    'module {}\n\nrequire "example.com/a\\x00b\\xff" v1.0.0\n',
)


@pytest.mark.parametrize("go_mod", _ODD)
def test_what_no_text_column_holds_is_no_reason_to_refuse_a_module(
    owner: Owner, base: str, go_mod: str
) -> None:
    packed = zip_of(base, "v1.0.0", go_mod.format(base))
    report = imported(owner, {f"{escaped(base)}/@v/v1.0.0.zip": packed})
    assert (report["added"], report["refused"]) == (1, 0)
    # What is served is what it was.
    assert served(owner, base, "v1.0.0.mod") == go_mod.format(base).encode()
    assert served(owner, base, "v1.0.0.zip") == packed


def test_a_reason_can_be_told_whatever_is_in_it(owner: Owner, base: str) -> None:
    names = [(f"{number}:{'x' * 60_000}", b"") for number in range(20)]
    files = {f"{escaped(base)}/@v/v1.0.0.zip": pack(f"{base}@v1.0.0/", names)}
    odd = f'module "{base}\\x00"\n'
    files |= goproxy_files(base, "v1.1.0")
    files[f"{escaped(base)}/@v/v1.1.0.zip"] = zip_of(base, "v1.1.0", odd)
    with configured(GOMOD_REQUIRE_MATCHING_MODULE_LINE=True):
        report = imported(owner, files)
    assert report["refused"] == 2
    assert all(len(reason) < 10_000 for reason in report["reasons"].values())
    # As the worker does it.
    task = Task.objects.create(name="tests", result=report)
    assert task.result == report


def test_other_bytes_than_the_repository_holds_are_refused(owner: Owner, base: str) -> None:
    imported(owner, goproxy_files(base))
    other = goproxy_files(base)
    other[f"{escaped(base)}/@v/v1.0.0.zip"] = zip_of(base, "v1.0.0", f"module {base}\n// other\n")
    del other[f"{escaped(base)}/@v/v1.0.0.mod"]
    report = imported(owner, other)
    assert (report["added"], report["refused"]) == (0, 1)
    assert "already" in report["reasons"][f"{base}@v1.0.0"]


def test_nothing_that_is_no_tree_is_taken(owner: Owner, base: str) -> None:
    for data, words in (
        (b"no tar at all" * 100, "cannot be read as an uncompressed tar"),
        (tar_of({"README": b"x", "v1.0.0.zip": b"x"}), "no module version was found in it"),
    ):
        upload = uploaded(data)
        with pytest.raises(ImportRefusedError, match=words):
            import_tree(str(owner.repository.pk), str(upload.pk))
        # It can be looked at, and tried again.
        assert Upload.objects.filter(pk=upload.pk).exists()


def pax(*records: str) -> bytes:
    """A member of a tar that says something of the next one."""
    body = b""
    for record in records:
        length = len(record) + 3
        while len(f"{length} {record}\n") != length:
            length += 1
        body += f"{length} {record}\n".encode()
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(body)
    return info.tobuf() + body.ljust(-(-len(body) // 512) * 512, b"\0")


def claiming(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("example.com/m/@v/v1.0.0.mod")
    info.type, info.size = kind, size
    return info.tobuf()


HOSTILE = {
    # A header of 64 GB, which is read as a whole where nobody looks.
    "large header": claiming(tarfile.XHDTYPE, 2**36),
    "long name": claiming(tarfile.GNUTYPE_LONGNAME, 2**36),
    "negative size": pax("size=-512") + claiming(tarfile.REGTYPE, 0),
    "cut off": claiming(tarfile.REGTYPE, 2**30),
    "headers of headers": pax("comment=x") * 5000,
    "compressed": b"\x1f\x8b" + bytes(2000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_tar_that_says_wrong_things_is_refused(kind: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefusedError):
            open_tree(io.BytesIO(HOSTILE[kind]))
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_where_files_lie_takes_little_memory() -> None:
    names = [f"example.com/m{n // 300}/@v/v1.{n % 300}.0.zip" for n in range(3_000)]
    data = tar_of(dict.fromkeys(names, b""))
    tracemalloc.start()
    tree = open_tree(io.BytesIO(data))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(tree.modules) == len(names)
    # What is said of a million files in the documentation; each here is a version of its own.
    assert taken / len(names) < 600


class Log:
    """A checksum database that knows the modules of a tree."""

    def __init__(self, files: Files, path: str) -> None:
        self.name = f"sum{uuid4().hex[:8]}.example.org"
        skey, self.key = note.generate_key(self.name)
        zip_file = next(data for name, data in files.items() if name.endswith(".zip"))
        go_mod = next(data for name, data in files.items() if name.endswith(".mod"))
        h1 = dirhash.hash_zip(io.BytesIO(zip_file))
        text = gosum_text(path, "v1.0.0", h1, dirhash.hash_go_mod(go_mod))
        self._ops = TestServer(skey, lambda *_: text)
        for number in range(300):
            self._ops.add(b"example.com/n v1.0.%d h1:x=\n" % number)
        self._path = path
        self._server = Server(self._ops)
        self.lookup = self._get(f"/lookup/{escaped(path)}@v1.0.0")

    def _get(self, path: str) -> bytes:
        answer = self._server.serve(path)
        assert answer.status == 200, (path, answer)
        return answer.body

    def files(self) -> dict[str, bytes]:
        where = f"sumdb/{self.name}"
        size = self._ops.size
        files = {f"{where}/lookup/{escaped(self._path)}@v1.0.0": self.lookup}
        for tile in tlog.new_tiles(8, 0, size):
            files[f"{where}/{tile.path()}"] = self._get(f"/{tile.path()}")
        return files


def test_records_of_checksum_databases_are_proven_and_kept(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    log = Log(files, base)
    report = imported(owner, files | log.files(), sumdb=[log.key])
    assert (report["added"], report["records"], report["notes"]) == (1, 1, [])
    assert GoSumdbRecord.objects.filter(tree__name=log.name, module=base).count() == 1


def closed_side(content_url: str, world: World) -> Owner:
    """A repository on a server that knows nothing of a database."""
    GoSumdbTree.objects.filter(verifier_key=world.key).delete()
    return Owner.create(content_url)


def test_later_bundles_are_proven_with_what_earlier_ones_brought(content_url: str) -> None:
    world = World(content_url)
    early = world.zip("example.com/early", "v1.0.0")
    first_head = world.log.size
    world.owner.publish(world.zip("example.com/late", "v1.0.0"))
    whole, number = world.bundle(), world.number
    # Its record is at the edge of the first head's tree, whose tile the whole bundle has.
    world.owner.publish(early)
    later = world.bundle(since=number)
    inside = closed_side(content_url, world)
    for tar in (whole, later):
        report = imported(inside, tar, sumdb=[world.key])
        assert (report["added"], report["records"], report["notes"]) == (1, 1, [])
    # Who has seen that head outside goes on from there.
    assert GoSumdbTree.objects.get(verifier_key=world.key).passed == [first_head]


@pytest.mark.parametrize("own", [0, 100, MAX_PASSED])
def test_heads_that_come_with_a_bundle_displace_none_that_were_given_out_here(
    content_url: str, own: int
) -> None:
    world = World(content_url)
    world.zip("example.com/given-out", "v1.0.0")
    tree = GoSumdbTree.objects.get(verifier_key=world.key)
    tree.passed = list(range(1, own + 1))
    tree.save()
    brought = range(2, world.log.size)
    absorb(
        world.owner.repository.pulp_domain_id,
        world.key,
        world.log.signed(),
        [],
        lambda tiles: {(tile.l, tile.n): world.log.read_tile_data(tile) for tile in tiles},
        continues=brought,
    )
    tree.refresh_from_db()
    assert tree.passed[:own] == list(range(1, own + 1))
    # The newest, as far as there is room.
    room = max(MAX_PASSED // 2 - own, 0)
    assert tree.passed[own:] == list(brought)[-room:] if room else tree.passed[own:] == []


@pytest.mark.parametrize(
    "said",
    [
        {"continues": [301, 302, 10**30, -1, "301", None, 1.5]},
        {"continues": 7},
        {"key": "other"},
        "text",
        None,
    ],
)
def test_what_a_bundle_says_of_itself_is_believed_as_far_as_it_is_proven(
    content_url: str, said: Any
) -> None:
    world = World(content_url)
    # A name that nobody else's database has a record of: the bundle would have that, too.
    world.owner.publish(world.zip("example.com/believed", "v1.0.0"))
    with tarfile.open(fileobj=io.BytesIO(world.bundle())) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]
    about = json.loads(files["bundle/about.json"])
    database = about["sumdb"][0]
    about["sumdb"] = [database | {"continues": [200]} | said] if isinstance(said, dict) else said
    files["bundle/about.json"] = json.dumps(about).encode()
    report = imported(closed_side(content_url, world), files, sumdb=[world.key])
    assert (report["added"], report["records"], report["notes"]) == (1, 1, [])
    assert GoSumdbTree.objects.get(verifier_key=world.key).passed == []


def test_nobody_brings_another_key_for_a_database_that_is_known(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    log = Log(files, base)
    assert imported(owner, files | log.files(), sumdb=[log.key])["records"] == 1
    for name in ("sum.golang.org", log.name):
        key = note.generate_key(name)[1]
        upload = uploaded(tar_of(files | log.files()))
        with pytest.raises(ImportRefusedError, match=f"another key of {name} is known here"):
            import_tree(str(owner.repository.pk), str(upload.pk), sumdb=[key])
    assert imported(owner, files | log.files(), sumdb=[log.key])["records"] == 1


def test_records_that_are_not_proven_are_not_kept(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    log = Log(files, base)
    proofs = log.files()
    tile = next(name for name in proofs if "/tile/8/0/001" in name)
    proofs[tile] = proofs[tile][:-1] + b"x"
    report = imported(owner, files | proofs, sumdb=[log.key])
    assert (report["added"], report["records"]) == (1, 0)
    assert any("not" in line and log.name in line for line in report["notes"])
    assert not GoSumdbRecord.objects.filter(tree__name=log.name).exists()
    # Nobody knows the key of this one.
    unknown = Log(files, base)
    notes = imported(owner, files | unknown.files())["notes"]
    assert notes == [f"the records of {unknown.name} were not taken over: name its key in sumdb"]


@pytest.mark.parametrize("name", ["a\udcff", "a b", "a+b"])
def test_a_name_that_no_database_can_have_is_not_told_of(
    owner: Owner, base: str, name: str
) -> None:
    files = goproxy_files(base) | {f"sumdb/{name}/latest": b"x"}
    # As the worker does it with what a task returns, when everything else is done.
    task = Task.objects.create(name="tests", result=imported(owner, files))
    assert (task.result["added"], task.result["notes"]) == (1, [])


def test_a_name_that_no_table_takes_is_none() -> None:
    # A tar can say it in a header of the header.
    assert place_of("sumdb/a\0b/latest") is None
    assert place_of("sumdb/sum.example.org/team/latest") == SumdbPlace(
        "sum.example.org/team", "latest"
    )


def test_a_tree_has_no_more_databases_than_anybody_could_name(owner: Owner, base: str) -> None:
    files = goproxy_files(base) | {f"sumdb/sum{n}.example.org/latest": b"x" for n in range(200)}
    upload = uploaded(tar_of(files))
    with pytest.raises(ImportRefusedError, match="more than 100 checksum databases"):
        import_tree(str(owner.repository.pk), str(upload.pk))


def test_a_file_of_a_database_that_is_none_stops_nothing(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    log = Log(files, base)
    large = {f"sumdb/{log.name}/latest": bytes(17 * 1024 * 1024)}
    report = imported(owner, files | log.files() | large, sumdb=[log.key])
    assert (report["added"], report["records"], len(report["notes"])) == (1, 0, 1)
    assert "too large" in report["notes"][0]


def test_a_zip_that_a_record_contradicts_is_refused(owner: Owner, base: str) -> None:
    files = goproxy_files(base)
    log = Log(files, base)
    files[f"{escaped(base)}/@v/v1.0.0.zip"] = zip_of(base, "v1.0.0", f"module {base}\n// other\n")
    del files[f"{escaped(base)}/@v/v1.0.0.mod"]
    report = imported(owner, files | log.files(), sumdb=[log.key])
    assert (report["added"], report["refused"]) == (0, 1)
    assert "SECURITY ERROR" in report["reasons"][f"{base}@v1.0.0"]
