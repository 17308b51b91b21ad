"""Reports about modules: versions are judged as govulncheck judges them, and nothing hostile is taken for a report."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.golang import osv, vulndb
from tests.unit.golang.vectors import DIRECTORY, load

VECTORS: dict[str, Any] = load("osv_affects")
DATABASE = Path(DIRECTORY, "vulndb", "vulndb.zip")


def affected_of(ranges: list[Any]) -> osv.Affected:
    """Read what an upstream would have sent."""
    events = [
        {
            "type": kind,
            "events": [
                {
                    key: value
                    for key, value in zip(("introduced", "fixed"), each, strict=True)
                    if value
                }
                for each in listed
            ],
        }
        for kind, listed in ranges
    ]
    package = {"ecosystem": "Go", "name": "example.com/m"}
    document = {"id": "GO-1-1", "affected": [{"package": package, "ranges": events}]}
    return osv.report_of(document).affected[0]


def test_versions_are_judged_as_govulncheck_judges_them() -> None:
    wrong = [
        (ranges, version)
        for ranges, version, verdict in VECTORS["affects"]
        if affected_of(ranges).affects(version) != verdict
    ]
    assert wrong == []
    verdicts = [verdict for *_, verdict in VECTORS["affects"]]
    assert min(verdicts.count(True), verdicts.count(False)) > 200


def test_releases_of_go_are_named_as_govulncheck_names_them() -> None:
    for text, tag, version in VECTORS["tags"]:
        if text.startswith("go"):
            assert osv.tag_version(text.split()[0]) == version, text
        elif text.startswith("v"):
            # govulncheck writes go1.22-rc1, which is no name of a release.
            assert osv.version_tag(text) == tag.replace("-", ""), text


def test_a_toolchain_is_the_standard_library_and_the_go_command() -> None:
    release = osv.subjects_of("golang.org/toolchain", "v0.0.1-go1.22rc1.linux-amd64")
    assert release == [("stdlib", "v1.22.0-rc.1"), ("toolchain", "v1.22.0-rc.1")]
    assert osv.subjects_of("golang.org/toolchain", "v0.0.1-nonsense") == []
    assert osv.subjects_of("example.com/m", "v1.0.0") == [("example.com/m", "v1.0.0")]


@pytest.mark.parametrize(
    ("version", "fixed"),
    [("v1.0.0", "1.2.0"), ("v2.1.0", "2.2.0"), ("v2.2.0", ""), ("v1.1.9", "1.2.0")],
)
def test_the_fix_is_the_first_one_of_the_range(version: str, fixed: str) -> None:
    affected = affected_of(
        [["SEMVER", [["2.0.0", ""], ["", "2.2.0"], ["0", ""], ["", "1.2.0"], ["", "1.3.0"]]]]
    )
    assert osv.fixed_in([affected], version) == (fixed if affected.affects(version) else "")


def test_malicious_versions_are_named_one_by_one() -> None:
    package = {"ecosystem": "Go", "name": "example.com/m"}
    report = osv.report_of(
        {
            "id": "MAL-2025-1",
            "details": "steals\nkeys\u0000",
            "affected": [
                {"package": package, "versions": ["1.0.0", "v1.1.0"]},
                {"package": {"ecosystem": "npm", "name": "m"}},
            ],
        }
    )
    (affected,) = report.affected
    assert report.is_malicious and report.summary == "steals keys"
    assert [affected.names(f"v1.{minor}.0") for minor in range(3)] == [True, True, False]
    assert affected.affects("v1.2.0")
    last = osv.Affected("m", ((osv.Event("0"), osv.Event(last_affected="1.1.0")),))
    assert last.names("v1.1.0") and not last.names("v1.1.1")


def test_the_public_database_is_read() -> None:
    with zipfile.ZipFile(DATABASE) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    reports = [osv.parse_report(data) for name, data in files.items() if name not in vulndb.INDEXES]
    assert len(reports) > 20 and all(report.affected and report.summary for report in reports)
    assert not all(report.is_reviewed for report in reports)
    assert any(report.withdrawn for report in reports)
    modified = vulndb.check_indexes(files, {report.id for report in reports})
    assert modified.isoformat() == "2026-11-09T12:00:00+00:00"
    with pytest.raises(osv.OSVError, match="there is no such report"):
        vulndb.check_indexes(files, {report.id for report in reports[1:]})


def report(**changes: Any) -> bytes:
    package = {"ecosystem": "Go", "name": "example.com/m"}
    return json.dumps({"id": "GO-1-1", "affected": [{"package": package}]} | changes).encode()


def test_a_report_may_say_little() -> None:
    assert osv.parse_report(report()).affected[0].affects("v1.0.0")
    assert osv.parse_report(report(affected=None)).affected == ()


MANY = [{"fixed": "1.0.0"}] * (osv.MOST_EVENTS + 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": "GO-1-1"', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not an object"),
        (b'{"id": NaN}', "not JSON"),
        (b'{"id": "../x"}', "no proper id"),
        (b'{"id": 1e999}', "no proper id"),
        (b'{"id": ' + b"9" * 100_000 + b"}", "no proper id"),
        (report(affected={}), "affected is not a list"),
        (report(affected=["x"]), "affected is not an object"),
        (report(affected=[{}] * (osv.MOST_AFFECTED + 1)), "more than"),
        (report(withdrawn="soon"), "not a time"),
        (report(affected=[{"package": {"ecosystem": "Go", "name": "a\nb"}}]), "no module"),
        (
            report(
                affected=[
                    {
                        "package": {"ecosystem": "Go", "name": "m"},
                        "ranges": [{"type": "SEMVER", "events": MANY}],
                    }
                ]
            ),
            "more than",
        ),
        (
            report(
                affected=[
                    {
                        "package": {"ecosystem": "Go", "name": "m"},
                        "ranges": [{"type": "SEMVER", "events": [{"fixed": "\u0000"}]}],
                    }
                ]
            ),
            "not a version",
        ),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(osv.OSVError) as error:
        osv.parse_report(data)
    assert reason in str(error.value) and str(error.value).isprintable()
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("index/modules.json.gz", ("index/modules.json", True)),
        ("index/db.json", ("index/db.json", False)),
        ("ID/GO-2020-0001.json.gz", ("ID/GO-2020-0001.json", True)),
        ("index/other.json", None),
        ("ID/../index/db.json", None),
        ("ID/.json", None),
        ("ID/x.json.gz.gz", None),
        ("ID/x.json\n", None),
        ("", None),
    ],
)
def test_paths_of_a_database(path: str, file: tuple[str, bool] | None) -> None:
    assert vulndb.file_of(path) == file
