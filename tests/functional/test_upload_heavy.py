"""Module zips that take long to check keep nobody from the API."""

import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from pulp_gomod.golang.zip import is_heavy
from pulp_gomod.standalone.datadir import DataDir
from pulp_gomod.verifier.places import Places
from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import put_to_api
from tests.gomods import pack


@pytest.fixture(scope="module")
def rest(upload_server: Server) -> Rest:
    return Rest(upload_server.url, (upload_server.username, upload_server.password))


@pytest.fixture
def owner(rest: Rest) -> Owner:
    return Owner.create(rest)


@pytest.fixture
def places(upload_server: Server) -> Places:
    """The places of those who check heavy zips, as the server's processes know them."""
    return Places(DataDir(Path(upload_server.data_dir)).tmp, "verify", 1)


def heavy_zip(path: str) -> bytes:
    """A legal zip that is small, has names in another script, and much to read in its go.mod."""
    go_mod = f"module {path}\n" + "retract v0.0.1\n" * 5000
    names = [(f"\u0436\u0438\u0437\u043d\u044c/{number}.go", b"") for number in range(50)]
    data = pack(f"{path}@v1.0.0/", [("go.mod", go_mod.encode()), *names])
    assert is_heavy(BytesIO(data)) and len(data) < 1024 * 1024
    return data


def test_everybody_else_goes_past_those_who_wait(owner: Owner, places: Places) -> None:
    """As long as none of four heavy uploads is checked, REST answers and others publish."""
    made = [Made() for _ in range(4)]
    with ThreadPoolExecutor(len(made)) as pool:
        with places.take(60):
            puts = [pool.submit(owner.put, heavy_zip(each.path)) for each in made]
            time.sleep(1)
            for _ in range(10):
                assert owner.rest.get("status/")["database_connection"]["connected"]
                assert owner.rest.get("repositories/gomod/gomod/")["count"] >= 1
            light = Made()
            assert owner.put(light.zip()).status_code == 201
            assert not any(put.done() for put in puts)
        assert [put.result().status_code for put in puts] == [201] * len(made)
    held = owner.rest.held(owner.repository)
    assert held == sorted(f"{each.path}@v1.0.0" for each in (*made, light))


def test_a_heavy_zip_is_refused_as_any_other(owner: Owner) -> None:
    path = Made().path
    broken = pack(
        f"{path}@v1.0.0/",
        [("go.mod", f"module {path}\n".encode() + b"retract v0.0.1\n" * 5000 + b"require ()x\n")],
    )
    said = owner.put(broken)
    assert said.status_code == 400 and said.text.startswith("invalid package: go.mod:5002:")


def test_asked_directly_the_api_keeps_a_worker_for_others(
    upload_server: Server, owner: Owner, places: Places
) -> None:
    """Of two workers one waits, for as long as uploads wait; whoever comes then is sent away."""
    with ThreadPoolExecutor(2) as pool, places.take(60):
        puts = [
            pool.submit(put_to_api, upload_server, owner, heavy_zip(Made().path)) for _ in range(2)
        ]
        answers = [put.result() for put in puts]
        assert [answer.status for answer in answers] == [503, 503]
        assert all(answer.getheader("Retry-After") for answer in answers)
    # Both have let go of what they held.
    assert put_to_api(upload_server, owner, heavy_zip(Made().path)).status == 201
