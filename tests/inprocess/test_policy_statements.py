"""A policy adds one statement at most to a request that nobody has made before, and none to any other."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from pulp_gomod.app.content.repository import prefetch
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.models import (
    GoDistribution,
    GoDocumentation,
    GoModule,
    GoPolicy,
    GoRelease,
)
from pulp_gomod.golang.sumdb import note
from tests.functional.upstream_world import SUMDB, Upstream
from tests.goproxy_requests import get, zip_of
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import rule
from tests.inprocess.test_sumdb_kept import join_now
from tests.inprocess.test_waivers import approve, request
from tests.inprocess.vulndbs import fill, make, report
from tests.unit import django_set_up  # noqa: F401

# The newest one is stopped in the modules `bad`, and none in the modules `good`.
VERSIONS = ("v1.1.0", "v1.2.0")
FILES = {
    "v1.1.0.info": 200,
    "v1.1.0.mod": 200,
    "v1.1.0.zip": 200,
    "v1.2.0.info": 403,
    "v1.2.0.mod": 200,
    "v1.2.0.zip": 403,
    "v9.0.0.info": 404,
    "list": 200,
    "../@latest": 200,
    "latest.info": 200,
    "latest.zip": 200,
    "latest.mod": 200,
}
# What is asked now and then whatever is requested, and what is noted beside it.
BESIDE = (
    "pg_current_snapshot",
    "gopolicyevent",
    "goconsumer",
    "gopendingentry",
    "plan_cache_mode",
    "core_domain",
    # What has been pulled through, also by tests before, joins its repository by a task.
    "core_task",
    'FROM "gomod_gorepository" INNER JOIN',
)


class Statements:
    """What is asked of PostgreSQL."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        fetch_all, execute = Database.fetch_all, CursorWrapper.execute

        async def noted(database: Database, sql: str, *rest: Any) -> Any:
            self._note(sql)
            return await fetch_all(database, sql, *rest)

        def executed(cursor: CursorWrapper, sql: Any, *rest: Any) -> Any:
            if str(sql).startswith("SELECT"):
                self._note(str(sql))
            return execute(cursor, sql, *rest)

        monkeypatch.setattr(Database, "fetch_all", noted)
        monkeypatch.setattr(CursorWrapper, "execute", executed)

    def _note(self, sql: str) -> None:
        if not any(text in sql for text in BESIDE):
            self.texts.append(sql)

    def during(self, url: str, status: int) -> list[str]:
        self.texts.clear()
        answer = get(url)
        assert answer.status_code == status, (url, answer.status_code, answer.text)
        return list(self.texts)


def strict(name: str, path: str) -> GoPolicy:
    """Make a policy with all conditions, by which some modules have no newest version."""
    vulnerable, malicious = make(), make(kind="malicious")
    fill(vulnerable, report("GO-2026-1", f"{path}/bad/vulnerable", "1.0.0"))
    enforced = [
        f"{each}_mode"
        for each in ("deny", "allow", "retract", "vulnerable", "malicious", "licenses", "hold")
    ]
    policy = GoPolicy(
        name=name,
        deny=[rule(f"{path}/bad", "v1.2.0")],
        allow=[rule("example.com")],
        retract=[rule(f"{path}/retracted")],
        licenses=["GPL-3.0"],
        hold_days=14,
        hold_own=True,
        vulnerable_db=vulnerable,
        malicious_db=malicious,
        **dict.fromkeys(enforced, "enforce"),
    )
    policy.note_hold()
    policy.save()
    approve(request(policy, f"{path}/none"))
    return policy


class Scene:
    """The same repository, served with a policy and without one."""

    def __init__(self, owner: Owner, modules: list[str], path: str) -> None:
        self.modules = modules
        name = f"{owner.repository.name}-strict"
        policy = strict(name, path)
        mine = owner.distribution
        self.roots = {False: f"{owner.url}/pulp/content/{mine.base_path}"}
        with transaction.atomic():
            other = GoDistribution.objects.create(
                name=name,
                base_path=name,
                repository=owner.repository,
                remote=mine.remote,
                policy=policy,
            )
        self.roots[True] = f"{owner.url}/pulp/content/{other.base_path}"

    def url(self, has_policy: bool, file: str) -> str:
        """A URL of a module that nobody has asked for."""
        module = self.modules.pop()
        place = "@latest" if file == "../@latest" else f"@v/{file}"
        return f"{self.roots[has_policy]}/{module}/{place}"


def settled() -> None:
    """Let everything be old, and its licences be known."""
    GoRelease.objects.update(first_seen=timezone.now() - timedelta(days=30))
    GoDocumentation.objects.bulk_create(
        GoDocumentation(unit=unit, state="complete", licence_ids=["MIT"], computed=timezone.now())
        for unit in GoModule.objects.filter(documentation=None)
    )


def published(content_url: str) -> Scene:
    owner = Owner.create(content_url)
    path = f"example.com/{owner.repository.name}"
    modules = [f"{path}/bad/m{number}" for number in range(2 * len(FILES) + 2)]
    owner.publish(*(zip_of(module, version) for module in modules for version in VERSIONS))
    settled()
    return Scene(owner, modules, path)


def mirrored(content_url: str, upstream: Upstream) -> Scene:
    """Hold the same modules, of which an upstream may know more."""
    signer, key = note.generate_key(SUMDB)
    upstream.sign(signer)
    mirror = Mirror.create(content_url, upstream, sumdb=key)
    path = f"example.com/{mirror.owner.repository.name}"
    modules = [f"{path}/bad/m{number}" for number in range(2 * len(FILES) + 2)]
    for module in modules:
        upstream.modules[module] = {}
        for version in VERSIONS:
            upstream.add(module, version)
            assert mirror.get(f"{module}/@v/{version}.zip").status_code == 200
    join_now(mirror.owner.repository, len(modules) * len(VERSIONS))
    settled()
    return Scene(mirror.owner, modules, path)


@pytest.mark.parametrize("has_upstream", [False, True])
def test_all_conditions_together_add_one_statement_and_nothing_to_what_was_asked_before(
    content_url: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, has_upstream: bool
) -> None:
    monkeypatch.setattr(prefetch, "SEVERAL", 1000)
    scene = mirrored(content_url, upstream) if has_upstream else published(content_url)
    statements = Statements(monkeypatch)
    # What is asked once for a connection, and for a remote.
    for has_policy in (False, True):
        assert get(scene.url(has_policy, "list")).status_code == 200
    for file, status in FILES.items():
        plain_url, url = scene.url(False, file), scene.url(True, file)
        plain_status = 200 if status == 403 else status
        plain = statements.during(plain_url, plain_status)
        policed = statements.during(url, status)
        assert 0 < len(policed) <= len(plain) + 1, (file, plain, policed)
        # What an upstream says is looked up again, with a policy and without.
        plain, policed = statements.during(plain_url, plain_status), statements.during(url, status)
        assert len(policed) <= (len(plain) if has_upstream else 0), (file, plain, policed)
