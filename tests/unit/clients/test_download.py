"""Downloading a bundle from a server whose connections break."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from pulp_glue.common.exceptions import PulpException, PulpHTTPError
from pulp_glue.gomod.download import BundleChangedError, BundleStream, save

BODY = (bytes(n * 7 % 251 for n in range(251)) * 4000)[:1_000_000]


@dataclass
class Flaky:
    """
    A server of one bundle.

    Attributes:
        body: The bundle.
        etag: Its ETag.
        breaks: After how many bytes each of the next responses breaks off.
        refusals: Statuses that the next requests are answered.
        ranges: The Range header of each request.
    """

    body: bytes = BODY
    etag: str = '"one"'
    breaks: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        if self.refusals:
            request.send_response(self.refusals.pop(0))
            request.send_header("Retry-After", "7")
            request.end_headers()
            request.wfile.write(b"unavailable: busy\n")
            return
        start = 0
        if wanted and request.headers.get("If-Range") == self.etag:
            start = int(re.fullmatch("bytes=([0-9]+)-", wanted)[1])  # type: ignore[index]
        if start and start >= len(self.body):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.body)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(self.body) - start))
        request.end_headers()
        stop = start + self.breaks.pop(0) if self.breaks else len(self.body)
        request.wfile.write(self.body[start:stop])


@pytest.fixture
def server() -> Iterator[Flaky]:
    flaky = Flaky()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            flaky.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,))
        thread.start()
        flaky.url = f"http://127.0.0.1:{started.server_address[1]}/bundle.tar"
        yield flaky
        started.shutdown()
        thread.join()


def stream(server: Flaky, pauses: list[float] | None = None) -> BundleStream:
    pause = (pauses if pauses is not None else []).append
    return BundleStream(requests.Session(), server.url, None, pause=pause)


def read(opened: BundleStream) -> bytes:
    return b"".join(iter(lambda: opened.read(70_000) or b"", b""))


def test_it_goes_on_where_a_connection_broke(server: Flaky) -> None:
    server.breaks = [300_000, 0, 500_001]
    opened = stream(server).open()
    assert opened.size == len(BODY)
    assert read(opened) == BODY
    assert server.ranges == ["", "bytes=262144-", "bytes=262144-", "bytes=720896-"]


def test_it_waits_as_a_busy_server_asks(server: Flaky) -> None:
    server.refusals = [503, 503]
    pauses: list[float] = []
    assert read(stream(server, pauses).open()) == BODY
    assert pauses.count(7.0) == 2


def test_it_gives_up_where_nothing_comes(server: Flaky) -> None:
    server.breaks = [100_000] + [0] * 20
    with pytest.raises(PulpException, match="broke off after 65536 of 1000000 bytes"):
        read(stream(server).open())


def test_what_is_refused_is_said(server: Flaky) -> None:
    server.refusals = [404]
    with pytest.raises(PulpHTTPError, match="unavailable: busy") as raised:
        stream(server).open()
    assert raised.value.status_code == 404


def test_two_bundles_are_never_mixed(server: Flaky) -> None:
    server.breaks = [300_000]
    opened = stream(server).open()
    opened.read(1)
    server.etag, server.body = '"two"', BODY[::-1]
    with pytest.raises(BundleChangedError):
        read(opened)


def test_a_file_that_was_interrupted_is_completed(server: Flaky, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    (tmp_path / "b.tar.part").write_bytes(BODY[:400_000])
    (tmp_path / "b.tar.part.etag").write_text(server.etag)
    seen: list[tuple[str, int, int]] = []
    size = save(requests.Session(), server.url, None, file, lambda *told: seen.append(told))
    assert (size, file.read_bytes()) == (len(BODY), BODY)
    assert server.ranges == ["bytes=400000-"]
    assert seen[0] == ("b.tar", 400_000, len(BODY)) and seen[-1] == ("b.tar", len(BODY), len(BODY))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar"]


def test_a_file_of_which_all_is_there_is_complete(server: Flaky, tmp_path: Path) -> None:
    (tmp_path / "b.tar.part").write_bytes(BODY)
    (tmp_path / "b.tar.part.etag").write_text(server.etag)
    save(requests.Session(), server.url, None, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == BODY


def test_a_file_of_another_bundle_is_begun_anew(server: Flaky, tmp_path: Path) -> None:
    (tmp_path / "b.tar.part").write_bytes(b"x" * 400_000)
    (tmp_path / "b.tar.part.etag").write_text('"other"')
    save(requests.Session(), server.url, None, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == BODY
