"""A proxy that takes one host name for a local server: as DNS does it, without DNS."""

import contextlib
import socket
from collections.abc import Iterator
from threading import Thread

_CHUNK = 65536


class Tunnel:
    """
    An HTTP proxy that knows CONNECT, and leads every name and port to one local port.

    Attributes:
        url: What HTTPS_PROXY is to be set to.
    """

    def __init__(self, port: int) -> None:
        """
        Args:
            port: The local server's port.
        """
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Tunnel":
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        for client in self._clients():
            Thread(target=self._connect, args=(client,), daemon=True).start()

    def _clients(self) -> Iterator[socket.socket]:
        with contextlib.suppress(OSError):
            while True:
                yield self._listener.accept()[0]

    def _connect(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                received = client.recv(1)
                if not received:
                    return
                head += received
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
