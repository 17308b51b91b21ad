"""Finding modules over REST."""

from hashlib import sha256
from typing import Any

import pytest
import requests

from tests.functional.rest_api import MODULES, Made, Rest
from tests.gomods import pack

VERSIONS = [
    "v1.0.0-rc.2",
    "v1.0.0-rc.10",
    "v1.0.0",
    "v1.2.0",
    "v1.10.0",
    "v1.10.1-0.20200102030405-0123456789ab",
]


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


@pytest.fixture(scope="module")
def repository(rest: Rest, made: Made) -> str:
    """Version 1 holds all versions; version 2 is without v1.2.0."""
    repository = rest.create_repository()
    rest.publish(*map(made.zip, VERSIONS), repository=repository)
    (unit,) = rest.get(MODULES, module=made.path, version="v1.2.0")["results"]
    rest.modify(repository, remove_content_units=[unit["pulp_href"]])
    return repository


def versions(names: list[str]) -> list[str]:
    return [name.partition("@")[2] for name in names]


def test_lists_sort_versions_as_go_does(rest: Rest, made: Made, repository: str) -> None:
    ascending = rest.names(MODULES, module=made.path, ordering="version")
    assert versions(ascending) == VERSIONS
    descending = rest.names(MODULES, module=made.path, ordering="-version")
    assert versions(descending) == VERSIONS[::-1]


def test_module_and_version(rest: Rest, made: Made, repository: str) -> None:
    every = len(VERSIONS)
    assert len(rest.names(MODULES, module=made.path)) == every
    assert rest.names(MODULES, module=made.path.upper()) == []
    assert rest.names(MODULES, module=made.path, version="v1.0.0") == [f"{made.path}@v1.0.0"]
    several = rest.names(MODULES, module=made.path, version__in="v1.0.0,v1.2.0")
    assert versions(several) == ["v1.0.0", "v1.2.0"]
    assert len(rest.names(MODULES, module__startswith=made.path[:-2])) == every
    assert len(rest.names(MODULES, module__contains=made.path[8:])) == every
    assert len(rest.names(MODULES, module__in=f"{made.path},example.com/none")) == every


def test_pseudo_versions(rest: Rest, made: Made, repository: str) -> None:
    assert versions(rest.names(MODULES, module=made.path, is_pseudo="true")) == VERSIONS[-1:]
    assert len(rest.names(MODULES, module=made.path, is_pseudo="false")) == len(VERSIONS) - 1


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"version__gte": "v1.2.0"}, VERSIONS[3:]),
        ({"version__gt": "v1.2.0"}, VERSIONS[4:]),
        ({"version__lte": "v1.2.0"}, VERSIONS[:4]),
        ({"version__lt": "v1.2"}, VERSIONS[:3]),
        ({"version__gte": "v1.0.0-rc.3", "version__lt": "v1.10.0"}, VERSIONS[1:4]),
        ({"q": "version__gte='v1.2.0' AND NOT version__gt='v1.10.0'"}, VERSIONS[3:5]),
    ],
)
def test_ranges_of_versions(
    rest: Rest, made: Made, repository: str, bounds: dict[str, str], found: list[str]
) -> None:
    names = rest.names(MODULES, module=made.path, ordering="version", **bounds)
    assert versions(names) == found


def test_what_go_mod_says(rest: Rest, made: Made) -> None:
    needed, module = Made(), Made()

    def zip(version: str, text: str = "", notice: str = "") -> bytes:
        go_mod = f"{notice}module {module.path}\n\ngo 1.20\n{text}"
        return pack(f"{module.path}@{version}/", [("go.mod", go_mod.encode())])

    repository = rest.create_repository()
    retract = "retract v1.1.0\n\nretract [v1.2.0, v1.3.0]\n"
    zips = {
        "v1.0.0": zip("v1.0.0"),
        # Of a version that is not the newest, this is nobody's word.
        "v1.1.0": zip("v1.1.0", "retract v1.0.0\n"),
        "v1.2.5-rc.1": zip("v1.2.5-rc.1", f"require {needed.path} v1.4.0\n"),
        "v1.4.0": zip("v1.4.0", retract, notice="// Deprecated: use another.\n"),
        "v1.5.0-rc.1": zip("v1.5.0-rc.1"),
    }
    first, second, *others = zips.values()
    rest.publish(first, second, repository=repository)
    rest.publish(*others, repository=repository)

    def found(**parameters: Any) -> list[str]:
        return versions(rest.names(MODULES, module=module.path, ordering="version", **parameters))

    retracted = ["v1.1.0", "v1.2.5-rc.1"]
    assert found(retracted="true") == found(retracted="true", repository_version=repository)
    assert found(retracted="true") == retracted
    assert found(retracted="false") == [each for each in zips if each not in retracted]
    assert found(retracted="true", repository_version=f"{repository}versions/1/") == ["v1.0.0"]
    assert found(deprecated="true") == ["v1.4.0"]
    assert rest.names(MODULES, requires=needed.path) == [f"{module.path}@v1.2.5-rc.1"]
    assert found(requires=f"{needed.path}@v1.4.0") == ["v1.2.5-rc.1"]
    assert found(requires=f"{needed.path}@v1.4.1") == []
    assert found(go_version="1.20") == list(zips)
    digest = sha256(zips["v1.0.0"]).hexdigest()
    assert found(sha256=digest.upper()) == ["v1.0.0"]
    smallest = min(map(len, zips.values()))
    assert found(size__lte=str(smallest)) == ["v1.0.0"]
    assert found(size__gte=str(smallest + 1)) == list(zips)[1:]
    assert found(size__gte="1GB") == []
    assert found(size__lte="1GiB") == list(zips)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version__gte", "1.0"),
        ("version__lt", "latest"),
        ("sha256", "abc"),
        ("size__gte", "big"),
        ("requires", "a b"),
        ("requires", "example.com/a@1"),
        ("retracted", "maybe"),
        ("repository_version", "foo"),
        ("version__gtee", "v1.0.0"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(rest: Rest, name: str, value: str) -> None:
    answer = rest.call("GET", MODULES, params={name: value})
    assert (answer.status_code, name in answer.text) == (400, True), answer.text


def test_checksums(rest: Rest, made: Made, repository: str) -> None:
    for unit in rest.get(MODULES, module=made.path)["results"]:
        name = f"{unit['module']}@{unit['version']}"
        assert rest.names(MODULES, h1=unit["h1"]) == [name]
        # A + that nobody escaped means a space in a query string.
        assert rest.names(MODULES, h1=unit["h1"].replace("+", " ")) == [name]
        assert name in rest.names(MODULES, go_mod_h1=unit["go_mod_h1"])


def test_membership_of_each_repository_version(rest: Rest, made: Made, repository: str) -> None:
    held = [
        versions(
            rest.names(
                MODULES, repository_version=f"{repository}versions/{number}/", ordering="version"
            )
        )
        for number in range(3)
    ]
    assert held == [[], VERSIONS, [v for v in VERSIONS if v != "v1.2.0"]]
    newest = rest.names(MODULES, repository_version=repository, ordering="version")
    assert versions(newest) == held[2]
    removed = rest.names(MODULES, repository_version_removed=f"{repository}versions/2/")
    assert versions(removed) == ["v1.2.0"]
    assert len(rest.names(MODULES, repository_version_added=f"{repository}versions/1/")) == 6
    count = rest.get(MODULES, repository_version=f"{repository}versions/2/", limit=1)["count"]
    assert count == len(held[2])


def test_a_malformed_repository_version_is_refused(rest: Rest) -> None:
    for value in ("", rest.root, "/nowhere/", "prn:gomod.gomodule:1"):
        assert rest.status("GET", MODULES, params={"repository_version": value}) == 400, value


@pytest.fixture(scope="module")
def single(rest: Rest) -> Made:
    """A module of which there is one version."""
    made = Made()
    rest.publish(made.zip())
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{token}", True),
        ("{TOKEN}", True),
        ("example {token}", True),
        ("{token} example.com", True),
        ("  {token}  ", True),
        ("{token} nowhere", False),
        ("{token}%", False),
        ("r_{token}", False),
        ("{token}\\", False),
    ],
)
def test_search(rest: Rest, single: Made, text: str, found: bool) -> None:
    token = single.path.partition("/r")[2]
    names = rest.names(MODULES, q=text.format(token=token, TOKEN=token.upper()))
    assert names == ([f"{single.path}@v1.0.0"] if found else [])


def test_expressions_still_work(rest: Rest, made: Made, repository: str) -> None:
    tagged = f'module="{made.path}" AND NOT is_pseudo=true'
    assert versions(rest.names(MODULES, q=tagged, ordering="version")) == VERSIONS[:-1]
    one = f"version=v1.2.0 AND module='{made.path}'"
    assert versions(rest.names(MODULES, q=one)) == ["v1.2.0"]
    either = f"module='{made.path}' AND (version=v1.2.0 OR version=v1.0.0)"
    assert versions(rest.names(MODULES, q=either)) == ["v1.0.0", "v1.2.0"]


def test_expressions_join_other_filters(rest: Rest, made: Made, repository: str) -> None:
    names = rest.names(
        MODULES,
        q="NOT is_pseudo=true",
        version__in="v1.0.0,v1.2.0",
        repository_version=f"{repository}versions/2/",
    )
    assert versions(names) == ["v1.0.0"]


@pytest.mark.parametrize("text", ["module=", "= =", "color=red", "q=words", "a AND module=b"])
def test_malformed_expressions_are_refused(rest: Rest, text: str) -> None:
    assert rest.status("GET", MODULES, params={"q": text}) == 400


def test_no_filter_is_a_server_error(rest: Rest, repository: str) -> None:
    for name in ("module", "module__in", "module__startswith", "version", "h1", "q"):
        for value in ("\0", "\ud7ff", "'", "a" * 3000, ",", "%00"):
            status = rest.status("GET", MODULES, params={name: value})
            assert status in (200, 400), (name, value)


def test_search_joins_other_filters(rest: Rest, made: Made, repository: str) -> None:
    token = made.path.partition("/")[2]
    names = rest.names(
        MODULES, q=token, repository_version=f"{repository}versions/2/", ordering="version"
    )
    assert versions(names) == [v for v in VERSIONS if v != "v1.2.0"]


def test_unknown_filters_are_refused(rest: Rest) -> None:
    response: requests.Response = rest.call("GET", MODULES, params={"colour": "red"})
    assert response.status_code == 400
