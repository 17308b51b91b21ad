"""Pulp's programs as processes of this server."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SettingRefused, StandaloneError
from .loading import Loader, Program
from .logs import Logs
from .processes import kill_group

# The log of what happens while Pulp is loaded.
_LOG = "loader"

_STEADY = 30.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0

#: So often may a program end soon after its start, one time after the other.
MOST_FAILURES = 5


class Spawner:
    """
    Starts Pulp's programs so that they end with this process.

    Args:
        directory: Their working directory.
        logs: Where their output goes.
        passed: File descriptors that all of them keep: the data directory's shared lock.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], logs: Logs, passed: int
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._logs = logs
        self._passed = passed
        # Nobody writes to it: it reaches its end when this process does.
        self._lifeline, self._held = os.pipe()
        self._loader: Loader | None = None
        # Whether that has ever gone well.
        self._has_loaded = False

    def close(self) -> None:
        """Let go of the pipe, which ends what was started and is still running."""
        os.close(self._held)
        os.close(self._lifeline)
        if self._loader is not None:
            self._loader.close()

    @property
    def pids(self) -> Sequence[int]:
        """The children of this process; programs are those of the loader."""
        return [self._loader.pid] if self._loader else []

    def is_loaded(self) -> bool:
        """
        Say whether Pulp is loaded, so that programs start at once; begin to load it.

        Raises:
            SettingRefused: A setting is wrong, which is all that is to be said.
            StandaloneError: Loading failed.
        """
        try:
            is_loaded = self._loaded().is_loaded
            self._has_loaded |= is_loaded
            return is_loaded
        except SettingRefused:
            raise
        except StandaloneError as error:
            raise StandaloneError(
                f"{error}; {self._logs.path(_LOG)} ends with:\n{self._logs.tail(_LOG, 25)}"
            ) from error

    def _loaded(self) -> Loader:
        """The loader, started if there is none (any more)."""
        if (
            self._loader is not None
            and self._loader.is_gone
            and self._can_be_replaced(self._loader)
        ):
            self._loader.close()
            self._loader = None
        if self._loader is None:
            with self._log(_LOG) as log:
                self._loader = Loader(
                    self._directory, self._environment, (self._lifeline, self._passed), log
                )
        return self._loader

    def _can_be_replaced(self, loader: Loader) -> bool:
        """Say whether another loader has better chances than one that is gone."""
        return (self._has_loaded and loader.was_killed) or loader.is_loaded

    def run_script(
        self,
        name: str,
        command: Sequence[str],
        *,
        stop_signal: int = signal.SIGTERM,
        passed: Sequence[int] = (),
        variables: Mapping[str, str] | None = None,
        ahead: Sequence[str] = (),
    ) -> Program:
        """
        Start a console script.

        Args:
            name: The name of its log.
            command: The script's name and its arguments.
            stop_signal: How it is asked to stop.
            passed: File descriptors that it is given, under the same numbers.
            variables: What its environment has beyond that of the others.
            ahead: Functions as `module:name` that it calls before it forks processes of its own.

        Raises:
            LoaderKilled: What would start it was killed meanwhile.
        """
        with self._log(name) as log:
            files = {**{each: each for each in passed}, 1: log, 2: log}
            return self._loaded().start(
                command, files, self._lifeline, stop_signal, variables or {}, ahead
            )

    def run_module(self, name: str, module: str, stdin: int, stdout: int) -> Program:
        """
        Start a module of ours.

        Args:
            name: The name of the log of its errors.
            module: Its whole name.
            stdin: The file descriptor of its input.
            stdout: The file descriptor of its output.
        """
        with self._log(name) as log:
            files = {0: stdin, 1: stdout, 2: log}
            return self._loaded().start([module], files, self._lifeline, signal.SIGTERM, {}, ())

    @contextlib.contextmanager
    def _log(self, name: str) -> Iterator[int]:
        log = self._logs.open(name)
        try:
            yield log
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
        ahead: Functions as `module:name` that it calls before it forks processes of its own.
        failures: How often it has ended soon after its start, without one long run in between.
    """

    name: str
    kind: str
    command: Sequence[str]
    stop_signal: int = signal.SIGTERM
    passed: Sequence[int] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    ahead: Sequence[str] = ()
    failures: int = 0
    _process: Program | None = None
    _due: float = 0.0
    _started: float = 0.0

    @property
    def due_in(self) -> float | None:
        """In how many seconds it should be started, None while it runs."""
        return max(0.0, self._due - time.monotonic()) if self._process is None else None

    def start(self, spawner: Spawner) -> None:
        """
        Start it.

        Raises:
            LoaderKilled: What would start it was killed meanwhile; it is due as before.
        """
        self._started = time.monotonic()
        self._process = spawner.run_script(
            self.name,
            self.command,
            stop_signal=self.stop_signal,
            passed=self.passed,
            variables=self.variables,
            ahead=self.ahead,
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
    def is_orphan(self) -> bool:
        """Whether no signal comes with its end."""
        return self._process is not None and self._process.is_orphan

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
