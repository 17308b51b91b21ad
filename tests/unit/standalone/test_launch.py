"""How programs end that leave their objects to the kernel."""

import subprocess
import sys

import pytest

_PROGRAM = """
import atexit, os, sys, threading, time
from pulp_gomod.standalone.launch import ending_at_once

class Thing:
    def __del__(self):
        os.write(1, b"taken apart ")

def slow():
    time.sleep(0.05)
    sys.stdout.write("thread ")

def run():
    atexit.register(sys.stdout.write, "registered")
    threading.Thread(target=slow).start()
    {end}

thing = Thing()
with ending_at_once():
    run()
"""


def ended(end: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _PROGRAM.format(end=end)]
    # Not a terminal: what it says waits in memory until it is flushed.
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("end", "status"),
    [("pass", 0), ("sys.exit()", 0), ("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)],
)
def test_a_program_ends_as_it_says(end: str, status: int) -> None:
    assert ended(end).returncode == status


@pytest.mark.parametrize(
    ("end", "error"), [("sys.exit('no such thing')", "no such thing"), ("1 / 0", "ZeroDivision")]
)
def test_a_program_that_fails_says_why(end: str, error: str) -> None:
    done = ended(end)
    assert done.returncode == 1
    assert error in done.stderr


def test_a_program_ends_when_its_threads_have_and_what_it_has_registered_is_done() -> None:
    assert ended("sys.exit(0)").stdout == "thread registered"


def test_what_a_program_forks_ends_like_itself() -> None:
    child = "pid = os.fork()\n    pid or sys.exit(7)\n    sys.exit(os.waitpid(pid, 0)[1] >> 8)"
    done = ended(child)
    assert done.returncode == 7
    assert "taken apart" not in done.stdout
