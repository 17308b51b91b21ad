"""How an upstream has been lately: whether it is worth asking, and worth waiting for."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from pulp_gomod.app.remote.http.results import UpstreamDead, UpstreamFault, UpstreamSilent

# Seconds without an answer after which an upstream is taken to hang.
HANGS = 1.5
# Seconds for which a fault is remembered.
MEMORY = 5.0
# Seconds for which connections have to fail until the upstream is taken to be dead: a restart may take less.
DEAD_AFTER = 0.4
# Seconds for which an upstream that takes no connections is left alone: the first time, and at most.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
# Seconds for which others wait for what comes of the one request that tries whether it is back.
TRIAL = 0.5
# Questions in a row without an answer after which none is asked a second time.
FEW = 3


class Health:
    """What is remembered of one upstream."""

    def __init__(self) -> None:
        self._began: dict[int, float] = {}
        self._next = 0
        self._answered = 0.0
        self._failed = 0.0
        self._in_vain = 0
        self._last_in_vain = 0.0
        # Since when connections fail; 0 while they do not.
        self._refusing = 0.0
        self._pause = 0.0
        self._until = 0.0
        self._fault = UpstreamFault("the upstream did not answer")
        # The request that tries whether it is back, and since when.
        self._trial: asyncio.Future[None] | None = None
        self._trying = 0.0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch one question, however many attempts it takes."""
        token, self._next = self._next, self._next + 1
        self._began[token] = time.monotonic()
        try:
            yield
        except UpstreamFault as fault:
            if fault.again:
                self._in_vain += 1
                self._last_in_vain = time.monotonic()
            if fault.down:
                self._failed = time.monotonic()
            raise
        finally:
            del self._began[token]

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """
        Make one attempt to ask.

        While the upstream is known to be dead nobody asks; after a pause one attempt is made, and others
        wait a moment for what comes of it.

        Raises:
            UpstreamDead: It is left alone at the moment.
        """
        trial = await self._admit()
        try:
            yield
        except UpstreamFault as fault:
            self._note(fault, is_trial=trial is not None)
            raise
        finally:
            if trial is not None:
                self._end_trial()

    def give_up(self, fault: UpstreamFault) -> None:
        """
        Note that a question is not asked again.

        Args:
            fault: What came of the last attempt.
        """
        if fault.unconnected:
            self._die(fault)

    @property
    def is_dead(self) -> bool:
        """Whether it takes no connections, as far as is known."""
        return self._pause > 0

    @property
    def is_failing(self) -> bool:
        """Whether asking the same again is in vain, by what came of other questions."""
        return self._in_vain >= FEW and time.monotonic() - self._last_in_vain < MEMORY

    @property
    def doubtful(self) -> bool:
        """Whether waiting is probably in vain."""
        now = time.monotonic()
        if now < self._until or now - self._failed < MEMORY:
            return True
        oldest = min(self._began.values(), default=now)
        return now - max(oldest, self._answered) > HANGS

    @property
    def is_resting(self) -> bool:
        """Whether it wants not to be asked for a while."""
        return self._answered > time.monotonic()

    def was_heard_within(self, seconds: float) -> bool:
        """
        Say whether anything came from the upstream lately.

        Args:
            seconds: How long ago at most.
        """
        return self._answered > time.monotonic() - seconds

    def heard(self) -> None:
        """Note that something came from the upstream just now."""
        self._answered = time.monotonic()
        self._failed = 0.0
        self._refusing = 0.0
        self._pause = 0.0
        self._until = 0.0
        self._end_trial()

    def rests(self, seconds: float) -> None:
        """
        Note that the upstream wants not to be asked for a while: nothing will be heard then.

        Args:
            seconds: For how long.
        """
        self.heard()
        self._answered += max(seconds, 0.0)

    def worked(self) -> None:
        """Note that a question was answered."""
        self._in_vain = 0

    async def _admit(self) -> "asyncio.Future[None] | None":
        """Let an attempt be made; the future is that of a trial, which has to be settled."""
        self._check()
        if not self.is_dead:
            return None
        if self._trial is None:
            self._trying = time.monotonic()
            self._trial = asyncio.get_running_loop().create_future()
            return self._trial
        left = self._trying + TRIAL - time.monotonic()
        if left > 0:
            await asyncio.wait({self._trial}, timeout=left)
        self._check()
        if self.is_dead:
            raise UpstreamDead(self._fault, 0.0)
        return None

    def _end_trial(self) -> None:
        if self._trial is not None:
            self._trial.set_result(None)
            self._trial = None

    def _check(self) -> None:
        left = self._until - time.monotonic()
        if left > 0:
            raise UpstreamDead(self._fault, left)

    def _note(self, fault: UpstreamFault, *, is_trial: bool) -> None:
        if not fault.unconnected:
            return
        now = time.monotonic()
        self._refusing = self._refusing or now
        is_silent = isinstance(fault, UpstreamSilent)
        if is_trial or is_silent or now - self._refusing >= DEAD_AFTER:
            self._die(fault)

    def _die(self, fault: UpstreamFault) -> None:
        now = time.monotonic()
        if now < self._until:
            return
        self._fault = fault
        self._failed = now
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        self._until = now + self._pause
