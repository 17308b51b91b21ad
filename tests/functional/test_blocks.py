"""A blocked module version is taken in by no way and served in no way, until the block is lifted."""

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.functional.owners import Go, Owner
from tests.functional.rest_api import MODFILES, MODULES, Made, Rest, TaskFailed
from tests.functional.test_rest_access import grant, new_user
from tests.functional.upstream_world import Mirror, Upstream

BLOCKS = "gomod/blocks/"
KEPT_AWAY = "Gomod-Kept-Away"


def block(owner: Owner, module: str, versions: str = "", reason: str = "it steals keys") -> str:
    """Block module versions; return the block's href."""
    body = {"module": module, "versions": versions, "reason": reason}
    href: str = owner.rest.create(BLOCKS, repository=owner.repository, **body)["pulp_href"]
    return href


def lift(rest: Rest, href: str) -> None:
    """Lift a block."""
    assert rest.status("DELETE", href) == 204


def is_stopped(answer: requests.Response, why: str) -> bool:
    """Whether an answer says in one line of plain text that something is blocked, and why."""
    assert answer.status_code == 403, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].startswith("text/plain") and answer.text.count("\n") == 1
    return "is blocked in this repository since" in answer.text and why in answer.text


def published(owner: Owner, *versions: str) -> Made:
    """Publish versions of a new module, together."""
    made = Made()
    owner.rest.publish(*map(made.zip, versions), repository=owner.repository)
    return made


def test_what_is_blocked_already_is_said(rest: Rest) -> None:
    owner = Owner.create(rest)
    for versions, said in (("", "all of example.com/m"), (">=v1.2.0", "example.com/m >=v1.2.0")):
        block(owner, "example.com/m", versions)
        body = {"repository": owner.repository, "module": "example.com/m", "versions": versions}
        again = rest.call("POST", BLOCKS, json={**body, "reason": "x"})
        assert again.status_code == 400, again.text
        assert f"blocks {said} already" in again.json()["module"][0]
    block(owner, "example.com/m", "v1.0.0")


def test_what_is_held_is_not_served_and_not_listed(rest: Rest, tmp_path: Path) -> None:
    owner = Owner.create(rest)
    made = published(owner, "v1.0.0", "v1.9.0", "v1.9.1", "v1.10.0-rc.1")
    go = Go.create(tmp_path)
    before = {file: owner.get(f"{made.path}/{file}") for file in ("@v/list", "@latest")}
    for url in owner.urls:
        assert requests.get(f"{url}/{made.path}/@v/v1.9.1.zip", timeout=60).status_code == 200
    href = block(owner, made.path, ">=v1.9.0")
    for url in owner.urls:
        for file in ("info", "zip"):
            for _ in range(3):
                answer = requests.get(f"{url}/{made.path}/@v/v1.9.1.{file}", timeout=60)
                assert is_stopped(answer, "it steals keys")
        assert requests.get(f"{url}/{made.path}/@v/v1.9.1.mod", timeout=60).status_code == 200
        assert requests.get(f"{url}/{made.path}/@v/list", timeout=60).text == "v1.0.0\n"
        latest = requests.get(f"{url}/{made.path}/@latest", timeout=60)
        assert latest.json()["Version"] == "v1.0.0"
        assert requests.get(f"{url}/{made.path}/@latest.zip", timeout=60).status_code != 403
    since = {"If-Modified-Since": before["@v/list"].headers["Last-Modified"]}
    assert owner.get(f"{made.path}/@v/list", headers=since).status_code in (200, 304)

    go.run(owner.packages_url, "get", f"{made.path}@latest")
    assert f"{made.path} v1.0.0" in (go.directory / "work" / "go.mod").read_text()
    failed = go.run(f"{owner.packages_url},direct", "get", f"{made.path}@v1.9.1", check=False)
    assert failed.returncode != 0 and "it steals keys" in failed.stderr

    lift(rest, href)
    assert owner.get(f"{made.path}/@v/v1.9.1.info").status_code == 200
    assert owner.get(f"{made.path}/@v/list").text == before["@v/list"].text
    assert owner.get(f"{made.path}/@latest").json() == before["@latest"].json()


def test_a_module_can_be_blocked_as_a_whole_and_so_can_all_below_a_path(rest: Rest) -> None:
    owner = Owner.create(rest)
    made = published(owner, "v1.0.0")
    block(owner, f"{made.path.rsplit('/', 1)[0]}/...")
    for path in (made.path, f"{made.path}/unknown"):
        assert owner.get(f"{path}/@v/list").text == ""
        assert is_stopped(owner.get(f"{path}/@latest"), "keys")
        assert is_stopped(owner.get(f"{path}/@v/v1.0.0.info"), "keys")
        assert is_stopped(owner.get(f"{path}/@v/v3.0.0.zip"), "keys")
    refused = owner.put(Made(made.path).zip("v1.1.0"))
    assert refused.status_code == 403 and "it steals keys" in refused.text


def test_no_way_in_is_open(rest: Rest) -> None:
    source, owner = Owner.create(rest), Owner.create(rest)
    made = published(source, "v1.0.0")
    (unit,) = rest.get(MODULES, module=made.path)["results"]
    href = block(owner, made.path, "v1.0.0")
    refused = owner.put(made.zip())
    assert refused.status_code == 403 and "it steals keys" in refused.text
    with pytest.raises(TaskFailed, match="it steals keys"):
        rest.publish(made.zip(), repository=owner.repository)
    body = {"add_content_units": [unit["pulp_href"]]}
    with pytest.raises(TaskFailed, match="it steals keys"):
        rest.wait(rest.call("POST", f"{owner.repository}modify/", json=body))
    lift(rest, href)
    assert owner.put(made.zip()).status_code == 201


def test_what_was_removed_does_not_come_back_from_the_upstream(
    rest: Rest, upstream: Upstream
) -> None:
    for version in ("v1.0.0", "v1.9.1"):
        upstream.add("example.com/m", version)
    mirror = Mirror.create(rest, upstream)
    m = "example.com/m"
    body: dict[str, Any] = {"remote": mirror.remote, "modules": [f"{m}@v1.9.1"]}
    sync = f"{mirror.owner.repository}sync/"
    rest.wait(rest.call("POST", sync, json=body))
    assert mirror.get(f"{m}/@v/v1.9.1.zip").status_code == 200
    removed = mirror.owner.delete(f"{m}/@v/v1.9.1")
    assert removed.status_code == 204 and "lift" in removed.headers[KEPT_AWAY]

    for _ in range(2):
        assert is_stopped(mirror.get(f"{m}/@v/v1.9.1.zip"), "it was removed")
        assert is_stopped(mirror.get(f"{m}/@v/v1.9.1.info"), "it was removed")
        assert mirror.get(f"{m}/@v/list").text == "v1.0.0\n"
        assert mirror.get(f"{m}/@latest").json()["Version"] == "v1.0.0"
    assert mirror.get(f"{m}/@v/v1.9.1.mod").status_code == 200
    assert mirror.get(f"{m}/@v/v1.9.zip").status_code == 403
    with pytest.raises(TaskFailed, match="it was removed"):
        rest.wait(rest.call("POST", sync, json=body))
    rest.wait(rest.call("POST", sync, json={**body, "modules": [m]}))
    assert f"{m}@v1.9.1" not in mirror.held(MODULES) and f"{m}@v1.0.0" in mirror.held(MODULES) + (
        mirror.held(MODFILES)
    )

    (found,) = rest.get(BLOCKS, repository=mirror.owner.repository)["results"]
    assert (found["module"], found["versions"], found["source"]) == (m, "v1.9.1", "removed")
    assert rest.auth and found["created_by"] == rest.auth[0]
    lift(rest, found["pulp_href"])
    assert mirror.get(f"{m}/@v/v1.9.1.zip").status_code == 200


def test_what_was_removed_can_be_published_again_at_once(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream)
    made = published(mirror.owner, "v1.0.0")
    assert KEPT_AWAY in mirror.owner.delete(f"{made.path}/@v/v1.0.0").headers
    assert mirror.get(f"{made.path}/@v/v1.0.0.info").status_code == 403
    assert mirror.owner.put(made.zip()).status_code == 201
    assert mirror.get(f"{made.path}/@v/v1.0.0.info").status_code == 200
    assert rest.get(BLOCKS, repository=mirror.owner.repository)["count"] == 0
    # What no remote could bring back is removed and no more.
    mirror.change(private=made.path)
    assert KEPT_AWAY not in mirror.owner.delete(f"{made.path}/@v/v1.0.0").headers
    assert mirror.get(f"{made.path}/@v/v1.0.0.info").status_code == 404


def test_what_was_cached_a_moment_ago_can_be_removed(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/m", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get("example.com/m/@v/v1.0.0.zip").status_code == 200
    assert mirror.owner.delete("example.com/m/@v/v1.0.0").status_code == 204
    assert is_stopped(mirror.get("example.com/m/@v/v1.0.0.zip"), "it was removed")
    assert is_stopped(mirror.get("example.com/m/@latest"), "it was removed")
    assert mirror.get("example.com/m/@v/list").text == ""


def test_owners_of_the_repository_block_and_viewers_look(rest: Rest) -> None:
    owner = Owner.create(rest)
    bob, viewer, stranger = new_user(rest), new_user(rest), new_user(rest)
    grant(rest, owner.repository, bob, "gomod.gorepository_owner")
    grant(rest, owner.repository, viewer, "gomod.gorepository_viewer")
    wanted = {"repository": owner.repository, "module": "example.com/m", "reason": "no"}
    for user in (viewer, stranger):
        assert user.status("POST", BLOCKS, json=wanted) == 403
    made = bob.create(BLOCKS, **wanted)
    assert bob.auth and made["created_by"] == bob.auth[0] and made["versions"] == ""
    assert [user.get(BLOCKS)["count"] for user in (bob, viewer, stranger)] == [1, 1, 0]
    assert viewer.status("DELETE", made["pulp_href"]) == 403
    assert stranger.status("DELETE", made["pulp_href"]) == 404
    assert bob.status("POST", BLOCKS, json=wanted) == 400
    lift(bob, made["pulp_href"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"module": "example.com/m@v1.0.0"},
        {"module": "example.com/*"},
        {"module": "no dots"},
        {"versions": "v1"},
        {"versions": "latest"},
        {"reason": "two\nlines"},
        {"reason": ""},
        {"module": "example.com/\0"},
    ],
)
def test_what_nobody_could_mean_is_refused(rest: Rest, wrong: dict[str, str]) -> None:
    body = {"repository": rest.create_repository(), "module": "example.com/m", "reason": "no"}
    answer = rest.call("POST", BLOCKS, json={**body, **wrong})
    assert answer.status_code == 400 and list(answer.json()) == list(wrong), answer.text


def test_patterns_of_remotes_name_no_versions(rest: Rest) -> None:
    for field in ("includes", "excludes", "private", "nosumdb"):
        body = {"name": "x", "url": "http://example.com", field: "example.com/m@v1.9.1"}
        answer = rest.call("POST", "remotes/gomod/gomod/", json=body)
        assert answer.status_code == 400 and "gomod/blocks/" in answer.json()[field][0]
