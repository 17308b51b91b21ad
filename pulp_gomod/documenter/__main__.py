"""The process that documents one zip: what it is of comes in by its input, and the findings go out line by line."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

from pulp_gomod.apart import limits
from pulp_gomod.documenter.root_licences import root_licences
from pulp_gomod.golang import GoError
from pulp_gomod.golang.archive import Input

# Half of what those have who publish, and a tenth of what those have who serve.
_NICENESS = 10
_MEMORY = 2 << 30
# Of the seconds that are allowed, those after which no other package is begun.
_ENOUGH = 0.8


def main() -> None:
    """Document the zip that is open as the file descriptor in the first argument."""
    descriptor, seconds = map(int, sys.argv[1:])
    asked = json.loads(sys.stdin.buffer.readline())
    limits.end_with(sys.stdin.buffer)
    limits.limit(seconds, _MEMORY, _NICENESS)
    out = sys.stdout.buffer
    with open(descriptor, "rb", buffering=0) as file:
        try:
            for found in _found(file, asked, seconds):
                _send(out, found)
        except (GoError, RecursionError) as error:
            _send(out, {"failed": str(error)[:1000]})
        except MemoryError:
            _send(out, {"failed": f"it takes more than {_MEMORY >> 30} GiB of memory"})
    out.flush()
    os._exit(0)


def _found(file: Input, asked: dict[str, Any], seconds: int) -> Iterable[dict[str, Any]]:
    path, version = asked["module"], asked["version"]
    if asked.get("only") == "licences":
        return [{"licences": root_licences(file, path, version)}]
    # What reads Go and Markdown takes a while to load, and a client waits for licences.
    from pulp_gomod.documenter.module import document_module

    return document_module(file, path, version, seconds * _ENOUGH)


def _send(out: BinaryIO, found: object) -> None:
    out.write(json.dumps(found, separators=(",", ":")).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
