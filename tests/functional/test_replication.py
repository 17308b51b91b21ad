"""Another server's distributions, replicated: here those of one domain of a server into another one."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.functional.carried import World, blocks_of, releases_of
from tests.functional.certificates import Authority
from tests.functional.nginx import Site, StartNginx, nginx  # noqa: F401
from tests.functional.owners import Owner
from tests.functional.rest_api import (
    DISTRIBUTIONS,
    MODFILES,
    REPOSITORIES,
    SUMDBS,
    Made,
    Rest,
)
from tests.functional.serving import Server
from tests.functional.tasks import Tasks
from tests.functional.test_imports import domain_at
from tests.functional.test_policies import POLICIES
from tests.functional.upstream_world import Upstream

NOTE = "gomod.replica.guards"


@pytest.fixture(scope="module")
def here(domain_server: Server) -> Rest:
    """The default domain of a server that has several."""
    return Rest(domain_server.url, (domain_server.username, domain_server.password))


class Replica:
    """A domain that replicates some distributions of another one."""

    def __init__(self, here: Rest, location: Path, label: str, **settings: Any) -> None:
        self.rest = Rest(here.url, here.auth, domain_at(here, location))
        assert here.auth
        self.href: str = self.rest.create(
            "upstream-pulps/",
            **{
                "name": f"up-{uuid4().hex[:8]}",
                "base_url": here.url,
                "api_root": "/pulp/",
                "domain": "default",
                "username": here.auth[0],
                "password": here.auth[1],
                "q_select": f"pulp_label_select='{label}'",
            }
            | settings,
        )["pulp_href"]

    def run(self) -> list[dict[str, Any]]:
        """Replicate, and return the tasks that did it."""
        tasks = self.tried()
        assert {each["state"] for each in tasks} == {"completed"}, [each["error"] for each in tasks]
        return tasks

    def tried(self) -> list[dict[str, Any]]:
        """Replicate, and return the tasks, however they ended."""
        answer = self.rest.call("POST", f"{self.href}replicate/", json={})
        assert answer.status_code == 202, answer.text
        return self.rest.wait_for_group(answer.json()["task_group"], _is_whole)

    def owner(self, name: str) -> Owner:
        """The copy of an owner."""
        (repository,) = self.rest.get(REPOSITORIES, name=name)["results"]
        (distribution,) = self.rest.get(DISTRIBUTIONS, name=name)["results"]
        return Owner(self.rest, name, repository["pulp_href"], distribution["pulp_href"])

    def names(self, path: str) -> list[str]:
        """The names of what is there."""
        return sorted(each["name"] for each in self.rest.get(path)["results"])


def _is_whole(tasks: Tasks) -> bool:
    """Whether no more tasks will come: the last one is there, or one failed."""
    return any(name.endswith("finalize_replication") or state == "failed" for name, state in tasks)


def label(owner: Owner, name: str) -> None:
    """Let a distribution be replicated."""
    rest = owner.rest
    rest.wait(rest.call("PATCH", owner.distribution, json={"pulp_labels": {name: "yes"}}))


def notes(tasks: list[dict[str, Any]]) -> list[str]:
    """What tasks say of content guards."""
    reports = [each for task in tasks for each in task["progress_reports"]]
    return [each["message"] for each in reports if each["code"] == NOTE]


def test_everything_is_replicated_and_a_rerun_makes_no_version(
    here: Rest, tmp_path: Path, upstream: Upstream
) -> None:
    world, tag = World(here, upstream), f"r{uuid4().hex[:8]}"
    source, gone = world.owner, Owner.create(here)
    gone.put(world.made.zip())
    label(source, tag)
    label(gone, tag)
    before = world.answers(source)
    assert before[world.proof][0] == 200
    replica = Replica(here, tmp_path / "own", tag)
    replica.run()
    copy = replica.owner(source.name)
    there = replica.rest
    assert world.answers(copy) == before
    assert releases_of(there, copy.repository) == releases_of(here, source.repository)
    assert blocks_of(there, copy.repository) == blocks_of(here, source.repository)
    assert replica.names(DISTRIBUTIONS) == sorted([source.name, gone.name])
    version = there.latest(copy.repository)
    assert there.get(copy.distribution)["repository_version"] == version
    assert there.get(copy.distribution)["pulp_labels"][tag] == "yes"
    (remote,) = there.get("remotes/gomod/gomod/", name=source.name)["results"]
    assert (remote["sumdb"], remote["url"]) == ("off", f"{source.content_url}/")
    # A repository that published them is asked for its modules all the same, and nothing changes.
    replica.run()
    assert there.latest(copy.repository) == version

    # What was blocked is not, other bytes take the place of some, and what is gone there is gone here.
    (block,) = here.get("gomod/blocks/", repository=source.repository)["results"]
    assert here.status("DELETE", block["pulp_href"]) == 204
    assert source.delete(f"{world.made.path}/@v/v1.0.0").status_code == 204
    assert source.put(world.made.zip(more="package code\n")).status_code == 201
    assert source.delete(f"{world.made.path}/@v/v1.1.0").status_code == 204
    for href in (gone.distribution, gone.repository):
        here.wait(here.call("DELETE", href))
    before = world.answers(source)
    replica.run()
    assert world.answers(copy) == before
    assert there.held(copy.repository) == here.held(source.repository)
    assert there.names(MODFILES, repository_version=there.latest(copy.repository)) == [
        "example.com/graph@v1.0.0"
    ]
    assert releases_of(there, copy.repository) == releases_of(here, source.repository)
    assert [replica.names(kind) for kind in (DISTRIBUTIONS, REPOSITORIES)] == [[source.name]] * 2


def test_what_a_policy_stops_there_is_not_served_here(here: Rest, tmp_path: Path) -> None:
    source, tag, made = Owner.create(here), f"r{uuid4().hex[:8]}", Made()
    for version in ("v1.0.0", "v1.1.0"):
        assert source.put(made.zip(version)).status_code == 201
    label(source, tag)
    files = [
        f"{made.path}/@v/{each}" for each in ("list", "v1.0.0.zip", "v1.1.0.zip", "v1.1.0.mod")
    ]

    def obey(policy: str | None) -> None:
        here.wait(here.call("PATCH", source.distribution, json={"policy": policy}))

    def said(tasks: list[dict[str, Any]]) -> list[str]:
        reports = [each for task in tasks for each in task["progress_reports"]]
        return [each["message"] for each in reports if each["code"] == "gomod.replica.stopped"]

    denied = [{"module": made.path, "versions": "v1.1.0", "reason": "no"}]
    policy = here.create(POLICIES, name=source.name, deny=denied)["pulp_href"]
    obey(policy)
    assert source.get(files[2]).status_code == 403
    # A replica that begins with it does not fail for it.
    replica = Replica(here, tmp_path / "own", tag)
    replica.run()
    copy, there = replica.owner(source.name), replica.rest
    assert copy.get(files[0]).text == "v1.0.0\n"
    obey(None)
    assert said(replica.run()) == []
    assert [copy.get(file).status_code for file in files] == [200] * 4
    # Nor does one that has it already.
    obey(policy)
    (note,) = said(replica.run())
    assert note.startswith(f"stopped by the policy of the other server: 1 ({made.path}@v1.1.0)")
    assert [copy.get(file).status_code for file in files] == [200, 200, 404, 200]
    assert copy.get(files[0]).text == "v1.0.0\n"
    before = there.latest(copy.repository)
    replica.run()
    assert there.latest(copy.repository) == before


def test_a_replica_can_feed_a_checksum_database_of_its_own(here: Rest, tmp_path: Path) -> None:
    source, tag, first, later = Owner.create(here), f"r{uuid4().hex[:8]}", Made(), Made()
    assert source.put(first.zip()).status_code == 201
    label(source, tag)
    replica = Replica(here, tmp_path / "own", tag)
    replica.run()
    copy, there = replica.owner(source.name), replica.rest
    sumdb = there.create(SUMDBS, name=f"replicas.example.com/{uuid4().hex[:8]}")
    there.wait(there.call("PATCH", copy.repository, json={"sumdb": sumdb["pulp_href"]}))
    assert source.put(later.zip()).status_code == 201
    replica.run()
    for made in (first, later):
        assert copy.get(f"sumdb/{sumdb['name']}/lookup/{made.path}@v1.0.0").status_code == 200
    assert there.get(sumdb["pulp_href"])["size"] == 2


def test_a_server_that_cannot_be_asked_is_named_and_nothing_changes(
    here: Rest, tmp_path: Path
) -> None:
    tag, made = f"r{uuid4().hex[:8]}", Made()
    source = Owner.create(here)
    source.put(made.zip())
    label(source, tag)
    replica = Replica(here, tmp_path / "own", tag)
    replica.run()
    there, copy = replica.rest, replica.owner(source.name)
    before = there.latest(copy.repository)
    assert source.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    assert here.auth
    right = {"base_url": here.url, "password": here.auth[1], "domain": "default"}
    for wrong, words in (
        ({"password": "not-the-password"}, "Authentication failed"),
        ({"base_url": "http://127.0.0.1:9"}, "Connection refused"),
        ({"domain": "nosuch"}, "Not Found"),
    ):
        assert there.call("PATCH", replica.href, json=right | wrong).status_code == 200
        (task,) = replica.tried()
        assert task["state"] == "failed"
        assert words in task["error"]["description"]
        assert str((right | wrong)["base_url"]) in task["error"]["description"]
        assert there.latest(copy.repository) == before
        assert copy.get(f"{made.path}/@v/v1.0.0.zip").status_code == 200
    assert there.call("PATCH", replica.href, json=right).status_code == 200
    replica.run()
    assert copy.get(f"{made.path}/@v/v1.0.0.zip").status_code == 404


def test_what_is_guarded_there_is_closed_here_until_somebody_opens_it(
    here: Rest, tmp_path: Path
) -> None:
    owner, tag = Owner.create(here), f"r{uuid4().hex[:8]}"
    label(owner, tag)
    replica = Replica(here, tmp_path / "own", tag, policy="labeled")
    mine = Owner.create(replica.rest)
    assert notes(replica.run()) == []
    copy = replica.owner(owner.name)
    assert copy.get("example.com/none/@v/list").status_code == 404
    guard = here.create("contentguards/core/rbac/", name=f"guard-{uuid4().hex[:8]}")["pulp_href"]
    here.wait(here.call("PATCH", owner.distribution, json={"content_guard": guard}))
    # Its password opens it there.
    (note,) = notes(replica.run())
    assert note.startswith(f"{owner.name} has a content guard there")
    assert copy.get("example.com/none/@v/list").status_code == 401
    assert copy.get("example.com/none/@v/list", auth=here.auth).status_code == 404
    assert notes(replica.run()) == []
    assert copy.get("example.com/none/@v/list").status_code == 401
    there = replica.rest
    there.wait(there.call("PATCH", copy.distribution, json={"content_guard": None}))
    assert notes(replica.run()) == []
    assert copy.get("example.com/none/@v/list").status_code == 404
    # With this policy what was not replicated stays.
    assert mine.name in replica.names(REPOSITORIES)


# Who has no certificate sees nothing but this.
_CLIENTS_ONLY = "if ($ssl_client_verify != SUCCESS) { return 403; }"


def test_a_server_that_asks_for_a_certificate_is_shown_one(
    here: Rest,
    tmp_path: Path,
    nginx: StartNginx,  # noqa: F811
) -> None:
    source, tag, made = Owner.create(here), f"r{uuid4().hex[:8]}", Made()
    assert source.put(made.zip()).status_code == 201
    label(source, tag)
    authority = Authority.create(tmp_path / "ca")
    pem = authority.client().read_text()
    key, begin, certificate = pem.partition("-----BEGIN CERTIFICATE-----")
    certificate = begin + certificate
    url = nginx(
        here.url,
        Site(
            of_server=_CLIENTS_ONLY,
            certificate=authority.server(),
            client_authority=authority.certificate,
        ),
    )
    shown = {"ca_cert": authority.own(), "client_cert": certificate, "client_key": key}
    replica = Replica(here, tmp_path / "own", tag, base_url=url, tls_validation=True, **shown)
    replica.run()
    there = replica.rest
    assert replica.owner(source.name).get(f"{made.path}/@v/list").text == "v1.0.0\n"
    # Its modules are asked for in the same way from then on.
    (remote,) = there.get("remotes/gomod/gomod/", name=source.name)["results"]
    assert remote["client_cert"].strip() == certificate.strip()

    for number, missing in enumerate(("client", "ca_cert")):
        given = {name: text for name, text in shown.items() if not name.startswith(missing)}
        other = Replica(
            here, tmp_path / f"other{number}", tag, base_url=url, tls_validation=True, **given
        )
        assert "failed" in {each["state"] for each in other.tried()}
        assert other.names(DISTRIBUTIONS) == []
