"""No request makes the server answer 5xx, and none keeps the database to itself."""

import json
import os
import runpy
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests

from tests.functional.fuzzing import Fuzzer
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
from tests.functional.serving import Server
from tests.seeds import SEED

TOKENS = "gomod/tokens/"
# More of them by hand: 20000 take some minutes.
COUNT = int(os.environ.get("PULP_GOMOD_TEST_FUZZ", "120"))
SLOW_PATTERN = r"^(a*)(a*)(a*)(a*)\1\2\3\4\1\2\3\4!$"


def test_no_odd_request_is_answered_5xx(rest: Rest) -> None:
    fuzzer = Fuzzer(rest, SEED)
    assert [str(each) for each in fuzzer.run(COUNT)] == []
    # It was still the administrator who asked, and most of it was understood.
    assert fuzzer.statuses[401] + fuzzer.statuses[403] < COUNT / 10
    assert {200, 400, 404} <= set(fuzzer.statuses)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (DISTRIBUTIONS, "repository", 5),
        (DISTRIBUTIONS, "repository_version", {"a": 1}),
        (DISTRIBUTIONS, "publication", ["x"]),
        (DISTRIBUTIONS, "remote", True),
        (DISTRIBUTIONS, "content_guard", 7),
        (DISTRIBUTIONS, "name", {"a": "b"}),
        (REPOSITORIES, "remote", 5),
        (REMOTES, "url", "http://[::1"),
        (REMOTES, "url", "http://x:99999999/"),
        (REMOTES, "name", "\0"),
        (PUBLICATIONS, "repository", 5),
        (TOKENS, "distribution", 5),
        (TOKENS, "expires", "9999-12-31T23:59:59-23:59"),
        ("distributions/file/file/", "repository", 5),
        ("contentguards/core/rbac/", "name", "\0"),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(rest: Rest, path: str, name: str, value: Any) -> None:
    some = f"bad-{uuid4().hex[:8]}"
    sane = {DISTRIBUTIONS: {"base_path": some}, REMOTES: {"url": "http://127.0.0.1:9/"}}
    body = {"name": some, **sane.get(path, {}), name: value}
    response = rest.call("POST", path, json=body)
    assert response.status_code == 400, response.text
    assert list(response.json()) == [name]


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"name": "\\ud800"}',
        json.dumps({"name": "n" * 1_000_000}),
        json.dumps({"name": "n", "retain_repo_versions": 10**30}),
    ],
    ids=["nested", "surrogate", "long", "large"],
)
def test_a_body_that_nobody_can_store_is_refused(rest: Rest, body: str) -> None:
    response = rest.call(
        "POST", REPOSITORIES, data=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 400, response.text


@pytest.mark.parametrize("body", ["null", "5", '"x"', "[]", '{"name": "\\ud800"}'])
@pytest.mark.parametrize("path", ["upstream-pulps/{}/replicate/", "tasks/%20/remove_role/"])
def test_a_body_that_nobody_can_read_is_refused(rest: Rest, path: str, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = rest.call("POST", path.format(uuid4()), data=body, headers=headers)
    assert response.status_code in (400, 404), response.text
    assert isinstance(response.json(), dict)


@pytest.mark.parametrize(
    "path",
    [
        "/pulp/content/x%00/",
        "/pulp/content/%00",
        "/pulp/content/x/@v/%00",
        "/api/packages/%00/go/upload",
        "/api/packages/go/go/%00/@v/v1.0.0",
        "/pulp/api/v3/x%00/",
        "/pulp/api/v3/repositories/gomod/gomod/%00/",
        "/pulp/api/v3/repositories/gomod/gomod/x/versions/1/",
        "/pulp/api/v3/repositories/gomod/gomod/x/versions/y/",
        "/pulp/api/v3/repositories/file/file/x/versions/1/",
    ],
)
def test_a_path_that_nothing_can_have(rest: Rest, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        response = rest.call(method, path, data=b"x" if method == "PUT" else None)
        assert 400 <= response.status_code < 500, (method, response.status_code, response.text)


@pytest.fixture(scope="module")
def listed(rest: Rest) -> str:
    """There is a module, so that a filter that is ignored lets something through."""
    repository = rest.create_repository()
    rest.publish(Made().zip(), repository=repository)
    return repository


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (MODULES, "limit=foo"),
        (MODULES, "limit=0"),
        (MODULES, "limit=100000000000000000000"),
        (MODULES, "offset=-1"),
        (MODULES, "is_pseudo=maybe"),
        (MODULES, "is_pseudo="),
        (MODULES, "module="),
        (MODULES, "module__in="),
        (MODULES, "version__in=,"),
        (MODULES, "module=a&module=b"),
        (MODULES, "h1="),
        (MODULES, "q=is_pseudo%3Dmaybe"),
        (MODULES, "q=module%3D''"),
        (MODULES, "q=" + "a+" * 17),
        (MODULES, "repository_version=/pulp/api/v3/repositories/gomod/gomod/x/versions/1/"),
        (MODULES, "repository_version_added=/pulp/api/v3/repositories/gomod/gomod/x/versions/1/"),
        (MODULES, "repository_version=http://[::1"),
        (RELEASES, "last_used__isnull=maybe"),
        (RELEASES, "time__gte="),
        (RELEASES, "repository="),
        (TOKENS, "name__regex=a"),
        (TOKENS, "name="),
        (REPOSITORIES, "name__iregex=a"),
        (REPOSITORIES, "name__in="),
        (REMOTES, "name__regex=a"),
        (DISTRIBUTIONS, "name__regex=a"),
        ("{repository}versions/", "number="),
        # Of pulpcore, and bounded all the same.
        ("repositories/", "limit=1001"),
        ("remotes/", "offset=-1"),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused(
    rest: Rest, listed: str, path: str, query: str
) -> None:
    response = rest.call("GET", f"{path.format(repository=listed)}?{query}")
    assert response.status_code == 400, response.text


def test_filters_say_what_they_take(rest: Rest) -> None:
    refused = rest.call("GET", f"{MODULES}?is_pseudo=maybe&module__in=").json()
    assert set(refused) == {"is_pseudo", "module__in"}
    assert "true or false" in refused["is_pseudo"][0]
    # An empty reference is a value: what has no remote.
    assert rest.status("GET", f"{REPOSITORIES}?remote=") == 200


def test_no_pattern_keeps_the_database_busy(rest: Rest) -> None:
    rest.create(REPOSITORIES, name="a" * 250 + uuid4().hex)
    for path in ("repositories/", "tasks/", REPOSITORIES, TOKENS):
        response = rest.call("GET", path, params={"name__regex": SLOW_PATTERN})
        assert response.status_code == 400, (path, response.text)
    # What is no danger stays.
    assert rest.status("GET", "repositories/", params={"name__regex": "^a+[0-9a-f]{32}$"}) == 200


@pytest.fixture
def database(server: Server) -> Iterator[psycopg.Connection]:
    """A connection to the server's database."""
    if not server.data_dir:
        pytest.skip("its database is somebody else's")
    settings = runpy.run_path(f"{server.data_dir}/settings.py")["DATABASES"]["default"]
    named = {
        "host": "HOST",
        "port": "PORT",
        "user": "USER",
        "dbname": "NAME",
        "password": "PASSWORD",
    }
    parameters = {key: settings[name] for key, name in named.items() if settings.get(name)}
    with psycopg.connect(**parameters) as connection:
        yield connection


def test_a_statement_of_the_api_ends(rest: Rest, database: psycopg.Connection) -> None:
    # Nobody else asks for this table.
    database.execute("LOCK TABLE core_signingservice IN ACCESS EXCLUSIVE MODE")
    begun = time.monotonic()
    response: requests.Response = rest.call("GET", "signing-services/")
    assert response.status_code == 503, response.text
    assert "took too long" in response.json()["detail"]
    assert response.headers["Retry-After"]
    assert time.monotonic() - begun > 5
    database.rollback()
    assert rest.status("GET", "signing-services/") == 200
