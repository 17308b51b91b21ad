"""Asking the loader for programs, and what becomes of them."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import loader
from .errors import LoaderKilled, SettingRefused, StandaloneError
from .processes import exists

_CHUNK = 65536
_POLL = 0.02


class Program:
    """
    A program that was forked by a loader; looks like `subprocess.Popen`.

    Attributes:
        pid: Its process id, which is that of its process group, too.
        returncode: As Popen's; None while it runs.
    """

    def __init__(self, source: "Loader", pid: int) -> None:
        self._source = source
        self.pid = pid
        self.returncode: int | None = None

    @property
    def is_orphan(self) -> bool:
        """Whether its loader is gone, so that no signal comes with its end."""
        return self._source.is_gone

    def poll(self) -> int | None:
        """Return its return code if it has ended, else None."""
        if self.returncode is None:
            self.returncode = self._source.code_of(self.pid)
        return self.returncode

    def wait(self, timeout: float = float("inf")) -> int:
        """
        Wait for its end, and return its return code.

        Raises:
            subprocess.TimeoutExpired: It has not ended in so many seconds.
        """
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(_POLL)
        return code

    def send_signal(self, signum: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)


class Loader:
    """
    The process that has loaded Pulp; started when it is first needed, and again should it be killed.

    Its programs run on without it.

    Args:
        directory: Its working directory, and that of its programs.
        passed: File descriptors that it inherits, and all its programs with it.
        log: A file descriptor for its output.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], passed: Sequence[int], log: int
    ) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", loader.__name__],
                cwd=directory,
                env={**environment, loader.CONTROL: str(theirs.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(*passed, theirs.fileno()),
            )
        self._is_loaded = False
        self._refused = ""
        self._codes: dict[int, int] = {}
        self._started: list[int] = []
        self._rest = b""
        self._is_gone = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_loaded(self) -> bool:
        """
        Whether programs start without waiting for Pulp to be loaded.

        Raises:
            SettingRefused: A setting is wrong.
            StandaloneError: Loading failed.
        """
        self._listen(0)
        if self._is_gone and not self._is_loaded:
            self._fail("loading Pulp failed")
        return self._is_loaded

    @property
    def is_gone(self) -> bool:
        """Whether it has ended."""
        self._listen(0)
        return self._is_gone

    @property
    def was_killed(self) -> bool:
        """Whether it was killed, which says nothing against the next one."""
        return self.is_gone and self._process.wait() == -signal.SIGKILL

    def start(
        self,
        command: Sequence[str],
        files: Mapping[int, int],
        lifeline: int,
        stop_signal: int,
        variables: Mapping[str, str],
        ahead: Sequence[str],
    ) -> Program:
        """
        Start a program.

        Args:
            command: A console script and its arguments, or a module of ours and none.
            files: File descriptors that are sent along, by the numbers that they have there.
            lifeline: The file descriptor whose end asks it to stop, among what the loader inherits.
            stop_signal: How it asks itself to stop.
            variables: What its environment has beyond that of the others.
            ahead: Functions as `module:name` that it calls before it forks processes of its own.

        Raises:
            SettingRefused: A setting is wrong.
            LoaderKilled: The loader was killed meanwhile.
            StandaloneError: The loader cannot start it.
        """
        request = {
            "command": list(command),
            "files": list(files),
            "lifeline": lifeline,
            "stop_signal": int(stop_signal),
            "variables": dict(variables),
            "ahead": list(ahead),
        }
        message = json.dumps(request).encode() + b"\n"
        with contextlib.suppress(OSError):
            sent = socket.send_fds(self._control, [message], list(files.values()))
            self._control.sendall(message[sent:])
        while not (self._started or self._is_gone):
            self._listen(None)
        if not self._started and self.was_killed:
            raise LoaderKilled(f"cannot start {command[0]}: the process that loads Pulp was killed")
        if not self._started:
            self._fail(f"cannot start {command[0]}: loading Pulp failed")
        return Program(self, self._started.pop())

    def code_of(self, pid: int) -> int | None:
        """Return the return code of one of its programs, None while that runs."""
        self._listen(0)
        if pid in self._codes:
            return self._codes.pop(pid)
        if self._is_gone and not _is_there(pid):
            # Nobody can tell any more how it ended.
            return -signal.SIGKILL
        return None

    def close(self) -> None:
        """Let it end, which it does when its programs have."""
        self._control.close()
        self._process.wait()

    def _listen(self, seconds: float | None) -> None:
        """Take note of what it says, waiting for something for so long."""
        while not self._is_gone and select.select([self._control], [], [], seconds)[0]:
            try:
                data = self._control.recv(_CHUNK)
            except ConnectionError:
                data = b""
            self._is_gone = not data
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._note(json.loads(line))
            seconds = 0

    def _fail(self, what: str) -> NoReturn:
        raise SettingRefused(self._refused) if self._refused else StandaloneError(what)

    def _note(self, message: dict[str, Any]) -> None:
        match message:
            case {"refused": sentence}:
                self._refused = sentence
            case {"loaded": _}:
                self._is_loaded = True
            case {"started": pid}:
                self._started.append(pid)
            case {"ended": pid, "code": code}:
                self._codes[pid] = code


def _is_there(pid: int) -> bool:
    """Say whether an orphan runs; it is a child of ours if we are the first process of a container."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    return exists(pid) and not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Say whether nobody has asked yet how a process ended; where there is no /proc, that is soon done."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return False
