"""A scan fills pulpcore's reports from the database that is here; what is gone from it is gone from them."""

from typing import Any

import pytest

from tests.goproxy_requests import get
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import obey, path_of, publish
from tests.inprocess.vulndbs import fill, make, report
from tests.unit.golang.test_openvex import document, statement

from django.db import transaction  # isort: skip
from django_guid import set_guid  # isort: skip
from django_guid.utils import generate_guid  # isort: skip
from pulpcore.app.contexts import with_task_context  # noqa: TID251 (there is no public one) # isort: skip
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task, VulnerabilityReport  # isort: skip

from pulp_gomod.app.models import GoModule, GoRepository, GoVulndb  # isort: skip
from pulp_gomod.app.models.vex import replace_statements  # isort: skip
from pulp_gomod.app.tasks.vulndb import scanning  # isort: skip
from pulp_gomod.app.tasks.vulndb.scheduling import dispatch_scan, scan_again  # isort: skip
from pulp_gomod.golang.openvex import parse_document  # isort: skip


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def scan(owner: Owner, vulndb: GoVulndb) -> Any:
    task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    version = owner.repository.latest_version()
    with with_task_context(task):
        return scanning.scan(str(version.pk), str(vulndb.pk))


def reports_of(owner: Owner) -> dict[str, list[str]]:
    version = owner.repository.latest_version()
    return {
        GoModule.objects.get(pk=each.content_id).version: [vuln["id"] for vuln in each.vulns]
        for each in VulnerabilityReport.objects.filter(repo_versions=version)
    }


def say(vulndb: GoVulndb, *statements: dict[str, Any]) -> None:
    replace_statements(vulndb.pk, parse_document(document(*statements)))


def test_module_versions_have_the_reports_that_are_about_them(owner: Owner) -> None:
    vulndb, path = make(), path_of(owner)
    publish(owner, "v1.0.0", "v1.2.0", "v1.3.0")
    first = report("GO-2026-1", path, "1.2.0")
    # Of a report about many modules, what is about others is left out.
    first["affected"].append(report("x", "example.com/other")["affected"][0])
    fill(vulndb, first, report("GO-2026-2", path, "1.3.0"))
    assert scan(owner, vulndb) == {"scanned": 3, "vulnerable": 2, "cleared": 0}
    found = {"v1.0.0": ["GO-2026-1", "GO-2026-2"], "v1.2.0": ["GO-2026-2"]}
    assert reports_of(owner) == found
    (made,) = VulnerabilityReport.objects.filter(
        content__in=GoModule.objects.filter(module=path, version="v1.0.0")
    )
    assert [each["package"]["name"] for each in made.vulns[0]["affected"]] == [path]
    # Again, nothing is written.
    before = list(VulnerabilityReport.objects.values_list("pk", "pulp_last_updated"))
    assert scan(owner, vulndb)["vulnerable"] == 2
    assert list(VulnerabilityReport.objects.values_list("pk", "pulp_last_updated")) == before
    fill(vulndb, report("GO-2026-2", path, "1.2.0"))
    assert scan(owner, vulndb) == {"scanned": 3, "vulnerable": 1, "cleared": 1}
    assert reports_of(owner) == {"v1.0.0": ["GO-2026-2"]}


def test_scans_of_what_repositories_share_take_turns(owner: Owner) -> None:
    vulndb, path = make(), path_of(owner)
    publish(owner, "v1.0.0")
    fill(vulndb, report("GO-2026-1", path, "1.2.0"))
    # A module version has one report: who writes it at the same time as others fails.
    other = Owner.create(owner.url)
    with transaction.atomic(), other.repository.new_version() as version:
        version.add_content(GoModule.objects.filter(module=path))
    set_guid(generate_guid())
    tasks = [dispatch_scan(each.repository.latest_version(), vulndb) for each in (owner, other)]
    first, second = (
        {name for name in task.reserved_resources_record if not name.startswith("shared:")}
        for task in tasks
    )
    assert first & second
    # Nobody who publishes waits for any of them.
    assert not any(
        "repository" in name for task in tasks for name in task.reserved_resources_record
    )
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(state=TASK_STATES.COMPLETED)
    scan(owner, vulndb)
    scan(other, vulndb)
    assert reports_of(owner) == reports_of(other) == {"v1.0.0": ["GO-2026-1"]}


def test_what_is_scanned_again_is_the_newest_and_what_is_gone_is_not(owner: Owner) -> None:
    vulndb, path = make(), path_of(owner)
    publish(owner, "v1.0.0")
    fill(vulndb, report("GO-2026-1", path, "1.2.0"))
    GoRepository.objects.filter(pk=owner.repository.pk).update(vulndb=vulndb)
    set_guid(generate_guid())
    gone = owner.repository.latest_version()
    pk = str(gone.pk)
    scan_again(vulndb)
    scan_again(vulndb)
    (task,) = (
        task
        for task in Task.objects.filter(name="pulp_gomod.app.tasks.vulndb.scanning.scan")
        if task.enc_kwargs.get("repository_pk") == str(owner.repository.pk)
    )
    Task.objects.filter(pk=task.pk).update(state=TASK_STATES.COMPLETED)
    publish(owner, "v1.1.0")
    gone.delete()
    with with_task_context(Task.objects.create(name="tests", state=TASK_STATES.RUNNING)):
        assert scanning.scan(**task.enc_kwargs) == {"scanned": 2, "vulnerable": 2, "cleared": 0}
        assert scanning.scan(pk, str(vulndb.pk)) is None
    assert reports_of(owner).keys() == {"v1.0.0", "v1.1.0"}


def test_releases_of_go_have_the_reports_about_go(owner: Owner) -> None:
    vulndb = make()
    fill(vulndb, report("GO-2026-1", "stdlib", "1.26.3"), report("GO-2026-2", "toolchain", "1.9.0"))
    publish(owner, "v0.0.1-go1.26.2.linux-amd64", path="golang.org/toolchain")
    publish(owner, "v0.0.1-go1.26.3.linux-amd64", path="golang.org/toolchain")
    assert scan(owner, vulndb)["vulnerable"] == 1
    assert list(reports_of(owner).values()) == [["GO-2026-1"]]


def test_statements_silence_reports_for_scans_and_policies(owner: Owner) -> None:
    vulndb, path = make(), path_of(owner)
    url = f"{owner.packages_url}/{publish(owner, 'v1.0.0', 'v1.1.0')}/@v"
    bad = report("GO-2026-1", path, aliases=["CVE-2026-1"])
    fill(vulndb, bad)
    obey(owner, vulnerable_db=vulndb, vulnerable_mode="enforce")
    assert get(f"{url}/v1.0.0.info").status_code == 403
    scan(owner, vulndb)
    assert reports_of(owner).keys() == {"v1.0.0", "v1.1.0"}
    say(vulndb, statement(f"pkg:golang/{path}@v1.0.0", vulnerability="CVE-2026-1"))
    assert get(f"{url}/v1.0.0.info").status_code == 200
    assert get(f"{url}/v1.1.0.info").status_code == 403
    assert scan(owner, vulndb)["cleared"] == 1
    assert reports_of(owner).keys() == {"v1.1.0"}
    # A report that comes anew is silenced as the one before.
    fill(vulndb, bad | {"summary": "worse"})
    assert get(f"{url}/v1.0.0.info").status_code == 200
    say(vulndb, statement(f"pkg:golang/{path}"))
    assert get(f"{url}/v1.1.0.info").status_code == 200
    say(vulndb)
    assert get(f"{url}/v1.0.0.info").status_code == 403
