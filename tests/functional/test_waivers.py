"""Who may ask for a waiver, who may approve it, and what each of them is shown."""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.functional.owners import Owner
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_access import grant, new_user

WAIVERS = "gomod/waivers/"
POLICIES = "gomod/policies/"


def stopped(rest: Rest) -> tuple[Owner, Made, dict[str, Any]]:
    """Publish a module version that a policy stops; return that, too."""
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip("v1.0.0")).status_code == 201
    entry = {"module": made.path, "reason": "it steals keys"}
    policy = rest.create(POLICIES, name=f"p-{uuid4().hex[:8]}", deny=[entry])
    obey = {"policy": policy["pulp_href"]}
    rest.wait(rest.call("PATCH", owner.distribution, json=obey))
    return owner, made, policy


def test_who_is_stopped_asks_and_who_has_the_role_approves(
    server: Server, rest: Rest, tmp_path: Path
) -> None:
    owner, made, policy = stopped(rest)
    file = f"{made.path}/@v/v1.0.0.zip"
    refusal = owner.get(file)
    assert refusal.status_code == 403 and f'--policy "{policy["name"]}"' in refusal.text

    asker, approver = new_user(rest), new_user(rest)
    grant(rest, policy["pulp_href"], approver, "gomod.gopolicy_approver")
    asked = {"policy": policy["name"], "module": made.path, "versions": "v1.0.0"}
    wrong = {
        "reason": "two\nlines",
        "versions": "latest",
        "conditions": ["weather"],
        "expires": "2020-01-01T00:00:00Z",
        "policy": "unheard of",
    }
    for field, value in wrong.items():
        answer = asker.call("POST", WAIVERS, json=asked | {"reason": "please"} | {field: value})
        assert answer.status_code == 400 and list(answer.json()) == [field], answer.text
    made_href = asker.create(WAIVERS, **asked, reason="please")["pulp_href"]
    assert asker.status("POST", f"{made_href}approve/") == 403
    assert new_user(rest).status("GET", made_href) == 404
    assert asker.status("GET", policy["pulp_href"]) == 404

    pulp, theirs = (
        Pulp.create(tmp_path / name, server, username=user.auth[0], password=user.auth[1])  # type: ignore[index]
        for name, user in (("approver", approver), ("asker", asker))
    )
    (waiting,) = pulp.get("waiver", "list", "--state", "requested")
    assert waiting["pulp_href"] == made_href and waiting["requested_by"] == asker.auth[0]  # type: ignore[index]
    name = f"{made.path}@v1.0.0"
    approved = pulp.get("waiver", "approve", name, "--policy", policy["name"])
    assert approved["in_force"] and approved["decided_by"] == approver.auth[0]  # type: ignore[index]
    assert owner.get(file).status_code == 200
    assert asker.get(made_href)["state"] == "approved"
    again = approver.call("POST", f"{made_href}approve/")
    assert (again.status_code, again.json()) == (
        400,
        {"state": ["This waiver is approved already."]},
    )
    absent = pulp.run("gomod", "waiver", "approve", name)
    assert absent.code == 3 and "There is no such waiver (requested)" in absent.stderr
    pulp.get("waiver", "revoke", name, "--note", "use v1.1.0")
    assert owner.get(file).status_code == 403
    assert asker.get(made_href)["note"] == "use v1.1.0"
    pulp.get("waiver", "request", name, "--policy", policy["name"], "--reason", "again")
    assert pulp.get("waiver", "refuse", name)["state"] == "refused"
    # Whoever has asked sees that, and takes it back, by a policy of which they see no more than the name.
    of_it = ("--policy", policy["name"])
    theirs.get("waiver", "request", name, *of_it, "--reason", "once more")
    (mine,) = theirs.get("waiver", "list", *of_it, "--state", "requested")
    href = ("--policy", policy["pulp_href"])
    assert theirs.get("waiver", "list", *href, "--state", "requested") == [mine]
    assert theirs.get("waiver", "revoke", name, *of_it)["pulp_href"] == mine["pulp_href"]
    assert theirs.get("waiver", "list", "--policy", "unheard of") == []
    events = pulp.get("policy", "events", "--policy", policy["name"], "--module", made.path)
    found = {each["kind"]: each["made_by"] for each in events if each["kind"] != "stopped"}
    decided = dict.fromkeys(
        ("waiver_approved", "waiver_revoked", "waiver_refused"), approver.auth[0]
    )  # type: ignore[index]
    assert decided.items() <= found.items() and "waiver_requested" in found
    assert asker.get("gomod/events/", module=made.path)["count"] == 0
    # Whoever sees the distribution sees what happened there, by the name of a policy that is hidden, or gone.
    grant(rest, owner.distribution, asker, "gomod.godistribution_viewer")
    end = time.monotonic() + 60
    while not asker.get("gomod/events/", module=made.path)["count"]:
        # They are written within ten seconds.
        assert time.monotonic() < end
        time.sleep(0.5)
    seen = theirs.get("policy", "events", *of_it, "--module", made.path)
    assert {each["kind"] for each in seen} <= {"stopped", "waived"}
    rest.wait(rest.call("PATCH", owner.distribution, json={"policy": None}))
    assert rest.status("DELETE", policy["pulp_href"]) == 204
    (name,) = {each["distribution_name"] for each in seen}
    assert {each["pulp_href"] for each in seen} <= {
        each["pulp_href"] for each in theirs.get("policy", "events", *of_it, "--distribution", name)
    }


def test_a_token_asks_for_what_it_may_read(rest: Rest) -> None:
    owner, made, policy = stopped(rest)
    asker, stranger = new_user(rest), new_user(rest)
    guard = rest.create("contentguards/core/rbac/", name=f"g-{uuid4().hex[:8]}")["pulp_href"]
    grant(rest, guard, asker, "core.rbaccontentguard_downloader")
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": guard}))
    asked = {"policy": policy["name"], "module": made.path, "reason": "please"}
    assert stranger.call("POST", WAIVERS, json=asked).status_code == 400

    def with_token(**of: str) -> requests.Response:
        secret = asker.create("gomod/tokens/", name=uuid4().hex, **of)["token"]
        url, auth = f"{rest.url}{rest.root}{WAIVERS}", ("__token__", secret)
        answer = requests.post(url, json=asked, auth=auth, timeout=60)
        listed = requests.get(url, auth=auth, timeout=60)
        assert listed.status_code == 200
        if answer.status_code == 201:
            href = rest.url + answer.json()["pulp_href"]
            assert requests.post(f"{href}revoke/", auth=auth, timeout=60).status_code == 403
            assert answer.json() in listed.json()["results"]
        return answer

    assert with_token().status_code == 201
    assert with_token(distribution=owner.distribution).status_code == 201
    elsewhere = Owner.create(rest)
    grant(rest, elsewhere.distribution, asker, "gomod.godistribution_viewer")
    assert with_token(distribution=elsewhere.distribution).status_code == 400
    (latest, *_) = asker.get(WAIVERS)["results"]
    assert asker.call("POST", f"{latest['pulp_href']}revoke/").json()["state"] == "revoked"
