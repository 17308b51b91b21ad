"""What a waiver lets pass is served, as long as it holds and no further than it says."""

import io
import tarfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from pulp_gomod.app.models import GoPolicy, GoWaiver
from pulp_gomod.app.models import waiver as waivers
from pulp_gomod.app.models.waiver import TooManyWaivers, decide, request_waiver
from tests.goproxy_requests import get
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import is_stopped, obey, path_of, publish, rule
from tests.unit import django_set_up  # noqa: F401


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def request(policy: GoPolicy, module: str, versions: str = "", **said: Any) -> GoWaiver:
    expires = said.pop("expires", datetime.now(UTC) + timedelta(days=1))
    said = {"reason": "it is needed", "requested_by": "alice", **said}
    with transaction.atomic():
        return request_waiver(
            policy, None, module=module, versions=versions, expires=expires, **said
        )


def approve(waiver: GoWaiver, **said: Any) -> GoWaiver | None:
    with transaction.atomic():
        return decide(waiver.pk, ("requested",), "approved", by="bob", **said)


def revoke(waiver: GoWaiver) -> GoWaiver | None:
    with transaction.atomic():
        return decide(waiver.pk, ("requested", "approved"), "revoked", by="bob")


def test_what_is_approved_passes_at_once_and_what_is_revoked_does_not(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.1.0", "v1.2.0")
    url = f"{owner.packages_url}/{path}"
    policy = obey(owner, deny=[rule(path_of(owner), ">=v1.1.0")])
    waiver = request(policy, path_of(owner), "v1.2.0")
    for _ in range(3):
        said = f"waiver request {path_of(owner)}@v1.2.0"
        assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), said, policy.name)
        assert get(f"{url}/@v/list").text == "v1.0.0\n"
    approve(waiver)
    for _ in range(3):
        assert get(f"{url}/@v/v1.2.0.zip").status_code == 200
        assert get(f"{url}/@v/v1.2.0.info").status_code == 200
        assert is_stopped(get(f"{url}/@v/v1.1.0.zip"), "it steals keys")
        # What it retracts is believed.
        assert get(f"{url}/@v/list").text == "v1.0.0\nv1.2.0\n"
        assert get(f"{url}/@latest").json()["Version"] == "v1.2.0"
    assert approve(waiver) is None
    revoke(waiver)
    for _ in range(3):
        assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), "it steals keys")
        assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"


def in_bundle(owner: Owner) -> set[str]:
    """Return the names of the files in the bundle, without directories."""
    content = get(f"{owner.packages_url}/bundle.tar").content
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {name.rpartition("/")[2] for name in tar.getnames()}


def test_it_ends_by_itself(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    url = f"{owner.packages_url}/{path}"
    policy = obey(owner, deny=[rule(path_of(owner), "v1.2.0")])
    end = datetime.now(UTC) + timedelta(seconds=6)
    approve(request(policy, path_of(owner), expires=end))
    for _ in range(3):
        passed = get(f"{url}/@v/v1.2.0.zip")
        assert passed.status_code == 200 or datetime.now(UTC) >= end
        assert "max-age" not in passed.headers["Cache-Control"]
        assert get(f"{url}/@latest").json()["Version"] == "v1.2.0" or datetime.now(UTC) >= end
        assert "v1.2.0.zip" in in_bundle(owner) or datetime.now(UTC) >= end
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), "it steals keys")
    assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
    assert "v1.2.0.zip" not in in_bundle(owner) and "v1.0.0.zip" in in_bundle(owner)
    # It is not told to content processes that begin later, either.
    policy.save()
    assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), "it steals keys")


def test_it_is_for_the_conditions_that_it_names(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    url = f"{owner.packages_url}/{path}"
    policy = obey(
        owner,
        deny=[rule(path_of(owner), "v1.2.0")],
        allow=[rule("example.org")],
        allow_mode="enforce",
    )
    approve(request(policy, path_of(owner), conditions=["deny"]))
    assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), "allow list")
    approve(request(policy, path_of(owner), conditions=["allow"]))
    assert get(f"{url}/@v/v1.2.0.zip").status_code == 200


def test_those_of_other_policies_do_not_count(owner: Owner) -> None:
    path = publish(owner, "v1.0.0", "v1.2.0")
    other = Owner.create(owner.url)
    for each in (owner, other):
        policy = obey(each, deny=[rule(path_of(owner))])
    approve(request(policy, path_of(owner)))
    assert is_stopped(get(f"{owner.packages_url}/{path}/@v/v1.2.0.zip"), "it steals keys")


def test_requests_are_bounded(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = obey(owner, deny=[rule(path_of(owner))])
    for name in ("MOST_WAITING_OF_ONE", "MOST_IN_FORCE"):
        monkeypatch.setattr(waivers, name, 2)
    monkeypatch.setattr(waivers, "MOST_ENDED", 3)
    made = [request(policy, f"example.com/{number}") for number in range(2)]
    with pytest.raises(TooManyWaivers, match="wait"):
        request(policy, "example.com/3")
    made.append(request(policy, "example.com/3", requested_by="carol"))
    for each in made[:2]:
        assert approve(each)
    with pytest.raises(TooManyWaivers, match="in force"):
        approve(made[2])
    for number in range(5):
        revoke(request(policy, f"example.com/more/{number}", requested_by="dave"))
    assert GoWaiver.objects.filter(policy=policy, state="revoked").count() == 3
    assert GoWaiver.objects.filter(policy=policy, state="approved").count() == 2
