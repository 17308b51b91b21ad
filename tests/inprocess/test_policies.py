"""What a policy stops is served by no URL and on no list; what it lets pass is served as ever."""

import io
import tarfile
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import transaction
from rest_framework.exceptions import ValidationError

from pulp_gomod.app.models import GoPolicy
from pulp_gomod.app.serializers import GoPolicySerializer, GoVulndbSerializer
from tests.functional.upstream_world import Upstream, running
from tests.goproxy_requests import get, zip_of
from tests.inprocess import vulndbs
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.unit import django_set_up  # noqa: F401

RETRACTS = "module {path}\n\nretract v1.1.0 // it was wrong\n"


def rule(module: str, versions: str = "", reason: str = "it steals keys") -> dict[str, str]:
    return {"module": module, "versions": versions, "reason": reason, "since": "2026-01-02"}


def obey(owner: Owner, **conditions: Any) -> GoPolicy:
    """Let the distribution obey a new policy."""
    policy: GoPolicy = GoPolicy.objects.create(name=f"of {owner.repository.name}", **conditions)
    with transaction.atomic():
        owner.distribution.policy = policy
        owner.distribution.save()
    return policy


def test_a_name_that_is_taken_between_its_check_and_its_use_is_said(owner: Owner) -> None:
    for serializer, more in ((GoPolicySerializer, {}), (GoVulndbSerializer, {"url": ""})):
        name = uuid4().hex
        both = [serializer(data={"name": name, **more}) for _ in range(2)]
        for each in both:
            each.is_valid(raise_exception=True)
        both[0].save()
        with pytest.raises(ValidationError) as refused:
            both[1].save()
        assert refused.value.detail == {"name": ["This field must be unique."]}


def change(policy: GoPolicy, **conditions: Any) -> None:
    for name, value in conditions.items():
        setattr(policy, name, value)
    with transaction.atomic():
        policy.save()


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        yield upstream


def path_of(owner: Owner, name: str = "Mod") -> str:
    return f"example.com/{owner.repository.name}/{name}"


def publish(owner: Owner, *versions: str, path: str = "") -> str:
    """Publish versions of a module; return how URLs spell its path."""
    path = path or path_of(owner)
    go_mods = dict.fromkeys(versions, f"module {path}\n")
    go_mods[versions[-1]] = RETRACTS.format(path=path)
    owner.publish(*(zip_of(path, version, go_mod) for version, go_mod in go_mods.items()))
    return path.replace("Mod", "!mod")


def is_stopped(answer: requests.Response, *words: str) -> bool:
    """Whether an answer says in one line of plain text what was stopped, and why."""
    assert answer.status_code == 403, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/plain") and answer.text.count("\n") == 1
    assert all(word in answer.text for word in words), answer.text
    return True


def check_stopped(url: str, version: str, *words: str) -> None:
    """Ask for what is stopped in all ways, often enough for what is kept in memory."""
    for file in ("info", "zip"):
        for _ in range(3):
            assert is_stopped(get(f"{url}/@v/{version}.{file}"), *words)
        assert is_stopped(get(f"{url}/@v/{version}.{file}", headers={"Range": "bytes=0-9"}))
        assert is_stopped(get(f"{url}/@v/{version}.{file}", headers={"If-None-Match": "*"}))
        assert requests.head(f"{url}/@v/{version}.{file}", timeout=60).status_code == 403
    assert get(f"{url}/@v/{version}.mod").status_code == 200


def test_what_is_denied_is_served_by_no_url(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.1.0", "v1.2.0")
    urls = [f"{root}/{path}" for root in (owner.packages_url, owner.content_url)]
    for url in urls:
        for _ in range(2):
            assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
            assert get(f"{url}/@v/list").text == "v1.0.0\nv1.1.0\nv1.2.0\n"
    before = get(f"{urls[0]}/@v/list")
    policy = obey(owner, deny=[rule("example.com/*/Mod", ">=v1.2.0")])
    for url in urls:
        check_stopped(url, "v1.2.0", "it steals keys", policy.name, "2026-01-02")
        # v1.2.0 says that v1.1.0 is retracted, and is believed.
        assert get(f"{url}/@v/list").text == "v1.0.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
        assert get(f"{url}/@v/latest.info").json()["Version"] == "v1.0.0"
        assert get(f"{url}/@v/latest.zip").status_code == 200
        passed = get(f"{url}/@v/v1.0.0.zip")
        assert passed.status_code == 200 and "max-age" not in passed.headers["Cache-Control"]
    known = {"If-None-Match": before.headers["ETag"]}
    assert get(f"{urls[0]}/@v/list", headers=known).status_code == 200
    index = get(f"{owner.packages_url}/index").text
    assert '"v1.0.0"' in index.lower() and "v1.2.0" not in index
    with tarfile.open(fileobj=io.BytesIO(get(f"{owner.packages_url}/bundle.tar").content)) as tar:
        names = {name.rpartition("/")[2] for name in tar.getnames()}
    assert {"v1.2.0.mod", "v1.0.0.zip"} <= names and not {"v1.2.0.zip", "v1.2.0.info"} & names

    change(policy, deny=[])
    for url in urls:
        assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
        assert get(f"{url}/@v/list").text == "v1.0.0\nv1.1.0\nv1.2.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.2.0"
    assert "v1.2.0" in get(f"{owner.packages_url}/index").text


def test_a_module_that_is_denied_altogether_sends_nobody_elsewhere(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    obey(owner, deny=[rule("example.com")])
    url = f"{owner.packages_url}/{path}"
    answer = get(f"{url}/@v/list")
    assert (answer.status_code, answer.text) == (200, "")
    assert is_stopped(get(f"{url}/@latest"), "it steals keys")
    assert is_stopped(get(f"{url}/@v/latest.zip"), "it steals keys")
    assert is_stopped(get(f"{url}/@v/v7.0.0.info"), "it steals keys")
    assert get(f"{url}x/@v/list").status_code == 404


def test_a_mode_goes_as_far_as_it_says(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    url = f"{owner.packages_url}/{path}"
    policy = obey(owner, deny=[rule(path_of(owner), "v1.2.0")], deny_mode="lists")
    assert get(f"{url}/@v/list").text == "v1.0.0\n"
    assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
    assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
    assert get(f"{url}/@v/v1.2.0.info").status_code == 200
    for mode in ("observe", "off"):
        change(policy, deny_mode=mode)
        assert get(f"{url}/@v/list").text == "v1.0.0\nv1.2.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.2.0"
        assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
    change(policy, deny_mode="enforce")
    check_stopped(url, "v1.2.0", "it steals keys")


def test_what_is_not_on_an_allow_list_is_stopped(owner: Owner) -> None:
    path, other = publish(owner, "v1.0.0", "v1.2.0"), path_of(owner, "other")
    publish(owner, "v1.0.0", path=other)
    policy = obey(owner, allow=[rule(path_of(owner), "<v1.1.0")], allow_mode="enforce")
    url = f"{owner.packages_url}/{path}"
    assert get(f"{url}/@v/list").text == "v1.0.0\n"
    check_stopped(url, "v1.2.0", "allow list", policy.name)
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
    check_stopped(f"{owner.packages_url}/{other}", "v1.0.0", "allow list")


def test_names_that_nothing_here_can_have_are_refused_and_lead_nowhere(owner: Owner) -> None:
    long = "example.com/" + "/".join(["x" * 200] * 11)
    files = ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip")
    roots = (owner.packages_url, owner.content_url)
    for root in roots:
        for file in files:
            answer = get(f"{root}/{long}/{file}")
            assert answer.status_code == 404 and "longer than this server accepts" in answer.text
    obey(owner, allow=[rule("example.org")], allow_mode="enforce")
    for root in roots:
        assert all(is_stopped(get(f"{root}/{long}/{file}"), "longer") for file in files)


def test_what_an_upstream_has_is_stopped_likewise(upstream: Upstream, content_url: str) -> None:
    path = "example.com/denied"
    for version in ("v1.0.0", "v1.1.0"):
        upstream.add(path, version)
    upstream.modules[path]["main"] = upstream.add(path, "v1.2.0", "retract v1.1.0")
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{path}/@v/list").text == "v1.0.0\nv1.1.0\nv1.2.0\n"
    assert mirror.get(f"{path}/@v/v1.2.0.zip").status_code == 200
    obey(mirror.owner, deny=[rule("example.com/denied", "v1.2.0")])
    for root in (mirror.owner.content_url, mirror.owner.packages_url):
        url = f"{root}/{path}"
        assert get(f"{url}/@v/list").text == "v1.0.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
        check_stopped(url, "v1.2.0", "it steals keys")
        assert is_stopped(get(f"{url}/@v/main.info"), "it steals keys")
        assert is_stopped(get(f"{url}/@v/main.zip"), "full version")
        assert get(f"{url}/@v/v1.0.0.zip").status_code == 200


def test_what_counts_as_retracted_is_served_to_whoever_asks_for_it(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.1.0", "v1.2.0")
    url = f"{owner.packages_url}/{path}"
    policy = obey(
        owner,
        retract=[rule(path_of(owner), ">=v1.2.0")],
        deny=[rule(path_of(owner), "v1.0.0")],
    )
    for _ in range(3):
        assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
        assert get(f"{url}/@v/v1.2.0.info").status_code == 200
        # What it retracts itself is believed, and if nothing else is left, it is taken all the same.
        assert get(f"{url}/@v/list").text == "v1.1.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.1.0"
    check_stopped(url, "v1.0.0", "it steals keys")
    change(policy, retract=[rule(path_of(owner))], deny=[])
    assert get(f"{url}/@v/list").text == ""
    assert is_stopped(get(f"{url}/@latest"), "counts as retracted")
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200


def test_what_an_upstream_publishes_later_is_the_latest_whoever_was_stopped_before(
    upstream: Upstream, content_url: str
) -> None:
    path = "example.com/later"
    upstream.modules[path] = {"main": upstream.add(path, "v1.0.0")} | upstream.modules[path]
    mirror = Mirror.create(content_url, upstream, cache_ttl=0)
    obey(mirror.owner, deny=[rule(path, "<v1.1.0")])
    urls = [f"{root}/{path}" for root in (mirror.owner.content_url, mirror.owner.packages_url)]
    moving = ("@latest", "@v/latest.info", "@v/latest.zip", "@v/main.info")
    for url in urls:
        for _ in range(2):
            assert all(is_stopped(get(f"{url}/{file}"), "it steals keys") for file in moving)
        check_stopped(url, "v1.0.0", "it steals keys")
    upstream.modules[path]["main"] = upstream.add(path, "v1.1.0")
    for url in urls:
        # An old answer is good enough while a new one is fetched.
        assert until_it_is(f"{url}/@v/list", "v1.1.0\n") and until_it_is(f"{url}/@v/main.info")
        assert get(f"{url}/@latest").json()["Version"] == "v1.1.0"
        assert get(f"{url}/@v/latest.info").json()["Version"] == "v1.1.0"
        assert get(f"{url}/@v/latest.zip").status_code == 200
        check_stopped(url, "v1.0.0", "it steals keys")


def until_it_is(url: str, text: str = "") -> bool:
    """Ask until an answer is a text, or no refusal any more."""
    for _ in range(100):
        answer = get(url)
        if answer.status_code == 200 and text in ("", answer.text):
            return True
        time.sleep(0.1)
    return False


def test_a_put_replaces_lists_as_it_does_modes(owner: Owner) -> None:
    vulndb = vulndbs.make()
    filled = {
        "deny": [rule("example.com/bad")],
        "deny_mode": "observe",
        "licenses": ["MIT"],
        "vulnerable_db": vulndb,
        "vulnerable_mode": "observe",
    }
    policy = GoPolicy.objects.create(name=f"put-{uuid4().hex[:8]}", **filled)

    def changed(is_partial: bool, **data: Any) -> GoPolicy:
        asked = GoPolicySerializer(policy, data=data, partial=is_partial)
        asked.is_valid(raise_exception=True)
        asked.save()
        return GoPolicy.objects.get(pk=policy.pk)

    patched = changed(True, description="what it is for")
    assert {name: getattr(patched, name) for name in filled} == filled
    put = changed(False, name=policy.name)
    # Nothing that was only observed is enforced.
    assert (put.deny, put.deny_mode, put.licenses) == ([], "enforce", [])
    assert (put.vulnerable_db, put.vulnerable_mode, put.description) == (None, "off", "")
