"""A vulnerability database over REST: who may use it, what is said of wrong requests, and that its tasks run."""

import json
from typing import Any

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import MODULES, Made, Rest, TaskFailed
from tests.functional.test_rest_access import grant, new_user
from tests.goproxy_requests import get
from tests.inprocess.vulndbs import archive, files_of, report
from tests.unit.golang.test_openvex import document, statement

VULNDBS = "gomod/vulndbs/"
POLICIES = "gomod/policies/"


def upload(rest: Rest, vulndb: str, *reports: dict[str, Any]) -> Any:
    packed = archive(files_of(*reports)).getvalue()
    return rest.wait(rest.call("POST", f"{vulndb}upload/", files={"file": ("vulndb.zip", packed)}))


def test_a_database_is_uploaded_served_obeyed_and_scanned_with(rest: Rest) -> None:
    name = Made().path.replace("/", "-")
    owner = Owner.create(rest)
    made = Made()
    rest.publish(made.zip("v1.0.0"), made.zip("v1.1.0"), repository=owner.repository)
    vulndb = rest.create(VULNDBS, name=name)
    assert (vulndb["reports"], vulndb["kind"], vulndb["sync_interval"]) == (
        0,
        "vulnerabilities",
        "",
    )
    href = vulndb["pulp_href"]
    done = upload(rest, href, report("GO-2026-1", made.path, "1.1.0"))
    assert done["result"]["reports"] == 1
    assert rest.get(href)["error"] == ""
    broken = rest.call("POST", f"{href}upload/", files={"file": ("vulndb.zip", b"PK")})
    with pytest.raises(TaskFailed, match="was not replaced"):
        rest.wait(broken)
    assert "zip" in rest.get(href)["error"] and rest.get(href)["reports"] == 1
    # As large files come.
    packed = archive(files_of(report("GO-2026-1", made.path, "1.1.0"))).getvalue()
    rest.wait(rest.call("POST", f"{href}upload/", json={"upload": rest.add_upload(packed)}))

    policy = rest.create(POLICIES, name=name, vulnerable_db=href, vulnerable_mode="enforce")
    serve = {"vulndb": href, "policy": policy["pulp_href"]}
    rest.wait(rest.call("PATCH", owner.distribution, json=serve))
    index = get(f"{owner.packages_url}/vulndb/index/modules.json")
    assert json.loads(index.text)[0]["path"] == made.path
    stopped = get(f"{owner.packages_url}/{made.path}/@v/v1.0.0.info")
    assert stopped.status_code == 403 and "fixed in v1.1.0" in stopped.text

    version = rest.latest(owner.repository)
    assert "vulndb" in rest.call("POST", f"{version}scan/", json={}).json()
    rest.wait(rest.call("PATCH", owner.repository, json={"vulndb": href}))
    done = rest.wait(rest.call("POST", f"{version}scan/", json={}))
    assert done["result"] == {"scanned": 2, "vulnerable": 1, "cleared": 0}
    prn = rest.get(version)["prn"]
    (found,) = rest.get("vuln_report/", repo_versions=prn)["results"]
    assert [each["id"] for each in found["vulns"]] == ["GO-2026-1"]
    listed = rest.get(MODULES, module=made.path, ordering="version")["results"]
    assert [unit["vuln_report"] for unit in listed] == [found["pulp_href"], None]
    # OpenVEX for policies at once, and for scans by a task.
    body = {"document": document(statement(f"pkg:golang/{made.path}@v1.0.0"))}
    said = rest.call("POST", f"{href}vex/", json=body)
    assert said.status_code == 201 and said.json()[0]["module"] == made.path, said.text
    assert rest.get(f"{href}vex_statements/")["count"] == 1
    assert get(f"{owner.packages_url}/{made.path}/@v/v1.0.0.info").status_code == 200
    refused = rest.call("POST", f"{href}vex/", json={"document": {"@id": "x"}})
    assert refused.status_code == 400 and "statements" in refused.text

    in_use = rest.call("DELETE", href)
    assert in_use.status_code == 409 and name in in_use.text
    rest.wait(rest.call("PATCH", owner.distribution, json=dict.fromkeys(serve)))
    assert rest.status("DELETE", policy["pulp_href"]) == 204
    assert rest.status("DELETE", href) == 204


def test_what_is_wrong_is_named_and_what_may_not_be_seen_is_not_used(rest: Rest) -> None:
    name = Made().path.replace("/", "-")
    wrong: dict[str, Any] = {
        "url": "ftp://example.com/x",
        "sync_interval": "often",
        "kind": "other",
        "proxy_url": "http://user:secret@example.com",
    }
    for field, value in wrong.items():
        answer = rest.call("POST", VULNDBS, json={"name": name, field: value})
        assert answer.status_code == 400 and field in answer.json(), (field, answer.text)
    vulndb = rest.create(
        VULNDBS,
        name=name,
        url="http://127.0.0.1:9/vulndb.zip",
        sync_interval="6h",
        username="u",
        password="secret",
    )
    href = vulndb["pulp_href"]
    assert vulndb["sync_interval"] == "6h" and "secret" not in json.dumps(rest.get(href))
    changed = rest.call("PATCH", href, json={"url": "", "kind": "vulnerabilities"})
    assert changed.status_code == 200 and changed.json()["sync_interval"] == ""
    assert rest.call("POST", f"{href}sync/").status_code == 400
    assert "kind" in rest.call("PATCH", href, json={"kind": "malicious"}).json()
    needs = rest.call("POST", POLICIES, json={"name": name, "malicious_mode": "enforce"})
    assert "malicious_db" in needs.json()

    owner, user = Owner.create(rest), new_user(rest)
    grant(rest, owner.distribution, user, "gomod.godistribution_owner")
    grant(rest, owner.repository, user, "gomod.gorepository_owner")
    for place in (owner.distribution, owner.repository):
        assert user.call("PATCH", place, json={"vulndb": href}).status_code == 400
    scan = f"{rest.latest(owner.repository)}scan/"
    assert user.call("POST", scan, json={"vulndb": href}).status_code == 400
    assert user.status("GET", href) == 404
    grant(rest, href, user, "gomod.govulndb_viewer")
    assert user.status("GET", href) == 200 and user.status("POST", f"{href}upload/") == 403
    assert user.status("DELETE", href) == 403
    rest.wait(user.call("PATCH", owner.distribution, json={"vulndb": href}))
    rest.wait(rest.call("PATCH", owner.distribution, json={"vulndb": None}))
    assert rest.status("DELETE", href) == 204
