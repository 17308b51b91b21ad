"""A small load generator over raw sockets: reads what to do from its input as JSON, prints JSON.

It is used where no public one is installed. One process of Python is slower than most servers are, so
that its figures compare servers, and tell no server's limit.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Tally:
    """What has happened so far."""

    times: list[float] = field(default_factory=list)
    bytes: int = 0
    refused: int = 0
    broken: int = 0
    asked: int = 0


async def _client(given: dict[str, Any], end: float, tally: _Tally) -> None:
    """Ask over one connection until the time is over."""
    reader, writer = await asyncio.open_connection(given["host"], given["port"])
    lines = [*given["headers"], f"Host: {given['host']}:{given['port']}"]
    tail = " HTTP/1.1\r\n{}\r\n\r\n".format("\r\n".join(lines))
    paths, start = given["paths"], given["start"]
    try:
        while (begun := time.perf_counter()) < end:
            path = paths[(start + tally.asked) % len(paths)]
            tally.asked += 1
            writer.write(f"GET {path}{tail}".encode())
            status, size = await _read_answer(reader)
            tally.times.append(time.perf_counter() - begun)
            tally.refused += status >= 400
            tally.bytes += size
    except (OSError, asyncio.IncompleteReadError):
        tally.broken += 1
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one answer: its status, and how many bytes it took."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    fields = head.lower()
    found = fields.find(b"content-length:")
    size = 0
    if status != 304 and found >= 0:
        size = int(fields[found + 15 : fields.index(b"\r\n", found)])
    left = size
    while left:
        chunk = await reader.read(min(left, 1 << 20))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(chunk)
    return status, len(head) + size


async def run(given: dict[str, Any]) -> dict[str, Any]:
    """
    Put a load on a server.

    Args:
        given: host, port, paths, seconds, start, headers, connections.
    """
    tally = _Tally()
    begun = time.perf_counter()
    end = begun + given["seconds"]
    await asyncio.gather(*(_client(given, end, tally) for _ in range(given["connections"])))
    seconds = time.perf_counter() - begun
    parts = statistics.quantiles(tally.times, n=100) if len(tally.times) > 1 else [0.0] * 99
    return {
        "requests": len(tally.times),
        "seconds": seconds,
        "bytes": tally.bytes,
        "p50": parts[49] * 1000,
        "p99": parts[98] * 1000,
        "refused": tally.refused,
        "broken": tally.broken,
        "asked": tally.asked,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
