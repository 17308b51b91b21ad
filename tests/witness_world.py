"""A witness on loopback, as C2SP's tlog-witness says it is; and one that does as it is told instead."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulp_gomod.golang.errors import GoError
from pulp_gomod.golang.sumdb import checkpoint, cosignature, note, tlog, witness


class Said(NamedTuple):
    status: int
    body: bytes = b""
    content_type: str = "text/plain"


class Witness:
    """
    What a witness knows, and what it answers.

    Attributes:
        url: Its submission prefix.
        key: Its verifier key.
        logs: The verifier keys of the logs that it knows, by origin.
        seen: The trees that it has cosigned, by origin.
        asked: The old sizes that it was told.
        instead: What it answers instead, if anything.
    """

    def __init__(self, name: str = "witness.example/w1") -> None:
        self._signer = cosignature.new_signer(name, Ed25519PrivateKey.generate())
        self.url = ""
        self.key = self._signer.verifier_key
        self.logs: dict[str, str] = {}
        self.seen: dict[str, tlog.Tree] = {}
        self.asked: list[int] = []
        self.paths: list[str] = []
        self.instead: Callable[[bytes], Said | None] = lambda body: None
        self._lock = threading.Lock()

    def answer(self, path: str, body: bytes) -> Said:
        with self._lock:
            self.paths.append(path)
            said = self.instead(body)
            if said is not None:
                return said
            try:
                return self._add(witness.parse_request(body))
            except GoError as error:
                return Said(400, str(error).encode())

    def _add(self, request: witness.Request) -> Said:
        self.asked.append(request.old)
        origin, tree, _ = request.checkpoint
        vkey = self.logs.get(origin)
        if vkey is None:
            return Said(404)
        try:
            _, signed = checkpoint.open_checkpoint(request.message, vkey)
        except GoError:
            return Said(403)
        known = self.seen.get(origin, tlog.EMPTY_TREE)
        if request.old > tree.n:
            return Said(400)
        if request.old != known.n:
            return Said(409, b"%d\n" % known.n, witness.SIZE_TYPE)
        try:
            if known.n == tree.n and known.hash != tree.hash:
                return Said(409)
            if known.n in (0, tree.n):
                assert not request.proof
            else:
                tlog.check_tree(request.proof, tree.n, tree.hash, known.n, known.hash)
        except GoError:
            return Said(422)
        self.seen[origin] = tree
        lines = note.sign(note.Note(signed.text), self._signer).rpartition(b"\n\n")[2]
        return Said(200, lines)


@contextmanager
def running(name: str = "witness.example/w1") -> Iterator[Witness]:
    """Run a witness."""
    told = Witness(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = told.answer(self.path, body)
            self.send_response(said.status)
            self.send_header("Content-Type", said.content_type)
            self.send_header("Content-Length", str(len(said.body)))
            if said.status in (301, 302, 307):
                self.send_header("Location", told.url + "/elsewhere")
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/witness"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
