"""The GOPROXY protocol over HTTP, at both URLs."""

from typing import Any

import pytest
import requests

from tests.functional.guarded import Person, unique
from tests.functional.owners import Owner
from tests.functional.rest_api import DISTRIBUTIONS, PUBLICATIONS, Made, Rest
from tests.functional.uploads import put_at_once
from tests.goproxy_requests import ESCAPED, PATH, PSEUDO, check_escapes, get, zip_of


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def owner(rest: Rest) -> Owner:
    owner = Owner.create(rest)
    zips = [
        zip_of(PATH, version, f"module {PATH}\r\n// kept as it is")
        for version in ("v1.10.0", "v1.9.0", "v1.11.0-RC1", PSEUDO)
    ]
    for path, version, go_mod in (
        ("example.com/plain", "v1.0.0", None),
        ("example.com/plain", "v2.0.0+incompatible", None),
        ("example.com/moved", "v1.0.0", "module example.com/moved\n"),
        ("example.com/moved", "v2.0.0+incompatible", None),
        ("example.com/pseudo", PSEUDO, None),
        ("example.com/quoted", "v1.0.0", 'module "example.com/quoted"\n'),
        ("example.com/gone", "v1.0.0", "module example.com/gone\n"),
        ("example.com/gone", "v1.0.1", "module example.com/gone\n\nretract v1.0.1 // oops\n"),
    ):
        zips.append(zip_of(path, version, go_mod))
    assert [each.text for each in put_at_once(owner, zips) if each.status_code != 201] == []
    return owner


@pytest.fixture(params=["packages", "content"])
def root(owner: Owner, request: pytest.FixtureRequest) -> str:
    return owner.packages_url if request.param == "packages" else owner.content_url


@pytest.mark.parametrize("escaped", [ESCAPED, ESCAPED.replace("!", "%21")])
def test_both_spellings_of_an_escape_are_one_resource(root: str, escaped: str) -> None:
    check_escapes(root, escaped)


def test_mod_is_byte_for_byte_what_the_zip_holds(root: str) -> None:
    exact = f"module {PATH}\r\n// kept as it is".encode()
    assert get(f"{root}/{ESCAPED}/@v/v1.9.0.mod").content == exact
    synthesized = get(f"{root}/example.com/plain/@v/v2.0.0+incompatible.mod").content
    assert synthesized == b"module example.com/plain\n"
    quoted = get(f"{root}/example.com/quoted/@v/v1.0.0.mod").content
    assert quoted == b'module "example.com/quoted"\n'


@pytest.mark.parametrize("file", ["@v/list", "@v/v1.0.0.zip"])
def test_what_http_asks_for_goes_through_everything(root: str, file: str) -> None:
    """The rest of it is tested with the content app alone (tests/inprocess)."""
    url = f"{root}/example.com/plain/{file}"
    whole, head = get(url), requests.head(url, timeout=60)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))
    same = get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    part = get(url, headers={"Range": "bytes=1-4"})
    assert (part.status_code, part.content) == (206, whole.content[1:5])
    assert "max-age=600" in whole.headers["Cache-Control"] or file == "@v/list"
    missing = get(f"{root}/example.com/plain/@v/v9.9.9.zip")
    assert (missing.status_code, missing.text.count("\n")) == (404, 1)


def test_paths_outside_the_protocol_are_not_found(owner: Owner) -> None:
    for url in (f"{owner.packages_url}/", f"{owner.packages_url}/example.com/plain"):
        assert get(url).status_code == 404
    missing = get(f"{owner.rest.url}/api/packages/nobody-has-this/go/example.com/m/@v/list")
    assert missing.status_code == 404
    assert "no Go distribution" in missing.text
    # Stock serving of artifacts never answers for a Go distribution.
    assert get(f"{owner.content_url}/").status_code == 404
    assert "GOPROXY" in get(f"{owner.content_url}/example.com/plain/").text


def test_pinned_versions_and_publications_are_frozen(rest: Rest) -> None:
    owner, made = Owner.create(rest), Made()
    owner.put(made.zip("v1.0.0"))
    pinned_to = rest.latest(owner.repository)
    publication = rest.create(PUBLICATIONS, repository_version=pinned_to)["pulp_href"]
    frozen = []
    for body in ({"repository_version": pinned_to}, {"publication": publication}):
        name = f"frozen-{made.path[-6:]}-{len(frozen)}"
        rest.create(DISTRIBUTIONS, name=name, base_path=name, **body)
        frozen.append(f"{rest.url}/api/packages/{name}/go")
    owner.put(made.zip("v1.1.0"))
    assert owner.get(f"{made.path}/@v/list").text == "v1.0.0\nv1.1.0\n"
    for url in frozen:
        assert get(f"{url}/{made.path}/@v/list").text == "v1.0.0\n"
        assert get(f"{url}/{made.path}/@v/v1.1.0.zip").status_code == 404


def test_a_distribution_is_there_when_its_creation_is_answered(rest: Rest) -> None:
    person, name = Person.create(rest), unique("at-once")
    person.grant("gomod.godistribution_creator")
    theirs = person.rest()
    answer = theirs.call("POST", DISTRIBUTIONS, json={"name": name, "base_path": name})
    assert answer.status_code == 202, answer.text
    task = theirs.get(answer.json()["task"])
    assert task["state"] == "completed", task
    assert get(f"{rest.url}/pulp/content/{name}/{PATH}/@v/list").status_code == 404
    (href,) = task["created_resources"]
    # Whoever creates it owns it, and one of a name is enough.
    assert theirs.status("PATCH", href, json={"base_path": f"{name}/go"}) == 202
    again = theirs.call("POST", DISTRIBUTIONS, json={"name": name, "base_path": f"{name}-2"})
    assert again.status_code == 400 and "name" in again.json()


def test_a_base_path_may_have_several_segments(rest: Rest) -> None:
    owner, made = Owner.create(rest), Made()
    owner.put(made.zip())
    base = f"deep/{owner.name}/go"
    rest.create(
        DISTRIBUTIONS, name=f"deep-{owner.name}", base_path=base, repository=owner.repository
    )
    assert get(f"{rest.url}/pulp/content/{base}/{made.path}/@v/list").text == "v1.0.0\n"
