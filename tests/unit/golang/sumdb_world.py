"""A checksum database, and what a client of it needs, all in memory or on loopback."""

import asyncio
import base64
import hashlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import unquote

from pulp_gomod.golang.sumdb import Client, WriteConflictError, note, tlog
from pulp_gomod.golang.sumdb.server import Answer, Server, TestServer, gosum_text

NAME = "sum.example.com/db"
SKEY, VKEY = note.generate_key(NAME)

Change = Callable[[bytes], bytes]

_T = TypeVar("_T")


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(coroutine)


def h1(*words: str) -> str:
    """Some checksum, another one for other words."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return "h1:" + base64.b64encode(digest).decode()


def gosum(path: str, version: str) -> bytes:
    """What the database says of each module version."""
    return gosum_text(path, version, h1(path, version), h1(path, version, "go.mod"))


def database(modules: int = 0, *, fork: int | None = None, skey: str = SKEY) -> TestServer:
    """A database that has looked up example.com/m0@v1.0.0, m1 and so on.

    With fork, the record of that number is another one than in databases without.
    """

    def lines(path: str, version: str) -> bytes:
        if fork is not None and path == f"example.com/m{fork}":
            return gosum(path, version).replace(b"h1:", b"h1:FORKED")
        return gosum(path, version)

    log = TestServer(skey, lines)
    for i in range(modules):
        log.lookup(f"example.com/m{i}", "v1.0.0")
    return log


class RefusedError(Exception):
    """The server answered with another status than 200."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}: {answer.body!r}")
        self.status = answer.status


class Ops:
    """Operations of a client over a database in memory; `remote` may be replaced by a liar."""

    def __init__(self, log: TestServer | None = None) -> None:
        self.use(log or database())
        self.configs: dict[str, bytes] = {}
        self.cache: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.before_write: Callable[[], None] = lambda: None

    def use(self, log: TestServer) -> None:
        self.server = Server(log)
        self.remote: Callable[[str], bytes] = self.honest

    def honest(self, path: str) -> bytes:
        answer = self.server.serve(path)
        if answer.status != 200:
            raise RefusedError(answer)
        return answer.body

    @property
    def latest(self) -> bytes:
        return self.configs.get(f"{NAME}/latest", b"")

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        self.requests.append(path)
        await asyncio.sleep(0)
        return self.remote(path)[: limit + 1]

    async def read_config(self, file: str, /) -> bytes:
        return self.configs.get(file, b"")

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        self.before_write()
        if self.configs.get(file, b"") != old:
            raise WriteConflictError("moved on")
        self.configs[file] = new

    async def read_cache(self, file: str, /) -> bytes | None:
        return self.cache.get(file)

    async def write_cache(self, file: str, data: bytes, /) -> None:
        self.cache[file] = data


def client(ops: Ops, *, height: int = 8, nosumdb: str = "") -> Client:
    return Client(ops, VKEY, tile_height=height, nosumdb=nosumdb)


def lookup(ops: Ops, path: str, version: str = "v1.0.0", *, height: int = 8) -> list[str]:
    return run(client(ops, height=height).lookup(path, version))


def tampered(ops: Ops, prefix: str, change: Change) -> None:
    """Let the server change its answers below prefix."""

    def remote(path: str) -> bytes:
        body = ops.honest(path)
        return change(body) if path.startswith(prefix) else body

    ops.remote = remote


def signed_head(text: bytes) -> bytes:
    """A tree note with this text, signed by the database."""
    return note.sign(note.Note(text.decode()), note.new_signer(SKEY))


class Log(tlog.HashReaderFunc):
    """A log of the records log_record(0) to log_record(n - 1), with the roots of all its sizes."""

    def __init__(self, n: int) -> None:
        self.stored: list[bytes] = []
        self.roots = [tlog.EMPTY_HASH]
        super().__init__(lambda indexes: [self.stored[i] for i in indexes])
        for i in range(n):
            self.stored += tlog.stored_hashes(i, log_record(i), self)
            self.roots.append(tlog.tree_hash(i + 1, self))

    def tree(self) -> tlog.Tree:
        return tlog.Tree(len(self.roots) - 1, self.roots[-1])


def log_record(i: int) -> bytes:
    return b"record %d\n" % i


def flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@contextmanager
def serving(answer: Callable[[str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server on loopback: its URL, and the log of `path status` that it writes."""
    log: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            given = answer(unquote(self.path))
            log.append(f"{self.path} {given.status}")
            self.send_response(given.status)
            self.send_header("Content-Type", given.content_type)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
