"""Watching over the database and Pulp's programs."""

import signal
import time

from .console import say
from .database import Database
from .errors import LoaderKilled, StandaloneError, StopRequested
from .logs import Logs
from .parts import MOST_FAILURES, Part, Spawner
from .processes import collect_orphans, describe_end, exists
from .settings import TASK_GRACE
from .signals import Signals

_STOP_PATIENCE = TASK_GRACE + 5.0
_HOUSEKEEPING = 60.0
_OWNER_CHECK = 1.0
_SOON = 0.3
_ORPHAN_CHECK = 1.0
# After a worker was started, workers are told so often, so many seconds apart, to look for tasks.
_WAKES = 6
_BETWEEN_WAKES = 5.0


class Supervisor:
    """
    Runs the database and the parts, and starts again what ends.

    Args:
        signals: Says when to stop.
        logs: The log files.
        identifier: The part of our processes' names in Pulp's records that tells them from others.
        owner: The process with whose end the server stops, None for none.
    """

    def __init__(
        self,
        signals: Signals,
        database: Database,
        logs: Logs,
        identifier: str,
        owner: int | None,
    ) -> None:
        self._signals = signals
        self._database = database
        self._logs = logs
        self._identifier = identifier
        self._owner = owner
        self._parts: list[Part] = []
        self._dead: list[tuple[str, str]] = []
        self._housekeeping = time.monotonic()
        self._wakes = 0
        self._next_wake = 0.0

    @property
    def name_template(self) -> str:
        """How Pulp's processes call themselves in its records; Pulp fills in the process id."""
        return "{pid}@{hostname}:" + self._identifier

    def wait(self, seconds: float) -> None:
        """
        Pass the time, at most until a signal comes.

        Raises:
            StopRequested: The server shall stop.
            DatabaseDied: The database ended.
        """
        if not self._signals.stops:
            self._signals.wait(min(seconds, _OWNER_CHECK) if self._owner else seconds)
        if self._signals.stops:
            raise StopRequested
        if self._owner and not exists(self._owner):
            raise StopRequested
        self._database.check()
        if time.monotonic() - self._housekeeping > _HOUSEKEEPING:
            self._housekeeping = time.monotonic()
            self._logs.rotate()

    def forget_dead(self) -> None:
        """Clear Pulp's records of the processes of earlier starts, none of which runs any more."""
        self._forget("%", "")

    def start(self, parts: list[Part], spawner: Spawner) -> None:
        """Start parts, and watch over them from now on."""
        self._parts += parts
        for part in parts:
            part.start(spawner)

    def watch(self, seconds: float, spawner: Spawner) -> None:
        """
        Pass the time until something happens, and start again what ended and is due.

        Raises:
            StandaloneError: A part ended too often.
        """
        due = [seconds] + [each for part in self._parts if (each := part.due_in) is not None]
        due += [_ORPHAN_CHECK for part in self._parts if part.is_orphan]
        if self._wakes:
            due.append(max(self._next_wake - time.monotonic(), 0.0))
        # Its loader may have been killed: nothing starts before Pulp is loaded again.
        is_held_up = bool(self._dead) or not spawner.is_loaded()
        self.wait(_SOON if is_held_up else min(due))
        self._wake_workers()
        collect_orphans({*self._database.pids, *spawner.pids})
        for part in self._parts:
            if ended := part.collect():
                self._note_end(part, *ended)
        # Before anything is started: the records of what is to come look the same. A database that
        # recovers, or is away, takes nothing for a while.
        self._dead = [each for each in self._dead if not self._forget(*each)]
        for part in self._parts:
            if part.due_in == 0 and not self._dead and spawner.is_loaded():
                self._start_again(part, spawner)

    def _start_again(self, part: Part, spawner: Spawner) -> None:
        try:
            part.start(spawner)
        except LoaderKilled as error:
            say(f"{error}; trying again")
            return
        if part.kind == "worker":
            self._wakes, self._next_wake = _WAKES, time.monotonic() + _BETWEEN_WAKES

    def _wake_workers(self) -> None:
        if self._wakes and time.monotonic() >= self._next_wake:
            self._database.records.wake_workers()
            self._wakes -= 1
            self._next_wake = time.monotonic() + _BETWEEN_WAKES

    def kill(self) -> None:
        """End the parts at once: without a database none of them has anything to do."""
        for part in self._parts:
            part.kill()

    def stop(self) -> None:
        """Stop the parts, then the database; a second signal hurries it."""
        for part in self._parts:
            part.ask_to_stop()
        end = time.monotonic() + _STOP_PATIENCE
        while any(part.is_running for part in self._parts):
            if time.monotonic() > end or self._signals.stops > 1:
                break
            self._signals.wait(0.1)
        for part in self._parts:
            part.kill()
        self._parts = []
        self._database.stop()

    def _note_end(self, part: Part, pid: int, code: int) -> None:
        # A database that somebody else runs may be away for a while, or crash: that is not the part's
        # fault. Neither is it when it was killed, by a person or by a kernel that is short of memory.
        self.wait(0)
        since = self._database.records.seconds_since_crash()
        lost_database = not self._database.records.is_up() if since is None else since < part.age
        if code == -signal.SIGKILL or lost_database:
            part.failures = min(part.failures, MOST_FAILURES - 1)
        if part.failures >= MOST_FAILURES:
            raise StandaloneError(
                f"{part.name} {describe_end(code)}, the {MOST_FAILURES}th time in a row; "
                f"{self._logs.path(part.name)} ends with:\n{self._logs.tail(part.name)}"
            )
        say(f"{part.name} (process {pid}) {describe_end(code)}; starting it again")
        # A worker is one process, the others have workers of their own, all of which are dead.
        self._dead.append((f"{pid}@%" if part.kind == "worker" else "%", part.kind))

    def _forget(self, names: str, kind: str) -> bool:
        return self._database.records.forget_processes(f"{names}:{self._identifier}", kind)
