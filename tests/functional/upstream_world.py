"""An upstream of the tests' own, on loopback: it serves modules, counts, and misbehaves as told."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import uuid4

import requests
from aiohttp import web

from pulp_gomod.golang import dirhash, module
from pulp_gomod.golang.sumdb import note
from pulp_gomod.golang.sumdb.server import Server as SumdbServer
from pulp_gomod.golang.sumdb.server import TestServer, gosum_text
from tests.functional.owners import Owner
from tests.functional.rest_api import DISTRIBUTIONS, MODFILES, MODULES, REMOTES, Rest
from tests.functional.tasks import await_version
from tests.functional.uploads import number_of
from tests.gomods import pack

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

SUMDB = "sum.example.org/db"
# Seconds after which a repository is looked at though it has no new version.
_LOOK = 3.0
SUMDB_SIGNER, SUMDB_KEY = note.generate_key(SUMDB)


@dataclass
class Version:
    """A module version as the upstream has it."""

    info: bytes
    mod: bytes
    zip: bytes


@dataclass
class Upstream:
    """
    What the upstream does.

    Attributes:
        modules: What it has: by module path, by version.
        latest: What `@latest` says where it is asked, by module path.
        behaviours: What it does for a path instead of serving it.
        everything: What it does for every path instead, if anything.
        asked: The paths it was asked for, in order.
        headers: The headers of each request, in the same order.
        sumdb: Its checksum database; None if it passes none on.
        sumdb_name: The name of that.
        url: Where it is.
    """

    modules: dict[str, dict[str, Version]] = field(default_factory=dict)
    latest: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    everything: Behaviour | None = None
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sumdb: SumdbServer | None = None
    sumdb_name: str = SUMDB
    url: str = ""

    def add(self, path: str, version: str, *lines: str, **files: str) -> Version:
        """Add a module version; `lines` go into its go.mod."""
        go_mod = "\n".join([f"module {path}", *lines, ""]).encode()
        content = [("go.mod", go_mod), ("a.go", b"package a\n")]
        content += [(name, text.encode()) for name, text in files.items()]
        info = {"Version": version, "Time": "2020-02-03T04:05:06Z", "Origin": {"VCS": "git"}}
        made = Version(json.dumps(info).encode(), go_mod, pack(f"{path}@{version}/", content))
        self.modules.setdefault(path, {})[version] = made
        return made

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return self.asked.count(path)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        path = request.match_info["path"]
        self.asked.append(path)
        self.headers.append(dict(request.headers))
        behaviour = self.everything or self.behaviours.get(path)
        if behaviour is not None:
            return await behaviour(request)
        return self.answer(path)

    def answer(self, path: str) -> web.Response:
        """Answer as a GOPROXY does."""
        if path.startswith("sumdb/") and self.sumdb is not None:
            said = self.sumdb.serve_proxied(self.sumdb_name, f"/{path}")
            return web.Response(status=said.status, body=said.body)
        if path.endswith("/@latest"):
            newest = self.latest.get(module.unescape_path(path.removesuffix("/@latest")))
            return web.Response(body=newest) if newest else _not_found()
        escaped, separator, file = path.partition("/@v/")
        if not separator:
            return _not_found()
        versions = self.modules.get(module.unescape_path(escaped))
        if versions is None:
            return _not_found()
        if file == "list":
            tagged = [name for name in versions if not module.is_pseudo_version(name)]
            return web.Response(body="".join(f"{name}\n" for name in tagged).encode())
        name, _, kind = file.rpartition(".")
        found = versions.get(module.unescape_version(name))
        if found is None:
            return _not_found()
        body = getattr(found, kind)
        return web.Response(body=body) if body else _not_found()

    def lookup(self, path: str, version: str) -> bytes:
        """Say the go.sum lines of a module version, for the checksum database."""
        found = self.modules.get(path, {}).get(version)
        if found is None:
            raise FileNotFoundError(f"{path}@{version} is unknown")
        return gosum_text(
            path, version, dirhash.hash_zip(BytesIO(found.zip)), dirhash.hash_go_mod(found.mod)
        )

    def sign(self, signer: str = SUMDB_SIGNER) -> None:
        """Let it pass on a checksum database that has what it has, signed with a key."""
        self.sumdb = SumdbServer(TestServer(signer, self.lookup))


def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _not_found() -> web.Response:
    return web.Response(status=404, text="not found: no such thing upstream\n")


@contextmanager
def running(upstream: Upstream | None = None, port: int = 0) -> Iterator[Upstream]:
    """An upstream that answers on loopback."""
    upstream = upstream or Upstream()
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        app = web.Application()
        app.router.add_route("*", "/proxy/{path:.*}", upstream.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        address: Any = runner.addresses[0]
        upstream.url = f"http://127.0.0.1:{address[1]}/proxy"
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(end.set))
        ready.set()
        await end.wait()
        await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield upstream
    finally:
        stop[0]()
        thread.join(10)


@dataclass(frozen=True)
class Mirror:
    """A distribution that pulls through."""

    owner: Owner
    remote: str

    @classmethod
    def create(cls, rest: Rest, upstream: Upstream, **settings: Any) -> "Mirror":
        """Make a repository, a remote and a distribution of its own."""
        body: dict[str, Any] = {"policy": "on_demand", "sumdb": "off", **settings}
        name = f"up-{uuid4().hex[:8]}"
        remote = rest.create(REMOTES, name=name, url=upstream.url, **body)["pulp_href"]
        return cls(Owner.create(rest, remote=remote), remote)

    @property
    def url(self) -> str:
        """Its GOPROXY root."""
        return self.owner.content_url

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """Read a path of the protocol."""
        return requests.get(f"{self.url}/{path}", timeout=90, **kwargs)

    def change(self, **settings: Any) -> None:
        """Change the remote."""
        response = self.owner.rest.call("PATCH", self.remote, json=settings)
        if response.status_code == 202:
            self.owner.rest.wait(response)
        else:
            assert response.status_code == 200, response.text

    def held(self, kind: str = MODULES) -> list[str]:
        """What the repository's newest version holds: modules, or go.mod files without a zip."""
        rest = self.owner.rest
        version = rest.get(self.owner.repository)["latest_version_href"]
        return rest.names(kind, repository_version=version)

    def until(self, check: Callable[[], Any], timeout: float = 60) -> None:
        """Wait until something holds that only another version of the repository can bring."""
        end = time.monotonic() + timeout
        number = self.number()
        while not check():
            assert time.monotonic() < end, (self.held(), self.held(MODFILES))
            rest = self.owner.rest
            await_version(rest.url, self.owner.repository, after=number, timeout=_LOOK)
            number = self.number()

    def number(self) -> int:
        """The number of the repository's newest version."""
        return number_of(self.owner.rest, self.owner.repository)

    def distribution(self) -> dict[str, Any]:
        """The distribution over REST."""
        found: dict[str, Any] = self.owner.rest.get(self.owner.distribution)
        return found


__all__ = ["DISTRIBUTIONS", "SUMDB", "SUMDB_KEY", "Mirror", "Upstream", "Version", "running"]
