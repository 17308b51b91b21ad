"""
What the go.mod files of upstreams say, each read once, and large ones where nobody waits for it.

An upstream may send 16 MiB, of which a parser in Python makes sense in ten seconds; in a thread it would
take every other turn from the event loop for that long. So a large file is read in a process of its own
(`golang.modfile.summary`), which bounds its time and its memory itself; one at a time. What came of it is
remembered, also, for a while, that nothing did: on a busy machine the next attempt may end in time.
"""

import asyncio
import hashlib
import logging
import math
import os
import subprocess
import sys
import time
from typing import NamedTuple

from pulp_gomod.app.db.executors import BoundedExecutor, compute_bytes
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.golang.modfile import summary
from pulp_gomod.golang.modfile.summary import Summary, summarize

log = logging.getLogger(__name__)

# Bytes up to which a go.mod is read on the event loop (some milliseconds), and in a thread (some tens).
SHORT = 4 * 1024
MEDIUM = 64 * 1024
# Seconds that a process may take in all; its own limit is one of processor time.
LONGEST = 120.0
# Seconds for which a client is let wait to learn whether what it gets can be kept, too.
PATIENCE = 10.0
# Large files that are read or wait for it, the rest is not read; each of them takes memory.
MOST_WAITING = 8
# Summaries that are remembered, and characters of all of them together.
MOST_KNOWN = 4096
MOST_KNOWN_SIZE = 32 * 1024 * 1024
# Seconds after which a file that could not be read is tried again.
RETRY_AFTER = 600.0

_PROGRAM = (sys.executable, "-P", "-m", summary.__name__)
# The program needs nothing of what this process knows.
_VARIABLES = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR")


class UnreadableError(Exception):
    """A go.mod takes too long to read, or too many others are being read."""


class _Known(NamedTuple):
    """What came of reading a file, and when to try again, by time.monotonic()."""

    said: Summary | None
    until: float

    @property
    def size(self) -> int:
        return len(self.said.retracted) if self.said is not None else 0


class GoMods:
    """
    Reads go.mod files.

    Attributes:
        patience: Seconds that whoever can do without an answer should wait for it; the reading goes on.
    """

    def __init__(self) -> None:
        """Nothing was read yet."""
        self.patience = PATIENCE
        self._reader = BoundedExecutor("gomod-upstream-mod", 1)
        self._process: subprocess.Popen[bytes] | None = None
        self._known: Lru[bytes, _Known] = Lru(MOST_KNOWN, MOST_KNOWN_SIZE, lambda each: each.size)
        self._reading: SingleFlight[Summary | None] = SingleFlight()

    async def read(self, body: bytes) -> Summary:
        """
        Say what a go.mod says.

        Args:
            body: The file.

        Raises:
            UnreadableError: It takes more time or memory than it may, or too many others wait.
        """
        if len(body) <= SHORT:
            return summarize(body)
        digest = await compute_bytes(body, _digest)
        known = self._known.get(digest)
        if known is not None and time.monotonic() < known.until:
            found = known.said
        else:
            if len(self._reading) >= MOST_WAITING and not self._reading.is_under_way(digest):
                raise UnreadableError("too many large ones are being read")
            # Whoever breaks off does not stop it for others.
            found = await asyncio.shield(
                self._reading.start(digest, lambda: self._read(digest, body))
            )
        if found is None:
            raise UnreadableError("it takes too long to read")
        return found

    async def _read(self, digest: bytes, body: bytes) -> Summary | None:
        read = summarize if len(body) <= MEDIUM else self._read_apart
        found = await self._reader.run(read, body)
        until = math.inf if found is not None else time.monotonic() + RETRY_AFTER
        self._known.put(digest, _Known(found, until))
        return found

    def _read_apart(self, body: bytes) -> Summary | None:
        """Read a large file in a process of its own; None if it did not end well."""
        environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        with subprocess.Popen(
            _PROGRAM,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        ) as process:
            self._process = process
            try:
                said, _ = process.communicate(body, LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                said = b""
            finally:
                self._process = None
        try:
            return summary.decode(said if process.returncode == 0 else b"")
        except ValueError:
            log.warning(
                "A go.mod of %s bytes could not be read within %s s and %s MiB (status %s).",
                len(body),
                summary.MAX_SECONDS,
                summary.MAX_MEMORY >> 20,
                process.returncode,
            )
            return None

    def close(self) -> None:
        """Read nothing more."""
        self._reader.close()
        process = self._process
        if process is not None:
            process.kill()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
