"""
Runs one of Pulp's programs so that it never outlives the server that started it.

    python -P -m pulp_gomod.standalone.launch pulpcore-api --workers 2

The program is loaded by its name among the installed console scripts and runs in this process. What
is added: a thread that waits for the end of the server (a pipe that only the server holds open); on
Linux, that the program's own children do not outlive it either; and that neither forking nor exiting
walks through all the objects of Pulp.
"""

import atexit
import gc
import os
import signal
import sys
import threading
import time
from importlib.metadata import entry_points

from .processes import die_with_parent, kill_group

#: The variable that names the pipe's file descriptor.
LIFELINE = "_GOMOD_SERVE_LIFELINE"

#: The variable that names the signal by which the program stops in good order.
STOP_SIGNAL = "_GOMOD_SERVE_STOP_SIGNAL"

_GRACE = 8.0


def main() -> None:
    """Become the program that the first argument names."""
    lifeline = int(os.environ.pop(LIFELINE))
    stop_signal = int(os.environ.pop(STOP_SIGNAL))
    threading.Thread(target=_watch, args=(lifeline, stop_signal), daemon=True).start()
    _bind_children()
    # Registered first, so it runs last: the final collection is most of the time that exiting takes.
    atexit.register(gc.freeze)
    sys.argv = sys.argv[1:]
    script = next(iter(entry_points(group="console_scripts", name=sys.argv[0])))
    sys.exit(script.load()())


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


if __name__ == "__main__":
    main()
