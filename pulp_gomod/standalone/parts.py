"""Pulp's programs as processes of this server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import launch
from .logs import Logs
from .processes import kill_group

_STEADY = 30.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0

#: So often may a program end soon after its start, one time after the other.
MOST_FAILURES = 5


class Spawner:
    """
    Starts Python programs that end with this process.

    Args:
        directory: Their working directory.
        environment: Their environment.
        logs: Where their output goes.
        lock: The file descriptor of the data directory's shared lock.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], logs: Logs, lock: int
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._logs = logs
        self._lock = lock
        # Nobody writes to it: it reaches its end when this process does.
        self._lifeline, self._held = os.pipe()

    def close(self) -> None:
        """Let go of the pipe, which ends what was started and is still running."""
        os.close(self._held)
        os.close(self._lifeline)

    def run_script(
        self,
        name: str,
        command: Sequence[str],
        *,
        stop_signal: int = signal.SIGTERM,
        passed: Sequence[int] = (),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """
        Start a console script.

        Args:
            name: The name of its log.
            command: The script's name and its arguments.
            stop_signal: How it is asked to stop.
            passed: File descriptors that it inherits.
            variables: What its environment has beyond that of the others.
        """
        added = {launch.LIFELINE: str(self._lifeline), launch.STOP_SIGNAL: str(int(stop_signal))}
        log = self._logs.open(name)
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", launch.__name__, *command],
                cwd=self._directory,
                env={**self._environment, **added, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(self._lifeline, self._lock, *passed),
            )
        finally:
            os.close(log)

    def run_module(self, name: str, module: str) -> subprocess.Popen[bytes]:
        """Start a module of ours, with pipes for its input and output; its errors are logged."""
        log = self._logs.open(name)
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        finally:
            os.close(log)


@dataclass
class Part:
    """
    One program that has to run all the time.

    Attributes:
        name: What the log and messages call it.
        kind: What Pulp's records call it: "api", "content" or "worker".
        command: The console script and its arguments.
        stop_signal: How it is asked to stop.
        passed: File descriptors that it inherits.
        variables: What its environment has beyond that of the others.
        failures: How often it has ended soon after its start, without one long run in between.
    """

    name: str
    kind: str
    command: Sequence[str]
    stop_signal: int = signal.SIGTERM
    passed: Sequence[int] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _due: float = 0.0
    _started: float = 0.0

    @property
    def due_in(self) -> float | None:
        """In how many seconds it should be started, None while it runs."""
        return max(0.0, self._due - time.monotonic()) if self._process is None else None

    def start(self, spawner: Spawner) -> None:
        """Start it."""
        self._started = time.monotonic()
        self._process = spawner.run_script(
            self.name,
            self.command,
            stop_signal=self.stop_signal,
            passed=self.passed,
            variables=self.variables,
        )

    def collect(self) -> tuple[int, int] | None:
        """
        The process id and return code of a process that ended since the last call.

        What it left of its own processes is killed, and its next start is put off, the longer the
        more often it failed.
        """
        if self._process is None or (code := self._process.poll()) is None:
            return None
        pid = self._process.pid
        kill_group(pid)
        self._process = None
        steady = time.monotonic() - self._started > _STEADY
        self.failures = 1 if steady else self.failures + 1
        self._due = time.monotonic() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self.failures)
        return pid, code

    @property
    def age(self) -> float:
        """How many seconds ago it was last started."""
        return time.monotonic() - self._started

    def ask_to_stop(self) -> None:
        """Ask it to stop; `is_running` tells when it has."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it and all its own processes at once."""
        if self._process is not None:
            kill_group(self._process.pid)
            self._process.wait()
            self._process = None
