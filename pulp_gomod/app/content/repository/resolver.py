"""
Resolving distributions for all requests of a moment with one statement, and never from stale memory.

What a process remembers of the database may have changed by the next request. So a look at the
database is trusted for a few milliseconds only (see `models.visibility`: whoever changes something
says so after that time), and one look serves all requests that wait for it. It is cheap where nothing was
written: PostgreSQL's snapshot is then the one of the look before, and everything that was read under
that one holds. While requests keep coming, the next look is taken before the last one is too old, so
that nobody has to wait.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from pulp_gomod.app.content.repository import distribution_queries
from pulp_gomod.app.content.repository.distributions import (
    DEFAULT_DOMAIN,
    Known,
    ServedDistribution,
    distribution_of,
)
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models.blocking import Blocks
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.models.stopping import Policy
from pulp_gomod.app.models.visibility import TRUSTED

log = logging.getLogger(__name__)

# Seconds after which the next look is due, so that nobody has to wait for it.
AHEAD = 0.6 * TRUSTED

# Distributions remembered for a domain, and domains for which any are.
MOST_DISTRIBUTIONS = 10_000
MOST_DOMAINS = 256


@dataclass(slots=True)
class _Resolution:
    candidates: Sequence[str]
    answer: "asyncio.Future[ServedDistribution | None]"


@dataclass(frozen=True, slots=True)
class _Known:
    generation: int
    target: ServedDistribution


class DomainResolver:
    """
    Resolves the distributions of one domain.

    Args:
        where: The database.
        domain: The domain's name.
    """

    def __init__(self, where: Database, domain: str) -> None:
        self._database = where
        self._domain = domain
        # A command that names none is for the default one.
        self._named = "" if domain == DEFAULT_DOMAIN else domain
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._snapshot = ""
        self._losses = where.losses
        self._generation = 0
        self._began = float("-inf")
        self._waiting: list[_Resolution] = []
        self._looking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._is_changing = False

    async def find(self, candidates: Sequence[str]) -> ServedDistribution | None:
        """
        Find the distribution that has one of the base paths, as the database knows it now.

        Args:
            candidates: The base paths that it may have; at most one distribution has any of them.

        Returns:
            The target without a path, or None.

        Raises:
            psycopg.Error: The database does not answer.
        """
        return self.recall(candidates, ahead=True) or await self._ask(candidates)

    def recall(self, candidates: Sequence[str], ahead: bool = False) -> ServedDistribution | None:
        """
        Return the distribution that has one of the base paths, if it was looked up a moment ago.

        Args:
            candidates: The base paths that it may have.
            ahead: Whether to look again already where that is due soon: so that one of many requests
                need not wait.
        """
        age = time.monotonic() - self._began
        if age > TRUSTED:
            return None
        base_path = self._known_among(candidates)
        if base_path is None or self._known[base_path].generation != self._generation:
            return None
        if ahead and age > AHEAD and not self.is_looking:
            self._watching = asyncio.create_task(self._watch(candidates))
        return self._known[base_path].target

    @property
    def knows_any(self) -> bool:
        """Whether any distribution was found."""
        return bool(self._known)

    @property
    def is_looking(self) -> bool:
        """Whether a look at the database is being taken."""
        return self._looking is not None or self._watching is not None

    async def _watch(self, candidates: Sequence[str]) -> None:
        """
        Look whether anything was written, before anybody has to wait for that.

        This is most of what PostgreSQL is asked by a content process that knows its answers: so it is
        asked for no more than its snapshot. While it is written to, that would be one question too many.
        """
        try:
            if self._is_changing or not await self._is_unchanged():
                await self._ask(candidates)
        except Exception:
            # Nobody has waited for it; whoever does is told.
            log.debug("A look ahead at the database failed.", exc_info=True)
        finally:
            self._watching = None

    async def _is_unchanged(self) -> bool:
        seen = await self._database.snapshot()
        if seen.name != self._snapshot or self._losses != self._database.losses:
            return False
        self._began = max(seen.began, self._began)
        return True

    async def close(self) -> None:
        """Look no more."""
        for looking in (self._watching, self._looking):
            if looking is not None:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking

    def _ask(self, candidates: Sequence[str]) -> "asyncio.Future[ServedDistribution | None]":
        question = _Resolution(candidates, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_while_asked())
        return question.answer

    async def _look_while_asked(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                try:
                    await self._look(asked)
                except Exception as error:
                    _fail(asked, error)
        finally:
            self._looking = None

    async def _look(self, asked: list[_Resolution]) -> None:
        """Answer questions by one statement that begins after all of them were asked."""
        began = time.monotonic()
        wanted: dict[str, None] = {}
        # Nothing but an unchanged snapshot keeps what is known; of some we know nothing.
        seen = self._snapshot
        for question in asked:
            base_path = self._known_among(question.candidates)
            if base_path is None:
                wanted.update(dict.fromkeys(question.candidates))
                seen = ""
            else:
                wanted[base_path] = None
                if self._known[base_path].generation != self._generation:
                    seen = ""
        known = self._known_of(wanted)
        rows = await self._probe(list(wanted), seen, known)
        if self._losses != self._database.losses:
            # After a crash PostgreSQL may have the same snapshot of something else.
            self._losses, self._snapshot, seen = self._database.losses, "", ""
            known = {}
            rows = await self._probe(list(wanted), seen, known)
        snapshot = rows[0][0]
        self._is_changing = snapshot != self._snapshot
        if self._is_changing:
            self._snapshot = snapshot
            self._generation += 1
        if snapshot != seen:
            self._remember(wanted, rows, known)
        self._began = began
        self._answer(asked, wanted)

    def _known_among(self, candidates: Sequence[str]) -> str | None:
        for base_path in candidates:
            if base_path in self._known:
                return base_path
        return None

    async def _probe(self, wanted: list[str], seen: str, known: Known) -> list[Row]:
        # A statement for each power of two, so that PostgreSQL gets to know them.
        size = 1 << (len(wanted) - 1).bit_length()
        padded = wanted + wanted[-1:] * (size - len(wanted))
        statement = distribution_queries.probe(size)
        values = {f"base_path_{index}": base for index, base in enumerate(padded)}
        values |= {"domain_name": self._domain, "known": " ".join(known), "seen": seen}
        return await self._database.fetch_all(statement.sql, statement.bind(**values))

    def _known_of(self, wanted: Iterable[str]) -> Known:
        """Return what is known of blocks, own paths and policies, so that it need not be told again."""
        targets = (self._known[each].target for each in wanted if each in self._known)
        return {
            str(UUID(bytes=known.revision)): known
            for each in targets
            for known in _revised(each)
            if known.revision
        }

    def _remember(self, wanted: dict[str, None], rows: list[Row], known: Known) -> None:
        for base_path in wanted:
            self._known.pop(base_path, None)
        for _, *row in rows:
            # Where there is no distribution, the outer join has a row of nulls.
            if row[0] is not None:
                target = replace(
                    distribution_of(row, known, self._named),
                    snapshot=f"{self._losses} {self._snapshot}",
                )
                self._known[target.base_path] = _Known(self._generation, target)
        while len(self._known) > MOST_DISTRIBUTIONS:
            self._known.popitem(last=False)

    def _answer(self, asked: list[_Resolution], wanted: dict[str, None]) -> None:
        for question in asked:
            base_path = self._known_among(question.candidates)
            if question.answer.done():
                continue
            if base_path is not None:
                question.answer.set_result(self._known[base_path].target)
            elif all(candidate in wanted for candidate in question.candidates):
                question.answer.set_result(None)
            else:
                # The distribution that was known is gone; another may have taken its place.
                self._waiting.append(question)


def _revised(target: ServedDistribution) -> tuple[Blocks | OwnPaths | Policy, ...]:
    served = target.served
    return (target.policy,) if served is None else (target.policy, served.blocks, served.own)


def _fail(asked: list[_Resolution], error: Exception) -> None:
    for question in asked:
        if not question.answer.done():
            question.answer.set_exception(error)


class Resolver:
    """
    Resolves distributions of all domains.

    Args:
        where: The database.
    """

    def __init__(self, where: Database) -> None:
        self._database = where
        self._domains: OrderedDict[str, DomainResolver] = OrderedDict()

    def recall(self, domain: str, base_path: str, ahead: bool = False) -> ServedDistribution | None:
        """
        Return a distribution, without a path, if it was looked up a moment ago.

        Args:
            domain: The domain's name.
            ahead: As of DomainResolver.recall.
        """
        resolver = self._domains.get(domain)
        return resolver.recall((base_path,), ahead) if resolver else None

    async def close(self) -> None:
        """Look no more."""
        for each in self._domains.values():
            await each.close()

    async def find(
        self, domain: str, candidates: Sequence[str], path: str
    ) -> ServedDistribution | None:
        """
        Find the Go distribution for a path; None if it is not one of ours.

        Args:
            domain: The domain's name.
            candidates: The base paths that it may have.
            path: The path below the content prefix.
        """
        resolver = self._domains.get(domain)
        if resolver is None:
            resolver = self._domains[domain] = DomainResolver(self._database, domain)
            if len(self._domains) > MOST_DOMAINS:
                del self._domains[self._needed_least()]
        target = await resolver.find(candidates)
        return target and replace(target, path=path[len(target.base_path) + 1 :])

    def _needed_least(self) -> str:
        """Return the domain to forget: rather one that somebody has made up, of which nothing is known."""
        oldest, *others, _newest = self._domains
        empty = (each for each in (oldest, *others) if not self._domains[each].knows_any)
        return next(empty, oldest)
