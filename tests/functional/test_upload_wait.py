"""Uploads behind a task that has the repository to itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.functional.owners import Owner
from tests.functional.rest_api import STATUS, Made, Rest, TaskFailed
from tests.functional.serving import Server
from tests.functional.uploads import (
    WAIT,
    artifacts_of,
    eventually,
    held_up,
    put_to_api,
    rows_of,
)

SETTLE = "pulp_gomod.app.tasks.publish.settle"
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def rest(upload_server: Server) -> Rest:
    return Rest(upload_server.url, (upload_server.username, upload_server.password))


@pytest.fixture
def owner(upload_server: Server, rest: Rest) -> Iterator[Owner]:
    """An owner in whose repository nothing is left waiting."""
    owner = Owner.create(rest)
    yield owner
    assert rows_of(upload_server, owner.repository) == []


def test_an_upload_is_published_when_the_other_task_ends_in_time(
    upload_server: Server, owner: Owner
) -> None:
    made = Made()
    with ThreadPoolExecutor(1) as pool:
        with held_up(upload_server, owner):
            waiting = pool.submit(owner.put, made.zip())
            eventually(lambda: rows_of(upload_server, owner.repository))
        assert waiting.result().status_code == 201
    assert owner.get(f"{made.path}/@v/v1.0.0.info").status_code == 200


def test_an_upload_that_waited_too_long_is_never_published(
    upload_server: Server, owner: Owner
) -> None:
    made, later = Made(), Made()
    with held_up(upload_server, owner):
        begun = time.monotonic()
        answer = owner.put(made.zip())
        assert WAIT <= time.monotonic() - begun < WAIT + 30
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "nothing was changed" in answer.text
        assert rows_of(upload_server, owner.repository) == []
    # The task that was dispatched for it has run once this one is published.
    assert owner.put(later.zip()).status_code == 201
    assert owner.get(f"{made.path}/@v/v1.0.0.info").status_code == 404
    assert artifacts_of(owner.rest, [made.zip()]) == []
    assert owner.put(made.zip()).status_code == 201


def test_who_waits_keeps_nobody_from_the_api(upload_server: Server, owner: Owner) -> None:
    with ThreadPoolExecutor(8) as pool:
        with held_up(upload_server, owner):
            waiting = [pool.submit(owner.put, Made().zip()) for _ in range(8)]
            eventually(lambda: len(rows_of(upload_server, owner.repository)) == len(waiting))
            status = requests.get(f"{upload_server.url}{STATUS}", timeout=WAIT)
            assert status.status_code == 200
            assert not any(each.done() for each in waiting)
        assert {each.result().status_code for each in waiting} == {201}


def test_an_api_without_a_front_door_waits_itself(upload_server: Server, owner: Owner) -> None:
    """Behind a web server the API is asked directly; its answers are the same."""
    made = Made()
    with ThreadPoolExecutor(2) as pool:
        with held_up(upload_server, owner):
            answer = put_to_api(upload_server, owner, made.zip())
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            waiting = pool.submit(put_to_api, upload_server, owner, made.zip())
            eventually(lambda: rows_of(upload_server, owner.repository))
        assert waiting.result().status == 201
    assert put_to_api(upload_server, owner, made.zip()).status == 409
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()


def test_a_client_that_does_not_wait_gets_the_task(upload_server: Server, owner: Owner) -> None:
    made = Made()
    with held_up(upload_server, owner):
        begun = time.monotonic()
        answers = [owner.put(made.zip(version), headers=ASYNC) for version in ("v1.0.0", "v1.1.0")]
        assert time.monotonic() - begun < WAIT
        assert [each.status_code for each in answers] == [202, 202]
        assert answers[0].headers["Preference-Applied"] == "respond-async"
        assert owner.get(f"{made.path}/@v/list").status_code == 404
    for answer in answers:
        owner.rest.wait(answer)
    assert owner.get(f"{made.path}/@v/list").text == "v1.0.0\nv1.1.0\n"


def test_the_task_fails_when_what_it_was_to_do_is_refused(
    upload_server: Server, owner: Owner
) -> None:
    made = Made()
    with held_up(upload_server, owner):
        first = owner.put(made.zip(), headers=ASYNC)
        second = owner.put(made.zip(more="package code\n"), headers=ASYNC)
    owner.rest.wait(first)
    with pytest.raises(TaskFailed, match="GOM0005.*already exists"):
        owner.rest.wait(second)
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()
    assert artifacts_of(owner.rest, [made.zip(more="package code\n")]) == []


def test_a_task_that_is_cancelled_publishes_nothing(upload_server: Server, owner: Owner) -> None:
    made, later = Made(), Made()
    with held_up(upload_server, owner):
        task = owner.put(made.zip(), headers=ASYNC).json()["task"]
        assert owner.rest.status("PATCH", task, json={"state": "canceled"}) == 200
    eventually(lambda: owner.rest.get(task)["state"] == "canceled")
    assert owner.put(later.zip()).status_code == 201
    assert owner.rest.held(owner.repository)[-1:] != [f"{made.path}@v1.0.0"]
    assert owner.get(f"{made.path}/@v/v1.0.0.info").status_code == 404
    assert artifacts_of(owner.rest, [made.zip()]) == []


def test_another_task_comes_when_the_one_that_was_waited_for_is_cancelled(
    upload_server: Server, owner: Owner
) -> None:
    made = Made()
    with ThreadPoolExecutor(1) as pool:
        with held_up(upload_server, owner):
            waiting = pool.submit(owner.put, made.zip())
            eventually(lambda: _waiting_tasks(owner))
            for task in _waiting_tasks(owner):
                assert owner.rest.status("PATCH", task, json={"state": "canceled"}) == 200
            eventually(lambda: not _waiting_tasks(owner))
        assert waiting.result().status_code == 201


def _waiting_tasks(owner: Owner) -> list[str]:
    found = owner.rest.get(
        "tasks/", name=SETTLE, state="waiting", reserved_resources=owner.repository
    )
    return [each["pulp_href"] for each in found["results"]]


def test_the_repository_may_be_deleted_meanwhile(upload_server: Server, rest: Rest) -> None:
    owner, made = Owner.create(rest), Made()
    with ThreadPoolExecutor(1) as pool:
        with held_up(upload_server, owner):
            deletion = rest.call("DELETE", owner.repository)
            waiting = pool.submit(owner.put, made.zip())
            eventually(lambda: rows_of(upload_server, owner.repository))
        rest.wait(deletion)
        answer = waiting.result()
    assert answer.status_code == 404
    assert "deleted" in answer.text
