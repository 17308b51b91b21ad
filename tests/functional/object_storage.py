"""An object storage on loopback, and a way to it that fails as told."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import boto3
from moto.server import ThreadedMotoServer

T = TypeVar("T")

BUCKET = "pulp-of-the-tests"
ACCESS_KEY, SECRET_KEY = "AKIAOFTHETESTS", "a secret that no log may have"

# What becomes of a request: it passes; no connection comes about; nothing is ever said; this status is
# answered; the answer breaks off after so many bytes; it comes in drops.
Behaviour = Literal["pass", "refuse", "hang", "cut", "drip"] | int

# Bytes of a connection that come before it is cut off.
CUT_AFTER = 300_000
# Of an answer in drops, the bytes of each, and the seconds between two.
_DROP = 8 * 1024
_DROP_EVERY = 0.02
_CHUNK = 64 * 1024


class ObjectStorage:
    """
    An S3 server, and the TCP proxy before it.

    Attributes:
        url: Where the proxy is.
        asked: How many connections were taken.
    """

    def __init__(self, server: ThreadedMotoServer) -> None:
        self._host, self._port = server.get_host_and_port()
        self._behaviour: Behaviour = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listener: asyncio.Server | None = None
        self.asked = 0
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._port_of_proxy = 0
        self._run(self._listen())
        self.url = f"http://127.0.0.1:{self._port_of_proxy}"

    def behave(self, behaviour: Behaviour) -> None:
        """Do so from now on; what is open is closed."""
        self._run(self._behave(behaviour))

    @contextmanager
    def failing(self, behaviour: Behaviour) -> Iterator[None]:
        """Fail for a while."""
        self.behave(behaviour)
        try:
            yield
        finally:
            self.behave("pass")

    def names(self) -> set[str]:
        """The names of all objects."""
        found = self._client.list_objects_v2(Bucket=BUCKET)
        return {each["Key"] for each in found.get("Contents", ())}

    def lose(self, name: str) -> None:
        """Delete an object behind Pulp's back."""
        self._client.delete_object(Bucket=BUCKET, Key=name)

    def options(self) -> dict[str, Any]:
        """Pulp's settings for it."""
        return {
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "bucket_name": BUCKET,
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "signature_version": "s3v4",
            "addressing_style": "path",
            "default_acl": "private",
        }

    def make_bucket(self) -> None:
        """Make the bucket."""
        self._client.create_bucket(Bucket=BUCKET)

    def close(self) -> None:
        """Listen no more."""
        self._run(self._behave("refuse"))
        self._loop.call_soon_threadsafe(self._loop.stop)

    @cached_property
    def _client(self) -> Any:
        """A way past the proxy; making one takes as long as a hundred requests."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://{self._host}:{self._port}",
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(
                self._serve, "127.0.0.1", self._port_of_proxy
            )
            self._port_of_proxy = self._listener.sockets[0].getsockname()[1]

    async def _behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        for writer in list(self._open):
            writer.transport.abort()
        if behaviour != "refuse":
            await self._listen()
        elif self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if self._behaviour == "hang":
                    while await reader.read(_CHUNK):
                        pass
                elif isinstance(self._behaviour, int):
                    await self._answer(self._behaviour, reader, writer)
                else:
                    await self._pass(self._behaviour, reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(
        self, status: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        code = {403: "AccessDenied", 404: "NoSuchKey", 503: "SlowDown"}.get(status, "InternalError")
        body = f"<Error><Code>{code}</Code><Message>not today</Message></Error>"
        writer.write(
            f"HTTP/1.1 {status} Not Today\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.write_eof()
        # Whoever still sends its body is to read this, and no reset.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while await reader.read(_CHUNK):
                    pass

    async def _pass(
        self, behaviour: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)

        async def there() -> None:
            with contextlib.suppress(OSError):
                while data := await reader.read(_CHUNK):
                    far_writer.write(data)
                    await far_writer.drain()

        sending = asyncio.create_task(there())
        try:
            left = CUT_AFTER
            while data := await far_reader.read(_DROP if behaviour == "drip" else _CHUNK):
                if behaviour == "cut":
                    data, left = data[:left], left - len(data)
                writer.write(data)
                await writer.drain()
                if left <= 0:
                    break
                if behaviour == "drip":
                    await asyncio.sleep(_DROP_EVERY)
            # What was written has to arrive.
            writer.write_eof()
            await asyncio.sleep(0.1)
        finally:
            sending.cancel()
            far_writer.transport.abort()


@contextmanager
def running() -> Iterator[ObjectStorage]:
    """Start an object storage that has an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    storage = ObjectStorage(server)
    try:
        storage.make_bucket()
        yield storage
    finally:
        storage.close()
        server.stop()


def write_settings(storage: ObjectStorage, file: Path, **settings: Any) -> dict[str, str]:
    """
    Write settings for a server that keeps its files there and sends them on itself.

    Args:
        storage: The object storage.
        file: Where to write them.
        settings: Other settings.

    Returns:
        The variables for `pulp-gomod serve`.
    """
    settings = {
        "STORAGES": {
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": storage.options()},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        "REDIRECT_TO_OBJECT_STORAGE": False,
        **settings,
    }
    file.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
    return {"PULP_SETTINGS": str(file)}
