"""Who may begin, see, use, rotate and delete checksum databases, and that a domain knows nothing of another's."""

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.functional.guarded import Person, domain_of
from tests.functional.owners import Owner
from tests.functional.rest_api import REPOSITORIES, SUMDBS, Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_domains import new_domain

UNTIL = {"until": "2099-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def here(domain_server: Server) -> Rest:
    admin = Rest(domain_server.url, (domain_server.username, domain_server.password))
    return Rest(admin.url, admin.auth, new_domain(admin))


class User:
    """Somebody with roles in a domain, or on one object of it."""

    def __init__(self, rest: Rest, *roles: str) -> None:
        self.admin, self.person = rest, Person.create(rest)
        for role in roles:
            self.grant(role)

    def grant(self, role: str, href: str | None = None) -> None:
        body: dict[str, Any] = {"role": role, "content_object": href}
        if href is None:
            (domain,) = self.admin.get("domains/", name=domain_of(self.admin))["results"]
            body["domain"] = domain["pulp_href"]
        self.admin.create(f"{self.person.href}roles/", **body)

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = path if path.startswith("/") else f"{self.admin.root}{path}"
        headers = self.person.basic
        return requests.request(
            method, f"{self.admin.url}{url}", json=body, headers=headers, timeout=120
        )


def name() -> str:
    return f"go.example.com/{uuid4().hex[:12]}"


def attempts(href: str) -> list[tuple[str, str, Any]]:
    return [
        ("PATCH", href, {"witnesses": []}),
        ("PUT", href, {"name": "go.example.com/x"}),
        ("POST", f"{href}rotate/", UNTIL),
        ("POST", f"{href}check/", None),
        ("POST", f"{href}recover/", None),
        ("GET", f"{href}proof/?module=a.example/b&version=v1.0.0", None),
        ("GET", f"{href}list_roles/", None),
        ("DELETE", href, None),
    ]


def test_each_role_may_do_what_it_is_for(here: Rest) -> None:
    nobody, creator = User(here), User(here, "gomod.gosumdb_creator")
    assert nobody.call("POST", SUMDBS, {"name": name()}).status_code == 403
    made = creator.call("POST", SUMDBS, {"name": name()})
    assert made.status_code == 201, made.text
    href = made.json()["pulp_href"]
    # Whoever has no role for it does not learn that it is there.
    assert nobody.call("GET", SUMDBS).json()["count"] == 0
    assert nobody.call("GET", href).status_code == 404
    for method, path, body in attempts(href):
        assert nobody.call(method, path, body).status_code in (403, 404), (method, path)
    viewer = User(here)
    viewer.grant("gomod.gosumdb_viewer", href)
    assert viewer.call("GET", href).json()["verifier_key"] == made.json()["verifier_key"]
    for method, path, body in attempts(href):
        # A proof says nothing that whoever reads the database cannot prove.
        expected = 404 if "proof" in path else 403
        assert viewer.call(method, path, body).status_code == expected, (method, path)
    # Its owner may.
    assert creator.call("POST", f"{href}rotate/", UNTIL).status_code == 201
    assert creator.call("POST", f"{href}check/").status_code == 202
    assert creator.call("DELETE", href).status_code == 204


def test_only_who_may_use_one_lets_a_repository_feed_it(here: Rest) -> None:
    href = here.create(SUMDBS, name=name())["pulp_href"]
    user = User(here, "gomod.gorepository_creator")
    body = {"name": uuid4().hex, "sumdb": href}
    assert user.call("POST", REPOSITORIES, body).status_code == 403
    own = user.call("POST", REPOSITORIES, {"name": uuid4().hex}).json()["pulp_href"]
    for method in ("PATCH", "PUT"):
        assert user.call(method, own, body).status_code == 403
    user.grant("gomod.gosumdb_viewer", href)
    assert user.call("PATCH", own, {"sumdb": href}).status_code == 403
    assert here.get(own)["sumdb"] is None
    user.grant("gomod.gosumdb_feeder", href)
    assert user.call("PATCH", own, {"sumdb": href}).status_code in (200, 202)


def test_one_that_is_fed_is_not_deleted(here: Rest) -> None:
    href = here.create(SUMDBS, name=name())["pulp_href"]
    feeding = here.create(REPOSITORIES, name=uuid4().hex, sumdb=href)
    refused = here.call("DELETE", href)
    assert refused.status_code == 409
    assert f"This checksum database is in use: go repository {feeding['name']}. " in refused.text
    here.wait(here.call("PATCH", feeding["pulp_href"], json={"sumdb": None}))
    assert here.status("DELETE", href) == 204


def test_another_domain_neither_sees_nor_feeds_it(here: Rest) -> None:
    there = Rest(here.url, here.auth, new_domain(here))
    made = here.create(SUMDBS, name=name())
    href = made["pulp_href"]
    owner, made_module = Owner.create(here, sumdb=href), Made()
    assert owner.put(made_module.zip()).status_code == 201
    elsewhere = href.replace(here.root, there.root)
    assert elsewhere != href
    assert there.get(SUMDBS)["count"] == 0
    assert there.call("GET", elsewhere).status_code == 404
    for method, path, body in attempts(elsewhere):
        answer = there.call(method, path, json=body)
        assert answer.status_code == 404, (method, path, answer.text)
    repository = there.create_repository()
    for named in (href, elsewhere):
        answer = there.call("PATCH", repository, json={"sumdb": named})
        assert answer.status_code == 400, answer.text
        for secret in (made["name"], made["verifier_key"]):
            assert secret not in answer.text
    # The same name there is another database, with a key and records of its own.
    other = there.create(SUMDBS, name=made["name"])
    assert other["verifier_key"] != made["verifier_key"] and other["size"] == 0
    stranger = Owner.create(there, sumdb=other["pulp_href"])
    lookup = f"sumdb/{made['name']}/lookup/{made_module.path}@v1.0.0"
    assert owner.get(lookup).status_code == 200
    assert stranger.get(lookup).status_code == 404
    # Other bytes of the same module version are nobody's business there.
    assert stranger.put(made_module.zip(more="package other\n")).status_code == 201
