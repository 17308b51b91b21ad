"""
Runs one of Pulp's programs so that it never outlives the server that started it.

The program is loaded by its name among the installed console scripts and runs in this process. What
is added: a thread that waits for the end of the server (a pipe that only the server holds open); on
Linux, that the program's own children do not outlive it either; and that neither forking nor exiting
walks through all the objects of Pulp, which are in memory that the programs share until one writes to it.
"""

import atexit
import contextlib
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn

from .processes import die_with_parent, kill_group

_GRACE = 8.0


def console_scripts() -> dict[str, EntryPoint]:
    """Return the installed console scripts by their names."""
    return {script.name: script for script in entry_points(group="console_scripts")}


@contextlib.contextmanager
def ending_at_once() -> Iterator[None]:
    """
    Have this process, and those that it forks within, leave their objects to the kernel when they end.

    Python would take them apart one by one, and each process would first get a copy of the memory that it shares.
    """
    status: int = 0

    def end() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)

    # Registered first, so it runs last: threads have ended then, and what others have registered is done.
    atexit.register(end)
    try:
        yield
    except BaseException as error:
        status = _status(error)
        raise


def _status(error: BaseException) -> int:
    """Return what Python makes of an error that nobody catches."""
    code = error.code if isinstance(error, SystemExit) else 1
    return (code or 0) & 0xFF if code is None or isinstance(code, int) else 1


def become(
    command: Sequence[str],
    scripts: Mapping[str, EntryPoint],
    ahead: Sequence[str],
    lifeline: int,
    stop_signal: int,
) -> NoReturn:
    """
    Become a program.

    Args:
        command: A console script and its arguments, or a module with a `main` and none.
        scripts: The installed console scripts.
        ahead: Functions as `module:name`, called first: what its own processes would each do for themselves.
        lifeline: The pipe's file descriptor.
        stop_signal: The signal by which the program stops in good order.
    """
    threading.Thread(target=_watch, args=(lifeline, stop_signal), daemon=True).start()
    _bind_children()
    program = _program(command[0], scripts)
    for each in ahead:
        EntryPoint(each, each, "").load()()
    sys.argv = list(command)
    sys.exit(program())


def _program(name: str, scripts: Mapping[str, EntryPoint]) -> Callable[[], Any]:
    program: Callable[[], Any] = (
        importlib.import_module(name).main if "." in name else scripts[name].load()
    )
    return program


def _watch(lifeline: int, stop_signal: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), stop_signal)
    time.sleep(_GRACE)
    kill_group(os.getpgrp())


def _bind_children() -> None:
    forking = threading.local()
    has_frozen = False

    def before() -> None:
        nonlocal has_frozen
        # So that collections in the child leave alone the pages that it shares with its parent. Once:
        # later it is not much, and asking how much is frozen takes longer than the fork.
        if not has_frozen:
            gc.freeze()
            has_frozen = True
        forking.parent = os.getpid()
        # The kernel sends the signal when the thread that forked ends, which is the process's end
        # for its main thread only.
        forking.by_main = threading.current_thread() is threading.main_thread()

    def in_child() -> None:
        if forking.by_main:
            die_with_parent(signal.SIGKILL, forking.parent)

    os.register_at_fork(before=before, after_in_child=in_child)
