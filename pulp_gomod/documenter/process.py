"""Asking a process of its own to document a zip."""

import contextlib
import json
import signal
from collections.abc import Iterator
from typing import IO, Any

from pulp_gomod.apart.starting import CannotStart, started

# On a busy machine a process of low priority waits for much of the time.
_WAIT_FACTOR = 3
_SHORTEST_WAIT = 120.0
# Bytes of a line, and of all of them: a few times what a process that keeps to its bounds gives out.
_LONGEST_LINE = 64 << 20
_MOST_BYTES = 512 << 20


class DocumenterFailed(Exception):
    """The process did not come to its end; the text says why, for people."""


def document_apart(
    descriptor: int, module: str, version: str, seconds: int
) -> Iterator[dict[str, Any]]:
    """
    Let a process of its own document a zip; this thread waits for what comes out.

    Args:
        descriptor: The zip, open for reading and complete; its position moves.
        module: The module path.
        seconds: So much of a processor's time may it take.

    Yields:
        dict: What `documenter.module` says, one after the other.

    Raises:
        DocumenterFailed: It ended before its end; what was yielded until then stands.
    """
    yield from _asked(descriptor, {"module": module, "version": version}, seconds)


def licences_apart(descriptor: int, module: str, version: str, seconds: int) -> list[str]:
    """
    Let a process of its own name the licences in the root of a zip; this thread waits for it.

    Args:
        descriptor: As of document_apart, as are the others.
        module: The module path.
        seconds: So much of a processor's time may it take.

    Raises:
        DocumenterFailed: It found out nothing.
    """
    asked = {"module": module, "version": version, "only": "licences"}
    for found in _asked(descriptor, asked, seconds):
        named: list[str] = found["licences"]
        return named
    raise DocumenterFailed("the process said nothing")


def _asked(descriptor: int, asked: dict[str, str], seconds: int) -> Iterator[dict[str, Any]]:
    longest = max(_SHORTEST_WAIT, _WAIT_FACTOR * seconds)
    try:
        with started(__package__, descriptor, seconds, longest) as process:
            assert process.stdin is not None and process.stdout is not None
            # Its input stays open: it ends when that does.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
            yield from _read(process.stdout)
            if (code := process.wait()) != 0:
                raise DocumenterFailed(_why(code, seconds))
    except CannotStart as error:
        raise DocumenterFailed(str(error)) from error


def _read(pipe: IO[bytes]) -> Iterator[dict[str, Any]]:
    size = 0
    while line := pipe.readline(_LONGEST_LINE):
        size += len(line)
        if not line.endswith(b"\n"):
            return
        if size > _MOST_BYTES:
            raise DocumenterFailed("there is too much of it")
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DocumenterFailed(f"what came out makes no sense: {error}") from error
        if "failed" in found:
            raise DocumenterFailed(str(found["failed"]))
        yield found


def _why(code: int, seconds: int) -> str:
    if code == -signal.SIGXCPU:
        return f"it takes more than {seconds} seconds of a processor's time"
    if code == -signal.SIGKILL:
        return "the process was killed, or got no time for too long"
    return f"the process ended with {code}"
