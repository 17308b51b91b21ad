"""Bodies that are too large, break off, or do not come."""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from pulp_gomod.app.auth.door import PROOF, proof
from pulp_gomod.app.upload.handover import BODY_OF
from pulp_gomod.standalone.datadir import DataDir
from tests.functional.owners import Owner
from tests.functional.processes import descendants
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import (
    MAX_ZIP_SIZE,
    ApiConnection,
    credentials,
    eventually,
    temporary_files,
)
from tests.pins import AIOHTTP
from tests.unit.app.malformed import REQUESTS, SECRET

MIB = 1024 * 1024
# What the server waits for a client that sends nothing to the API itself, in seconds.
STALL = 30


@pytest.fixture(scope="module")
def owner(upload_server: Server) -> Owner:
    return Owner.create(Rest(upload_server.url, (upload_server.username, upload_server.password)))


@pytest.fixture(scope="module", autouse=True)
def stalled(upload_server: Server, owner: Owner) -> Iterator[Future[tuple[bytes, float]]]:
    """A client of the API itself who sends nothing after the head, from the first test on."""

    def stall() -> tuple[bytes, float]:
        begun = time.monotonic()
        with connect(upload_server, "api") as client:
            client.sendall(head(upload_server, owner, f"Content-Length: {MIB}") + b"PK")
            return receive(client), time.monotonic() - begun

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(stall)


@pytest.fixture(autouse=True)
def nothing_left(upload_server: Server, owner: Owner) -> Iterator[None]:
    """Whatever a test does, nothing of it stays."""
    version = owner.rest.latest(owner.repository)
    yield
    assert owner.rest.latest(owner.repository) == version
    # Tests of other files upload to the same server meanwhile: what is there now has to go.
    opened, named = open_files(upload_server), temporary_files(upload_server)
    # One is open for the client who stalls.
    eventually(lambda: len({*opened} & {*open_files(upload_server)}) <= 1)
    eventually(lambda: not {*named} & {*temporary_files(upload_server)})


def connect(server: Server, to: str) -> socket.socket:
    """A connection to the front door, or to the API itself."""
    if to == "api":
        api = ApiConnection(server)
        api.connect()
        return api.sock
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=120)


def head(server: Server, owner: Owner, *headers: str) -> bytes:
    """The head of an upload."""
    lines = [
        f"PUT /api/packages/{owner.name}/go/upload HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in credentials(server).items()),
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def receive(client: socket.socket) -> bytes:
    """What comes until the server closes the connection, or the whole of an answer."""
    answer = b""
    while not is_whole(answer) and (data := client.recv(65536)):
        answer += data
    return answer


def is_whole(answer: bytes) -> bool:
    """Whether this is an answer as long as it says; the server would keep the connection."""
    head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?mi)^Content-Length: *(\d+)\r?$", head)
    return bool(found and length) and len(body) >= int(length[1])


def open_files(server: Server) -> list[str]:
    """The files without a name, in the directory for temporary files, that processes hold open."""
    directory, found = f"{server.data_dir}/tmp/", []
    for process in descendants(server.pid):
        for path in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                target = str(path.readlink())
            except OSError:
                continue
            if target.startswith(directory) and target.endswith("(deleted)"):
                found.append(target)
    return found


both = pytest.mark.parametrize("to", ["door", "api"])


@both
def test_an_announced_length_is_refused_before_the_body(
    upload_server: Server, owner: Owner, to: str
) -> None:
    with connect(upload_server, to) as client:
        client.sendall(head(upload_server, owner, f"Content-Length: {MAX_ZIP_SIZE + 2 * MIB}"))
        assert receive(client).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_asks_first_is_refused_before_the_body(
    upload_server: Server, owner: Owner
) -> None:
    length = f"Content-Length: {MAX_ZIP_SIZE + 2 * MIB}"
    with connect(upload_server, "door") as client:
        client.sendall(head(upload_server, owner, length, "Expect: 100-continue"))
        assert receive(client).startswith(b"HTTP/1.1 413 ")


@both
def test_a_length_that_is_not_announced_is_refused_on_the_way(
    upload_server: Server, owner: Owner, to: str
) -> None:
    chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    with connect(upload_server, to) as client:
        client.sendall(head(upload_server, owner, "Transfer-Encoding: chunked"))
        # The end of the body is never sent; the API closes the connection when it has enough.
        with contextlib.suppress(OSError):
            for _ in range(MAX_ZIP_SIZE // MIB + 3):
                client.sendall(chunk)
        assert receive(client).startswith(b"HTTP/1.1 413 ")


ANYBODY = "Authorization: Basic bm9ib2R5Om5vbmU="


@pytest.mark.parametrize("framing", [f"Content-Length: {60 * MIB}", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize(
    ("line", "who", "status"),
    [
        ("PUT /api/packages/{owner}/go/upload", "", 401),
        ("PUT /api/packages/{owner}/go/upload", ANYBODY, 401),
        ("PUT /api/packages/none/go/upload", "admin", 404),
        ("POST /nothing/here", "", 404),
        ("POST /nothing/here", "admin", 404),
        ("POST /auth/login/", "", 413),
        ("POST /pulp/content/{owner}/x", "", 405),
        ("POST /pulp/api/v3/artifacts/", "", 401),
        ("POST /pulp/api/v3/artifacts/", ANYBODY, 401),
        ("PUT /pulp/api/v3/artifacts/", "admin", 405),
        ("POST /pulp/api/v3/status/", "admin", 405),
        ("GET /pulp/api/v3/status/", "admin", 413),
        ("DELETE /api/packages/{owner}/go/x/@v/v1.0.0", "admin", 413),
    ],
)
def test_a_large_body_is_refused_by_its_head(
    upload_server: Server, owner: Owner, line: str, who: str, status: int, framing: str
) -> None:
    if who == "admin":
        who = "Authorization: " + credentials(upload_server)["Authorization"]
    lines = (f"{line} HTTP/1.1".replace("{owner}", owner.name), "Host: localhost", who, framing)
    sent = "\r\n".join(each for each in lines if each) + "\r\n\r\n"
    # Nothing of a body is sent, but for what is too much for some methods.
    if status == 413 and "chunked" in framing and not line.startswith("POST"):
        sent += f"{2 * MIB:x}\r\n" + "x" * 2 * MIB
    with connect(upload_server, "door") as client:
        client.sendall(sent.encode())
        assert receive(client).startswith(b"HTTP/1.1 %d " % status)


def test_a_question_about_a_body_changes_nothing(upload_server: Server, owner: Owner) -> None:
    api = ApiConnection(upload_server)
    door = {PROOF: proof(DataDir(Path(upload_server.data_dir)).secret_key.read_text())}
    for path, method, status in (
        ("/pulp/api/v3/repositories/gomod/gomod/", "POST", 204),
        (f"/api/packages/{owner.name}/go/upload", "PUT", 204),
        (owner.repository, "PATCH", 204),
        (owner.repository, "DELETE", 204),
        (owner.repository, "POST", 405),
    ):
        headers = credentials(upload_server) | door | {BODY_OF: method}
        api.request("OPTIONS", path, headers=headers)
        answer = api.getresponse()
        assert (answer.status, path) == (status, path)
        answer.read()
        api.close()


@pytest.mark.skipif(AIOHTTP < (3, 14), reason="aiohttp leaves some of them without an answer")
def test_nothing_of_a_malformed_request_is_logged(upload_server: Server, owner: Owner) -> None:
    # Django logs the paths of what it refuses.
    api = [text for text in REQUESTS if SECRET not in text.partition("\r\n")[0].lower()]
    for to, texts in (("door", REQUESTS), ("api", api)):
        for text in texts:
            with connect(upload_server, to) as client:
                client.settimeout(30)
                client.sendall(text.replace("/go/go/", f"/{owner.name}/go/").encode())
                answer = client.recv(65536)
                assert to == "api" or SECRET.encode() not in answer.lower(), text
    for log in Path(upload_server.data_dir, "logs").glob("*.log*"):
        assert SECRET not in log.read_text(errors="replace").lower(), log


@pytest.mark.parametrize("to", ["door", "api"])
@pytest.mark.parametrize("path", ["/api/packages/%00/go/upload", "/pulp/api/v3/x%00/", "/a%0Ab"])
def test_control_characters_are_no_path(upload_server: Server, path: str, to: str) -> None:
    with connect(upload_server, to) as client:
        lines = (f"PUT {path} HTTP/1.1", "Host: x", "Connection: close", "Content-Length: 0")
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.partition(b"\r\n\r\n")[2].count(b"\n") == 1


@both
def test_a_body_is_taken_as_it_is(upload_server: Server, owner: Owner, to: str) -> None:
    with connect(upload_server, to) as client:
        client.sendall(head(upload_server, owner, "Content-Encoding: gzip", "Content-Length: 2"))
        client.sendall(b"PK")
        assert receive(client).startswith(b"HTTP/1.1 415 ")


def test_a_zip_that_is_hardly_too_large_is_told_the_limit(owner: Owner) -> None:
    answer = owner.put(bytes(MAX_ZIP_SIZE + 1))
    assert answer.status_code == 413
    assert f"limit is {MAX_ZIP_SIZE} bytes, set by GOMOD_MAX_ZIP_SIZE" in answer.text


def test_a_zip_in_a_form_is_bounded_likewise(owner: Owner) -> None:
    answer = owner.put(None, files={"zip": ("m.zip", bytes(MAX_ZIP_SIZE + 1))})
    assert answer.status_code == 413
    assert "GOMOD_MAX_ZIP_SIZE" in answer.text


@both
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_body_that_breaks_off(
    upload_server: Server, owner: Owner, to: str, chunked: bool
) -> None:
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {9 * MIB}"
    data = Made().zip() + bytes(5 * MIB)
    with connect(upload_server, to) as client:
        client.sendall(head(upload_server, owner, framing))
        client.sendall(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        client.shutdown(socket.SHUT_WR)
        answer = receive(client)
    assert answer == b"" or b"400" in answer.split(b"\r\n")[0]


def test_a_form_that_breaks_off(upload_server: Server, owner: Owner) -> None:
    data = (
        b"--x\r\nContent-Disposition: form-data; name=a; filename=m.zip\r\n\r\n"
        + Made().zip()
        + bytes(5 * MIB)
    )
    headers = ("Content-Type: multipart/form-data; boundary=x", f"Content-Length: {9 * MIB}")
    with connect(upload_server, "api") as client:
        client.sendall(head(upload_server, owner, *headers) + data)
        client.shutdown(socket.SHUT_WR)
        answer = receive(client)
    assert answer == b"" or b"400" in answer.split(b"\r\n")[0]


def test_clients_that_send_nothing_keep_nobody_waiting_at_the_door(
    upload_server: Server, owner: Owner
) -> None:
    slow = [connect(upload_server, "door") for _ in range(40)]
    try:
        for client in slow:
            client.sendall(head(upload_server, owner, f"Content-Length: {MIB}") + b"PK")
        begun = time.monotonic()
        assert owner.put(b"no zip").status_code == 400
        assert time.monotonic() - begun < STALL / 2
    finally:
        for client in slow:
            client.close()


def test_a_client_that_sends_nothing_is_told_so_by_the_api(
    stalled: Future[tuple[bytes, float]],
) -> None:
    answer, seconds = stalled.result()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert STALL <= seconds < STALL + 30
