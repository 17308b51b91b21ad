"""Which role lets its holder publish and remove, by whichever way it was given."""

from collections.abc import Callable

import pytest
import requests

from tests.functional.guarded import Headers, Person, Site, basic, bearer, domain_of, unique
from tests.functional.rest_api import PUBLICATIONS, Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_domains import new_domain

PREFIX = "gomod.gorepository_"
# role: statuses of a publish and of a removal
ROLES = {
    "": (403, 403),
    "viewer": (403, 403),
    "creator": (403, 403),
    "publisher": (201, 403),
    "remover": (403, 204),
    "owner": (201, 204),
}


@pytest.fixture(scope="module", params=["default", "domain"])
def rest(request: pytest.FixtureRequest) -> Rest:
    """The administrator, without domains and within one."""
    if request.param == "default":
        server: Server = request.getfixturevalue("server")
        return Rest(server.url, (server.username, server.password))
    server = request.getfixturevalue("domain_server")
    auth = (server.username, server.password)
    return Rest(server.url, auth, new_domain(Rest(server.url, auth)))


@pytest.fixture(scope="module")
def site(rest: Rest) -> Site:
    """A public distribution: reading it needs no right, changing it does."""
    return Site.create(rest, repository=rest.create_repository())


@pytest.fixture(scope="module")
def standing(rest: Rest, site: Site) -> Made:
    """A module there, for those who may not remove it."""
    made = Made()
    assert put(site, made, {"Authorization": _admin(rest)}) == 201
    return made


def put(site: Site, made: Made, headers: Headers) -> int:
    url = f"{site.packages_url}/upload"
    return requests.put(url, data=made.zip(), headers=headers, timeout=120).status_code


def delete(site: Site, made: Made, headers: Headers) -> int:
    url = f"{site.packages_url}/{made.path}/@v/v1.0.0"
    return requests.delete(url, headers=headers, timeout=120).status_code


Give = Callable[[Person, str, str], object]


def for_the_repository(person: Person, role: str, repository: str) -> None:
    person.grant(role, repository)


def everywhere(person: Person, role: str, repository: str) -> None:
    person.grant(role)


def through_a_group(person: Person, role: str, repository: str) -> None:
    rest = person.admin
    group = rest.create("groups/", name=unique("group"))["pulp_href"]
    rest.create(f"{group}users/", username=person.name)
    rest.create(f"{group}roles/", role=role, content_object=repository)


def in_the_domain(person: Person, role: str, repository: str) -> None:
    rest = person.admin
    domain = rest.get("domains/", name=domain_of(rest))["results"][0]["pulp_href"]
    rest.create(f"{person.href}roles/", role=role, domain=domain, content_object=None)


# Each role is given in one way; in all others, one that allows everything and one that allows nothing here.
GIVEN = [
    *(("default", role, for_the_repository) for role in ROLES if role != "creator"),
    *(("default", role, everywhere) for role in ("viewer", "creator", "owner")),
    *(("default", role, through_a_group) for role in ("viewer", "owner")),
    *(("domain", role, in_the_domain) for role in ("", "creator", "publisher", "owner")),
]


@pytest.mark.parametrize(
    ("rest", "role", "give"),
    GIVEN,
    indirect=["rest"],
    ids=[f"{role or 'none'}-{give.__name__}" for _, role, give in GIVEN],
)
def test_publishing_and_removing(
    rest: Rest, site: Site, standing: Made, role: str, give: Give
) -> None:
    repository = rest.get(site.href)["repository"]
    published, removed = ROLES[role]
    person, theirs = Person.create(rest), Made()
    if (published, removed) == (403, 204):
        rest.publish(theirs.zip(), repository=repository)
    if role:
        give(person, PREFIX + role, repository)
    ways = [person.basic, bearer(person.token(scope="publish"))]
    publishing, removing = ways[::-1] if rest.domains else ways
    assert put(site, theirs, publishing) == published
    # Who may is told what is there already, and what is not; who may not is told nothing.
    assert put(site, standing, removing) == (409 if published == 201 else 403)
    assert delete(site, Made(), publishing) == (404 if removed == 204 else 403)
    # What it published itself where it could; nobody misses what it may remove.
    assert delete(site, theirs if removed == 204 else standing, removing) == removed


def test_a_role_for_another_repository(rest: Rest, site: Site) -> None:
    person, made = Person.create(rest), Made()
    person.grant(f"{PREFIX}owner", rest.create_repository())
    assert put(site, made, person.basic) == 403


def test_a_user_who_creates_a_repository_owns_it(rest: Rest) -> None:
    person, made = Person.create(rest), Made()
    person.grant(f"{PREFIX}creator")
    repository = person.rest().create_repository()
    site = Site.create(rest, repository=repository)
    assert put(site, made, person.basic) == 201
    assert delete(site, made, person.basic) == 204


def test_what_is_frozen_takes_nothing_from_anybody(rest: Rest) -> None:
    repository = rest.create_repository()
    publication = rest.create(PUBLICATIONS, repository=repository)["pulp_href"]
    for body in (
        {"publication": publication},
        {"repository_version": f"{repository}versions/0/"},
        {},
    ):
        site = Site.create(rest, **body)
        assert put(site, Made(), {"Authorization": _admin(rest)}) == 403


def test_an_owner_that_does_not_exist(rest: Rest, site: Site) -> None:
    nowhere = Site(rest, unique("nowhere"), "")
    for headers, expected in (({}, 401), ({"Authorization": _admin(rest)}, 404)):
        assert put(nowhere, Made(), headers) == expected
        assert delete(nowhere, Made(), headers) == expected


def _admin(rest: Rest) -> str:
    assert rest.auth
    return basic(*rest.auth)["Authorization"]
