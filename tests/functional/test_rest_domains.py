"""Nothing of one domain is seen, used or changed from another."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import (
    DISTRIBUTIONS,
    MODULES,
    PUBLICATIONS,
    RELEASES,
    REMOTES,
    REPOSITORIES,
    Made,
    Rest,
)
from tests.functional.uploads import artifacts_of, put_at_once


def new_domain(rest: Rest) -> str:
    """Create a domain and return its name."""
    (default,) = rest.get("domains/", name="default")["results"]
    domain = rest.create(
        "domains/",
        name=f"d-{uuid4().hex[:12]}",
        storage_class=default["storage_class"],
        storage_settings={"location": default["storage_settings"]["location"]},
    )
    name: str = domain["name"]
    return name


@dataclass(frozen=True)
class Here:
    """
    A domain that has one of everything, and another domain.

    Attributes:
        rest: The domain that has it all, as an administrator sees it.
        other: The other domain, likewise.
        hrefs: What the first domain has.
        made: The module in it.
    """

    rest: Rest
    other: Rest
    hrefs: dict[str, str]
    made: Made

    def from_there(self, href: str) -> str:
        """The same href as it would be in the other domain."""
        return href.replace(self.rest.root, self.other.root)


@pytest.fixture(scope="module")
def here(domain_server: Any) -> Here:
    auth = (domain_server.username, domain_server.password)
    default = Rest(domain_server.url, auth)
    rest, other = (Rest(domain_server.url, auth, domain=new_domain(default)) for _ in range(2))
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    (unit,) = rest.get(MODULES)["results"]
    (release,) = rest.get(RELEASES)["results"]
    publication = rest.create(PUBLICATIONS, repository=repository)["pulp_href"]
    distribution = rest.create(DISTRIBUTIONS, name="go", base_path="go", publication=publication)
    remote = rest.create(REMOTES, name="up", url="https://goproxy.example.com")
    block = {"repository": repository, "module": "example.com/bad", "reason": "it is"}
    hrefs = {
        "repository": repository,
        "version": f"{repository}versions/1/",
        "unit": unit["pulp_href"],
        "artifact": unit["artifact"],
        "release": release["pulp_href"],
        "publication": publication,
        "distribution": distribution["pulp_href"],
        "remote": remote["pulp_href"],
        "block": rest.create("gomod/blocks/", **block)["pulp_href"],
        "policy": rest.create("gomod/policies/", name="p")["pulp_href"],
        "token": rest.create("gomod/tokens/", name="t")["pulp_href"],
        "sumdb": rest.create("gomod/sumdbs/", name=f"localhost/{uuid4().hex}")["pulp_href"],
    }
    return Here(rest, other, hrefs, made)


def test_hrefs_name_the_domain(here: Here) -> None:
    for name, href in here.hrefs.items():
        assert href.startswith(here.rest.root), name
        if name != "artifact":
            assert here.rest.get(href)["pulp_href"] == href


@pytest.mark.parametrize(
    "path", [MODULES, RELEASES, REPOSITORIES, PUBLICATIONS, DISTRIBUTIONS, REMOTES]
)
def test_lists_show_one_domain(here: Here, path: str) -> None:
    assert here.rest.get(path)["count"] == 1
    assert here.other.get(path)["count"] == 0


def test_nothing_answers_below_another_domain(here: Here) -> None:
    for name, href in here.hrefs.items():
        assert here.other.status("GET", here.from_there(href)) == 404, name
        assert here.other.status("DELETE", here.from_there(href)) in (403, 404, 405), name
    repository = here.from_there(here.hrefs["repository"])
    assert here.other.status("GET", f"{repository}versions/") == 404
    assert here.other.status("POST", f"{repository}modify/", json={}) == 404
    assert here.other.status("POST", f"{repository}versions/1/repair/", json={}) == 404
    assert here.other.status("GET", f"{repository}list_roles/") == 404
    label = {"key": "a", "value": "b"}
    for name in ("unit", "repository", "remote", "distribution"):
        href = here.from_there(here.hrefs[name])
        assert here.other.status("POST", f"{href}set_label/", json=label) == 404, name
    assert here.rest.held(here.hrefs["repository"]) == [f"{here.made.path}@v1.0.0"]


def test_nothing_of_another_domain_can_be_used(here: Here) -> None:
    hrefs, mine = here.hrefs, here.other.create_repository()
    named = {"name": str(uuid4()), "base_path": str(uuid4())}
    zip = Made().zip()
    upload = here.rest.add_upload(zip)
    attempts: list[tuple[str, dict[str, Any]]] = [
        (f"{mine}modify/", {"add_content_units": [hrefs["unit"]]}),
        (f"{mine}modify/", {"base_version": hrefs["version"]}),
        (REPOSITORIES, {"name": str(uuid4()), "remote": hrefs["remote"]}),
        (PUBLICATIONS, {"repository": hrefs["repository"]}),
        (PUBLICATIONS, {"repository_version": hrefs["version"]}),
        (DISTRIBUTIONS, {**named, "repository": hrefs["repository"]}),
        (DISTRIBUTIONS, {**named, "repository_version": hrefs["version"]}),
        (DISTRIBUTIONS, {**named, "publication": hrefs["publication"]}),
        (MODULES, {"artifact": hrefs["artifact"]}),
        (MODULES, {"artifacts": [hrefs["artifact"]]}),
        (MODULES, {"upload": upload}),
        (MODULES, {"uploads": [upload]}),
    ]
    for path, body in attempts:
        assert here.other.status("POST", path, json=body) == 400, (path, body)
    response = here.other.post_zips(zip, repository=hrefs["repository"])
    assert response.status_code == 400
    assert here.other.get(MODULES)["count"] == 0


def test_filters_do_not_reach_into_another_domain(here: Here) -> None:
    for value in (here.hrefs["version"], here.hrefs["repository"]):
        assert here.other.names(MODULES, repository_version=value) == []
    assert here.other.names(RELEASES, repository=here.hrefs["repository"]) == []


def test_the_same_module_is_another_unit_in_another_domain(here: Here) -> None:
    domain = new_domain(here.rest)
    third = Rest(here.rest.url, here.rest.auth, domain=domain)
    repository = third.create_repository()
    third.publish(here.made.zip(), repository=repository)
    (mine,) = third.get(MODULES)["results"]
    (theirs,) = here.rest.get(MODULES)["results"]
    assert mine["h1"] == theirs["h1"]
    assert mine["pulp_href"] != theirs["pulp_href"]
    assert mine["artifact"].startswith(third.root)
    third.publish(here.made.zip("v1.1.0"))
    assert here.rest.get(MODULES)["count"] == 1


def test_uploads_stay_in_their_domain(here: Here) -> None:
    rest = Rest(here.rest.url, here.rest.auth, domain=new_domain(here.rest))
    owner, made = Owner.create(rest), Made()
    zips = [made.zip(more=f"package code // {n}\n") for n in range(6)]
    assert sorted(each.status_code for each in put_at_once(owner, zips)) == [201] + 5 * [409]
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content in zips
    assert len(artifacts_of(rest, zips)) == 1
    assert artifacts_of(here.rest, zips) == []
    task = owner.put(made.zip("v1.1.0"), headers={"Prefer": "respond-async"})
    assert task.json()["task"].startswith(rest.root)
    rest.wait(task)
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    assert owner.get(f"{made.path}/@v/list").text == "v1.1.0\n"


def test_a_role_in_one_domain_is_none_in_another(here: Here) -> None:
    name, password = f"user-{uuid4()}", str(uuid4())
    default = Rest(here.rest.url, here.rest.auth)
    user = default.create("users/", username=name, password=password)
    other = here.other.root.split("/")[2]
    (domain,) = default.get("domains/", name=other)["results"]
    for role in ("gomod.gorepository_owner", "gomod.gorepository_creator"):
        default.create(
            f"{user['pulp_href']}roles/", role=role, domain=domain["pulp_href"], content_object=None
        )
    there = Rest(here.rest.url, (name, password), domain=other)
    mine = there.create_repository()
    there.publish(Made().zip(), repository=mine)
    across = Rest(here.rest.url, (name, password), domain=here.rest.root.split("/")[2])
    assert across.get(MODULES)["count"] == 0
    assert across.get(RELEASES)["count"] == 0
    repository = here.hrefs["repository"]
    assert across.status("GET", repository) == 404
    assert across.status("GET", f"{repository}versions/1/") == 403
    assert there.status("GET", f"{here.from_there(repository)}versions/1/") == 404
    assert across.post_zips(Made().zip(), repository=repository).status_code == 403
    for path in (f"{repository}versions/1/repair/", f"{repository}modify/"):
        assert across.status("POST", path, json={}) in (403, 404)
        assert there.status("POST", here.from_there(path), json={}) == 404
