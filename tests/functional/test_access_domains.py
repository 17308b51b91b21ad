"""What belongs to one domain is worth nothing in another, on any endpoint."""

from dataclasses import dataclass

import pytest
import requests

from tests.functional.guarded import (
    DOWNLOADER,
    TOKENS,
    Headers,
    Person,
    Site,
    ask,
    bearer,
    create_guard,
    domain_of,
    paths_of,
    unique,
)
from tests.functional.rest_api import RELEASES, Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_domains import new_domain

BASE_PATH = "team"


@dataclass(frozen=True)
class Place:
    """
    A domain with a private and a public distribution, and somebody who may do all with them.

    Attributes:
        rest: The REST API as the administrator sees it.
        made: The module that is in it.
        repository: The repository's href.
        guard: The href of the private distribution's guard.
        private: The private distribution, whose base path is the same everywhere.
        public: The public one.
        member: Who may read and publish here, and nowhere else.
    """

    rest: Rest
    made: Made
    repository: str
    guard: str
    private: Site
    public: Site
    member: Person

    @classmethod
    def create(cls, admin: Rest) -> "Place":
        """Create a domain with all of that."""
        rest = Rest(admin.url, admin.auth, new_domain(admin))
        made, repository = Made(), rest.create_repository()
        rest.publish(made.zip(), repository=repository)
        guard, member = create_guard(rest, "core/rbac"), Person.create(rest)
        domain = admin.get("domains/", name=domain_of(rest))["results"][0]["pulp_href"]
        for role in (DOWNLOADER, "gomod.gorepository_owner", "gomod.gotoken_manager"):
            body = {"role": role, "domain": domain, "content_object": None}
            rest.create(f"{member.href}roles/", **body)
        private = Site.create(rest, BASE_PATH, repository=repository, content_guard=guard)
        public = Site.create(rest, repository=repository)
        return cls(rest, made, repository, guard, private, public, member)

    def url(self, path: str) -> str:
        """The URL of a path below the private distribution."""
        return f"{self.private.packages_url}/{path}"


@pytest.fixture(scope="module")
def admin(domain_server: Server) -> Rest:
    return Rest(domain_server.url, (domain_server.username, domain_server.password))


@pytest.fixture(scope="module")
def here(admin: Rest) -> Place:
    return Place.create(admin)


@pytest.fixture(scope="module")
def there(admin: Rest) -> Place:
    return Place.create(admin)


def status(method: str, url: str, headers: Headers, data: bytes = b"") -> int:
    return requests.request(
        method, url, headers=headers, data=data, allow_redirects=False, timeout=120
    ).status_code


def member_of(place: Place) -> list[Headers]:
    """Credentials of a domain's member."""
    return [place.member.basic, bearer(place.member.token(scope="publish"))]


def test_a_member_reads_and_publishes_at_home_only(here: Place, there: Place) -> None:
    known, token = member_of(here)
    made, path = Made(), f"{here.made.path}/@v/v1.0.0.zip"
    assert [status("GET", here.url(path), each) for each in (known, token)] == [200, 200]
    # The second is told, as whoever may, that it is there already, and the first that it is there no more.
    for headers, published in ((token, 201), (known, 409)):
        assert status("PUT", here.url("upload"), headers, made.zip()) == published
    for headers, removed in ((token, 204), (known, 404)):
        assert status("DELETE", here.url(f"{made.path}/@v/v1.0.0"), headers) == removed
    for headers, denied in ((known, 403), (token, 401)):
        session = requests.Session()
        for path in paths_of(there.made):
            for root in there.private.urls:
                answer = ask(session, "GET", f"{root}/{path}", headers)
                assert answer.status_code == denied, path
        assert status("PUT", there.url("upload"), headers, Made().zip()) == denied
        gone = there.url(f"{there.made.path}/@v/v1.0.0")
        assert status("DELETE", gone, headers) == denied


def test_no_distribution_serves_what_another_domain_holds(here: Place, there: Place) -> None:
    session = requests.Session()
    for root in here.public.urls:
        mine = [ask(session, "GET", f"{root}/{path}") for path in paths_of(here.made)]
        assert {each.status_code for each in mine} == {200, 404}
        for path in paths_of(there.made):
            answer = ask(session, "GET", f"{root}/{path}")
            if path in ("bundle.tar", "index"):
                # They are about all that is served here, and nothing else.
                assert there.made.path.encode() not in answer.content, path
            else:
                assert answer.status_code == 404, path


def test_no_distribution_is_reached_through_another_domain(here: Place, there: Place) -> None:
    session, (home, abroad) = requests.Session(), map(domain_of, (here.rest, there.rest))
    path = f"{here.made.path}/@v/v1.0.0.zip"
    for root in here.public.urls:
        assert ask(session, "GET", f"{root}/{path}").status_code == 200
        for domain in (abroad, "default", "nowhere", home.upper()):
            for other in (root.replace(home, domain), root.replace(f"{home}/", "")):
                assert ask(session, "GET", f"{other}/{path}").status_code == 404, other
    for headers in member_of(here):
        url = here.url("upload").replace(home, "default")
        assert status("PUT", url, headers, Made().zip()) in (401, 404)


def test_a_token_is_of_the_domain_in_which_it_was_made(here: Place, there: Place) -> None:
    member = here.member
    href = member.rest().create(TOKENS, name=unique("token"))["pulp_href"]
    abroad = member.rest(domain_of(there.rest))
    elsewhere = href.replace(domain_of(here.rest), domain_of(there.rest))
    assert href not in [each["pulp_href"] for each in abroad.get(TOKENS)["results"]]
    assert abroad.status("GET", elsewhere) == 404
    assert abroad.status("DELETE", elsewhere) == 404
    assert there.rest.status("GET", elsewhere) == 404
    assert there.rest.get(TOKENS, owner=member.name)["count"] == 0
    # A user may have tokens in each of them, and each is worth something in its own only.
    token = abroad.create(TOKENS, name=unique("token"))["token"]
    path = f"{here.made.path}/@v/list"
    assert status("GET", here.url(path), bearer(token)) == 401
    assert status("GET", there.url(path), bearer(token)) == 403


def test_a_manager_of_tokens_manages_those_at_home(here: Place, there: Place) -> None:
    theirs = Person.create(there.rest).rest().create(TOKENS, name=unique("token"))["pulp_href"]
    ours = Person.create(here.rest).rest().create(TOKENS, name=unique("token"))["pulp_href"]
    manager = here.member
    abroad = manager.rest(domain_of(there.rest))
    assert abroad.status("GET", theirs) == 404
    assert abroad.status("DELETE", theirs) == 404
    assert manager.rest().status("DELETE", ours) == 204


def test_a_token_cannot_be_for_a_distribution_of_another_domain(here: Place, there: Place) -> None:
    body = {"name": unique("token"), "distribution": there.private.href}
    assert here.member.rest().status("POST", TOKENS, json=body) == 400


def test_a_guard_of_another_domain_guards_nothing(here: Place, there: Place) -> None:
    body = {"content_guard": there.guard}
    assert here.rest.status("PATCH", here.public.href, json=body) == 400


def test_releases_are_recorded_at_home(here: Place, there: Place) -> None:
    made = Made()
    (basic, _) = member_of(here)
    assert status("PUT", here.url("upload"), basic, made.zip()) == 201
    assert here.rest.get(RELEASES, module=made.path)["count"] == 1
    assert there.rest.get(RELEASES, module=made.path)["count"] == 0


def test_a_domain_takes_its_tokens_with_it(admin: Rest) -> None:
    rest = Rest(admin.url, admin.auth, new_domain(admin))
    person = Person.create(rest)
    person.token()
    domain = admin.get("domains/", name=domain_of(rest))["results"][0]["pulp_href"]
    admin.wait(admin.call("DELETE", domain))
    assert admin.status("DELETE", person.href) == 204
