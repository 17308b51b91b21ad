"""Asking a process of its own to check a zip."""

import contextlib
import pickle
import signal
import subprocess

from pulp_gomod.apart.starting import CannotStart, started
from pulp_gomod.verifier.checks import Check, Finding
from pulp_gomod.verifier.transfer import receive

# On a busy machine a process of low priority waits for much of the time.
_WAIT_FACTOR = 2
_SHORTEST_WAIT = 60.0


class VerifierFailed(Exception):
    """The process ended without an answer, and not by what it was asked to check."""


def verify_apart(descriptor: int, check: Check, seconds: int) -> Finding:
    """
    Let a process of its own check a zip; this thread waits for it and does nothing else.

    Args:
        descriptor: The zip, open for reading and complete; its position moves.
        check: What to find out.
        seconds: So much of a processor's time may it take.

    Returns:
        The finding; a refusal if it took too much time or memory.

    Raises:
        VerifierFailed: The process was killed, could not be started, or got no time for too long.
    """
    longest = max(_SHORTEST_WAIT, _WAIT_FACTOR * seconds)
    try:
        with started(__package__, descriptor, seconds, longest) as process:
            return _ask(process, check, seconds)
    except CannotStart as error:
        raise VerifierFailed(str(error)) from error


def _ask(process: "subprocess.Popen[bytes]", check: Check, seconds: int) -> Finding:
    assert process.stdin is not None and process.stdout is not None
    # Its input stays open: it ends when that does.
    with contextlib.suppress(BrokenPipeError):
        pickle.dump(check, process.stdin)
        process.stdin.flush()
    try:
        return receive(process.stdout)
    except (EOFError, pickle.UnpicklingError) as error:
        code = process.wait()
        if code == -signal.SIGXCPU:
            return check.refuse(
                f"it takes more than {seconds} seconds of a processor's time to check "
                "(set by GOMOD_VERIFY_SECONDS)"
            )
        raise VerifierFailed(f"the process ended with {code}") from error
