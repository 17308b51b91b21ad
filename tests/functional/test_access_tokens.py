"""Tokens: who makes, sees and revokes them, what they open, and what they do not."""

from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
import requests

from pulp_gomod.app.auth.secret import is_secret
from tests.functional.guarded import (
    TOKENS,
    Headers,
    Person,
    Site,
    basic,
    bearer,
    create_guard,
    unique,
)
from tests.functional.rest_api import (
    DISTRIBUTIONS,
    MODULES,
    RELEASES,
    REMOTES,
    REPOSITORIES,
    Made,
    Rest,
)

OWNER = "gomod.gorepository_owner"
PUBLISHER = "gomod.gorepository_publisher"
REMOVER = "gomod.gorepository_remover"


@pytest.fixture(scope="module")
def person(rest: Rest) -> Person:
    """Somebody without any role."""
    return Person.create(rest)


@pytest.fixture(scope="module")
def mine(person: Person) -> Rest:
    """The REST API as that person sees it."""
    return person.rest()


def later(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


def schemes(person: Person, token: str) -> list[Headers]:
    """All ways to send a token."""
    return [basic(person.name, token), bearer(token), {"Authorization": f"token {token}"}]


def put(site: Site, body: bytes, headers: Headers) -> int:
    url = f"{site.packages_url}/upload"
    return requests.put(url, data=body, headers=headers, timeout=120).status_code


def delete(site: Site, path: str, headers: Headers) -> int:
    url = f"{site.packages_url}/{path}/@v/v1.0.0"
    return requests.delete(url, headers=headers, timeout=120).status_code


def status(url: str, headers: Headers) -> int:
    return requests.get(url, headers=headers, timeout=60, allow_redirects=False).status_code


def test_the_secret_is_shown_once(person: Person, mine: Rest) -> None:
    made = mine.call("POST", TOKENS, json={"name": unique("token")})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    shown = made.json()
    assert is_secret(shown.pop("token"))
    assert shown["owner"] == person.name
    assert (shown["scope"], shown["distribution"], shown["last_used"]) == ("read", None, None)
    assert mine.get(shown["pulp_href"]) == shown
    assert shown in mine.get(TOKENS)["results"]


def test_a_name_stands_for_one_token_of_a_user(rest: Rest, mine: Rest) -> None:
    name = unique("token")
    href = mine.create(TOKENS, name=name)["pulp_href"]
    again = mine.call("POST", TOKENS, json={"name": name})
    assert (again.status_code, list(again.json())) == (400, ["name"])
    assert rest.status("POST", TOKENS, json={"name": name}) == 201
    assert mine.status("DELETE", href) == 204
    assert mine.status("POST", TOKENS, json={"name": name}) == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"name": "x", "scope": "admin"},
        {"name": "x", "expires": "2020-01-01T00:00:00Z"},
        {"name": "x", "expires": "2999-01-01T00:00:00Z"},
        {"name": "x", "expires": None},
        {"name": "x", "distribution": "/pulp/api/v3/distributions/gomod/gomod/x/"},
        {"name": "x", "owner": "admin"},
        {"name": "x", "digest": "0" * 64},
    ],
    ids=str,
)
def test_what_is_no_token(mine: Rest, body: dict[str, Any]) -> None:
    assert mine.status("POST", TOKENS, json=body) == 400


def test_a_token_is_for_a_distribution_of_go_modules(rest: Rest, mine: Rest) -> None:
    other = rest.create("distributions/file/file/", name=unique("f"), base_path=unique("f"))
    body = {"name": unique("token"), "distribution": other["pulp_href"]}
    assert mine.status("POST", TOKENS, json=body) == 400


def test_nothing_of_a_token_can_be_changed(mine: Rest) -> None:
    href = mine.create(TOKENS, name=unique("token"))["pulp_href"]
    for method in ("PUT", "PATCH"):
        assert mine.status(method, href, json={"name": "x", "scope": "publish"}) in (403, 405)


def test_everybody_sees_and_revokes_tokens_of_their_own(rest: Rest, mine: Rest) -> None:
    href = mine.create(TOKENS, name=unique("token"))["pulp_href"]
    other = Person.create(rest).rest()
    assert other.get(TOKENS)["count"] == 0
    assert other.status("GET", href) == 404
    assert other.status("DELETE", href) == 404
    assert Rest(rest.url, None).status("GET", TOKENS) == 401
    assert Rest(rest.url, None).status("POST", TOKENS, json={"name": "x"}) == 401
    assert rest.get(href)["pulp_href"] == href
    assert mine.status("DELETE", href) == 204
    assert mine.status("GET", href) == 404


def test_a_role_lets_others_see_and_revoke_tokens(rest: Rest, person: Person, mine: Rest) -> None:
    made = mine.create(TOKENS, name=unique("token"))
    manager = Person.create(rest)
    manager.grant("gomod.gotoken_manager")
    theirs = manager.rest()
    (found,) = theirs.get(TOKENS, owner=person.name, hint=made["hint"])["results"]
    assert found["pulp_href"] == made["pulp_href"]
    assert theirs.status("DELETE", made["pulp_href"]) == 204


@pytest.fixture(scope="module")
def private(rest: Rest, person: Person) -> tuple[Site, str]:
    """A private distribution that the person may read and publish to, and the URL of a module."""
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    guard = create_guard(rest, "core/rbac")
    person.grant("core.rbaccontentguard_downloader", guard)
    person.grant(OWNER, repository)
    site = Site.create(rest, repository=repository, content_guard=guard)
    return site, f"{site.packages_url}/{made.path}/@v/v1.0.0.zip"


def test_a_token_opens_nothing_else_of_pulp(
    rest: Rest, person: Person, private: tuple[Site, str]
) -> None:
    admin = Person(rest, *(rest.auth or ("", "")), "")
    body = {"name": unique("token"), "scope": "publish"}
    for owner, token in (
        (person, person.token(scope="publish")),
        (admin, rest.create(TOKENS, **body)["token"]),
    ):
        for headers in schemes(owner, token):
            nobody = Rest(rest.url, None)
            nobody.session.trust_env = False
            nobody.session.headers.update(headers)
            assert status(private[1], headers) == 200
            for path in (TOKENS, REMOTES, RELEASES, "tasks/", "users/", "artifacts/", "uploads/"):
                answer = nobody.call("GET", path)
                assert (answer.status_code, path) == (403, path)
                assert "has the scope publish" in answer.text
            assert nobody.status("POST", TOKENS, json={"name": unique("token")}) == 403
            assert nobody.status("POST", "login/") == 403
            assert nobody.status("DELETE", private[0].href) == 403
            assert nobody.status("PATCH", private[0].href, json={"name": "x"}) == 403
            assert nobody.status("POST", REPOSITORIES, json={"name": unique("r")}) == 403


def with_token(rest: Rest, token: str) -> Rest:
    """The REST API as a token sees it."""
    seen = Rest(rest.url, None)
    seen.session.trust_env = False
    seen.session.headers.update(bearer(token))
    return seen


def test_over_rest_a_token_sees_what_its_distribution_serves(
    rest: Rest, private: tuple[Site, str]
) -> None:
    site, _url = private
    repository = rest.get(site.href)["repository"]
    outside, now, before = Made(), Made(), Made()
    other = rest.create_repository()
    rest.publish(outside.zip(), repository=other)
    rest.publish(before.zip(), repository=repository)
    (gone,) = rest.get(MODULES, module=before.path)["results"]
    rest.modify(repository, remove_content_units=[gone["pulp_href"]])
    rest.publish(now.zip(), repository=repository)
    body = {"scope": "read", "distribution": site.href}
    seen = with_token(rest, rest.create(TOKENS, name=unique("token"), **body)["token"])
    # The administrator's token: it is the scope that keeps it to that.
    assert seen.names(MODULES, module__in=f"{outside.path},{now.path},{before.path}") == [
        f"{now.path}@v1.0.0"
    ]
    assert seen.names(MODULES, repository_version=other) == []
    assert [each["pulp_href"] for each in seen.get(REPOSITORIES)["results"]] == [repository]
    assert [each["pulp_href"] for each in seen.get(DISTRIBUTIONS)["results"]] == [site.href]
    assert seen.status("GET", other) == 404
    newest = rest.get(repository)["latest_version_href"]
    assert seen.status("GET", newest) == 200
    assert seen.status("GET", f"{repository}versions/0/") == 404
    assert seen.status("GET", f"{other}versions/1/") == 404
    assert seen.status("DELETE", newest) == 403
    hidden = rest.get(MODULES, module=outside.path)["results"][0]["pulp_href"]
    assert seen.status("GET", hidden) == 404
    zip = {"files": ("a.zip", Made().zip())}
    assert seen.status("POST", MODULES, data={"repository": repository}, files=zip) == 403
    assert seen.status("POST", f"{repository}modify/", json={}) == 403


def test_over_rest_a_token_publishes_and_removes(rest: Rest, private: tuple[Site, str]) -> None:
    site, _url = private
    repository, made = rest.get(site.href)["repository"], Made()
    other = rest.create_repository()
    body = {"scope": "publish", "distribution": site.href}
    token = with_token(rest, rest.create(TOKENS, name=unique("token"), **body)["token"])

    def upload(target: str | None, **data: Any) -> requests.Response:
        fields = data | ({"repository": target} if target else {})
        return token.call("POST", MODULES, data=fields, files={"files": ("a.zip", made.zip())})

    assert upload(other).status_code == 403
    assert upload(None).status_code == 403
    task = upload(repository)
    assert task.status_code == 202, task.text
    assert token.wait(task)["state"] == "completed"
    (unit,) = token.get(MODULES, module=made.path)["results"]
    assert token.status("GET", rest.publish(Made().zip(), repository=other)["pulp_href"]) == 404
    elsewhere = rest.get(MODULES, repository_version=other)["results"][0]["pulp_href"]
    artifact = {"repository": repository, "artifact": rest.get(elsewhere)["artifact"]}
    assert token.status("POST", MODULES, json=artifact) == 403
    modify = f"{repository}modify/"
    for refused in (
        {"add_content_units": [elsewhere]},
        {"remove_content_units": ["*"]},
        {"remove_content_units": [unit["pulp_href"]], "base_version": f"{repository}versions/0/"},
    ):
        assert token.status("POST", modify, json=refused) == 403, refused
    assert token.status("POST", f"{repository}sync/", json={}) == 403
    token.wait(token.call("POST", modify, json={"remove_content_units": [unit["pulp_href"]]}))
    assert token.get(MODULES, module=made.path)["count"] == 0


def test_a_token_reads_or_publishes(person: Person, private: tuple[Site, str]) -> None:
    site, url = private
    made = Made()
    for headers in schemes(person, person.token(scope="read")):
        assert status(url, headers) == 200
        assert put(site, made.zip(), headers) == 403
        assert delete(site, made.path, headers) == 403
    publishing = schemes(person, person.token(scope="publish"))
    assert [status(url, each) for each in publishing] == [200, 200, 200]
    _each_publishes_and_removes(site, made, publishing)


def _each_publishes_and_removes(site: Site, made: Made, ways: list[Headers]) -> None:
    """Publish and remove once; all other ways are told, as whoever may, that it is there already or not."""
    assert [put(site, made.zip(), each) for each in ways] == [201, 409, 409]
    assert [delete(site, made.path, each) for each in ways[::-1]] == [204, 404, 404]


def test_a_release_is_recorded_under_the_name_of_the_owner(
    rest: Rest, person: Person, private: tuple[Site, str]
) -> None:
    made = Made()
    assert put(private[0], made.zip(), bearer(person.token(scope="publish"))) == 201
    (release,) = rest.get(RELEASES, module=made.path)["results"]
    assert release["published_by"] == person.name


def test_a_token_may_be_for_one_distribution_only(
    rest: Rest, person: Person, private: tuple[Site, str]
) -> None:
    site, url = private
    here = rest.get(site.href)
    other = Site.create(rest, repository=here["repository"], content_guard=here["content_guard"])
    made = Made()
    publishing = schemes(person, person.token(scope="publish", distribution=other.href))
    for headers in publishing:
        assert status(url, headers) == 403
        assert status(url.replace(site.base_path, other.base_path), headers) == 200
        assert put(site, made.zip(), headers) == 403
        assert delete(site, made.path, headers) == 403
    _each_publishes_and_removes(other, made, publishing)


def test_a_token_goes_with_its_distribution(rest: Rest, person: Person, mine: Rest) -> None:
    site = Site.create(rest)
    href = mine.create(TOKENS, name=unique("token"), distribution=site.href)["pulp_href"]
    assert mine.get(href)["distribution"] == site.href
    rest.wait(rest.call("DELETE", site.href))
    assert mine.status("GET", href) == 404


def test_a_token_never_exceeds_the_rights_of_its_owner(
    rest: Rest, private: tuple[Site, str]
) -> None:
    site, url = private
    stranger, made = Person.create(rest), Made()
    repository = rest.get(site.href)["repository"]
    headers = bearer(stranger.token(scope="publish"))
    assert status(url, headers) == 403
    assert put(site, made.zip(), headers) == 403
    stranger.grant(PUBLISHER, repository)
    assert put(site, made.zip(), headers) == 201
    assert delete(site, made.path, headers) == 403
    stranger.grant(REMOVER, repository)
    assert delete(site, made.path, headers) == 204
    assert status(url, headers) == 403


def test_a_token_names_its_owner(rest: Rest, person: Person, private: tuple[Site, str]) -> None:
    site, url = private
    token, made = person.token(scope="publish"), Made()
    assert put(site, made.zip(), basic("", token)) == 201
    for name in ("", "token", "__token__", person.name.upper(), "\0"):
        assert status(url, basic(name, token)) == 200, name
        # It is there already, as whoever may publish is told.
        assert put(site, made.zip(), basic(name, token)) == 409, name
    # Another user's name is a mistake, and no word that a client fills in.
    assert status(url, basic("admin", token)) == 401
    assert put(site, Made().zip(), basic("admin", token)) == 401


def test_a_token_expires(person: Person, private: tuple[Site, str]) -> None:
    site, url = private
    token = person.token(scope="publish", expires=later(seconds=3))
    assert status(url, bearer(token)) == 200
    sleep(4)
    assert status(url, bearer(token)) == 401
    assert put(site, Made().zip(), bearer(token)) == 401


def test_a_token_has_its_time_unless_another_is_asked_for(mine: Rest) -> None:
    usual = mine.create(TOKENS, name=unique("token"))["expires"]
    assert later(days=89) < usual < later(days=91)
    longest = mine.create(TOKENS, name=unique("token"), expires=later(days=365))["expires"]
    assert later(days=364) < longest < later(days=366)


def test_a_token_dies_with_its_owner(rest: Rest, private: tuple[Site, str]) -> None:
    site, url = private
    owner = Person.create(rest)
    owner.grant("core.rbaccontentguard_downloader", rest.get(site.href)["content_guard"])
    token = owner.token(scope="publish")
    assert status(url, bearer(token)) == 200
    assert rest.call("PATCH", owner.href, json={"is_active": False}).status_code == 200
    sleep(1)
    for headers in schemes(owner, token):
        assert status(url, headers) == 401
        assert put(site, Made().zip(), headers) == 401
    assert rest.call("PATCH", owner.href, json={"is_active": True}).status_code == 200
    assert status(url, bearer(token)) == 200
    assert rest.status("DELETE", owner.href) == 204
    sleep(1)
    assert status(url, bearer(token)) == 401
    assert rest.get(TOKENS, owner=owner.name)["count"] == 0


def test_the_last_use_is_recorded_now_and_then(
    person: Person, mine: Rest, private: tuple[Site, str]
) -> None:
    site, url = private
    by_download, by_upload = (
        mine.create(TOKENS, name=unique("token"), scope="publish") for _ in range(2)
    )
    assert status(url, bearer(by_download["token"])) == 200
    assert put(site, b"no zip", bearer(by_upload["token"])) == 400
    sleep(0.5)
    used = [mine.get(each["pulp_href"])["last_used"] for each in (by_download, by_upload)]
    assert all(later(minutes=-1) < each < later() for each in used)
    for _ in range(3):
        sleep(0.5)
        assert status(url, bearer(by_download["token"])) == 200
        assert put(site, b"no zip", bearer(by_upload["token"])) == 400
    assert used == [mine.get(each["pulp_href"])["last_used"] for each in (by_download, by_upload)]


def test_a_bad_token_is_not_used(person: Person, mine: Rest, private: tuple[Site, str]) -> None:
    made = mine.create(TOKENS, name=unique("token"))
    assert status(private[1], basic("admin", made["token"])) == 401
    assert status(private[1], bearer(made["token"][:-1])) == 401
    sleep(0.5)
    assert mine.get(made["pulp_href"])["last_used"] is None


def test_wrong_credentials_and_uploads(person: Person, private: tuple[Site, str]) -> None:
    site, _ = private
    for headers in (
        {},
        basic(person.name, "wrong"),
        basic(person.name, str(uuid4())),
        basic("\0", "x"),
        bearer("gomod_" + "0" * 49),
        {"Authorization": "Basic !"},
        {"Authorization": "Digest x"},
    ):
        response = requests.put(
            f"{site.packages_url}/upload", data=b"", headers=headers, timeout=60
        )
        assert response.status_code == 401, headers
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert response.headers["Content-Type"].startswith("text/plain")
        assert "not provided" not in response.text and "is required" not in response.text


@pytest.mark.parametrize("size", [0, 3_000_000])
def test_a_bearer_token_that_nobody_has_is_not_called_missing(
    private: tuple[Site, str], rest: Rest, size: int
) -> None:
    upload, tokens = f"{private[0].packages_url}/upload", f"{rest.url}{rest.root}{TOKENS}"
    body = b"x" * size
    answers = [
        requests.request(method, url, data=body, headers=bearer("nothing"), timeout=60)
        for method, url in (("PUT", upload), ("POST", tokens))
    ]
    assert [each.status_code for each in answers] == [401, 401]
    assert all("hese credentials are not valid here" in each.text for each in answers)
