"""A bare aiohttp handler that answers from memory: the most that Python can do here.

    python -m tests.performance.bare PORT PROCESSES DIRECTORY

It serves the files of a GOPROXY directory; the large ones from disk, as anybody would.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from tests.performance.contenders import Contender, descendants, free_port

NAME = "bare aiohttp"
_LARGEST_IN_MEMORY = 2 * 1024 * 1024


class _Files:
    """The answers, by path."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bodies: dict[str, bytes] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        path = request.path
        body = self._bodies.get(path)
        if body is None:
            file = self._root / path.lstrip("/")
            if not file.is_file():
                return web.Response(status=404, text="not found\n")
            if file.stat().st_size > _LARGEST_IN_MEMORY:
                return web.FileResponse(file)
            body = self._bodies[path] = file.read_bytes()
        if "If-None-Match" in request.headers:
            return web.Response(status=304, headers={"ETag": '"bare"'})
        return web.Response(body=body, headers={"ETag": '"bare"'})


def _serve(listening: socket.socket, root: Path) -> None:
    app = web.Application()
    app.router.add_get("/{path:.*}", _Files(root).answer)
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    web.run_app(app, sock=listening, access_log=None, print=None)


def main(port: int, processes: int, root: Path) -> None:
    """Serve from several processes that share one socket, as gunicorn's do."""
    listening = socket.create_server(("127.0.0.1", port), backlog=512)
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    _serve(listening, root)


@contextlib.contextmanager
def serving(root: Path, processes: int = 2) -> Iterator[Contender]:
    """
    Run it.

    Args:
        root: A GOPROXY directory.
        processes: How many processes.
    """
    port = free_port()
    command = [sys.executable, "-m", "tests.performance.bare", str(port), str(processes), str(root)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        found = Contender(NAME, f"http://127.0.0.1:{port}", "", lambda: descendants(process.pid))
        found.wait()
        yield found
    finally:
        stop_group(process)


def stop_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    process.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
