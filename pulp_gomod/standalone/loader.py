"""
Loads Pulp once, and forks the programs of the server from that; runs as a process of its own.

Loading Pulp takes seconds of a processor and a hundred megabytes, and is the same for the API, the
content app, each worker and what prepares the database. Forked, they have it at once and share the
memory. See `loading` for who asks.

One message a program comes through a socket: a line of JSON with file descriptors beside it. The
answer is the process id, and once more a line when the program has ended.
"""

import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any

from . import launch

#: The variable that names the socket's file descriptor.
CONTROL = "_GOMOD_SERVE_CONTROL"

_CHUNK = 65536
_MOST_FILES = 16
# Seconds that programs have to end after the server is gone; they end themselves before that.
_GRACE = 15.0


def main() -> None:
    """Fork what is asked for, until nobody can ask any more; in a fork, become the program."""
    with launch.ending_at_once():
        _run(socket.socket(fileno=int(os.environ.pop(CONTROL))))


def _run(control: socket.socket) -> None:
    loader = _Loader(control)
    try:
        _load()
    except Exception as error:
        if not _is_about_settings(error):
            raise
        loader.tell({"refused": str(error)})
        sys.exit(1)
    # Reading what is installed takes each program as long as all the rest of its beginning.
    scripts = launch.console_scripts()
    loader.tell({"loaded": os.getpid()})
    request = loader.run()
    if request is not None:
        launch.become(
            request["command"],
            scripts,
            request["ahead"],
            request["lifeline"],
            request["stop_signal"],
        )


def _load() -> None:
    # Nearly all that is made here stays. Looking for garbage in between would take a third of the time.
    gc.disable()
    import django

    django.setup()
    from django.db import connections
    from django.urls import get_resolver

    # All of the API's URLs, with the views behind them: each process of the API, and each task that shows or reads
    # an href, would find out about them for itself.
    _ = get_resolver().reverse_dict
    _load_storage()
    # A connection must not be shared.
    connections.close_all()
    # Collections in the forks are to leave alone the pages that they share.
    gc.freeze()
    gc.enable()


def _load_storage() -> None:
    """Import what keeps the files: libraries of object storages take half a second, of each task anew."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    # Nothing is connected here. One that is missing is told of by who needs it.
    with contextlib.suppress(ImportError):
        import_string(settings.STORAGES["default"]["BACKEND"])


def _is_about_settings(error: Exception) -> bool:
    """Say whether an error is a sentence about settings that are wrong, for the administrator."""
    from django.core.exceptions import ImproperlyConfigured
    from dynaconf import ValidationError  # type: ignore[import-untyped]

    return isinstance(error, ImproperlyConfigured | ValidationError)


class _Loader:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._server = os.getppid()
        self._children: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)

    def run(self) -> dict[str, Any] | None:
        """Serve until the socket is closed; in a fork, return at once what it is to become."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            if self._control in self._wait(self._control):
                received = _receive(self._control)
                if received is None:
                    break
                if self._fork(*received):
                    return received[0]
        end = time.monotonic() + _GRACE
        while self._children and time.monotonic() < end:
            self._wait()
        return None

    def _wait(self, *others: socket.socket) -> list[socket.socket]:
        """Wait a second, for the end of a child or for others; return which are ready."""
        ready, _, _ = select.select([self._woken, *others], [], [], 1.0)
        if self._woken in ready:
            self._woken.recv(_CHUNK)
        self._reap()
        return ready

    def _fork(self, request: dict[str, Any], files: list[int]) -> bool:
        """Fork; say whether this is the child."""
        pid = os.fork()
        if pid == 0:
            self._settle(request, files)
            return True
        for file in files:
            os.close(file)
        self._children.add(pid)
        self.tell({"started": pid})
        return False

    def _settle(self, request: dict[str, Any], files: list[int]) -> None:
        """Leave what is the loader's, and take what was sent along, under the numbers it is to have."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._control, self._woken, self._waker):
            each.close()
        os.setsid()
        # First away from all numbers that are wanted.
        moved = [_above(file, max(request["files"])) for file in files]
        for file, number in zip(moved, request["files"], strict=True):
            os.dup2(file, number, inheritable=True)
            os.close(file)
        os.environ.update(request["variables"])
        _set_title(request["command"][0])

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            self.tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})
            if os.getppid() == self._server:
                # It waits for signals, as if the program were its own child.
                os.kill(self._server, signal.SIGCHLD)

    def tell(self, message: Mapping[str, int | str]) -> None:
        """Say something to the server."""
        try:
            self._control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # The server is gone.


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Receive one message; the next one is only sent after the answer."""
    data, files = b"", []
    while not data.endswith(b"\n"):
        try:
            chunk, sent, _, _ = socket.recv_fds(control, _CHUNK, _MOST_FILES)
        except ConnectionError:
            return None
        if not chunk:
            return None
        data += chunk
        files.extend(sent)
    request: dict[str, Any] = json.loads(data)
    return request, files


def _above(file: int, number: int) -> int:
    """Move a file descriptor above a number."""
    moved = fcntl.fcntl(file, fcntl.F_DUPFD, number + 1)
    os.close(file)
    return moved


def _set_title(program: str) -> None:
    """Say in the list of processes which program this is; gunicorn adds who is the master."""
    from setproctitle import setproctitle

    setproctitle(f"pulp-gomod: {program}")


if __name__ == "__main__":
    main()
