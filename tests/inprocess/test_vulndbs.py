"""A database of vulnerabilities is mirrored whole: the last good one stays, whatever an upstream sends."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.inprocess import vulndbs
from tests.inprocess.meanwhile import before
from tests.inprocess.vulndbs import PUBLIC, archive, files_of, fill, make, report

from django.utils import timezone  # isort: skip
from django.utils.module_loading import import_string  # isort: skip
from django_guid import set_guid  # isort: skip
from django_guid.utils import generate_guid  # isort: skip
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task, TaskSchedule  # isort: skip
from pulpcore.tasking._util import dispatch_scheduled_tasks  # isort: skip

from pulp_gomod.app.exceptions import VulndbRefusedError  # isort: skip
from pulp_gomod.app.models import GoVulndb, GoVulnFile, GoVulnReport  # isort: skip
from pulp_gomod.app.tasks.vulndb import mirroring, reading, scheduling  # isort: skip
from pulp_gomod.app.tasks.vulndb.storing import store  # isort: skip
from pulp_gomod.golang.osv import OSVError  # isort: skip


@pytest.fixture
def vulndb(content_url: str) -> GoVulndb:
    return make()


def state_of(vulndb: GoVulndb) -> Any:
    rows = GoVulnReport.objects.filter(vulndb=vulndb).order_by("module", "report")
    files = GoVulnFile.objects.filter(vulndb=vulndb).order_by("path")
    return list(rows.values_list("module", "report")), list(files.values_list("path", "digest"))


def test_all_of_the_public_database_is_there_as_it_came(vulndb: GoVulndb) -> None:
    with PUBLIC.open("rb") as file:
        stored = store(vulndb.pk, file, '"etag"', is_forced=False)
    with zipfile.ZipFile(PUBLIC) as opened:
        sent = {name: opened.read(name) for name in opened.namelist()}
    kept = {
        file.path: gzip.decompress(bytes(file.body))
        for file in GoVulnFile.objects.filter(vulndb=vulndb).exclude(path="vulndb.zip")
    }
    assert kept == sent and stored["reports"] == len(sent) - 3 == stored["changed"]
    vulndb.refresh_from_db()
    assert vulndb.modified is not None and vulndb.modified.year == 2026 and vulndb.size > 10_000
    assert vulndb.etag == '"etag"'
    named = {
        (module["path"], each["id"])
        for module in json.loads(sent["index/modules.json"])
        for each in module["vulns"]
    }
    rows = GoVulnReport.objects.filter(vulndb=vulndb)
    assert set(rows.values_list("module", "report")) == named
    assert rows.filter(withdrawn__isnull=False).exists() and rows.filter(is_reviewed=False).exists()


def test_what_is_the_same_is_not_written_again(vulndb: GoVulndb) -> None:
    reports = [report(f"GO-2026-{n}", f"example.com/m{n}", "1.2.0") for n in range(4)]
    fill(vulndb, *reports)
    before = dict(GoVulnReport.objects.filter(vulndb=vulndb).values_list("report", "pk"))
    vulndb.refresh_from_db()
    revision = vulndb.revision
    assert fill(vulndb, *reports)["changed"] == 0
    vulndb.refresh_from_db()
    assert vulndb.revision == revision
    changed = report("GO-2026-1", "example.com/m1", "1.3.0")
    stored = fill(vulndb, reports[0], changed, reports[2])
    assert (stored["reports"], stored["changed"], stored["removed"]) == (3, 1, 1)
    after = dict(GoVulnReport.objects.filter(vulndb=vulndb).values_list("report", "pk"))
    assert after.keys() == {"GO-2026-0", "GO-2026-1", "GO-2026-2"}
    assert [name for name, pk in after.items() if before[name] != pk] == ["GO-2026-1"]
    vulndb.refresh_from_db()
    assert vulndb.revision != revision and vulndb.reports == 3


def test_severities_are_compared_as_numbers(vulndb: GoVulndb) -> None:
    vectors = {
        "GO-1-1": {"severity": [{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]},
        "GO-1-2": {"database_specific": {"severity": "MODERATE"}},
        "GO-1-3": {"severity": [{"score": "CVSS:3.1/nonsense"}, {"score": "CVSS:4.0/"}]},
    }
    fill(vulndb, *(report(name, "example.com/m", **fields) for name, fields in vectors.items()))
    rows = GoVulnReport.objects.filter(vulndb=vulndb)
    found = dict(rows.values_list("report", "severity"))
    assert found == {"GO-1-1": 9.8, "GO-1-2": 6.9, "GO-1-3": None}


GOOD = files_of(report("GO-2026-1", "example.com/m", "1.2.0"))


def without(name: str) -> dict[str, bytes]:
    return {each: data for each, data in GOOD.items() if each != name}


def twice() -> io.BytesIO:
    packed = archive(GOOD)
    with zipfile.ZipFile(packed, "a") as opened, pytest.warns(UserWarning):
        opened.writestr("ID/GO-2026-1.json", GOOD["ID/GO-2026-1.json"])
    return packed


def bomb() -> io.BytesIO:
    return archive(GOOD | {"ID/GO-2026-9.json": b" " * (reading.LARGEST_REPORT + 1)})


def cut_off() -> io.BytesIO:
    return io.BytesIO(archive(GOOD).getvalue()[:-30])


def damaged() -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, data in GOOD.items():
            opened.writestr(name, data)
    return io.BytesIO(packed.getvalue().replace(b"GO-2026-1 is bad", b"GO-2026-1 is not"))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda: archive(without("index/db.json")), "index/db.json is missing"),
        (lambda: archive(without("index/modules.json")), "index/modules.json is missing"),
        (lambda: archive(without("ID/GO-2026-1.json")), "no reports"),
        (lambda: archive(GOOD | {"index/modules.json": b"{}"}), "not a list"),
        (lambda: archive(GOOD | {"index/modules.json": b"[" * 200_000}), "nested too deeply"),
        (lambda: archive(GOOD | {"index/vulns.json": b'[{"id": "GO-3"}]'}), "no such report"),
        (lambda: archive(GOOD | {"ID/GO-2026-2.json": b"{}"}), "no proper id"),
        (
            lambda: archive(GOOD | {"ID/GO-2026-2.json": GOOD["ID/GO-2026-1.json"]}),
            "has the report GO-2026-1",
        ),
        (lambda: archive({}), "no reports"),
        (lambda: io.BytesIO(b"<html>"), "not a proper zip"),
        (cut_off, "not a proper zip"),
        (damaged, "checksum"),
        (bomb, "more than"),
        (twice, "twice"),
    ],
)
def test_nothing_broken_takes_the_place_of_what_is_there(
    vulndb: GoVulndb, broken: Any, reason: str
) -> None:
    fill(vulndb, report("GO-2025-7", "example.com/old"))
    before = state_of(vulndb)
    with pytest.raises(ValueError, match=reason) as error:
        store(vulndb.pk, broken(), is_forced=True)
    assert state_of(vulndb) == before and "\n" not in str(error.value)


def test_an_archive_is_bounded(vulndb: GoVulndb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_FILES", 3)
    with pytest.raises(OSVError, match="more than 3 files"):
        store(vulndb.pk, archive(GOOD), is_forced=True)
    monkeypatch.setattr(reading, "MOST_FILES", 30)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    with pytest.raises(OSVError, match="more than 100 bytes"):
        store(vulndb.pk, archive(GOOD), is_forced=True)


def test_an_older_or_shrunk_database_has_to_be_uploaded(vulndb: GoVulndb) -> None:
    reports = [report(f"GO-2026-{n}", "example.com/m") for n in range(5)]
    fill(vulndb, *reports, modified="2026-11-02T00:00:00Z")
    older = archive(files_of(*reports, modified="2026-11-01T00:00:00Z"))
    with pytest.raises(OSVError, match="older than the one that is here"):
        store(vulndb.pk, older, is_forced=False)
    shrunk = archive(files_of(*reports[:2], modified="2026-11-03T00:00:00Z"))
    with pytest.raises(OSVError, match="it is not whole"):
        store(vulndb.pk, shrunk, is_forced=False)
    assert store(vulndb.pk, older, is_forced=True)["reports"] == 5


def test_malicious_go_modules_are_picked_out_of_all_reports(content_url: str) -> None:
    vulndb = make(kind=GoVulndb.Kind.MALICIOUS)
    origins = {"malicious-packages-origins": [{"source": "somebody"}]}
    other = report("MAL-2025-3", "left-pad")
    other["affected"][0]["package"]["ecosystem"] = "npm"
    reports = {
        "osv/malicious/go/a/MAL-2025-1.json": report("MAL-2025-1", "example.com/a"),
        "b.json": report("X-1", "example.com/b", database_specific=origins),
        "osv/malicious/npm/left-pad/MAL-2025-3.json": other,
        "GHSA-1.json": report("GHSA-1", "example.com/c"),
        "config.json": {"tool": 1},
    }
    packed = {name: json.dumps(each).encode() for name, each in reports.items()}
    stored = store(vulndb.pk, archive(packed | {"README.md": b"x"}), is_forced=False)
    assert stored["reports"] == 2 and stored["modified"] is None
    rows, files = state_of(vulndb)
    assert rows == [("example.com/a", "MAL-2025-1"), ("example.com/b", "X-1")]
    assert [name for name, _ in files] == ["ID/MAL-2025-1.json", "ID/X-1.json"]


BOTH = (report("GO-2026-1", "example.com/a"), report("GO-2026-2", "example.com/b"))


class Served:
    """What the server of a database has, and what it was asked."""

    def __init__(self) -> None:
        self.body, self.etag, self.status = b"", '"1"', 200
        self.conditions: list[str | None] = []
        self.url = ""


@contextmanager
def serving() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            condition = self.headers.get("If-None-Match")
            served.conditions.append(condition)
            if self.headers.get("Authorization") != "Basic dTpw":
                self.send_error(401)
                return
            is_known = condition == served.etag
            self.send_response(304 if is_known else served.status)
            self.send_header("ETag", served.etag)
            self.send_header("Content-Length", "0" if is_known else str(len(served.body)))
            self.end_headers()
            if not is_known:
                self.wfile.write(served.body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/vulndb.zip"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def test_what_another_url_said_is_not_taken_when_the_url_is_changed_meanwhile(
    content_url: str,
) -> None:
    with serving() as served:
        served.body = archive(GOOD).getvalue()
        vulndb = make(url=served.url, username="u", password="p")
        rows = GoVulndb.objects.filter(pk=vulndb.pk)
        changing = before(
            "FOR NO KEY UPDATE", lambda: rows.update(url="https://example.com/vulndb.zip")
        )
        with changing, pytest.raises(VulndbRefusedError, match="its url was changed while it"):
            mirroring.sync(str(vulndb.pk))
        vulndb.refresh_from_db()
        assert (vulndb.etag, vulndb.reports) == ("", 0)


def test_a_mirror_asks_for_what_is_new_only(content_url: str) -> None:
    with serving() as served:
        served.body = archive(GOOD).getvalue()
        vulndb = make(url=served.url, username="u", password="p")
        stored = mirroring.sync(str(vulndb.pk))
        assert stored is not None and stored["reports"] == 1
        assert mirroring.sync(str(vulndb.pk)) is None
        served.body, served.etag = b"<html>sign in</html>", '"2"'
        for broken in range(2):
            with pytest.raises(VulndbRefusedError, match="not a proper zip"):
                mirroring.sync(str(vulndb.pk))
            vulndb.refresh_from_db()
            assert vulndb.error.startswith("it is not a proper zip") and vulndb.reports == 1, broken
        served.status = 404
        with pytest.raises(VulndbRefusedError, match="its url leads to nothing: 404"):
            mirroring.sync(str(vulndb.pk))
        served.etag = '"1"'
        assert mirroring.sync(str(vulndb.pk)) is None
        vulndb.refresh_from_db()
        assert vulndb.error == "" and vulndb.reports == 1
        assert served.conditions == [None, *['"1"'] * 5]
        vulndb.password = "wrong"
        vulndb.save()
        with pytest.raises(VulndbRefusedError, match="401") as error:
            mirroring.sync(str(vulndb.pk))
        assert "wrong" not in str(error.value)


def test_a_mirror_that_cannot_be_reached_says_so(content_url: str) -> None:
    vulndb = make(url="http://127.0.0.1:9/vulndb.zip")
    with pytest.raises(VulndbRefusedError, match="127.0.0.1:9"):
        mirroring.sync(str(vulndb.pk))
    vulndb.refresh_from_db()
    assert "127.0.0.1:9" in vulndb.error


def work(vulndb: GoVulndb) -> Any:
    """Do what is due, as workers do: what pulpcore dispatches on schedule, and what that dispatches."""
    dispatch_scheduled_tasks()
    schedule = scheduling.schedule_of(vulndb)
    assert schedule is not None and schedule.next_dispatch > timezone.now()
    ours = Task.objects.filter(state=TASK_STATES.WAITING)
    task = ours.get(pk=schedule.last_task_id)
    set_guid(generate_guid())
    import_string(task.name)(**task.enc_kwargs)
    ours.filter(pk=task.pk).update(state=TASK_STATES.COMPLETED)
    (sync,) = [
        each
        for each in ours.filter(name=scheduling.SYNC)
        if each.enc_kwargs == {"vulndb_pk": str(vulndb.pk)}
    ]
    try:
        return import_string(sync.name)(**sync.enc_kwargs)
    finally:
        ours.filter(pk=sync.pk).update(state=TASK_STATES.COMPLETED)


def test_what_is_due_is_synced_and_the_last_good_mirror_stays(content_url: str) -> None:
    with serving() as served:
        served.body = archive(GOOD).getvalue()
        vulndb = make(url=served.url, username="u", password="p")
        scheduling.set_schedule(vulndb, timedelta(hours=6))
        assert work(vulndb)["reports"] == 1
        before = state_of(vulndb)
        dispatch_scheduled_tasks()
        assert not Task.objects.filter(
            pk=TaskSchedule.objects.get(name=f"gomod.vulndb/{vulndb.pk}").last_task_id,
            state=TASK_STATES.WAITING,
        ).exists(), "it is not due"
        served.body, served.etag = b"<html>sign in</html>", '"2"'
        due = TaskSchedule.objects.filter(name=f"gomod.vulndb/{vulndb.pk}")
        due.update(next_dispatch=timezone.now())
        with pytest.raises(VulndbRefusedError, match="not a proper zip"):
            work(vulndb)
        assert state_of(vulndb) == before
        served.body, served.etag = archive(files_of(*BOTH)).getvalue(), '"3"'
        due.update(next_dispatch=timezone.now())
        assert work(vulndb)["reports"] == 2
        vulndb.refresh_from_db()
        assert vulndb.error == "" and vulndb.reports == 2
        scheduling.set_schedule(vulndb, None)


def test_a_schedule_lives_as_long_as_its_database(content_url: str) -> None:
    vulndb = make(url="http://127.0.0.1:9/vulndb.zip")
    before = vulndbs.schedules()
    scheduling.set_schedule(vulndb, timedelta(hours=6))
    scheduling.set_schedule(vulndb, timedelta(hours=7))
    schedule = scheduling.schedule_of(vulndb)
    assert schedule is not None and schedule.dispatch_interval == timedelta(hours=7)
    assert vulndbs.schedules() == before + 1
    pk = str(vulndb.pk)
    vulndb.delete()
    scheduling.sync_on_schedule(pk)
    assert not TaskSchedule.objects.filter(pk=schedule.pk).exists()
