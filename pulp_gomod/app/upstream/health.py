"""How an upstream has been lately: whether it is worth waiting for where there is another answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pulp_gomod.app.upstream.results import UpstreamFault, UpstreamSilent

# Seconds without an answer after which an upstream is taken to hang.
HANGS = 1.5
# Seconds for which a fault is remembered.
MEMORY = 5.0
# Seconds for which an upstream that takes no connections is left alone: the first time, and at most.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0


class Health:
    """What is remembered of one upstream."""

    def __init__(self) -> None:
        self._began: dict[int, float] = {}
        self._next = 0
        self._answered = 0.0
        self._failed = 0.0
        self._pause = 0.0
        self._until = 0.0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """
        Watch one request.

        Raises:
            UpstreamSilent: The upstream took no connections lately, and is not asked.
        """
        self._check()
        token, self._next = self._next, self._next + 1
        self._began[token] = time.monotonic()
        try:
            yield
        except UpstreamSilent as silence:
            self._silent(silence.dead)
            raise
        except UpstreamFault as fault:
            if fault.down:
                self._failed = time.monotonic()
            raise
        finally:
            del self._began[token]

    @property
    def doubtful(self) -> bool:
        """Whether waiting is probably in vain."""
        now = time.monotonic()
        if now < self._until or now - self._failed < MEMORY:
            return True
        oldest = min(self._began.values(), default=now)
        return now - max(oldest, self._answered) > HANGS

    def was_heard_within(self, seconds: float) -> bool:
        """
        Say whether anything came from the upstream lately.

        Args:
            seconds: How long ago at most.
        """
        return self._answered > time.monotonic() - seconds

    def _check(self) -> None:
        left = self._until - time.monotonic()
        if left > 0:
            raise UpstreamSilent(
                f"the upstream did not answer lately, and is asked again in {left:.1f} s"
            )

    def heard(self) -> None:
        """Note that something came from the upstream just now."""
        self._answered = time.monotonic()
        self._failed = 0.0
        self._pause = 0.0
        self._until = 0.0

    def _silent(self, dead: bool) -> None:
        self._failed = time.monotonic()
        if dead:
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._until = self._failed + self._pause
