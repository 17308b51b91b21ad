"""Killing parts of a server at random, while others publish to it."""

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.functional.owners import Owner
from tests.functional.processes import Family, descendants
from tests.functional.rest_api import Made

#: The parts of a server that can be killed: the main process of a program, or one that it forked.
ROLES = (
    "api main",
    "api child",
    "content main",
    "content child",
    "worker main",
    "worker child",
    "postmaster",
    "backend",
)

_PROGRAM = re.compile(r"pulpcore-(api|content|worker)")


def parts(server: int | Family) -> dict[str, list[int]]:
    """The processes below the server's, by their roles."""
    found: dict[str, list[int]] = {}
    members = descendants(server) if isinstance(server, int) else server.look()
    family = {each.pid: each.command for each in members}
    for pid, command in family.items():
        if "/bin/postgres " in command:
            role = "postmaster"
        elif re.match(r"postgres: \S+ \S+ \[local\]", command):
            role = "backend"
        elif named := _PROGRAM.search(command):
            forked = _PROGRAM.search(family.get(_parent(pid), ""))
            role = f"{named[1]} {'child' if forked else 'main'}"
        else:
            continue
        found.setdefault(role, []).append(pid)
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill_one(server: int | Family, role: str, choice: random.Random, patience: float = 60) -> int:
    """
    Kill a process of a role as soon as there is one: a task's lives for a moment only.

    Returns:
        Its number, 0 if there was none in time.
    """
    family = Family(server) if isinstance(server, int) else server
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := parts(family).get(role):
            pid = choice.choice(found)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return pid
        time.sleep(0.005)
    return 0


@dataclass(frozen=True)
class Attempt:
    """
    One publish.

    Attributes:
        made: The module.
        data: The zip.
        status: The status of the answer, 0 if there was none.
        text: The answer, or what came instead.
    """

    made: Made
    data: bytes
    status: int
    text: str


@dataclass
class Publishers:
    """
    Clients that publish one module after the other, each module once.

    Attributes:
        owner: To whom.
        attempts: What they did so far.
    """

    owner: Owner
    attempts: list[Attempt] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, count: int) -> None:
        """Let so many clients begin."""
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(count)]
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Let them finish what they have begun."""
        self._over.set()
        for each in self._threads:
            each.join()

    @property
    def statuses(self) -> "Counter[int]":
        """How often each status was answered."""
        return Counter(each.status for each in self.attempts)

    def _run(self, client: int) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            made = Made(f"example.com/client{client}/m{number}")
            data = made.zip(more=f"package code // {client} {number}\n")
            self.attempts.append(self._put(made, data))
            # Somebody is always at it; more of them would only have the processors do the same more often.
            time.sleep(0.2)

    def _put(self, made: Made, data: bytes) -> Attempt:
        try:
            answer = self.owner.put(data)
        except requests.RequestException as error:
            return Attempt(made, data, 0, str(error))
        return Attempt(made, data, answer.status_code, answer.text)


def schedule(count: int, choice: random.Random) -> Sequence[str]:
    """Choose what to kill: each role once as long as the count allows, then any, in any order."""
    once = choice.sample(ROLES, min(count, len(ROLES)))
    # What costs everything a new start is chosen less often than what is back in a moment.
    quick = [role for role in ROLES if role.endswith("child")]
    more = [choice.choice([*ROLES, *quick, *quick]) for _ in range(count - len(once))]
    chosen = [*once, *more]
    choice.shuffle(chosen)
    return chosen
