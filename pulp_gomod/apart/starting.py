"""Starting a process that reads one file."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What Python needs to find the package; the secrets of a server are none of its business.
_VARIABLES = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL"})


class CannotStart(Exception):
    """The system has no process for it; the text says why, for people."""


@contextmanager
def started(
    package: str, descriptor: int, seconds: int, longest: float
) -> Iterator["subprocess.Popen[bytes]"]:
    """
    Run a package in a process that has a file open, and talk to it through its input and output.

    At the end, or after `longest`, the process is killed if it is still there.

    Args:
        package: Its name; it takes the descriptor and the seconds as arguments.
        descriptor: The file, open for reading and complete; its position moves.
        seconds: So much of a processor's time may the process take.
        longest: Seconds that it may last, on a machine that is busy with something else.

    Raises:
        CannotStart: Nothing was started.
    """
    command = [sys.executable, "-P", "-m", package, str(descriptor), str(seconds)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in _VARIABLES},
            pass_fds=(descriptor,),
        )
    except OSError as error:
        raise CannotStart(f"no process could be started: {error}") from error
    late = threading.Timer(longest, process.kill)
    late.daemon = True
    late.start()
    with process:
        try:
            yield process
        finally:
            late.cancel()
            process.kill()
