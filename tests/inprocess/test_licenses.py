"""Nothing is served under a licence that a policy denies, whoever asks for it first; and what that costs."""

import io
import tarfile
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pulp_gomod.app.content.repository.conditions import licences, licensed
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.models import GoDocumentation, GoLicences, GoModule
from pulp_gomod.documenter.process import DocumenterFailed
from tests.functional.upstream_world import Upstream
from tests.gomods import pack
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_policies import change, check_stopped, is_stopped, obey
from tests.inprocess.test_waivers import approve, request
from tests.unit import django_set_up  # noqa: F401

GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and "
    "associated documentation files. The above copyright notice and this permission notice shall be included."
)
PATH = "example.com/m"


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture
def _nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once for what was not known a moment ago."""
    monkeypatch.setattr(licences, "_TRUSTED", 0.0)
    monkeypatch.setattr(licensed, "_RENEWED", timedelta(0))


def path_of(owner: Owner) -> str:
    return f"example.com/{owner.repository.name}"


def publish(owner: Owner, version: str = "v1.0.0", **files: str) -> str:
    """Publish a version; return the URL of the module."""
    path = path_of(owner)
    named = [("go.mod", f"module {path}\n".encode()), ("a.go", b"package a\n")]
    named += [(name, text.encode()) for name, text in files.items()]
    owner.publish(pack(f"{path}@{version}/", named))
    return f"{owner.packages_url}/{path}"


def document(owner: Owner, version: str, *ids: str, state: str = "complete") -> None:
    unit = GoModule.objects.get(module=path_of(owner), version=version)
    GoDocumentation.objects.create(
        unit=unit, state=state, licence_ids=list(ids), computed=timezone.now()
    )


@pytest.mark.parametrize("kept", ["on_demand", "streamed"])
@pytest.mark.usefixtures("_nothing_is_trusted")
def test_who_asks_an_upstream_first_is_stopped_like_everybody_after(
    upstream: Upstream, content_url: str, kept: str
) -> None:
    upstream.add(PATH, "v1.0.0", LICENSE=MIT)
    upstream.add(PATH, "v1.1.0", LICENSE=GPL)
    mirror = Mirror.create(content_url, upstream, policy=kept)
    policy = obey(mirror.owner, licenses=["gpl-3.0-only"])
    # Nobody can know it before the zip is here.
    assert mirror.get(f"{PATH}/@v/v1.1.0.info").status_code == 200
    assert mirror.get(f"{PATH}/@v/list").text == "v1.0.0\nv1.1.0\n"
    for root in (mirror.owner.content_url, mirror.owner.packages_url):
        for _ in range(2):
            said = get(f"{root}/{PATH}/@v/v1.1.0.zip")
            assert is_stopped(said, "is under the licence GPL-3.0", policy.name)
            assert (
                f'run pulp gomod waiver request {PATH}@v1.1.0 --policy "{policy.name}"' in said.text
            )
    assert mirror.get(f"{PATH}/@v/v1.0.0.zip").status_code == 200
    if kept == "streamed":
        return
    check_stopped(f"{mirror.owner.content_url}/{PATH}", "v1.1.0", "is under the licence GPL-3.0")
    assert mirror.get(f"{PATH}/@v/list").text == "v1.0.0\n"
    assert mirror.get(f"{PATH}/@latest").json()["Version"] == "v1.0.0"
    change(policy, licenses=["AGPL-3.0"])
    assert mirror.get(f"{PATH}/@v/v1.1.0.zip").status_code == 200


@pytest.mark.parametrize(
    ("files", "denied", "line"),
    [
        ({"LICENSE": MIT, "LICENSE-APACHE": "Apache License\nVersion 2.0"}, "Apache-2.0", "Apache"),
        ({"LICENSE": MIT}, "GPL-3.0", ""),
        ({"LICENSE": MIT, "vendored/LICENSE": GPL}, "GPL-3.0", ""),
        ({}, "NONE", "has no licence file"),
        ({}, "NOASSERTION", ""),
        ({"COPYING": "All rights reserved."}, "NOASSERTION", "does not recognise"),
        ({"COPYING": "All rights reserved."}, "NONE", ""),
    ],
)
def test_one_denied_licence_in_the_root_is_enough(
    owner: Owner, files: dict[str, str], denied: str, line: str
) -> None:
    obey(owner, licenses=[denied])
    url = publish(owner, **files)
    answer = get(f"{url}/@v/v1.0.0.zip")
    assert is_stopped(answer, line) if line else answer.status_code == 200
    # It need not be read again, by whichever process.
    assert GoLicences.objects.filter(unit__module=path_of(owner)).count() == 1


def test_what_is_documented_is_known_at_once_and_costs_a_statement(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        url = publish(owner, version, LICENSE=GPL)
    document(owner, "v1.0.0", "MIT")
    document(owner, "v1.1.0", "MIT")
    document(owner, "v1.2.0", "GPL-3.0", "MIT")
    obey(owner, licenses=["GPL-*", "lgpl-3.0+"])
    asked = []
    fetch_all = Database.fetch_all

    async def counted(self: Database, sql: str, *args: Any) -> Any:
        if "licence" in sql:
            asked.append(sql)
        return await fetch_all(self, sql, *args)

    monkeypatch.setattr(Database, "fetch_all", counted)
    for _ in range(2):
        assert get(f"{url}/@v/list").text == "v1.0.0\nv1.1.0\n"
        check_stopped(url, "v1.2.0", "GPL-3.0")
        assert get(f"{url}/@v/v1.1.0.zip").status_code == 200
    assert len(asked) == 1


def test_a_mode_goes_as_far_as_it_says_and_a_waiver_lets_pass(owner: Owner) -> None:
    policy = obey(owner, licenses=["GPL-3.0"], licenses_mode="observe")
    url = publish(owner, LICENSE=GPL)
    for mode in ("observe", "lists", "off"):
        change(policy, licenses_mode=mode)
        assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
        assert get(f"{url}/@v/v1.0.0.info").status_code == 200
        assert get(f"{url}/@v/list").text == ("" if mode == "lists" else "v1.0.0\n")
    change(policy, licenses_mode="enforce")
    check_stopped(url, "v1.0.0", "GPL-3.0")
    approve(request(policy, path_of(owner), "v1.0.0", conditions=["licenses"]))
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200


def test_bundles_have_no_zip_that_is_denied_or_was_never_read(owner: Owner) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        publish(owner, version, LICENSE=MIT)
    document(owner, "v1.0.0", "MIT")
    document(owner, "v1.1.0", "GPL-3.0")
    # What could not be documented has not been read.
    document(owner, "v1.2.0", state="failed")
    obey(owner, licenses=["GPL-3.0"])
    with tarfile.open(fileobj=io.BytesIO(get(f"{owner.packages_url}/bundle.tar").content)) as tar:
        names = {name.rpartition("/")[2] for name in tar.getnames()}
    assert {"v1.0.0.zip", "v1.1.0.mod", "v1.2.0.mod"} <= names
    assert not {"v1.1.0.zip", "v1.2.0.zip"} & names


def test_what_cannot_be_read_is_not_served(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> list[str]:
        raise DocumenterFailed("it takes too long")

    monkeypatch.setattr(licences, "licences_apart", fail)
    monkeypatch.setattr(licensed, "_AGAIN", timedelta(0))
    policy = obey(owner, licenses=["GPL-3.0"])
    url = publish(owner, LICENSE=MIT)
    assert is_stopped(get(f"{url}/@v/v1.0.0.zip"), "have not been read; try again")
    change(policy, licenses_mode="observe")
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
    change(policy, licenses_mode="enforce")
    monkeypatch.undo()
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
