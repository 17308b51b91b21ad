"""Guards while connections to the database are lost, while many log in at once, and while nobody may download."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.functional import guarded
from tests.functional.conftest import PATIENT
from tests.functional.guarded import Headers, Person, Site, basic, bearer
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import SLOW_LOGINS, Server, own_server
from tests.functional.test_access_revocation import Crowd, crowd, stops  # noqa: F401
from tests.statements import connect

# The connections that guards are asked on, and those that modules are looked up on.
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND (application_name = 'pulp-gomod' OR query ~ 'userrole|grouprole|gomod_gotoken')"
)


# Between two requests of somebody who is known, in seconds.
_PAUSE = 0.02


@pytest.fixture(scope="module")
def server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server on which a password costs what it does for its users."""
    variables = PATIENT | SLOW_LOGINS
    with own_server(run_dir, "logins", server_cache, "--api-workers", "1", **variables) as started:
        yield started


@pytest.fixture(scope="module")
def rest(server: Server) -> Rest:
    """Its REST API, as the administrator."""
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def reader(rest: Rest) -> Person:
    return Person.create(rest)


@pytest.fixture(scope="module")
def url(rest: Rest, reader: Person) -> str:
    """The URL of a private zip that the reader may read."""
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    guard = guarded.rbac(rest, reader).guard
    site = Site.create(rest, repository=repository, content_guard=guard)
    return f"{site.packages_url}/{made.path}/@v/v1.0.0.zip"


def status(url: str, headers: Headers) -> int:
    return requests.get(url, headers=headers, timeout=120).status_code


def test_a_changed_access_policy(
    crowd: Crowd,  # noqa: F811
    rest: Rest,
    reader: Person,
    url: str,
) -> None:
    # It is one for all guards of a server.
    (policy,) = [
        each
        for each in rest.get("access_policies/", limit=1000)["results"]
        if each["viewset_name"] == "contentguards/core/rbac"
    ]
    statements = [each for each in policy["statements"] if "download" not in each["action"]]
    token = bearer(reader.token())
    try:
        stops(
            crowd,
            url,
            [token],
            lambda: rest.call("PATCH", policy["pulp_href"], json={"statements": statements}),
            403,
        )
    finally:
        assert rest.status("POST", f"{policy['pulp_href']}reset/") == 200
    assert crowd.ask(url, token) == {200}


def test_a_lost_connection_is_replaced(server: Server, reader: Person, url: str) -> None:
    credentials = [reader.basic, bearer(reader.token()), {}]
    expected = [200, 200, 401]
    assert [status(url, each) for each in credentials] == expected
    for _ in range(2):
        with connect(Path(server.data_dir)) as connection:
            assert connection.execute(_CUT).fetchall()
        # Nothing is remembered for longer.
        time.sleep(1)
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda each: status(url, each), credentials * 4))
        assert answers == expected * 4


def test_who_is_known_does_not_wait_for_those_who_log_in(reader: Person, url: str) -> None:
    known = bearer(reader.token())
    assert status(url, known) == 200
    with ThreadPoolExecutor(12) as pool:
        wrong = [
            pool.submit(status, url, basic(reader.name, f"wrong {number}")) for number in range(4)
        ]
        begun, served = time.monotonic(), 0
        while not all(each.done() for each in wrong):
            # Each time somebody new to the process, whom it has to look up.
            assert status(url, bearer(reader.token()) if served % 5 == 0 else known) == 200
            served += 1
            time.sleep(_PAUSE)
        took = time.monotonic() - begun
    assert {each.result() for each in wrong} == {401}
    assert served > 5, took


def test_many_at_once_log_in_with_one_password(rest: Rest, reader: Person, url: str) -> None:
    password = "a password that no process knows yet"
    assert rest.status("PATCH", reader.href, json={"password": password}) == 200
    credentials = basic(reader.name, password)
    begun = time.monotonic()
    assert status(url, credentials) == 200
    once = time.monotonic() - begun
    assert rest.status("PATCH", reader.href, json={"password": f"{password}!"}) == 200
    begun = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        answers = set(
            pool.map(lambda _: status(url, basic(reader.name, f"{password}!")), range(32))
        )
    together = time.monotonic() - begun
    assert answers == {200}
    # A hash for each of them would take 32 times as long, divided by the processors.
    assert together < once * 8 + 2
