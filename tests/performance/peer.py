"""Another Go proxy, given as a program, with some GOPROXY as its upstream."""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.gomods import find_goroot
from tests.performance.bare import stop_group
from tests.performance.contenders import Contender, descendants, free_port

#: The arguments of github.com/goproxy/goproxy/cmd/goproxy.
ARGUMENTS = "server --address {address} --cacher-dir {cache} --temp-dir {temp}"


def name(command: str) -> str:
    """
    What the tables call it.

    Args:
        command: See `serving`.
    """
    return Path(shlex.split(command)[0]).name


@contextlib.contextmanager
def serving(
    command: str, upstream: str, directory: Path, sumdb: str = "off"
) -> Iterator[Contender]:
    """
    Run it.

    Args:
        command: The program and its arguments, in which {address}, {port}, {cache} and {temp} stand for
            where it shall listen and write; the program alone is taken for goproxy. It finds the
            upstream in GOPROXY.
        upstream: The GOPROXY to ask.
        directory: For its files, to be made.
        sumdb: The checksum database to verify with.
    """
    words = shlex.split(command)
    if len(words) == 1:
        words += ARGUMENTS.split()
    port = free_port()
    values = {
        "address": f"127.0.0.1:{port}",
        "port": str(port),
        "cache": str(directory / "cache"),
        "temp": str(directory / "temp"),
    }
    (directory / "temp").mkdir(parents=True)
    (directory / "cache").mkdir()
    with (directory / "peer.log").open("wb") as log:
        process = subprocess.Popen(
            [word.format(**values) for word in words],
            env={
                "PATH": f"{find_goroot()}/bin:{os.environ['PATH']}",
                "HOME": str(directory),
                "GOPROXY": upstream,
                "GOSUMDB": sumdb,
                "GOTOOLCHAIN": "local",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        found = Contender(
            name(command), f"http://127.0.0.1:{port}", "", lambda: descendants(process.pid)
        )
        found.wait()
        yield found
    finally:
        stop_group(process)
