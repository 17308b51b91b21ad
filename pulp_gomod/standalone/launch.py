"""
Runs one of Pulp's programs so that it never outlives the server that started it.

The program is loaded by its name among the installed console scripts and runs in this process. What
is added: a thread that waits for the end of the server (a pipe that only the server holds open); on
Linux, that the program's own children do not outlive it either; and that neither forking nor exiting
walks through all the objects of Pulp.
"""

import atexit
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any, NoReturn

from .processes import die_with_parent, kill_group

_GRACE = 8.0


def become(command: Sequence[str], lifeline: int, stop_signal: int) -> NoReturn:
    """
    Become a program.

    Args:
        command: A console script and its arguments, or a module with a `main` and none.
        lifeline: The pipe's file descriptor.
        stop_signal: The signal by which the program stops in good order.
    """
    threading.Thread(target=_watch, args=(lifeline, stop_signal), daemon=True).start()
    _bind_children()
    # Registered first, so it runs last: the final collection is most of the time that exiting takes.
    atexit.register(gc.freeze)
    sys.argv = list(command)
    sys.exit(_program(command[0])())


def _program(name: str) -> Callable[[], Any]:
    if "." in name:
        module: Callable[[], Any] = importlib.import_module(name).main
        return module
    script: Callable[[], Any] = next(iter(entry_points(group="console_scripts", name=name))).load()
    return script


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
