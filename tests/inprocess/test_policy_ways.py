"""There is no way around what a policy stops: whatever is served, by whichever URL it is asked for, and however."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db import transaction

from pulp_gomod.app.models import GoPublication
from tests.functional.upstream_world import running
from tests.goproxy_requests import get, raw, zip_of
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import is_stopped, obey, path_of, rule
from tests.inprocess.test_sumdb_kept import join_now
from tests.unit import django_set_up  # noqa: F401

REASON = "it steals keys"
BAD = "v1.2.0"


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def publish(owner: Owner) -> str:
    """Publish a module, whose path has upper case in it; return how URLs spell that."""
    path = path_of(owner)
    owner.publish(*(zip_of(path, version) for version in ("v1.0.0", BAD)))
    return path.replace("Mod", "!mod")


def serve(owner: Owner, **what: Any) -> None:
    for name in ("repository", "repository_version", "publication"):
        setattr(owner.distribution, name, what.get(name))
    with transaction.atomic():
        owner.distribution.save()


def as_repository(owner: Owner) -> None:
    serve(owner, repository=owner.repository)


def as_version(owner: Owner) -> None:
    serve(owner, repository_version=owner.repository.latest_version())


def as_publication(owner: Owner) -> None:
    version = owner.repository.latest_version()
    made = GoPublication.objects.create(repository_version=version, complete=True)
    serve(owner, publication=made)


# Other ways to write the same, none of which a URL of the protocol may have.
SPELLINGS = (
    "%40v/v1.2.0.zip",
    "@v/v1%2E2%2E0.zip",
    "@v/%761.2.0.zip",
    "@v/v1.2.0.%7Aip",
    "@v/v1.2.0.zip?go-get=1",
    "@v/v1.2.0+meta.zip",
    "@v/v1.2.zip",
    "@v/v1.zip",
    "@v/V1.2.0.zip",
    "@v/!v1.2.0.zip",
    "@v/v1.2.0.ZIP",
    "@v/v1.2.0.zip/",
    "@v//v1.2.0.zip",
    "@v/./v1.2.0.zip",
    "@v/../@v/v1.2.0.zip",
    "@v%2Fv1.2.0.zip",
    "@v/v01.2.0.zip",
    "@v/v1.2.0.info%00",
    "@v/v1.2.0.zip%20",
    "@v/v1.2.0%0A.zip",
)


@pytest.mark.parametrize("served", [as_repository, as_version, as_publication])
def test_by_no_spelling_and_whatever_is_served(
    owner: Owner, served: Callable[[Owner], None]
) -> None:
    spelled = publish(owner)
    served(owner)
    obey(owner, deny=[rule(path_of(owner), BAD, REASON)])
    for root in roots(owner):
        url = f"{root}/{spelled}"
        for file in ("info", "zip"):
            assert is_stopped(get(f"{url}/@v/{BAD}.{file}"), REASON)
            assert requests.head(f"{url}/@v/{BAD}.{file}", timeout=60).status_code == 403
        assert get(f"{url}/@v/{BAD}.mod").status_code == 200
        assert get(f"{url}/@v/list").text == "v1.0.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
        assert get(f"{url}/@v/latest.info").json()["Version"] == "v1.0.0"
        assert get(f"{url}/@v/latest.mod").status_code == 200
        for name in ("Mod", "!mod", "%21mod", "mod"):
            for spelling in SPELLINGS:
                path = f"{spelled.replace('!mod', name)}/{spelling}"
                assert raw(root, path).status_code in (400, 403, 404, 405), path


def roots(owner: Owner) -> list[str]:
    """All URLs of a GOPROXY, with and without a hold that whoever asks has chosen."""
    urls = [owner.content_url, owner.packages_url]
    return [f"{url}{hold}" for url in urls for hold in ("", "/hold/14d")]


@pytest.mark.parametrize("served", [as_repository, as_version, as_publication])
def test_a_hold_in_the_url_counts_whatever_is_served(
    owner: Owner, served: Callable[[Owner], None]
) -> None:
    spelled = publish(owner)
    served(owner)
    obey(owner, hold_days=7, hold_own=True)
    for root in roots(owner):
        days = "14 days" if "/hold/" in root else "7 days"
        for file in ("info", "zip"):
            assert is_stopped(get(f"{root}/{spelled}/@v/{BAD}.{file}"), days)
            assert requests.head(f"{root}/{spelled}/@v/{BAD}.{file}", timeout=60).status_code == 403
        assert get(f"{root}/{spelled}/@v/{BAD}.mod").status_code == 200
        assert get(f"{root}/{spelled}/@v/list").text == ""
        assert is_stopped(get(f"{root}/{spelled}/@latest"), days)
        assert is_stopped(get(f"{root}/{spelled}/@v/latest.mod"), days)


ONLY_HELD = {"Disable-Module-Fetch": "true"}


def test_not_while_the_upstream_is_dead_nor_for_whoever_wants_nothing_fetched(
    content_url: str,
) -> None:
    with running() as upstream:
        path = "example.com/cached"
        for version in ("v1.0.0", BAD, "v2.0.0+incompatible"):
            upstream.add(path, version)
        upstream.modules[path]["main"] = upstream.modules[path][BAD]
        mirror = Mirror.create(content_url, upstream, cache_ttl=0)
        for version in ("v1.0.0", BAD, "v2.0.0+incompatible"):
            assert mirror.get(f"{path}/@v/{version}.zip").status_code == 200
        assert mirror.get(f"{path}/@v/list").status_code == 200
        assert mirror.get(f"{path}/@latest").status_code == 200
        assert mirror.get(f"{path}/@v/main.info").status_code == 200
        entries = [rule(path, BAD, REASON), rule(path, "v2.0.0+incompatible", REASON)]
        obey(mirror.owner, deny=entries)
        check_mirror(mirror, path, {})
        check_mirror(mirror, path, ONLY_HELD)
    # What has been cached, and has not joined the repository yet.
    check_mirror(mirror, path, {})
    check_mirror(mirror, path, ONLY_HELD)
    join_now(mirror.owner.repository, 3)
    check_mirror(mirror, path, {})
    as_version(mirror.owner)
    check_mirror(mirror, path, {})
    check_mirror(mirror, path, ONLY_HELD)


def check_mirror(mirror: Mirror, path: str, headers: dict[str, str]) -> None:
    for root in (mirror.owner.content_url, mirror.owner.packages_url):
        for version in (BAD, "v2.0.0+incompatible"):
            for file in ("info", "zip"):
                assert is_stopped(
                    get(f"{root}/{path}/@v/{version}.{file}", headers=headers), REASON
                )
            assert get(f"{root}/{path}/@v/{version}.mod", headers=headers).status_code == 200
        assert get(f"{root}/{path}/@v/list", headers=headers).text == "v1.0.0\n"
        assert get(f"{root}/{path}/@latest", headers=headers).json()["Version"] == "v1.0.0"
        assert get(f"{root}/{path}/@v/v1.0.0.zip", headers=headers).status_code == 200
        # A branch is not held, and the answer of an upstream that is gone may be an error.
        assert get(f"{root}/{path}/@v/main.info", headers=headers).status_code in (403, 404, 502)
