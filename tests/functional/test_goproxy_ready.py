"""What was answered before is answered again, from memory: the same, and only as long as it is right."""

import http.client
import socket
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
import requests

from tests.functional.connections import Connection
from tests.functional.memory import peaks
from tests.functional.owners import Owner
from tests.functional.rest_api import DISTRIBUTIONS, Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import incompressible, put_at_once

FILES = ("@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip", "@v/list", "@latest", "@v/v2.info")


@pytest.fixture
def owner(rest: Rest) -> Owner:
    return Owner.create(rest)


@pytest.fixture
def made(owner: Owner) -> Made:
    made = Made()
    assert owner.put(made.zip()).status_code == 201
    return made


@pytest.fixture(scope="module")
def only_read(rest: Rest) -> tuple[Owner, Made]:
    """An owner and what it has published, for tests that change nothing and may come after others."""
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip()).status_code == 201
    return owner, made


def ask(owner: Owner, request: str, times: int = 1) -> bytes:
    """Send requests in one piece on one connection, and return all that comes until it ends."""
    url = urlsplit(owner.packages_url)
    last = request.replace("Host:", "Connection: close\r\nHost:")
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        connection.sendall((request * (times - 1) + last).encode())
        received = b""
        while data := connection.recv(65536):
            received += data
    return received


@pytest.fixture(scope="module")
def unasked(rest: Rest) -> tuple[Owner, dict[str, Made]]:
    """An owner, and a module for each file that nobody has asked for anything."""
    owner, made = Owner.create(rest), {file: Made() for file in FILES}
    rest.publish(*(each.zip() for each in made.values()), repository=owner.repository)
    return owner, made


@pytest.mark.parametrize("file", FILES)
def test_the_second_answer_is_the_first(unasked: tuple[Owner, dict[str, Made]], file: str) -> None:
    owner, made = unasked
    answers = [owner.get(f"{made[file].path}/{file}") for _ in range(8)]
    for each in answers:
        each.headers.pop("Date")
    assert len({(each.status_code, each.content, str(each.headers)) for each in answers}) == 1
    assert all(int(each.headers["Content-Length"]) == len(each.content) for each in answers)


@pytest.mark.parametrize("file", FILES[:5])
def test_conditions_and_ranges_are_heard(only_read: tuple[Owner, Made], file: str) -> None:
    owner, made = only_read
    path = f"{made.path}/{file}"
    whole = [owner.get(path) for _ in range(3)][-1]
    for _ in range(3):
        unchanged = owner.get(path, headers={"If-None-Match": whole.headers["ETag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == whole.headers["ETag"]
        other = owner.get(path, headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, whole.content)
        part = owner.get(path, headers={"Range": "bytes=1-2"})
        assert (part.status_code, part.content) == (206, whole.content[1:3])
    old = owner.get(path, headers={"If-Modified-Since": whole.headers["Last-Modified"]})
    assert old.status_code == 304
    head = requests.head(f"{owner.packages_url}/{path}", timeout=60)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))


def test_old_clients_and_last_requests_see_the_connection_end(
    only_read: tuple[Owner, Made],
) -> None:
    owner, made = only_read
    target = f"{urlsplit(owner.packages_url).path}/{made.path}/@v/list"
    for _ in range(3):
        owner.get(f"{made.path}/@v/list")
        assert ask(owner, f"GET {target} HTTP/1.0\r\nHost: x\r\n\r\n").endswith(b"v1.0.0\n")
        assert ask(owner, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"v1.0.0\n")


def test_requests_that_come_together_are_answered_in_turn(only_read: tuple[Owner, Made]) -> None:
    owner, made = only_read
    target = f"{urlsplit(owner.packages_url).path}/{made.path}/@v/list"
    received = ask(owner, f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n", times=200)
    answers = received.split(b"HTTP/1.1 200 OK\r\n")
    assert len(answers) == 201 and answers[0] == b""
    assert all(each.endswith(b"\r\n\r\nv1.0.0\n") for each in answers[1:])


def test_the_same_words_get_the_same_answer_on_one_connection(
    only_read: tuple[Owner, Made],
) -> None:
    owner, made = only_read
    url = urlsplit(owner.packages_url)
    wanted = {file: owner.get(f"{made.path}/{file}") for file in FILES}
    with requests.Session() as session:
        for _ in range(6):
            for file, first in wanted.items():
                answer = session.get(f"{owner.packages_url}/{made.path}/{file}", timeout=60)
                assert (answer.status_code, answer.content) == (first.status_code, first.content)
                assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
    target = f"{url.path}/{made.path}/@v/v1.0.0"
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        # One request at a time, of which the last is in pieces.
        for file in (".info", ".mod", ".info", ".mod", ".info", ".mod"):
            request = f"GET {target}{file} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            connection.sendall(request)
            received = connection.recv(65536)
            assert received.endswith(wanted[f"@v/v1.0.0{file}"].content)
        for piece in (request[:10], request[10:-2], request[-2:]):
            connection.sendall(piece)
            time.sleep(0.05)
        assert connection.recv(65536).endswith(wanted["@v/v1.0.0.mod"].content)


def test_paths_that_are_nearly_the_same_are_not_found(only_read: tuple[Owner, Made]) -> None:
    owner, made = only_read
    url = urlsplit(owner.packages_url)
    names = ("%FF", "%ED%A0%80", "%C3%A9", "%2F", "/..", "//", "?", "")
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        for name in names * 3:
            target = f"{url.path}/{made.path}{name}/@v/v1.0.0.info"
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            # Old versions of aiohttp send what is below the headers apart.
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
            status = answer.status
            assert status == (404 if name else 200), name


def test_who_asks_and_never_reads_takes_no_memory(server: Server, owner: Owner) -> None:
    made = Made()
    assert owner.put(incompressible(made, 100_000)).status_code == 201
    url = urlsplit(owner.packages_url)
    request = f"GET {url.path}/{made.path}/@v/v1.0.0.zip HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with ExitStack() as stack, peaks(server.pid) as grown:
        for _ in range(20):
            connection = stack.enter_context(
                socket.create_connection((url.hostname, url.port), timeout=5)
            )
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(0.5)
            with suppress(TimeoutError):
                for _ in range(200):
                    connection.sendall(request)
                    time.sleep(0.001)
        # 20 x 200 x 100 KB were asked for.
        assert owner.get(f"{made.path}/@v/v1.0.0.info").status_code == 200
    assert grown["pulpcore-content"] < 60_000_000


def test_what_is_published_and_removed_shows_at_once(owner: Owner, made: Made) -> None:
    with requests.Session() as session:
        for minor in (1, 2):
            path, version = f"{owner.packages_url}/{made.path}/@v", f"v1.{minor}.0"
            for _ in range(20):
                assert session.get(f"{path}/{version}.info", timeout=60).status_code == 404
            assert owner.put(made.zip(version)).status_code == 201
            assert session.get(f"{path}/{version}.info", timeout=60).status_code == 200
            assert version in session.get(f"{path}/list", timeout=60).text.split()
            if minor % 2:
                assert owner.delete(f"{made.path}/@v/{version}").status_code == 204
                assert session.get(f"{path}/{version}.info", timeout=60).status_code == 404


def test_a_distribution_that_is_changed_or_gone_answers_so_at_once(
    rest: Rest, owner: Owner, made: Made
) -> None:
    path = f"{made.path}/@v/list"
    for _ in range(10):
        assert owner.get(path).status_code == 200
    other = Owner.create(rest)
    rest.wait(rest.call("PATCH", owner.distribution, json={"repository": other.repository}))
    assert owner.get(path).status_code == 404
    rest.wait(rest.call("PATCH", owner.distribution, json={"repository": owner.repository}))
    assert owner.get(path).status_code == 200
    guard = rest.create("contentguards/core/rbac/", name=owner.name)["pulp_href"]
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": guard}))
    assert owner.get(path).status_code == 401
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": None}))
    assert owner.get(path).status_code == 200
    rest.wait(rest.call("DELETE", owner.distribution))
    assert owner.get(path).status_code == 404
    rest.create(DISTRIBUTIONS, name=owner.name, base_path=owner.name, repository=owner.repository)
    assert owner.get(path).status_code == 200


def test_files_are_the_same_in_whichever_order_they_are_asked_for(owner: Owner, made: Made) -> None:
    modules = [made, *(Made() for _ in range(4))]
    answers = put_at_once(owner, [each.zip() for each in modules[1:]])
    assert {each.status_code for each in answers} == {201}
    urls = [
        f"{owner.packages_url}/{each.path}/@v/v1.0.0.{file}"
        for file in ("mod", "info", "zip")
        for each in modules
    ]
    # Requests that differ in their paths only, as the go command's do.
    one, other = Connection(owner.packages_url), Connection(owner.packages_url)
    first = {url: one.get(url) for url in urls}
    assert {status for status, _ in first.values()} == {200}
    for url in reversed(urls):
        assert other.get(url) == one.get(url) == first[url]
        assert requests.get(url, timeout=60).content == first[url][1]
    for each in modules:
        for file in ("mod", "zip"):
            url = f"{owner.packages_url}/{each.path}/@v/v1.0.0.{file}"
            assert each.path.encode() in first[url][1]


def test_files_that_nobody_has_asked_for_are_guarded_and_removed(
    rest: Rest, owner: Owner, made: Made
) -> None:
    others = [Made() for _ in range(3)]
    answers = put_at_once(owner, [each.zip() for each in others])
    assert {each.status_code for each in answers} == {201}
    connections = [Connection(owner.packages_url) for _ in range(4)]

    def ask(module: Made, file: str) -> set[int]:
        url = f"{owner.packages_url}/{module.path}/@v/v1.0.0.{file}"
        return {each.get(url)[0] for each in connections}

    for each in (made, *others):
        assert ask(each, "mod") == {200}
    guard = rest.create("contentguards/core/rbac/", name=owner.name)["pulp_href"]
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": guard}))
    assert ask(made, "info") == ask(made, "mod") == {401}
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": None}))
    assert ask(made, "info") == {200}
    assert owner.delete(f"{others[0].path}/@v/v1.0.0").status_code == 204
    assert ask(others[0], "info") == ask(others[0], "zip") == {404}
    assert ask(others[1], "mod") == ask(others[1], "info") == {200}
    rest.wait(rest.call("DELETE", owner.distribution))
    assert ask(others[1], "zip") == ask(others[2], "info") == {404}
