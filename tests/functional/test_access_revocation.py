"""What was taken away opens nothing a second later, in every process."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import pytest
import requests

from tests.functional.guarded import (
    DOWNLOADER,
    GUARDS,
    TOKENS,
    Headers,
    Person,
    Site,
    basic,
    bearer,
    create_guard,
    unique,
)
from tests.functional.rest_api import Made, Rest

# So many connections are accepted by all of the server's processes.
CONNECTIONS = 16
SECOND = 1.0
# Between two rounds of all of them.
PAUSE = 0.2

MADE = Made()


class Crowd:
    """Many clients with connections of their own, which stay with the process that took them."""

    def __init__(self) -> None:
        self._sessions = [requests.Session() for _ in range(CONNECTIONS)]
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._turns = count()

    def ask(self, url: str, *credentials: Headers) -> set[int]:
        """
        Ask at once over all connections; return what was answered.

        Of several credentials, each is sent over some of the connections, and over others the next time.
        """

        def one(session: requests.Session, headers: Headers) -> int:
            return session.get(url, headers=headers, allow_redirects=False, timeout=60).status_code

        sent = [next(self._turns) % len(credentials) for _ in self._sessions]
        next(self._turns)
        return set(self._pool.map(one, self._sessions, [credentials[each] for each in sent]))

    def close(self) -> None:
        self._pool.shutdown()
        for session in self._sessions:
            session.close()


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.close()


@dataclass(frozen=True)
class Private:
    """
    A private distribution and somebody who may read it.

    Attributes:
        rest: The REST API as the administrator sees it.
        site: The distribution.
        guard: The href of its guard.
        role: The href of the reader's role.
        reader: Who may read it.
        url: The URL of a zip.
    """

    rest: Rest
    site: Site
    guard: str
    role: str
    reader: Person
    url: str


@pytest.fixture(scope="module")
def repository(rest: Rest) -> str:
    """A repository that holds a module; no test changes it."""
    href = rest.create_repository()
    rest.publish(MADE.zip(), repository=href)
    return href


@pytest.fixture
def private(rest: Rest, repository: str) -> Private:
    reader, guard = Person.create(rest), create_guard(rest, "core/rbac")
    role = reader.grant(DOWNLOADER, guard)
    site = Site.create(rest, repository=repository, content_guard=guard)
    url = f"{site.packages_url}/{MADE.path}/@v/v1.0.0.zip"
    return Private(rest, site, guard, role, reader, url)


def both(person: Person) -> list[Headers]:
    """Somebody's password and token."""
    return [person.basic, bearer(person.token())]


def stops(
    crowd: Crowd,
    url: str,
    credentials: Sequence[Headers],
    take_away: Callable[[], object],
    expected: int,
) -> None:
    """Check that all processes know the credentials, and that none does a second later."""
    for _ in range(2):
        assert crowd.ask(url, *credentials) == {200}
    take_away()
    taken = time.monotonic()
    # They go on asking meanwhile: what is in use is forgotten all the same.
    while time.monotonic() - taken < SECOND:
        assert crowd.ask(url, *credentials) <= {200, expected}
        time.sleep(PAUSE)
    for each in credentials:
        assert crowd.ask(url, each) == {expected}


def test_a_revoked_token(crowd: Crowd, private: Private) -> None:
    mine = private.reader.rest()
    made = mine.create(TOKENS, name=unique("token"))
    stops(
        crowd,
        private.url,
        [bearer(made["token"])],
        lambda: mine.call("DELETE", made["pulp_href"]),
        401,
    )


def test_a_changed_password(crowd: Crowd, private: Private) -> None:
    reader = private.reader

    def change() -> None:
        body = {"password": "another password entirely"}
        assert private.rest.status("PATCH", reader.href, json=body) == 200

    stops(crowd, private.url, [reader.basic], change, 401)
    assert crowd.ask(private.url, basic(reader.name, "another password entirely")) == {200}


def test_a_removed_role(crowd: Crowd, private: Private) -> None:
    reader = private.reader
    credentials = both(reader)
    stops(crowd, private.url, credentials, lambda: private.rest.call("DELETE", private.role), 403)
    reader.grant(DOWNLOADER, private.guard)
    assert crowd.ask(private.url, *credentials) == {200}


def test_a_membership_of_a_group(crowd: Crowd, private: Private) -> None:
    member, rest = Person.create(private.rest), private.rest
    credentials = both(member)
    assert crowd.ask(private.url, *credentials) == {403}
    group = rest.create("groups/", name=unique("group"))["pulp_href"]
    rest.create(f"{group}roles/", role=DOWNLOADER, content_object=private.guard)
    rest.create(f"{group}users/", username=member.name)
    membership = f"{group}users/{member.href.rstrip('/').rsplit('/', 1)[-1]}/"
    stops(crowd, private.url, credentials, lambda: rest.call("DELETE", membership), 403)


def test_a_user_who_is_locked_out(crowd: Crowd, private: Private) -> None:
    reader = private.reader
    credentials = both(reader)
    lock = {"is_active": False}
    stops(
        crowd,
        private.url,
        credentials,
        lambda: private.rest.call("PATCH", reader.href, json=lock),
        401,
    )


def test_a_user_who_is_deleted(crowd: Crowd, private: Private) -> None:
    reader = private.reader
    credentials = both(reader)
    stops(crowd, private.url, credentials, lambda: private.rest.call("DELETE", reader.href), 401)


def test_a_changed_composite(crowd: Crowd, private: Private) -> None:
    rest = private.rest
    other = create_guard(rest, "core/rbac")
    composite = create_guard(rest, "core/composite", guards=[other, private.guard])
    private.site.update(content_guard=composite)
    stops(
        crowd,
        private.url,
        [private.reader.basic],
        lambda: rest.call("PATCH", composite, json={"guards": [other]}),
        403,
    )


def test_another_guard_has_an_effect_at_once(crowd: Crowd, private: Private) -> None:
    headers = private.reader.basic
    assert crowd.ask(private.url, headers) == {200}
    private.site.update(content_guard=create_guard(private.rest, "core/rbac"))
    assert crowd.ask(private.url, headers) == {403}
    private.site.update(content_guard=private.guard)
    assert crowd.ask(private.url, headers) == {200}


def test_what_is_given_is_usable_at_once(crowd: Crowd, private: Private) -> None:
    stranger = Person.create(private.rest)
    for headers in (stranger.basic, bearer(stranger.token())):
        assert crowd.ask(private.url, headers) == {403}
        role = stranger.grant(DOWNLOADER, private.guard)
        assert crowd.ask(private.url, headers) == {200}
        private.rest.call("DELETE", role)
        time.sleep(SECOND)


def test_a_guard_in_use_cannot_be_deleted(crowd: Crowd, private: Private) -> None:
    rest = private.rest
    composite = create_guard(rest, "core/composite", guards=[private.guard])
    nested = create_guard(rest, "core/composite", guards=[composite])
    for used, others in (
        (private.guard, []),
        (composite, [private.guard]),
        (nested, [composite, private.guard]),
    ):
        private.site.update(content_guard=used)
        for guard in (used, *others):
            refused = rest.call("DELETE", guard)
            assert refused.status_code == 409
            assert "protects Go distributions" in refused.json()["detail"]
        assert crowd.ask(private.url, {}) == {401}
    private.site.update(content_guard=None)
    for guard in (nested, composite, private.guard):
        assert rest.status("DELETE", guard) == 204
    assert crowd.ask(private.url, {}) == {200}


def test_other_guards_can_be_deleted(rest: Rest) -> None:
    for kind in ("core/rbac", "core/content_redirect"):
        assert rest.status("DELETE", create_guard(rest, kind)) == 204
    guard = create_guard(rest, "core/rbac")
    name = unique("file")
    file = rest.create("distributions/file/file/", name=name, base_path=name, content_guard=guard)
    assert rest.status("DELETE", guard) == 204
    assert rest.get(file["pulp_href"])["content_guard"] is None
    assert GUARDS in guard
