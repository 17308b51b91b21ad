"""The real `pulp` program without the second that Python takes to load it each time.

Pages of the documentation run it a hundred times. A process that has loaded what the program is made of
forks for each of these, with the arguments, directory, environment and files of whoever runs it. The
program itself and its plugins are loaded by the fork: what they read of the environment is as ever. What they
cached of a server's API has been parsed already.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pulp_glue
from pulp_glue.common.openapi import OpenAPI

from tests.functional.descriptions import parse_ahead, parse_once

PROGRAM = Path(sys.executable).with_name("pulp")
_LOADED = (
    "pulp_glue.common.context",
    *sorted(
        f"{each.name}.context" for each in pkgutil.iter_modules(pulp_glue.__path__, "pulp_glue.")
    ),
    "schema",
    "yaml",
    "asyncio",
    "click",
)
_FILES = 3
_CHUNK = 65536

# What is found as `pulp` instead of the program: it is quick to start, and imports nothing of the tests.
_FRONT = """\
#!{python} -ISs
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(connection, [b"%16d" % len(said)], [0, 1, 2])
    connection.sendall(said)
    status = connection.recv(16)
sys.exit(int(status or b"1"))
"""


@contextlib.contextmanager
def warm_pulp(directory: Path) -> Iterator[Path]:
    """
    Have a `pulp` that starts quickly.

    Args:
        directory: A directory that is there, with a short path.

    Yields:
        The program.
    """
    address = str(directory / "pulp.sock")
    front = directory / "bin" / "pulp"
    front.parent.mkdir()
    front.write_text(_FRONT.format(python=sys.executable, address=address))
    front.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        command = [sys.executable, "-m", __name__, str(listener.fileno())]
        root = Path(__file__).parents[2]
        process = subprocess.Popen(command, cwd=root, pass_fds=[listener.fileno()])
    try:
        yield front
    finally:
        process.terminate()
        process.wait()


def _serve(listener: socket.socket) -> None:
    for name in _LOADED:
        importlib.import_module(name)
    # An own attribute of the class, so that forks have it, too.
    OpenAPI._parse_api = parse_once  # type: ignore[method-assign]
    gc.freeze()
    # Nobody waits for forks: each tells its own end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        head, files, *_ = socket.recv_fds(connection, 16, _FILES)
        said = b""
        while len(said) < int(head):
            said += connection.recv(_CHUNK)
        arguments, directory, environment = json.loads(said)
        parse_ahead(environment)
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _run(connection, files, arguments, directory, environment)
        for file in files:
            os.close(file)
        connection.close()


def _run(
    connection: socket.socket,
    files: list[int],
    arguments: list[str],
    directory: str,
    environment: dict[str, str],
) -> None:
    """Be the program, tell its status, and end."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(PROGRAM), *arguments]
    status: object = 1
    try:
        runpy.run_path(str(PROGRAM), run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(b"%d" % (status if isinstance(status, int) else 1))
        os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
