"""Repositories, remotes, publications and distributions over REST."""

from typing import Any
from uuid import uuid4

import pytest

from tests.functional.rest_api import (
    DISTRIBUTIONS,
    MODULES,
    PUBLICATIONS,
    RELEASES,
    REMOTES,
    REPOSITORIES,
    Made,
    Rest,
    TaskFailed,
)


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


def name() -> str:
    return f"rest-{uuid4()}"


def unit_of(rest: Rest, made: Made, version: str) -> str:
    (unit,) = rest.get(MODULES, module=made.path, version=version)["results"]
    href: str = unit["pulp_href"]
    return href


def test_repository_life(rest: Rest) -> None:
    repository = rest.create(REPOSITORIES, name=name(), description="d", pulp_labels={"a": "1"})
    href = repository["pulp_href"]
    assert repository["latest_version_href"] == f"{href}versions/0/"
    rest.wait(rest.call("PATCH", href, json={"retain_repo_versions": 3}))
    assert rest.get(href)["retain_repo_versions"] == 3
    assert rest.get(REPOSITORIES, name=repository["name"])["count"] == 1
    assert rest.status("POST", REPOSITORIES, json={"name": repository["name"]}) == 400
    rest.wait(rest.call("DELETE", href))
    assert rest.status("GET", href) == 404


def test_modify_removes_brings_back_and_rolls_back(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip("v1.0.0"), made.zip("v1.1.0"), repository=repository)
    first = unit_of(rest, made, "v1.0.0")
    rest.modify(repository, remove_content_units=[first])
    assert rest.held(repository) == [f"{made.path}@v1.1.0"]
    rest.modify(repository, add_content_units=[first])
    assert len(rest.held(repository)) == 2
    rest.modify(repository, remove_content_units=["*"])
    assert rest.held(repository) == []
    rest.modify(repository, base_version=f"{repository}versions/2/")
    assert rest.held(repository) == [f"{made.path}@v1.1.0"]
    assert rest.latest(repository) == f"{repository}versions/5/"


def test_modify_refuses_other_bytes(rest: Rest) -> None:
    made = Made()
    here, there = rest.create_repository(), rest.create_repository()
    rest.publish(made.zip(), repository=here)
    rest.publish(made.zip(more="package code\n"), repository=there)
    (theirs,) = rest.get(MODULES, repository_version=there)["results"]
    with pytest.raises(TaskFailed, match="GOM0001"):
        rest.modify(here, add_content_units=[theirs["pulp_href"]])
    assert rest.latest(here) == f"{here}versions/1/"


def test_a_promoted_module_keeps_its_release(rest: Rest) -> None:
    made = Made()
    here, there = rest.create_repository(), rest.create_repository()
    rest.publish(made.zip(), repository=here, time="2020-01-02T03:04:05Z", origin='{"VCS": "git"}')
    rest.modify(there, add_content_units=[unit_of(rest, made, "v1.0.0")])
    (original,) = rest.get(RELEASES, repository=here)["results"]
    (copy,) = rest.get(RELEASES, repository=there)["results"]
    for member in ("time", "origin", "source", "published_by", "published_from", "h1"):
        assert copy[member] == original[member]
    assert rest.get(copy["pulp_href"])["repository"] == there


def test_releases_are_found(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    for version in ("v1.0.0", "v1.1.0"):
        rest.publish(made.zip(version), repository=repository)
    oldest_first = rest.names(RELEASES, repository=repository, ordering="first_seen")
    assert oldest_first == [f"{made.path}@v1.0.0", f"{made.path}@v1.1.0"]
    assert rest.names(RELEASES, module=made.path, version="v1.1.0", published_by="admin") == [
        f"{made.path}@v1.1.0"
    ]
    assert rest.names(RELEASES, module=made.path, published_by="nobody") == []
    assert len(rest.names(RELEASES, q=made.path.partition("/")[2])) == 2
    assert rest.status("POST", RELEASES, json={}) == 405


def test_a_version_can_be_repaired_and_deleted(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip("v1.0.0"), repository=repository)
    rest.publish(made.zip("v1.1.0"), repository=repository)
    task = rest.wait(rest.call("POST", f"{repository}versions/1/repair/", json={}))
    reports = {each["code"]: each["done"] for each in task["progress_reports"]}
    assert reports == {"repair.missing": 0, "repair.corrupted": 0, "repair.repaired": 0}
    rest.wait(rest.call("DELETE", f"{repository}versions/1/"))
    assert rest.status("GET", f"{repository}versions/1/") == 404
    assert len(rest.held(repository)) == 2


def test_remote_life(rest: Rest) -> None:
    remote = rest.create(
        REMOTES,
        name=name(),
        url="https://goproxy.example.com",
        excludes="*.internal, example.com/secret/*",
        private="corp.example.com",
    )
    assert remote["policy"] == "on_demand"
    assert remote["sumdb"] == "sum.golang.org"
    assert remote["excludes"] == "*.internal,example.com/secret/*"
    rest.wait(rest.call("PATCH", remote["pulp_href"], json={"sumdb": "off", "includes": ""}))
    assert rest.get(remote["pulp_href"])["sumdb"] == "off"
    repository = rest.create_repository(remote=remote["pulp_href"])
    assert rest.get(repository)["remote"] == remote["pulp_href"]
    rest.wait(rest.call("DELETE", remote["pulp_href"]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "direct"},
        {"url": "ftp://goproxy.example.com"},
        {"url": "https://"},
        {"url": "https://user:password@goproxy.example.com"},
        {"url": "https://goproxy.example.com/?a=b"},
        {"url": "https://goproxy.example.com:0/"},
        {"private": "[a"},
        {"excludes": "a b"},
        {"sumdb": ""},
        {"sumdb": "sum.example.com"},
        {"sumdb": "sum.golang.org a b"},
        {"policy": "sometimes"},
    ],
)
def test_wrong_remotes_are_refused(rest: Rest, wrong: dict[str, str]) -> None:
    body = {"name": name(), "url": "https://goproxy.example.com", **wrong}
    response = rest.call("POST", REMOTES, json=body)
    assert response.status_code == 400
    assert next(iter(wrong)) in response.json()


def test_publication_life(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    newest = rest.create(PUBLICATIONS, repository=repository)
    assert newest["repository_version"] == f"{repository}versions/1/"
    empty = rest.create(PUBLICATIONS, repository_version=f"{repository}versions/0/")
    assert rest.get(PUBLICATIONS, repository=repository)["count"] == 2
    distribution = rest.create(
        DISTRIBUTIONS, name=name(), base_path=name(), publication=newest["pulp_href"]
    )
    assert rest.get(newest["pulp_href"])["distributions"] == [distribution["pulp_href"]]
    assert rest.status("DELETE", empty["pulp_href"]) == 204
    assert rest.status("POST", PUBLICATIONS, json={}) == 400
    both = {"repository": repository, "repository_version": f"{repository}versions/1/"}
    assert rest.status("POST", PUBLICATIONS, json=both) == 400


def test_a_distribution_says_what_clients_set(rest: Rest) -> None:
    one, two = name(), f"{name()}/two"
    short = rest.create(DISTRIBUTIONS, name=name(), base_path=one)
    domain = "default/" if rest.domains else ""
    assert short["client_url"].endswith(f"/api/packages/{domain}{one}/go")
    assert short["base_url"].endswith(f"/pulp/content/{domain}{one}/")
    long = rest.create(DISTRIBUTIONS, name=name(), base_path=two)
    assert long["client_url"] == long["base_url"].rstrip("/")


def test_a_distribution_serves_one_thing(rest: Rest) -> None:
    repository = rest.create_repository()
    version = f"{repository}versions/0/"
    publication = rest.create(PUBLICATIONS, repository=repository)["pulp_href"]
    distribution = rest.create(DISTRIBUTIONS, name=name(), base_path=name(), repository=repository)
    href = distribution["pulp_href"]
    whole = {"name": distribution["name"], "base_path": distribution["base_path"]}
    for second in ({"repository_version": version}, {"publication": publication}):
        assert rest.status("PATCH", href, json=second) == 400
        assert rest.status("PUT", href, json={**whole, **second}) == 400
        rest.wait(rest.call("PATCH", href, json={"repository": None, **second}))
        served = rest.get(href)
        assert served["repository"] is None
        assert second.items() <= served.items()
        cleared = dict.fromkeys(second)
        rest.wait(rest.call("PATCH", href, json={"repository": repository, **cleared}))


@pytest.mark.parametrize(
    "path",
    ["@v", "a/@latest", "sumdb", "a/sumdb", "sumdb/b", "/a", "a//b", "a" * 1025, "a" + 64 * "/a"],
)
def test_base_paths_that_mean_something_else_are_refused(rest: Rest, path: str) -> None:
    response = rest.call("POST", DISTRIBUTIONS, json={"name": name(), "base_path": path})
    assert response.status_code == 400
    assert "base_path" in response.json()


def test_a_host_has_one_distribution(rest: Rest) -> None:
    host = f"{name()}.example.com"
    first = rest.create(DISTRIBUTIONS, name=name(), base_path=name(), vanity_hosts=[host.upper()])
    assert first["vanity_hosts"] == [host]
    wrong: list[list[Any]] = [[host], ["localhost"], ["a b.example.com"], ["-.example.com"], [7.5]]
    for hosts in wrong:
        body = {"name": name(), "base_path": name(), "vanity_hosts": hosts}
        answer = rest.call("POST", DISTRIBUTIONS, json=body)
        assert (answer.status_code, list(answer.json())) == (400, ["vanity_hosts"]), answer.text
    rest.wait(rest.call("PATCH", first["pulp_href"], json={"vanity_hosts": []}))
    rest.create(DISTRIBUTIONS, name=name(), base_path=name(), vanity_hosts=[host])


def test_overlapping_base_paths_are_refused(rest: Rest) -> None:
    path = name()
    rest.create(DISTRIBUTIONS, name=name(), base_path=path)
    for other in (path, f"{path}/below"):
        assert rest.status("POST", DISTRIBUTIONS, json={"name": name(), "base_path": other}) == 400


def test_the_schema_names_the_operations(rest: Rest) -> None:
    schema = rest.get("docs/api.json", component="gomod")
    operations = {
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    }
    assert {
        "content_gomod_modules_create",
        "content_gomod_modules_list",
        "content_gomod_modfiles_read",
        "gomod_releases_list",
        "repositories_gomod_gomod_modify",
        "repositories_gomod_gomod_versions_repair",
        "remotes_gomod_gomod_create",
        "publications_gomod_gomod_create",
        "distributions_gomod_gomod_partial_update",
    } <= operations
