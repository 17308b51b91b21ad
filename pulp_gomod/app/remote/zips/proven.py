"""
Zips that are proven, while they are being stored: a client need not wait for that.

Storing takes longer than everything else does on this side: digests that Pulp wants, a dozen statements, perhaps an
object storage on the other side of a network. That the bytes are those which the checksum database vouches for is known before.
"""

import asyncio
import hashlib
import os
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.zips.spool import Spool
from pulp_gomod.app.storage.spool import PREFIX


class Link:
    """
    Another name of a file, which goes with the last reference to this.

    Attributes:
        path: The name.

    Args:
        path: The file.

    Raises:
        OSError: Its file system gives a file one name only.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.join(os.path.dirname(path), f"{PREFIX}{uuid4()}.zip")
        os.link(path, self.path)
        weakref.finalize(self, _unlink, self.path)


@dataclass(frozen=True, slots=True)
class Proven:
    """
    A zip that is being stored, and that the checksum database vouches for.

    Attributes:
        spool: Where it is, for as long as this is referred to.
        size: Its bytes.
        sha256: Its digest, hexadecimal.
        fetched: When it came.
        h1: Go's checksum of it.
        go_mod_h1: The checksum of its go.mod.
        repository: The pk of the repository with whose records it was compared.
    """

    spool: Link
    size: int
    sha256: str
    fetched: datetime
    h1: str
    go_mod_h1: str
    repository: UUID


@dataclass(eq=False, slots=True)
class _Expected:
    """What those wait for who wait for one fetch."""

    flight: "asyncio.Task[Any]"
    zip: "asyncio.Future[Proven]" = field(default_factory=asyncio.Future)


class ProvenZips:
    """
    The zips of one remote that clients wait for.

    Args:
        threads: Where files are read.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._expected: dict[str, _Expected] = {}

    async def first(self, key: str, flight: "asyncio.Task[Any]") -> Proven | None:
        """
        Wait until a zip is proven, or until all is done; return it in the first case.

        Args:
            key: What is fetched.
            flight: Fetches and stores it.
        """
        known = self._expected.get(key)
        # One fetch may have ended, and the next have begun, before the loop comes to what is to happen then.
        if known is None or known.flight is not flight:
            known = self._expected[key] = _Expected(flight)
            flight.add_done_callback(partial(self._forget, key, known))
        await asyncio.wait({flight, known.zip}, return_when=asyncio.FIRST_COMPLETED)
        return known.zip.result() if known.zip.done() and not flight.done() else None

    def _forget(self, key: str, expected: "_Expected", _: object) -> None:
        expected.zip.cancel()
        if self._expected.get(key) is expected:
            del self._expected[key]

    async def offer(
        self, key: str, spool: Spool, h1: str, go_mod_h1: str, repository: UUID
    ) -> None:
        """
        Let those who wait for a zip have it, if there are any.

        Args:
            key: What is fetched.
            spool: Where it is, until it is stored.
            h1: As of `Proven`.
            go_mod_h1: As of `Proven`.
            repository: As of `Proven`.
        """
        expected = self._expected.get(key)
        if expected is None or expected.zip.done():
            return
        try:
            link, sha256 = await self._threads.verify(_kept, spool.path)
        except OSError:
            # They have it when it is stored.
            return
        if not expected.zip.done():
            now = datetime.now(UTC)
            found = Proven(link, spool.size, sha256, now, h1, go_mod_h1, repository)
            expected.zip.set_result(found)


def _kept(path: str) -> tuple[Link, str]:
    link = Link(path)
    with open(path, "rb") as file:
        return link, hashlib.file_digest(file, "sha256").hexdigest()


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
