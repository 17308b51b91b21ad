"""The real `pulp` program without the second that Python takes to load it each time.

Pages of the documentation run it a hundred times. A process that has loaded what the program is made of
forks for each of these, with the arguments, directory, environment and files of whoever runs it. The fork runs
the program itself, which puts its plugins together. What modules read of the environment when they are loaded, which
is where the configuration is, is read again. What was cached of a server's API has been parsed already, and which
plugins there are is known.
"""

import contextlib
import functools
import gc
import importlib.util
import marshal
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from pulp_glue.common.openapi import OpenAPI

from tests.functional.descriptions import parse_ahead, parse_once

PROGRAM = Path(sys.executable).with_name("pulp")
_LOADED = ("schema", "yaml", "asyncio", "click", "pulp_cli", "pulp_cli.config")
_FILES = 3
_CHUNK = 65536
_pause = time.sleep

# What is found as `pulp` instead of the program: it is quick to start, for which it takes the modules that others are
# made of, and imports nothing of the tests.
_FRONT = """\
#!{python} -ISs
import _socket, marshal, os, struct, sys
connection = _socket.socket(_socket.AF_UNIX)
connection.connect({address!r})
said = marshal.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)])
files = _socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("3i", 0, 1, 2)
connection.sendmsg([b"%16d" % len(said)], [files])
connection.sendall(said)
sys.exit(int(connection.recv(16) or b"1"))
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
    known = functools.cache(entry_points)
    for each in known(group="pulp_cli.plugins"):
        each.load()
    # An own attribute of the class, so that forks have it, too.
    OpenAPI._parse_api = parse_once  # type: ignore[method-assign]
    # As in tests/pulp_main.py.
    vars(sys.modules["pulp_cli"])["entry_points"] = known
    gc.freeze()
    # Nobody waits for forks: each tells its own end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        head, files, *_ = socket.recv_fds(connection, 16, _FILES)
        said = b""
        while len(said) < int(head):
            said += connection.recv(_CHUNK)
        arguments, directory, environment = marshal.loads(said)
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
    # It asks once a second how a task is doing, which takes most tasks a third of that.
    time.sleep = lambda seconds: _pause(seconds / 3)
    _look_at_the_environment(arguments)
    status: object = 1
    try:
        runpy.run_path(str(PROGRAM), run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(b"%d" % (status if isinstance(status, int) else 1))
        os._exit(0)


def _look_at_the_environment(arguments: list[str]) -> None:
    """Do again what modules do when they are loaded, where it depends on who is at home."""
    if "config" in arguments:
        # Defaults of these commands are paths.
        for name in [each for each in sys.modules if each.startswith(("pulp_cli", "pulpcore.cli"))]:
            del sys.modules[name]
        return
    known = sys.modules["pulp_cli.config"]
    assert known.__spec__ and known.__spec__.loader
    said = importlib.util.module_from_spec(known.__spec__)
    known.__spec__.loader.exec_module(said)
    known.CONFIG_LOCATIONS[:] = said.CONFIG_LOCATIONS


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
