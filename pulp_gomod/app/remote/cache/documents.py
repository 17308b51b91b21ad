"""
The small files of an upstream: lists, `@latest`, queries, `.info`, `.mod`, checksum records.

What never changes is asked for once. The rest is asked for again after its time; where a recent answer
exists, nobody waits for that, and where the upstream fails, an old answer is better than none.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pulp_gomod.app.remote.cache import entries
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.http.results import Fetched, Missing, Unchanged, UpstreamFault

log = logging.getLogger(__name__)

# Seconds to wait for a fresh answer where there is an old one, or where there is something held.
PATIENCE = 4.0
# Seconds between looks at whether waiting is in vain.
_LOOK = 0.2
# Seconds after which a failed refresh is tried again: the first time, and at most.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
_MAX_PAUSES = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What is to be done with what an upstream sent.

    Attributes:
        keep: Whether it may be kept.
        verified: Whether the checksum database vouches for it.
    """

    keep: bool = True
    verified: bool = False


K = TypeVar("K", CacheEntry, None)

Verify = Callable[[bytes], Awaitable[Verdict]]


class Asker(Protocol):
    """Asks the upstream itself."""

    async def __call__(self, known: CacheEntry | None) -> Fetched | Unchanged | Missing:
        """Ask, with the validators of what is known."""


async def keep_all(_: bytes) -> Verdict:
    """Say that whatever came may be kept."""
    return Verdict()


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """
    A document that is asked for.

    Attributes:
        question: What it is.
        ttl: Seconds for which the answer stands; None for what never changes.
        ask: Asks the upstream.
        verify: Says whether the answer may be kept. Raises UpstreamFault for what may not even be
            passed on.
    """

    question: CacheKey
    ttl: float | None
    ask: Asker
    verify: Verify = keep_all


class EntryCache(Protocol):
    """What documents need of a remote."""

    @property
    def keeps(self) -> bool:
        """Whether answers are kept."""

    @property
    def takes_turns(self) -> bool:
        """Whether answers are fetched by one process at a time."""

    @property
    def not_found_ttl(self) -> float:
        """Seconds for which "not found" stands."""

    def is_doubtful(self, key: str) -> bool:
        """Say whether waiting for an answer is probably in vain."""

    def count(self, hit: bool, file: str) -> None:
        """Count a request that was answered from the shelf, or that the upstream is asked for."""

    async def read(self, question: CacheKey) -> CacheEntry | None:
        """Return what was said last."""

    async def write(
        self, question: CacheKey, answer: CacheEntry, known: CacheEntry | None = None
    ) -> CacheEntry:
        """Keep what was said in place of what was known, if there is room."""

    async def alone(
        self, question: CacheKey, fetch: Callable[[CacheEntry | None], Awaitable[CacheEntry]]
    ) -> CacheEntry:
        """Run a fetch while no other process fetches the same, given what was said last."""

    def share(
        self, key: str, fetch: Callable[[], Coroutine[Any, Any, CacheEntry]]
    ) -> "asyncio.Task[CacheEntry]":
        """Run a fetch for all in this process who wait for the same."""


class DocumentCache:
    """
    Answers wishes from the shelf or from the upstream.

    Args:
        shelf: Where answers are kept.
    """

    def __init__(self, shelf: EntryCache) -> None:
        self._shelf = shelf
        self._pauses: dict[str, tuple[float, float]] = {}
        # What is being fetched, and was not waited for once: it is not waited for again.
        self._given_up: set[str] = set()

    async def known(self, question: CacheKey) -> CacheEntry | None:
        """
        Return what was said last, without asking.

        Args:
            question: What was asked.
        """
        return await self._shelf.read(question) if self._shelf.keeps else None

    async def get(self, wish: DocumentRequest) -> CacheEntry:
        """
        Return the answer to a wish.

        Args:
            wish: What is asked for.

        Raises:
            UpstreamFault: The upstream failed, and nothing is known.
        """
        known = await self.known(wish.question)
        fresh = known is not None and known.is_fresh()
        self._shelf.count(fresh, wish.question.file)
        if known is not None and fresh:
            return known
        if known is not None and known.found:
            return await self._refresh(wish, known)
        return await asyncio.shield(self._fetch(wish, known))

    async def ahead(self, wish: DocumentRequest) -> CacheEntry | None:
        """
        Return the answer to a wish that nobody has yet, which counts as no request; None if it failed lately.

        Args:
            wish: What will be asked for.

        Raises:
            UpstreamFault: The upstream failed.
        """
        known = await self.known(wish.question)
        if (known is not None and known.is_fresh()) or self._is_pausing(wish.question.key):
            return known
        return await asyncio.shield(self._fetch(wish, known))

    async def renewed(self, wish: DocumentRequest) -> CacheEntry:
        """
        Return what the upstream says now, whatever it said a moment ago.

        Args:
            wish: What is asked for.

        Raises:
            UpstreamFault: The upstream failed: what is known will not do.
        """
        self._shelf.count(False, wish.question.file)
        return await self._ask_upstream(wish, await self.known(wish.question))

    async def now(self, wish: DocumentRequest) -> CacheEntry:
        """
        Return what the upstream says now, and leave what is kept as it is.

        Args:
            wish: What is asked for.

        Raises:
            UpstreamFault: The upstream failed.
        """
        self._shelf.count(False, wish.question.file)
        known = await self.known(wish.question)
        found = await wish.ask(known if known is not None and known.found else None)
        if isinstance(found, Unchanged):
            assert known is not None
            return known
        if isinstance(found, Fetched):
            await wish.verify(found.body)
        return entries.of_fetched(found, wish.ttl, self._shelf.not_found_ttl)

    async def offered(self, wish: DocumentRequest) -> tuple[CacheEntry, bool]:
        """
        Return what the upstream says now, and whether it may be kept, but keep nothing.

        Args:
            wish: What is asked for.

        Raises:
            UpstreamFault: The upstream failed.
        """
        self._shelf.count(False, wish.question.file)
        found = await wish.ask(None)
        assert not isinstance(found, Unchanged)
        verdict = Verdict() if isinstance(found, Missing) else await wish.verify(found.body)
        answer = entries.of_fetched(found, wish.ttl, self._shelf.not_found_ttl, verdict.verified)
        return answer, verdict.keep

    async def if_available(self, wish: DocumentRequest) -> CacheEntry | None:
        """
        Return the answer to a wish where something is held anyway; None if none comes in time.

        Nobody waits for an upstream that fails or hangs: neither the first time, nor each time.

        Args:
            wish: What is asked for.
        """
        key = wish.question.key
        known = await self.known(wish.question)
        fresh = known is not None and known.is_fresh()
        self._shelf.count(fresh, wish.question.file)
        if fresh or self._is_pausing(key) or (known is None and self._shelf.is_doubtful(key)):
            return known
        if known is not None:
            return await self._refresh(wish, known)
        return await self._hope(wish, self._fetch(wish, None), None)

    async def _refresh(self, wish: DocumentRequest, known: CacheEntry) -> CacheEntry:
        """Ask again for what was said once; whatever happens, there is an answer."""
        if self._is_pausing(wish.question.key):
            return known
        fetch = self._fetch(wish, known)
        # Once again its time is recent enough that nobody has to wait.
        if known.is_fresh(slack=wish.ttl or 0.0):
            return known
        return await self._hope(wish, fetch, known)

    async def _hope(
        self, wish: DocumentRequest, fetch: "asyncio.Task[CacheEntry]", instead: K
    ) -> CacheEntry | K:
        """Wait for a fetch as long as that makes sense, and take something else instead then."""
        key = wish.question.key
        end = time.monotonic() + PATIENCE
        while not fetch.done():
            left = end - time.monotonic()
            if left <= 0 or key in self._given_up or self._shelf.is_doubtful(key):
                log.info("The upstream is slow: not waiting for %s.", wish.question.path)
                self._given_up.add(key)
                return instead
            await asyncio.wait({fetch}, timeout=min(left, _LOOK))
        try:
            return fetch.result()
        except UpstreamFault as fault:
            log.info("The upstream is not needed for %s: %s", wish.question.path, fault.line)
            return instead

    def _is_pausing(self, key: str) -> bool:
        until, _ = self._pauses.get(key, (0.0, 0.0))
        return time.monotonic() < until

    def _note(self, key: str, fetch: "asyncio.Task[CacheEntry]") -> None:
        """Remember that a fetch failed, so that the next one that can wait comes later."""
        self._given_up.discard(key)
        if fetch.cancelled() or fetch.exception() is None:
            self._pauses.pop(key, None)
            return
        if len(self._pauses) >= _MAX_PAUSES:
            self._pauses.clear()
        until, pause = self._pauses.get(key, (0.0, 0.0))
        now = time.monotonic()
        if now >= until:
            pause = min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._pauses[key] = (now + pause, pause)

    def _fetch(self, wish: DocumentRequest, known: CacheEntry | None) -> "asyncio.Task[CacheEntry]":
        async def alone(known: CacheEntry | None) -> CacheEntry:
            return await self._ask(wish, known)

        async def fetch() -> CacheEntry:
            if not (self._shelf.keeps and self._shelf.takes_turns):
                return await self._ask_upstream(wish, known)
            return await self._shelf.alone(wish.question, alone)

        task = self._shelf.share(wish.question.key, fetch)
        task.add_done_callback(lambda done: self._note(wish.question.key, done))
        return task

    async def _ask(self, wish: DocumentRequest, known: CacheEntry | None) -> CacheEntry:
        """Ask the upstream, unless another process has meanwhile."""
        if known is not None and known.is_fresh():
            return known
        return await self._ask_upstream(wish, known)

    async def _ask_upstream(self, wish: DocumentRequest, known: CacheEntry | None) -> CacheEntry:
        found = await wish.ask(known if known is not None and known.found else None)
        if isinstance(found, Unchanged):
            assert known is not None
            again = Fetched(known.body, known.etag, known.last_modified)
            return await self._keep(wish, again, Verdict(verified=known.verified), known)
        verdict = Verdict() if isinstance(found, Missing) else await wish.verify(found.body)
        return await self._keep(wish, found, verdict, known)

    async def _keep(
        self,
        wish: DocumentRequest,
        found: Fetched | Missing,
        verdict: Verdict,
        known: CacheEntry | None,
    ) -> CacheEntry:
        answer = entries.of_fetched(found, wish.ttl, self._shelf.not_found_ttl, verdict.verified)
        if not (verdict.keep and self._shelf.keeps):
            return answer
        return await self._shelf.write(wish.question, answer, known)
