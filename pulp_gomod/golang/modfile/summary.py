"""
What whoever serves a dependency's go.mod has to know of it, in little memory.

Run as a program it reads a go.mod from its standard input and writes what `encode` makes of it: a parser
in Python takes a second for two megabytes, and all threads of a process wait for each other. So large
files of strangers are read in a process of its own, which limits itself.
"""

import os
import resource
import sys
from dataclasses import dataclass
from typing import Final

from ..errors import GoError
from ..retracted import pack
from .file import File, Ignore, Require, Retract
from .rules import read_lax

#: Seconds of processor time and bytes of memory that the program may take: ten times what a go.mod of a megabyte
#: takes. The worst that have Go's limit of 16 MiB are not read.
MAX_SECONDS: Final = 30
MAX_MEMORY: Final = 2 * 1024**3
_NICE: Final = 10

_USABLE: Final = b"+"
_UNUSABLE: Final = b"-"


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What a go.mod says, as far as it matters to others than its own module.

    Attributes:
        is_usable: Whether the go command could use it as the go.mod of a dependency.
        retracted: What it retracts, see `retracted.pack`; "" also where Go would refuse the file.
    """

    is_usable: bool
    retracted: str = ""


class _Intervals(list[Retract]):
    """Keeps of retract directives what counts, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()

    def append(self, each: Retract, /) -> None:
        self.found.add((each.low, each.high))


class _Requirements(list[Require]):
    """Keeps nothing."""

    def append(self, each: Require, /) -> None:
        pass


class _Ignored(list[Ignore]):
    """Keeps nothing."""

    def append(self, each: Ignore, /) -> None:
        pass


def summarize(data: bytes) -> Summary:
    """
    Read a go.mod as the go command reads that of a dependency.

    Args:
        data: The file.
    """
    intervals = _Intervals()
    file = File(require=_Requirements(), retract=intervals, ignore=_Ignored())
    try:
        read_lax(data, file)
    except GoError:
        return Summary(False)
    return Summary(file.module is not None and bool(file.module.path), pack(intervals.found))


def encode(summary: Summary) -> bytes:
    """Write a summary."""
    return (_USABLE if summary.is_usable else _UNUSABLE) + summary.retracted.encode()


def decode(data: bytes) -> Summary:
    """
    Read a summary.

    Args:
        data: What `encode` made.

    Raises:
        ValueError: It is something else.
    """
    if data[:1] not in (_USABLE, _UNUSABLE):
        raise ValueError("no summary of a go.mod")
    return Summary(data[:1] == _USABLE, data[1:].decode("ascii"))


def main() -> None:
    """Summarize standard input."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    os.nice(_NICE)
    sys.stdout.buffer.write(encode(summarize(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
