"""Who published what, when and from where."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.functional.owners import Owner
from tests.functional.rest_api import RELEASES, Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import put_at_once, put_to_api


@pytest.fixture(scope="module")
def rest(upload_server: Server) -> Rest:
    """The administrator of a server that trusts proxies on this machine and in 10.0.0.0/8."""
    return Rest(upload_server.url, (upload_server.username, upload_server.password))


@pytest.fixture(scope="module")
def owner(rest: Rest) -> Owner:
    """Of tests that look at the modules they publish only."""
    return Owner.create(rest)


def published_from(owner: Owner, **headers: str) -> str:
    """Publish a module with headers about forwarding, and return the address on record."""
    made = Made()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = owner.put(made.zip(), headers=named)
    assert answer.status_code == 201, answer.text
    (release,) = owner.rest.get(RELEASES, module=made.path)["results"]
    address: str = release["published_from"]
    return address


def test_a_client_is_not_believed(server: Server) -> None:
    """Nothing stands before `pulp-gomod serve`, unless --origin says so."""
    owner = Owner.create(Rest(server.url, (server.username, server.password)))
    assert published_from(owner) == "127.0.0.1"
    assert published_from(owner, X_Forwarded_For="203.0.113.9") == "127.0.0.1"
    assert published_from(owner, Forwarded="for=203.0.113.9") == "127.0.0.1"


# What a proxy says, and what is recorded.
FORWARDED = {
    "203.0.113.9": "203.0.113.9",
    "2001:db8::1": "2001:db8::1",
    "203.0.113.9, 10.1.2.3": "203.0.113.9",
    # What stands before the first address that no proxy of ours has is what that one says.
    "198.51.100.1, 203.0.113.9": "203.0.113.9",
    "198.51.100.1, 203.0.113.9, 10.1.2.3, 127.0.0.1": "203.0.113.9",
    "nonsense": "127.0.0.1",
    "203.0.113.9, nonsense": "127.0.0.1",
    "203.0.113.9, nonsense, 10.1.2.3": "10.1.2.3",
    "": "127.0.0.1",
}


def test_a_proxy_is_believed_as_far_as_it_knows(owner: Owner) -> None:
    made = {said: Made() for said in FORWARDED}
    headers = [{"X-Forwarded-For": said} for said in made]
    answers = put_at_once(owner, [each.zip() for each in made.values()], headers)
    assert {each.status_code for each in answers} == {201}
    found = owner.rest.get(RELEASES, repository=owner.repository, limit=1000)["results"]
    recorded = {each["module"]: each["published_from"] for each in found}
    assert {said: recorded[each.path] for said, each in made.items()} == FORWARDED


@pytest.mark.parametrize("proof", [{}, {"X-Gomod-Door": "1"}])
def test_headers_of_the_door_itself_are_not_taken_from_clients(
    upload_server: Server, owner: Owner, proof: dict[str, str]
) -> None:
    """By them a client would get an answer before anything is decided, from the API itself as well."""
    made, other = Made(), Made()
    said = {"X-Gomod-Waiter": "1"} | proof
    assert owner.put(made.zip(), headers=said).status_code == 201
    assert owner.put(made.zip(), headers=said).status_code == 409
    assert put_to_api(upload_server, owner, other.zip(), said).status == 201
    assert put_to_api(upload_server, owner, other.zip(), said).status == 409


def test_the_record_outlives_the_tasks(rest: Rest) -> None:
    owner, made = Owner.create(rest), Made()
    begun = datetime.now(UTC)
    assert owner.put(made.zip()).status_code == 201
    (before,) = rest.get(RELEASES, module=made.path)["results"]
    assert before["published_by"] == "admin"
    assert before["published_from"] == "127.0.0.1"
    seen = datetime.fromisoformat(before["first_seen"])
    assert begun - timedelta(seconds=1) <= seen <= datetime.now(UTC)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"finished_before": later, "states": ["completed", "failed", "canceled"]}
    rest.wait(rest.call("POST", "tasks/purge/", json=body))
    settling = rest.get("tasks/", name__contains="settle", reserved_resources=owner.repository)
    assert settling["count"] == 0
    assert rest.get(RELEASES, module=made.path)["results"] == [before]


def test_the_record_outlives_the_removal_and_the_user(rest: Rest) -> None:
    owner, made = Owner.create(rest), Made()
    name = f"publisher-{made.path.rpartition('/')[2]}"
    user = rest.create("users/", username=name, password="a-long-Password1")["pulp_href"]
    body = {"users": [name], "role": "gomod.gorepository_publisher"}
    assert rest.status("POST", f"{owner.repository}add_role/", json=body) == 201
    assert owner.put(made.zip(), auth=(name, "a-long-Password1")).status_code == 201
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    assert rest.status("DELETE", user) == 204
    (release,) = rest.get(RELEASES, module=made.path, repository=owner.repository)["results"]
    assert release["published_by"] == name


def test_an_upload_over_rest_is_on_record_likewise(rest: Rest, owner: Owner) -> None:
    made = Made()
    response = requests.post(
        f"{rest.url}{rest.root}content/gomod/modules/",
        files={"file": made.zip()},
        data={"repository": owner.repository},
        auth=rest.auth,
        headers={"X-Forwarded-For": "203.0.113.9"},
        timeout=60,
    )
    rest.wait(response)
    (release,) = rest.get(RELEASES, module=made.path)["results"]
    assert (release["published_by"], release["published_from"]) == ("admin", "203.0.113.9")
