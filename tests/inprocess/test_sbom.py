"""Bills of materials: what they say is what is served, in the words of CycloneDX."""

import base64
import json
from functools import lru_cache
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from pulp_gomod.app.models import GoDocumentation, GoModFile, GoModule, GoPolicy
from pulp_gomod.golang import dirhash
from tests.goproxy_requests import get, zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.unit import django_set_up  # noqa: F401


@lru_cache(maxsize=1)
def validator() -> Any:
    """The schema's, which takes seconds to load: not where tests are only collected."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def sbom(owner: Owner, **query: str) -> dict[str, Any]:
    """Ask for a document at both URLs, which say the same, and hold it to the schema."""
    answers = [
        get(f"{url}/sbom.json", params=query) for url in (owner.packages_url, owner.content_url)
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/vnd.cyclonedx+json; version=1.6"
        assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answers[0].text == answers[1].text
    assert validator().validate_str(answers[0].text) is None
    said: dict[str, Any] = json.loads(answers[0].text)
    return said


def publish(owner: Owner, path: str, version: str, *requires: str, go: str = "1.20") -> str:
    """Publish a module below the owner's; return its purl."""
    full = path_of(owner, path)
    lines = [f"module {full}", f"go {go}", *(f"require {each}" for each in requires)]
    owner.publish(zip_of(full, version, "\n".join(lines) + "\n"))
    return f"pkg:golang/{full}@{version}?type=module"


def path_of(owner: Owner, path: str) -> str:
    return f"example.com/{owner.repository.name}/{path}"


def refs(document: dict[str, Any]) -> list[str]:
    return [each["bom-ref"] for each in document["components"]]


def test_everything_is_on_the_bill(owner: Owner) -> None:
    first = publish(owner, "A", "v1.0.0")
    second = publish(owner, "b", "v1.0.0-rc.1", go="1.16")
    document = sbom(owner)
    assert set(refs(document)) == {first, second}
    about = document["metadata"]["component"]
    owner.repository.refresh_from_db()
    number = owner.repository.latest_version().number
    assert (about["name"], about["version"]) == (owner.repository.name, str(number))
    unit = GoModule.objects.get(module=path_of(owner, "A"))
    component = next(each for each in document["components"] if each["bom-ref"] == first)
    assert (component["name"], component["version"]) == (unit.module, unit.version)
    digest = base64.b64decode(unit.h1.removeprefix("h1:")).hex()
    assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    sums = {each["name"]: each["value"] for each in component["properties"]}
    assert sums == {"gomod:h1": unit.h1, "gomod:go.mod:h1": unit.go_mod_h1}


def test_licences_are_named_once_they_are_known(owner: Owner) -> None:
    publish(owner, "a", "v1.0.0")
    unit = GoModule.objects.get(module=path_of(owner, "a"))
    assert "licenses" not in sbom(owner)["components"][0]
    GoDocumentation.objects.create(
        unit=unit, state="complete", computed=timezone.now(), licence_ids=["", "MIT"]
    )
    licenses = [{"license": {"id": "MIT"}}]
    assert sbom(owner)["components"][0]["licenses"] == licenses
    needs = sbom(owner, module=f"{unit.module}@{unit.version}")
    assert needs["metadata"]["component"]["licenses"] == licenses


def test_the_same_is_said_in_the_same_bytes(owner: Owner) -> None:
    publish(owner, "a", "v1.0.0")
    url = f"{owner.packages_url}/sbom.json"
    before = get(url)
    tag = {"If-None-Match": before.headers["ETag"]}
    assert get(url).text == before.text
    assert get(url, headers=tag).status_code == 304
    part = get(url, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, before.content[5:10])
    publish(owner, "a", "v1.1.0")
    after = get(url, headers=tag)
    assert after.status_code == 200
    assert after.json()["serialNumber"] != before.json()["serialNumber"]


def test_what_a_module_needs_is_what_go_builds_with(owner: Owner) -> None:
    leaf_old, leaf_new = (publish(owner, "leaf", version) for version in ("v1.0.0", "v1.2.0"))
    of_leaf = path_of(owner, "leaf")
    middle = publish(owner, "middle", "v1.0.0", f"{of_leaf} v1.2.0")
    publish(owner, "other", "v1.0.0")
    top = publish(owner, "Top", "v1.0.0", f"{of_leaf} v1.0.0", f"{path_of(owner, 'middle')} v1.0.0")
    document = sbom(owner, module=f"{path_of(owner, 'Top')}@v1.0.0")
    assert refs(document) == [leaf_new, middle]
    assert leaf_old not in refs(document)
    assert document["metadata"]["component"]["bom-ref"] == top
    assert document["compositions"] == [{"aggregate": "complete", "dependencies": [top]}]
    assert {each["ref"]: each["dependsOn"] for each in document["dependencies"]} == {
        top: [leaf_new, middle],
        middle: [leaf_new],
        leaf_new: [],
    }


def test_what_is_missing_is_named_and_said_to_be(owner: Owner) -> None:
    top = publish(owner, "top", "v1.0.0", "example.com/elsewhere v1.5.0")
    document = sbom(owner, module=f"{path_of(owner, 'top')}@v1.0.0")
    (component,) = document["components"]
    assert component["name"] == "example.com/elsewhere" and "hashes" not in component
    assert document["compositions"] == [{"aggregate": "incomplete", "dependencies": [top]}]


def test_a_go_mod_alone_is_for_the_graph_only(owner: Owner) -> None:
    publish(owner, "top", "v1.0.0", "example.com/middle v1.0.0", go="1.16")
    go_mod = b"module example.com/middle\nrequire example.com/leaf v1.9.0\n"
    h1 = dirhash.hash_go_mod(go_mod)
    unit, _ = GoModFile.objects.get_or_create(
        module="example.com/middle", version="v1.0.0", go_mod_h1=h1, defaults={"go_mod": go_mod}
    )
    owner.repository.refresh_from_db()
    with owner.repository.new_version() as new:
        new.add_content(GoModFile.objects.filter(pk=unit.pk))
    assert [each["name"] for each in sbom(owner)["components"]] == [path_of(owner, "top")]
    needed = sbom(owner, module=f"{path_of(owner, 'top')}@v1.0.0")["components"]
    assert [each["name"] for each in needed] == ["example.com/leaf", "example.com/middle"]


def test_what_is_stopped_is_on_no_bill(owner: Owner) -> None:
    publish(owner, "bad", "v1.0.0")
    publish(owner, "good", "v1.0.0", f"{path_of(owner, 'bad')} v1.0.0")
    url = f"{owner.packages_url}/sbom.json"
    before = get(url).headers["ETag"]
    rule = {
        "module": path_of(owner, "bad"),
        "versions": "",
        "reason": "it steals keys",
        "since": "2026-01-02",
    }
    with transaction.atomic():
        owner.distribution.policy = GoPolicy.objects.create(name=owner.repository.name, deny=[rule])
        owner.distribution.save()
    assert get(url, headers={"If-None-Match": before}).status_code == 200
    assert [each["name"] for each in sbom(owner)["components"]] == [path_of(owner, "good")]
    (needed,) = sbom(owner, module=f"{path_of(owner, 'good')}@v1.0.0")["components"]
    assert needed["name"] == path_of(owner, "bad") and "hashes" not in needed
    assert get(url, params={"module": f"{path_of(owner, 'bad')}@v1.0.0"}).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["module=", "module=x", "module=example.com/m", "module=example.com/m@v1", "modules=1"]
    + ["module=example.com/m@v1.0.0&module=example.com/n@v1.0.0", "module=example.com/%00@v1.0.0"]
    + ["module=example.com/m@" + "v" * 5000, "module=../../etc@v1.0.0"],
)
def test_a_wrong_question_is_told_so(owner: Owner, query: str) -> None:
    answer = get(f"{owner.packages_url}/sbom.json?{query}")
    assert answer.status_code == 400 and answer.text.startswith("bad request: ")
    assert answer.text.count("\n") == 1


def test_what_is_not_here_is_not_found(owner: Owner) -> None:
    answer = get(f"{owner.packages_url}/sbom.json?module=example.com/m@v1.0.0")
    assert answer.status_code == 404
    assert answer.text == "not found: example.com/m@v1.0.0 is not in this repository\n"


@pytest.mark.parametrize("where", ["main", "needed"])
def test_a_go_mod_that_takes_long_to_read_is_too_large(owner: Owner, where: str) -> None:
    large = "".join(f"// line {number}\n" for number in range(80_000))
    for path, required in (("needed", ""), ("main", f"require {path_of(owner, 'needed')} v1.0.0")):
        full = path_of(owner, path)
        go_mod = f"module {full}\n{required}\n{large if path == where else ''}"
        # As remotes have such, or administrators permit it.
        with configured(GOMOD_MAX_GO_MOD_SIZE=4 << 20):
            owner.publish(zip_of(full, "v1.0.0", go_mod))
    asked = {"module": f"{path_of(owner, 'main')}@v1.0.0"}
    answer = get(f"{owner.packages_url}/sbom.json", params=asked)
    assert answer.status_code == 422 and "too large" in answer.text
    # Of everything, nothing of them is read.
    assert len(sbom(owner)["components"]) == 2
