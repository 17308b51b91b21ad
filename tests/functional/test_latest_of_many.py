"""`@latest` of a module with so many versions that the newest alone do not tell."""

from typing import Any

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest


def test_latest_of_pseudo_versions_only(server: Any) -> None:
    rest = Rest(server.url, (server.username, server.password))
    owner, made = Owner.create(rest), Made()
    names = [f"v0.0.0-202001020304{n:02}-0123456789ab" for n in range(40)]
    rest.publish(*map(made.zip, names), repository=owner.repository)
    url = f"{owner.packages_url}/{made.path}"
    assert rest.session.get(f"{url}/@latest").json()["Version"] == names[-1]
    assert rest.session.get(f"{url}/@v/list").text == ""


@pytest.mark.parametrize("root", [0, 1], ids=["packages", "content"])
def test_latest_behind_dozens_of_prereleases(server: Any, root: int) -> None:
    rest = Rest(server.url, (server.username, server.password))
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip(), params={"time": "2020-01-02T03:04:05Z"}).status_code == 201
    candidates = [made.zip(f"v1.1.0-rc.{number}") for number in range(40)]
    rest.publish(*candidates, repository=owner.repository)
    url = f"{owner.urls[root]}/{made.path}"
    latest = rest.session.get(f"{url}/@latest").json()
    assert latest == {"Version": "v1.0.0", "Time": "2020-01-02T03:04:05Z"}
    assert latest == rest.session.get(f"{url}/@v/v1.0.0.info").json()
    assert len(rest.session.get(f"{url}/@v/list").text.split()) == 41
