"""Many who publish at the same time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import (
    artifacts_of,
    eventually,
    held_up,
    number_of,
    put_at_once,
    rows_of,
    units_of,
)
from tests.gomods import pack

# So many requests over connections of their own reach each of three processes.
LOOKS = 8

# Bytes of the path of a zip below a GOPROXY, at most.
MAX_PATH = 2200


@pytest.fixture(scope="module")
def rest(upload_server: Server) -> Rest:
    return Rest(upload_server.url, (upload_server.username, upload_server.password))


@pytest.fixture
def owner(rest: Rest) -> Owner:
    return Owner.create(rest)


def test_thirty_modules_at_once_and_each_is_seen_by_the_next_request(
    upload_server: Server, owner: Owner
) -> None:
    made = [Made() for _ in range(30)]

    def publish(each: Made) -> tuple[int, set[int]]:
        status = owner.put(each.zip()).status_code
        path = f"{each.path}/@v/v1.0.0.info"
        return status, {owner.get(path).status_code for _ in range(LOOKS)}

    with ThreadPoolExecutor(len(made)) as pool:
        seen = list(pool.map(publish, made))
    assert seen == [(201, {200})] * len(made)
    assert owner.rest.held(owner.repository) == sorted(f"{each.path}@v1.0.0" for each in made)
    # What waits together is committed together.
    assert number_of(owner.rest, owner.repository) < len(made) // 2
    assert rows_of(upload_server, owner.repository) == []


@pytest.mark.parametrize("differ", [False, True], ids=["equal bytes", "different bytes"])
def test_one_version_twenty_times_at_once(
    upload_server: Server, owner: Owner, differ: bool
) -> None:
    made = Made()
    zips = [made.zip(more=f"package code // {n if differ else 0}\n") for n in range(20)]
    answers = put_at_once(owner, zips)
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 19}
    assert {each.text for each in answers if each.status_code == 409} == {
        f"conflict: {made.path}@v1.0.0 already exists; publish a new version, or delete this one "
        "first\n"
    }
    (won,) = (n for n, each in enumerate(answers) if each.status_code == 201)
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == zips[won]
    assert len(artifacts_of(owner.rest, zips)) == 1
    assert len(units_of(owner.rest, made.path)) == 1
    assert number_of(owner.rest, owner.repository) == 1
    assert rows_of(upload_server, owner.repository) == []


def test_publishing_and_removing_at_once(owner: Owner) -> None:
    old, new = [Made() for _ in range(5)], [Made() for _ in range(5)]
    put_at_once(owner, [each.zip() for each in old])
    before = number_of(owner.rest, owner.repository)
    with ThreadPoolExecutor(10) as pool:
        removed = [pool.submit(owner.delete, f"{each.path}/@v/v1.0.0") for each in old]
        added = [pool.submit(owner.put, each.zip()) for each in new]
        assert [each.result().status_code for each in removed] == [204] * 5
        assert [each.result().status_code for each in added] == [201] * 5
    assert owner.rest.held(owner.repository) == sorted(f"{each.path}@v1.0.0" for each in new)
    assert number_of(owner.rest, owner.repository) <= before + 10


def test_what_waits_together_is_one_version(upload_server: Server, owner: Owner) -> None:
    made = [Made() for _ in range(8)]
    with ThreadPoolExecutor(len(made)) as pool:
        with held_up(upload_server, owner):
            waiting = [pool.submit(owner.put, each.zip()) for each in made]
            _await_rows(upload_server, owner, len(made))
        assert [each.result().status_code for each in waiting] == [201] * len(made)
    # The task that held them up made the first.
    assert number_of(owner.rest, owner.repository) == 2


def test_only_one_of_two_that_wait_fits_the_quota(upload_server: Server, rest: Rest) -> None:
    owner = Owner.create(rest, max_modules=2)
    zips = [Made().zip(), Made().zip()]
    with ThreadPoolExecutor(2) as pool:
        with held_up(upload_server, owner):
            waiting = [pool.submit(owner.put, data) for data in zips]
            _await_rows(upload_server, owner, 2)
        answers = {each.result().status_code: each.result().text for each in waiting}
    assert set(answers) == {201, 403}
    assert "may hold 2 module versions; with this it would hold 3" in answers[403]
    assert len(rest.held(owner.repository)) == 2
    assert len(artifacts_of(rest, zips)) == 1


def test_only_one_of_two_that_wait_fits_the_size(upload_server: Server, rest: Rest) -> None:
    zips = [Made().zip(), Made().zip()]
    owner = Owner.create(rest, max_size=len(zips[0]) * 2 + 10)
    with ThreadPoolExecutor(2) as pool:
        with held_up(upload_server, owner):
            waiting = [pool.submit(owner.put, data) for data in zips]
            _await_rows(upload_server, owner, 2)
        answers = sorted(each.result().status_code for each in waiting)
    assert answers == [201, 403]


def test_an_immutable_repository_takes_one_of_two_that_wait(
    upload_server: Server, rest: Rest
) -> None:
    owner, made = Owner.create(rest, immutable=True), Made()
    zips = [made.zip(), made.zip(more="package code\n")]
    with ThreadPoolExecutor(2) as pool:
        with held_up(upload_server, owner):
            waiting = [pool.submit(owner.put, data) for data in zips]
            _await_rows(upload_server, owner, 2)
        answers = [each.result().status_code for each in waiting]
    assert sorted(answers) == [201, 409]
    kept = zips[answers.index(201)]
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    refused, taken = (owner.put(data) for data in sorted(zips, key=lambda data: data == kept))
    assert (refused.status_code, taken.status_code) == (409, 201)
    assert "never changes" in refused.text


def _await_rows(server: Server, owner: Owner, count: int) -> None:
    eventually(lambda: len(rows_of(server, owner.repository)) == count)


def test_the_longest_names_that_are_taken_fit_into_each_index(owner: Owner) -> None:
    random = Random(MAX_PATH)
    # Single digits make the longest keys for sorting, and nothing of this can be compressed.
    version = "v1.0.0-" + ".".join(random.choices("123456789", k=112))
    left = MAX_PATH - len(f"example.com//m/@v/{version}.zip")
    letters = random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=left)
    filling = "".join("/" if n % 200 == 150 else letter for n, letter in enumerate(letters))
    made, longer = Made(f"example.com/{filling}/m"), Made(f"example.com/x{filling}/m")
    assert len(version) == 230
    assert owner.put(made.zip(version)).status_code == 201
    assert owner.get(f"{made.path}/@v/list").text == f"{version}\n"
    assert owner.put(longer.zip(version)).status_code == 400


def test_names_that_no_index_takes_are_refused(owner: Owner) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    elements = ["".join(letters[(n * 7 + k * k * 13) % 36] for k in range(200)) for n in range(14)]
    made = Made("example.com/" + "/".join(elements))
    answer = owner.put(made.zip())
    assert answer.status_code == 400
    assert "too long" in answer.text


def test_an_answer_names_the_setting_that_bounds_go_mod(owner: Owner) -> None:
    made = Made()
    huge = _with_go_mod(made, f"module {made.path}\n" + "// comment\n" * 100_000)
    answer = owner.put(huge)
    assert answer.status_code == 400
    assert "go.mod file too large" in answer.text
    assert "GOMOD_MAX_GO_MOD_SIZE" in answer.text


def _with_go_mod(made: Made, go_mod: str) -> Any:
    return pack(f"{made.path}@v1.0.0/", [("go.mod", go_mod.encode())])
