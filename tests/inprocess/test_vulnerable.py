"""What is known to be vulnerable or malicious is stopped where a policy says so, with the report's ID; by what is here alone."""

from typing import Any

import pytest
import requests

from tests.goproxy_requests import get
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import change, obey, path_of, publish
from tests.inprocess.vulndbs import archive, fill, make, report

from pulp_gomod.app.db.pool import Database  # isort: skip
from pulp_gomod.app.models import GoVulndb  # isort: skip
from pulp_gomod.app.tasks.vulndb.storing import store  # isort: skip


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def stopped(answer: requests.Response) -> str:
    assert answer.status_code == 403, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/plain") and answer.text.count("\n") == 1
    return answer.text


def test_vulnerable_versions_are_stopped_and_the_line_says_how_to_go_on(owner: Owner) -> None:
    vulndb = make()
    policy = obey(owner, vulnerable_db=vulndb, vulnerable_mode="enforce")
    spelled = publish(owner, "v1.0.0", "v1.2.0", "v1.3.0")
    url = f"{owner.packages_url}/{spelled}"
    assert get(f"{url}/@v/v1.0.0.info").status_code == 200
    fill(vulndb, report("GO-2026-7", path_of(owner), "1.2.0"), report("GO-2026-8", "example.com/x"))
    for file in ("info", "zip"):
        for _ in range(2):
            line = stopped(get(f"{url}/@v/v1.0.0.{file}"))
            assert "GO-2026-7 (GO-2026-7 is bad), fixed in v1.2.0" in line
            assert f'the policy "{policy.name}"' in line
    assert get(f"{url}/@v/v1.0.0.mod").status_code == 200
    assert get(f"{url}/@v/list").text == "v1.2.0\nv1.3.0\n"
    assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
    # A mirror that has changed counts at once.
    fill(vulndb, report("GO-2026-8", "example.com/x"))
    assert get(f"{url}/@v/v1.0.0.info").status_code == 200
    assert get(f"{url}/@v/list").text == "v1.0.0\nv1.2.0\nv1.3.0\n"
    change(policy, vulnerable_mode="lists")
    fill(vulndb, report("GO-2026-7", path_of(owner), "1.2.0"))
    assert get(f"{url}/@v/list").text == "v1.2.0\nv1.3.0\n"
    assert get(f"{url}/@v/v1.0.0.info").status_code == 200


@pytest.mark.parametrize(
    ("fields", "conditions", "is_stopped"),
    [
        ({}, {}, True),
        ({"withdrawn": "2026-01-01T00:00:00Z"}, {}, False),
        ({"database_specific": {"review_status": "UNREVIEWED"}}, {}, False),
        (
            {"database_specific": {"review_status": "UNREVIEWED"}},
            {"vulnerable_unreviewed": True},
            True,
        ),
        ({"database_specific": {"severity": "LOW"}}, {"vulnerable_severity": 7.0}, False),
        ({"database_specific": {"severity": "HIGH"}}, {"vulnerable_severity": 7.0}, True),
        ({}, {"vulnerable_severity": 9.9}, True),
    ],
)
def test_only_reports_that_count_stop(
    owner: Owner, fields: dict[str, Any], conditions: dict[str, Any], is_stopped: bool
) -> None:
    vulndb = make()
    fill(vulndb, report("GO-2026-7", path_of(owner), **fields))
    obey(owner, vulnerable_db=vulndb, vulnerable_mode="enforce", **conditions)
    url = f"{owner.packages_url}/{publish(owner, 'v1.0.0')}"
    answer = get(f"{url}/@v/v1.0.0.zip")
    if is_stopped:
        assert "no version fixes it yet" in stopped(answer)
    else:
        assert answer.status_code == 200


def test_malicious_versions_are_stopped(owner: Owner) -> None:
    vulndb = make(kind=GoVulndb.Kind.MALICIOUS)
    affected = {"package": {"ecosystem": "Go", "name": path_of(owner)}, "versions": ["1.1.0"]}
    files = files_of_malicious(report("MAL-2026-1", "", affected=[affected]))
    store(vulndb.pk, archive(files), is_forced=True)
    obey(owner, malicious_db=vulndb, malicious_mode="enforce")
    url = f"{owner.packages_url}/{publish(owner, 'v1.0.0', 'v1.1.0')}"
    assert "reported as malicious: MAL-2026-1" in stopped(get(f"{url}/@v/v1.1.0.info"))
    assert get(f"{url}/@v/v1.0.0.info").status_code == 200


def files_of_malicious(one: dict[str, Any]) -> dict[str, bytes]:
    import json

    return {"a.json": json.dumps(one).encode()}


def test_a_module_costs_one_statement_for_each_state_of_the_mirror(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    vulndb = make()
    fill(vulndb, report("GO-2026-7", path_of(owner), "1.2.0"))
    obey(owner, vulnerable_db=vulndb, vulnerable_mode="enforce")
    url = f"{owner.packages_url}/{publish(owner, 'v1.0.0', 'v1.2.0', 'v1.3.0')}"
    asked: list[str] = []
    fetch_all = Database.fetch_all

    async def counted(self: Database, sql: str, *args: Any) -> Any:
        if "vulnreport" in sql:
            asked.append(sql)
        return await fetch_all(self, sql, *args)

    monkeypatch.setattr(Database, "fetch_all", counted)
    for _ in range(2):
        for file in ("list", "v1.0.0.info", "v1.2.0.info", "v1.3.0.zip"):
            get(f"{url}/@v/{file}")
    assert len(asked) == 1
