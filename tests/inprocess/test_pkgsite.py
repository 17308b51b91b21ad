"""The API of pkg.go.dev below a GOPROXY: its shapes, its errors, and nothing that the distribution does not serve."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.resources import files as resources
from typing import Any

import pytest
import requests
import yaml
from django.db import transaction
from django.utils import timezone

from pulp_gomod.app.content.pkgsite import filters, rendered, working
from pulp_gomod.app.content.pkgsite.answers import ANSWERS
from pulp_gomod.app.models import GoPolicy
from tests.gomods import pack
from tests.goproxy_requests import get
from tests.inprocess.owners import Owner
from tests.inprocess.test_documentation import files, path_of, publish, run
from tests.inprocess.vulndbs import fill, make, report

LIBRARY = """// Package lib has a [Thing].
package lib

import "fmt"

// A Thing is one.
type Thing struct {
	Name string
	secret int
}

// New makes a [Thing]. See [fmt.Println].
func New() *Thing { return nil }

// String says it.
func (t Thing) String() string { return fmt.Sprint(t) }

// Most is a number.
const Most = 3
"""
EXAMPLE = """package lib_test

func ExampleNew() {
	lib.New()
	// Output: done
}
"""


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def library(owner: Owner, version: str, path: str = "", **more: str) -> str:
    path = path or f"{path_of(owner)}/lib"
    texts = {"x.go": LIBRARY, "x_test.go": EXAMPLE, **more}
    owner.publish(pack(f"{path}@{version}/", files(path, **texts)))
    return path


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """What the API says of itself."""
    place = resources("pulp_gomod") / "app" / "content" / "pkgsite" / "openapi.yaml"
    said: dict[str, Any] = yaml.safe_load(place.read_text())
    return said


def check(endpoint: str, status: int, said: dict[str, Any]) -> None:
    """Hold an answer to the description, by which nothing may be missing or be there that is not told."""
    described = description()
    path = next((each for each in described["paths"] if each.split("/")[1] == endpoint), None)
    schema: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
    if status == 200 and path:
        content = described["paths"][path]["get"]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
    components = {
        name: {**each, "additionalProperties": False}
        for name, each in described["components"]["schemas"].items()
    }
    # Here: loading it takes longer than collecting all tests of this directory.
    from openapi_schema_validator import OAS30Validator

    OAS30Validator({"components": {"schemas": components}, "allOf": [schema]}).validate(said)


def ask(owner: Owner, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    """Ask at both URLs, which say the same."""
    answers = [
        get(f"{url}/v1/{path}", params=query) for url in (owner.packages_url, owner.content_url)
    ]
    for answer in answers:
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert answer.headers["Content-Type"] == "application/json"
        assert "no-cache" in answer.headers["Cache-Control"]
    assert answers[0].text == answers[1].text
    said: dict[str, Any] = answers[0].json()
    check(path.partition("/")[0], status, said)
    if status != 200:
        assert (said["code"], bool(said["message"])) == (status, True)
    return said


def test_a_module_and_its_packages(owner: Owner) -> None:
    publish(owner)
    path = path_of(owner)
    # Before its documentation is there, a module is.
    assert ask(owner, f"module/{path}")["version"] == "v1.0.0"
    assert "not computed yet" in ask(owner, f"package/{path}", 404)["message"]
    run(owner)
    said = ask(owner, f"module/{path}", readme="true", licenses="1")
    assert said["readme"]["filepath"] == "README.md" and "badge" in said["readme"]["contents"]
    (licence,) = said["licenses"]
    assert (licence["types"], licence["filePath"]) == (["MIT"], "LICENSE")
    assert said["isLatest"] and said["hasGoMod"] and said["isRedistributable"]
    assert said["goModContents"].startswith(f"module {path}\n") and not said["isStandardLibrary"]
    assert "readme" not in ask(owner, f"module/{path}", version="v1.0.0")
    packages = ask(owner, f"packages/{path}", limit=2)["packages"]
    assert [each["path"] for each in packages["items"]] == [path, f"{path}/cmd/tool"]
    assert packages["total"] == 3
    rest = ask(owner, f"packages/{path}", limit=2, token=packages["nextPageToken"])["packages"]
    assert [each["path"] for each in rest["items"]] == [f"{path}/internal/deep"]
    assert "nextPageToken" not in rest
    chosen = ask(owner, f"packages/{path}", filter='hasSuffix(path, "tool") && name == "main"')
    assert [each["name"] for each in chosen["packages"]["items"]] == ["main"]


def test_a_package_its_symbols_and_who_imports_it(owner: Owner) -> None:
    path = library(owner, "v1.0.0")
    user = f"{path_of(owner)}/user"
    source = f'package user\n\nimport "{path}"\n\nvar Is = lib.New()\n'
    owner.publish(pack(f"{user}@v0.1.0/", files(user, **{"x.go": source})))
    run(owner)
    said = ask(owner, f"package/{path}", imports="true", **{"imported-by-counts": "true"})
    assert (said["modulePath"], said["version"], said["isLatest"]) == (path, "v1.0.0", True)
    assert (said["name"], said["synopsis"]) == ("lib", "Package lib has a Thing.")
    assert said["imports"] == ["fmt"] and "docs" not in said
    assert said["importedByCounts"] == {"packages": 1, "modules": 1}
    imported = ask(owner, f"imported-by/{path}")
    assert imported["importedBy"] == {"items": [user], "total": 1}
    symbols = ask(owner, f"symbols/{path}", filter='kind != "Field"')["symbols"]
    assert {each["name"]: each["kind"] for each in symbols["items"]} == {
        "Most": "Constant",
        "Thing": "Type",
        "New": "Function",
        "Thing.String": "Method",
    }
    (method,) = (each for each in symbols["items"] if each["kind"] == "Method")
    assert method["synopsis"] == "func (t Thing) String() string" and method["parent"] == "Thing"
    text = ask(owner, f"package/{path}", doc="text", examples="true")["docs"]
    assert "func New() *Thing\n\tNew makes a Thing. See fmt.Println.\n" in text
    assert "Example:\n\t{\n\t\tlib.New()\n\t}\n\n\tOutput:\n\tdone\n" in text
    assert "secret" not in text
    html = ask(owner, f"package/{path}", doc="html")["docs"]
    assert '<a href="#Thing">Thing</a>' in html
    assert '<a href="https://pkg.go.dev/fmt#Println">' in html and "<script" not in html
    assert "[Thing](#Thing)" in ask(owner, f"package/{path}", doc="md")["docs"]
    assert ask(owner, f"vulns/{path}") == {"items": None, "total": 0}


def test_versions_of_all_major_versions(owner: Owner) -> None:
    path = library(owner, "v1.0.0")
    library(owner, "v1.1.0", **{"go.mod": f"module {path}\n\nretract v1.0.0 // no good\n"})
    library(owner, "v2.0.0", f"{path}/v2")
    library(owner, "v0.0.0-20200101000000-abcdefabcdef")
    library(owner, "v1.0.0", f"{path}/very")
    said = ask(owner, f"versions/{path}")
    assert [(each["modulePath"], each["version"]) for each in said["items"]] == [
        (f"{path}/v2", "v2.0.0"),
        (path, "v1.1.0"),
        (path, "v1.0.0"),
    ]
    old = said["items"][2]
    assert (old["retracted"], old["retractionReason"]) == (True, "no good")
    assert (old["latestVersion"], old["hasGoMod"]) == ("v1.1.0", True)
    assert ask(owner, f"versions/{path}", pseudo="true")["total"] == 4
    assert ask(owner, f"versions/{path}", limit="1")["nextPageToken"]
    assert ask(owner, f"versions/{path}", filter="retracted")["items"] == [old]


def test_what_a_policy_stops_is_not_told_of(owner: Owner) -> None:
    path = library(owner, "v1.0.0")
    library(owner, "v1.1.0")
    run(owner)
    rule = {"module": path, "versions": "v1.1.0", "reason": "it steals", "since": "2026-01-02"}
    policy = GoPolicy.objects.create(name=f"of {owner.repository.name}", deny=[rule])
    with transaction.atomic():
        owner.distribution.policy = policy
        owner.distribution.save()
    assert ask(owner, f"module/{path}")["version"] == "v1.0.0"
    assert ask(owner, f"package/{path}")["version"] == "v1.0.0"
    assert [each["version"] for each in ask(owner, f"versions/{path}")["items"]] == ["v1.0.0"]
    assert "it steals" in ask(owner, f"module/{path}", 403, version="v1.1.0")["message"]
    assert "it steals" in ask(owner, f"symbols/{path}", 403, version="v1.1.0")["message"]
    assert {each["version"] for each in search(owner, "lib")} == {"v1.0.0"}


def search(owner: Owner, text: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask(owner, "search", q=text, **query)["items"] or []
    return [each for each in items if each["modulePath"].startswith(path_of(owner))]


def test_packages_are_found_by_words_prefixes_and_symbols(owner: Owner) -> None:
    path = library(owner, "v1.0.0")
    library(owner, "v1.1.0-rc.1")
    run(owner)
    other = Owner.create(owner.url)
    for text in ("lib", "li", "thing", path, "a package that has things"):
        assert search(owner, text)[0]["packagePath"] == path, text
    assert search(owner, "lib")[0]["version"] == "v1.0.0"
    assert search(owner, "lib", symbol="Thing.String") and not search(owner, "lib", symbol="No")
    assert not search(owner, "& | !")
    # It belongs to those repositories that hold it.
    assert ask(other, "search", q="lib")["items"] is None


def test_a_word_that_looks_like_a_number_is_found_whole(owner: Owner) -> None:
    path = library(owner, "v1.0.0", f"{path_of(owner)}/3e50fa/lib")
    run(owner)
    for text in (path, "3e50fa", "3e50fa lib", "3e50"):
        assert [each["packagePath"] for each in search(owner, text)][:1] == [path], text


def test_a_path_that_two_modules_have_is_ambiguous(owner: Owner) -> None:
    path = path_of(owner)
    publish(owner, **{"sub/x.go": "package sub\n"})
    owner.publish(pack(f"{path}/sub@v1.0.0/", [("x.go", b"package sub\n")]))
    run(owner)
    said = ask(owner, f"package/{path}/sub", 400)
    assert said["candidates"] == [
        {"modulePath": f"{path}/sub", "packagePath": f"{path}/sub"},
        {"modulePath": path, "packagePath": f"{path}/sub"},
    ]
    assert ask(owner, f"package/{path}/sub", module=path)["modulePath"] == path
    assert "containing module" in ask(owner, f"module/{path}/cmd/tool", 400)["fixes"][0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("module/", 400),
        ("module/-x", 400),
        ("module/UP%00", 404),
        ("module/example.com/none", 404),
        ("package/example.com/none", 404),
        ("nothing/example.com/none", 404),
        ("search", 400),
        ("search?q=x&limit=x", 400),
        ("search?q=x&token=x", 400),
        ("search?q=x&token=WzFlOTld", 400),
        ("search?q=x&filter=(", 400),
        ("search?q=x&filter=" + "(" * 400, 400),
        ("search?q=" + "x" * 2000, 400),
        ("search?q=%00", 400),
        ("search?q=x&limit=-%2B5", 400),
        ("search?q=x&limit=%2B-5", 400),
        ("package/example.com" + "/a" * 600, 400),
    ],
)
def test_what_makes_no_sense_is_an_error_that_says_so(owner: Owner, path: str, status: int) -> None:
    answer = requests.get(f"{owner.packages_url}/v1/{path}", timeout=60)
    assert answer.status_code == status, answer.text
    if answer.headers["Content-Type"] == "application/json":
        assert answer.json()["code"] == status and answer.json()["message"]


@pytest.mark.parametrize("asked", ["filter", "doc"])
def test_the_loop_waits_for_nothing_that_a_client_wants_computed(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    path = library(owner, "v1.0.0")
    run(owner)
    goes_on = threading.Event()
    waits = threading.Event()

    def compute(*_: Any) -> Any:
        waits.set()
        assert goes_on.wait(30)
        return [] if asked == "filter" else "text"

    if asked == "filter":
        monkeypatch.setattr(filters.Filter, "chosen", compute)
    else:
        monkeypatch.setattr(rendered, "render", compute)
    query = {"filter": {"filter": "true"}, "doc": {"doc": "text"}}[asked]
    endpoint = {"filter": "packages", "doc": "package"}[asked]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, f"{owner.packages_url}/v1/{endpoint}/{path}", params=query)
        try:
            assert waits.wait(30)
            assert ask(owner, f"module/{path}")["version"] == "v1.0.0"
        finally:
            goes_on.set()
        assert answer.result().status_code == 200


def test_who_wants_something_computed_when_many_do_is_told_to_come_again(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library(owner, "v1.0.0")
    run(owner)
    # Nobody's turn comes, and nobody may wait.
    monkeypatch.setattr(working._turns, "_free", 0)
    monkeypatch.setattr(working._turns, "_longest", 0)
    assert "too many" in ask(owner, f"packages/{path}", 503, filter="true")["message"]
    assert "too many" in ask(owner, f"package/{path}", 503, doc="html")["message"]
    assert ask(owner, f"package/{path}")["name"] == "lib"


def test_documentation_is_made_once_for_all_who_ask(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library(owner, "v1.0.0")
    run(owner)
    render, made, goes_on = rendered.render, [], threading.Event()

    def noted(*args: Any) -> str:
        made.append(args)
        assert goes_on.wait(60)
        return render(*args)

    monkeypatch.setattr(rendered, "render", noted)
    url = f"{owner.packages_url}/v1/package/{path}"
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(get, url, params={"doc": "text"}) for _ in range(5)]
        goes_on.set()
        texts = {each.result().json()["docs"] for each in asked}
    assert texts == {ask(owner, f"package/{path}", doc="text")["docs"]}
    assert len(made) == 1
    # What was documented anew is shown anew.
    run(owner, anew=timezone.now().isoformat())
    ask(owner, f"package/{path}", doc="text")
    assert len(made) == 2


def test_whoever_has_much_computed_waits_for_itself(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library(owner, "v1.0.0")
    run(owner)
    chosen, goes_on = filters.Filter.chosen, threading.Event()
    order: list[str] = []

    def held(self: filters.Filter, items: Any, *args: Any) -> Any:
        assert goes_on.wait(60)
        order.append(self.text)
        return chosen(self, items, *args)

    monkeypatch.setattr(filters.Filter, "chosen", held)

    def send(client: str, text: str) -> requests.Response:
        url = f"{owner.packages_url}/v1/packages/{path}"
        return requests.get(
            url, params={"filter": text}, headers={"X-Forwarded-For": client}, timeout=60
        )

    lines = working._turns._lines
    with ThreadPoolExecutor(20) as pool:
        flood = [pool.submit(send, "192.0.2.1", "true") for _ in range(15)]
        while sum(map(len, lines.values())) < 10:
            time.sleep(0.01)
        other = pool.submit(send, "192.0.2.2", "false || true")
        while len(lines) < 2:
            time.sleep(0.01)
        goes_on.set()
        assert other.result().status_code == 200
        statuses = [each.result().status_code for each in flood]
    assert order.index("false || true") == 2
    assert sorted(statuses) == [200] * 11 + [503] * 4


def test_it_describes_itself(owner: Owner) -> None:
    answer = get(f"{owner.packages_url}/v1/openapi.yaml")
    assert answer.status_code == 200
    said = yaml.safe_load(answer.text)
    from openapi_spec_validator import validate

    validate(said)
    assert said == description()
    assert {each.split("/")[1] for each in said["paths"]} == set(ANSWERS)
    again = get(
        f"{owner.packages_url}/v1/openapi.yaml", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_vulnerabilities_are_those_of_the_distribution_s_database(owner: Owner) -> None:
    path = library(owner, "v1.0.0")
    library(owner, "v1.1.0")
    vulndb = make()
    fill(vulndb, report("GO-2026-1", path, "1.1.0"))
    with transaction.atomic():
        owner.distribution.vulndb = vulndb
        owner.distribution.save()
    assert ask(owner, f"vulns/{path}")["items"] is None
    (found,) = ask(owner, f"vulns/{path}", version="v1.0.0")["items"]
    assert (found["id"], found["fixedVersion"]) == ("GO-2026-1", "v1.1.0")
