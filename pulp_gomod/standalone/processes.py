"""Processes of the operating system: how they end, and that they end together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Container
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int, parent: int) -> None:
    """
    Ask the kernel for a signal when the parent is gone; call it in the child.

    Linux only. Elsewhere nothing happens, and the next start cleans up.

    Args:
        signum: The signal to get.
        parent: The parent's process id, in case it is gone already.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def kill_group(leader: int) -> None:
    """Kill what is left of a process group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def collect_orphans(ours: Container[int]) -> None:
    """
    Let go of ended processes that the kernel has left to us, as it does to the first process of a container.

    Nobody else asks how they ended, so that they would stay as zombies.

    Args:
        ours: The children that this process has started and collects itself.
    """
    with contextlib.suppress(ChildProcessError):
        # The one that has ended is looked at first, and left alone if it is ours.
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in ours:
                return
            os.waitpid(ended.si_pid, os.WNOHANG)


def exists(pid: int) -> bool:
    """Whether there is such a process, of whatever user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        if Path("/proc/self").exists():
            return ""
    # macOS
    listing = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip()


def describe_end(code: int) -> str:
    """How a process ended, by the return code that subprocess gives."""
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
