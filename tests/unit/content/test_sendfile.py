"""Files that are sent to many at a time."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import ClientSession, test_utils, web

from pulp_gomod.app.content.http import sendfile

# More than anybody takes while a test lasts; there is nothing in it.
SIZE = 1 << 40


class Reader(threading.Thread):
    """A client that takes what it is sent, all the time."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.client = socket.create_connection(("127.0.0.1", port))
        self.received = 0

    def run(self) -> None:
        with self.client:
            self.client.sendall(b"GET /all HTTP/1.1\r\nHost: x\r\n\r\n")
            while chunk := self.client.recv(64 * 1024):
                self.received += len(chunk)


@pytest.mark.timeout(60)
def test_a_client_that_always_takes_more_keeps_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy the machine is, it is not taken for a slow client.
    monkeypatch.setattr(sendfile, "PATIENCE", 10_000)
    file = tmp_path / "file"
    with file.open("wb") as empty:
        empty.truncate(SIZE)

    async def answer(request: web.Request) -> web.StreamResponse:
        count = SIZE if request.path == "/all" else 1000
        response = sendfile.FileResponse(str(file), 0, count, 200, {})
        await response.open()
        return response

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        app = web.Application()
        app.router.add_get("/{path}", answer)
        server = test_utils.TestServer(app, host="127.0.0.1")
        async with server, ClientSession() as session:
            assert server.port
            reader = Reader(server.port)
            reader.start()
            while reader.received < sendfile.CHUNK:
                await asyncio.sleep(0.01)
            for _ in range(3):
                async with session.get(server.make_url("/part")) as answered:
                    assert await answered.read() == bytes(1000)
            assert reader.is_alive()
            reader.client.shutdown(socket.SHUT_RDWR)

    asyncio.run(main())
