"""Two who administer the same thing at the same time: what each of them was told is so."""

from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.test import APIClient

from tests.inprocess import vulndbs
from tests.inprocess.meanwhile import before, meanwhile
from tests.inprocess.owners import Owner

from pulpcore.plugin.models import Domain  # isort: skip
from pulpcore.plugin.util import get_url  # isort: skip

from pulp_gomod.app.models import GoBlock, GoPolicy, GoRepository, GoToken, GoVulndb  # isort: skip
from pulp_gomod.app.models.event import Event, record  # isort: skip
from pulp_gomod.app.serializers import GoDistributionSerializer  # isort: skip

_RULE = {"module": "example.com/bad", "reason": "it steals keys"}


def call(verb: str, what: Any, **fields: Any) -> Response:
    """Ask the API in this process, as an administrator."""
    response: Response = getattr(administrator(), verb)(get_url(what), fields, format="json")
    return response


def post(path: str, **fields: Any) -> Response:
    response: Response = administrator().post(f"/pulp/api/v3/{path}", fields, format="json")
    return response


def administrator() -> APIClient:
    user, _ = get_user_model().objects.get_or_create(username="root", is_superuser=True)
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def policy(content_url: str) -> GoPolicy:
    made: GoPolicy = GoPolicy.objects.create(name=f"policy-{uuid4().hex}")
    return made


def test_what_one_says_of_a_policy_stays_when_another_says_something_else(policy: GoPolicy) -> None:
    with before('UPDATE "gomod_gopolicy"', lambda: call("patch", policy, deny=[_RULE])) as denied:
        assert call("patch", policy, hold_days=3).status_code == 200
    assert denied.result().status_code == 200
    policy.refresh_from_db()
    assert policy.hold_days == 3
    assert [each["module"] for each in policy.deny] == ["example.com/bad"]


def test_a_change_brings_nothing_back_that_was_deleted(policy: GoPolicy) -> None:
    with before('UPDATE "gomod_gopolicy"', lambda: call("delete", policy)) as deleted:
        assert call("patch", policy, hold_days=3).status_code == 200
    assert deleted.result().status_code == 204
    assert not GoPolicy.objects.filter(pk=policy.pk).exists()


def test_whoever_comes_too_late_is_told_that_it_is_gone(policy: GoPolicy) -> None:
    with before("FOR NO KEY UPDATE", lambda: call("delete", policy)) as deleted:
        late = call("patch", policy, hold_days=3)
    assert deleted.result().status_code == 204
    assert (late.status_code, late.data["detail"]) == (
        404,
        "This was deleted meanwhile. Nothing was done.",
    )


def test_a_database_that_is_deleted_leaves_no_schedule(content_url: str) -> None:
    vulndb, schedules = vulndbs.make(url="https://example.com/vulndb.zip"), vulndbs.schedules()
    with before('UPDATE "gomod_govulndb"', lambda: call("delete", vulndb)) as deleted:
        assert call("patch", vulndb, sync_interval="1d").status_code == 200
    assert deleted.result().status_code == 204
    assert not GoVulndb.objects.filter(pk=vulndb.pk).exists()
    assert vulndbs.schedules() == schedules


def test_a_policy_can_be_deleted_while_somebody_begins_to_obey_it(policy: GoPolicy) -> None:
    vulndb = vulndbs.make()
    with meanwhile(
        GoVulndb, lambda: call("patch", policy, vulnerable_db=get_url(vulndb))
    ) as changed:
        assert call("delete", vulndb).status_code == 204
    assert changed.result().status_code == 409


def test_who_blocks_in_a_repository_that_is_being_deleted_is_told_so(content_url: str) -> None:
    repository = Owner.create(content_url).repository
    block = {"repository": get_url(repository), "module": "example.com/bad", "reason": "it is bad"}
    with meanwhile(GoRepository, lambda: post("gomod/blocks/", **block)) as blocked:
        repository.delete()
    assert blocked.result().status_code == 400
    assert "was deleted meanwhile" in str(blocked.result().data)
    assert not GoBlock.objects.filter(module="example.com/bad").exists()


def test_no_guard_is_deleted_that_somebody_begins_to_use(content_url: str) -> None:
    distribution = Owner.create(content_url).distribution
    guard = apps.get_model("core", "RBACContentGuard").objects.create(name=f"guard-{uuid4().hex}")
    serializer = GoDistributionSerializer(
        distribution, {"content_guard": get_url(guard)}, partial=True, context={"request": None}
    )
    serializer.is_valid(raise_exception=True)
    with before('UPDATE "core_distribution"', serializer.save) as guarded:
        assert call("delete", guard).status_code == 204
    with pytest.raises(ValidationError, match="was deleted meanwhile"):
        guarded.result()


def test_a_user_and_a_domain_go_with_what_comes_meanwhile(content_url: str) -> None:
    user = get_user_model().objects.create(username=f"user-{uuid4().hex}")
    token = GoToken(owner=user, name="late", digest=uuid4().hex)
    with meanwhile(get_user_model(), token.save) as made:
        user.delete()
    with pytest.raises(IntegrityError):
        made.result()

    domain = Domain.objects.create(
        name=f"domain-{uuid4().hex[:12]}", storage_class="pulpcore.app.models.storage.FileSystem"
    )
    event = Event("stopped", domain.pk, "", None, "deny", "m", "v1.0.0")
    with meanwhile(Domain, lambda: record([(event, 1)], timezone.now())) as recorded:
        domain.delete()
    with pytest.raises(IntegrityError):
        recorded.result()


def test_a_policy_need_not_wait_for_the_database_that_it_names(policy: GoPolicy) -> None:
    """A sync takes long."""
    vulndb, done = vulndbs.make(), list[str]()

    def change() -> Response:
        answer = call("patch", policy, vulnerable_db=get_url(vulndb))
        done.append("changed")
        return answer

    with before('INSERT INTO "gomod_govulnfile"', change) as changed:
        vulndbs.fill(vulndb, vulndbs.report("GO-1", "example.com/m"))
        done.append("filled")
    assert changed.result().status_code == 200
    assert done == ["changed", "filled"]
