"""Workloads that prove who they are by a token of their CI system: nothing is stored for them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.functional.access_server import PUBLISHER, READER, Issuer, issuer_of
from tests.functional.guarded import (
    TOKENS,
    Headers,
    Person,
    Site,
    basic,
    bearer,
    unique,
)
from tests.functional.rest_api import MODULES, RELEASES, REPOSITORIES, Made, Rest, TaskFailed
from tests.functional.serving import Server

# The name that says "the password is a token of a CI system".
NAME = "__token__"


@pytest.fixture(scope="module")
def issuer(run_dir: Path) -> Issuer:
    return issuer_of(run_dir)


@pytest.fixture(scope="module")
def rest(domain_server: Server) -> Rest:
    return Rest(domain_server.url, (domain_server.username, domain_server.password))


@pytest.fixture(scope="module")
def site(rest: Rest) -> Site:
    """The private distribution of the repository that the server's rules name."""
    repository = one(rest, REPOSITORIES)
    guard = one(rest, "contentguards/core/rbac/")
    return Site.create(rest, repository=repository, content_guard=guard)


def one(rest: Rest, path: str) -> str:
    """Return what has the name that the rules name; made once for all tests."""
    known = rest.get(path, name="ci")["results"]
    href: str = (known[0] if known else rest.create(path, name="ci"))["pulp_href"]
    return href


def schemes(token: str) -> list[Headers]:
    return [basic(NAME, token), bearer(token)]


def put(site: Site, made: Made, headers: Headers) -> requests.Response:
    return requests.put(
        f"{site.packages_url}/upload", data=made.zip(), headers=headers, timeout=120
    )


def get(site: Site, path: str, headers: Headers) -> int:
    url = f"{site.packages_url}/{path}"
    return requests.get(url, headers=headers, timeout=60).status_code


def test_a_job_publishes_and_another_downloads(rest: Rest, site: Site, issuer: Issuer) -> None:
    for publish, read in zip(
        schemes(issuer.token(PUBLISHER)), schemes(issuer.token(READER)), strict=True
    ):
        made = Made()
        published = put(site, made, publish)
        assert published.status_code == 201, published.text
        for _ in range(3):
            assert get(site, f"{made.path}/@v/v1.0.0.zip", read) == 200
        # Each has the right that the rules give it, and no other.
        assert get(site, f"{made.path}/@v/v1.0.0.zip", publish) == 403
        assert put(site, Made(), read).status_code == 403
        gone = requests.delete(
            f"{site.packages_url}/{made.path}/@v/v1.0.0", headers=publish, timeout=60
        )
        assert gone.status_code == 403
        (release,) = rest.get(RELEASES, module=made.path)["results"]
        assert release["published_by"] == f"repo:{PUBLISHER}:ref:refs/tags/v1.0.0"


def test_a_job_publishes_over_rest(rest: Rest, site: Site, issuer: Issuer) -> None:
    made, repository = Made(), rest.get(site.href)["repository"]
    job = requests.Session()
    job.headers.update(bearer(issuer.token(PUBLISHER)))
    accepted = job.post(
        f"{rest.url}{rest.root}{MODULES}",
        data={"repository": repository},
        files={"file": made.zip()},
        timeout=60,
    )
    assert accepted.status_code == 202, accepted.text
    try:
        rest.wait(accepted)
    except TaskFailed as failed:
        raise AssertionError(failed.description) from failed
    (release,) = rest.get(RELEASES, module=made.path)["results"]
    assert release["published_by"] == f"repo:{PUBLISHER}:ref:refs/tags/v1.0.0"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda issuer: issuer.token(PUBLISHER, exp=int(time.time()) - 10),
        lambda issuer: issuer.token(PUBLISHER, aud="https://another.example.com"),
        lambda issuer: issuer.token(PUBLISHER, iss="https://another.example.com"),
        lambda issuer: issuer.token("team/another"),
        lambda issuer: issuer.token(PUBLISHER, ref="refs/heads/main"),
        lambda issuer: issuer.token(PUBLISHER)[:-8] + "AAAAAAAA",
        lambda issuer: issuer.token(PUBLISHER).rpartition(".")[0] + ".",
        lambda issuer: "no.token.atall",
    ],
    ids=["expired", "audience", "issuer", "repository", "branch", "forged", "unsigned", "garbage"],
)
def test_tokens_that_are_worth_nothing(
    site: Site, issuer: Issuer, spoil: Callable[[Issuer], str]
) -> None:
    for headers in schemes(spoil(issuer)):
        refused = put(site, Made(), headers)
        assert refused.status_code == 401, refused.text
        assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert get(site, "example.com/x/@v/list", headers) == 401


def test_a_job_is_named_by_the_reserved_name_only(rest: Rest, site: Site, issuer: Issuer) -> None:
    person = Person.create(rest)
    for name in (person.name, "", "admin"):
        assert put(site, Made(), basic(name, issuer.token(PUBLISHER))).status_code == 401


def test_a_token_works_until_it_expires(site: Site, issuer: Issuer) -> None:
    headers = bearer(issuer.token(READER, exp=int(time.time()) + 4))
    assert get(site, "example.com/x/@v/list", headers) == 404
    time.sleep(5)
    assert get(site, "example.com/x/@v/list", headers) == 401


def test_a_job_has_no_tokens_of_ours(rest: Rest, issuer: Issuer) -> None:
    for repository in (PUBLISHER, READER):
        job = Rest(rest.url, None)
        job.session.headers.update(bearer(issuer.token(repository)))
        assert job.status("POST", TOKENS, json={"name": unique("token")}) == 403
        assert job.get(TOKENS)["count"] == 0
