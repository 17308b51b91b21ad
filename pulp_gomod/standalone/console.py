"""What the server says on the terminal: news on stderr, what a person or script waits for on stdout."""

import contextlib
import sys
from typing import TextIO


def say(text: str) -> None:
    """Report what is going on."""
    _write(sys.stderr, f"pulp-gomod: {text}")


def show(text: str = "") -> None:
    """Print a result."""
    _write(sys.stdout, text)


def _write(stream: TextIO, line: str) -> None:
    # The server outlives the terminal or pipe that it was started from.
    with contextlib.suppress(OSError, ValueError):
        print(_writable(line, stream), file=stream, flush=True)


def _writable(line: str, stream: TextIO) -> str:
    """Return a line with what a terminal of another encoding has no letters for as escapes."""
    encoding = stream.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)
