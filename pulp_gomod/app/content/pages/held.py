"""What a distribution holds, as pages ask for it; an upstream is never asked for a page."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pulp_gomod.app.content.pages.facts import ROOM, Facts, cut, fitting
from pulp_gomod.app.content.pages.place import Place
from pulp_gomod.app.content.pages.standing import Standing, is_stopped, standing_of
from pulp_gomod.app.content.repository import browse_queries
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.judge import Question
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.content.stack import local_modules
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.executors import FEW, compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models import found_by
from pulp_gomod.app.models.stopping import Stop
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.latest import Candidate, UnreadGoModError, latest, latest_of_newest

# Characters of a synopsis in a list.
_LONGEST_SYNOPSIS = 160
# For how long what is not documented yet is shown without.
_SOON = timedelta(seconds=2)
# Characters of JSON that are read on the loop: a millisecond or two.
_FEW_CHARACTERS = 100_000
# A path without an end, for lists.
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A module on a list.

    Attributes:
        path: Its path.
        version: Its latest version.
        time: When that was made, as `.info` says it; None if nobody said.
        is_deprecated: Whether its newest go.mod says that it is.
        synopsis: What it is for, in a sentence; "" if nothing says so.
    """

    path: str
    version: str
    time: datetime | None
    is_deprecated: bool = False
    synopsis: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """
    A package of a module version.

    Attributes:
        path: Its import path.
        name: What it calls itself; main for a command.
        synopsis: What it is for, in a sentence.
        is_internal: Whether only the module itself may import it.
    """

    path: str
    name: str
    synopsis: str
    is_internal: bool


class Held:
    """
    What a repository version holds, without what is blocked.

    Attributes:
        place: Where the distribution is.
        served: The repository version.
        until: When what was answered may be otherwise although nobody has changed anything; None for never.

    Args:
        services: The services of the content app.
        target: The distribution.
        served: The repository version.
        place: Where the distribution is.
    """

    def __init__(
        self, services: ContentServices, target: ServedDistribution, served: Served, place: Place
    ) -> None:
        self.place = place
        self.served = served
        self.until: datetime | None = None
        self._judge = services.judge
        self._target = target
        self._lookups = services.lookups
        self._local = local_modules(services, target, served)
        self._domain = target.domain

    async def modules(self, below: str, after: str) -> tuple[list[Entry], str]:
        """
        List some modules in the order of their paths; those of which nothing is served are left out.

        Args:
            below: The path that they are below, "" for all.
            after: The path after which they come, "" for the first ones.

        Returns:
            The modules, and the path after which there are more; "" if there are not.
        """
        first, stop = (f"{below}/", f"{below}0") if below else ("", _END)
        rows = await self._ask(
            browse_queries.listed(), domain=self._domain, after=max(first, after), stop=stop
        )
        return await self._entries(rows)

    async def search(self, text: str) -> tuple[list[Entry], bool]:
        """
        Find modules.

        Args:
            text: Words that their paths or their documentation have.

        Returns:
            The modules, and whether there are more.
        """
        words = text.lower().split()[: browse_queries.WORDS]
        words += [""] * (browse_queries.WORDS - len(words))
        values = {f"word{number}": word for number, word in enumerate(words)}
        here = found_by.in_repository(self.served.repository)
        values["named"] = f"{here} & {found_by.named(text)}"
        # What has no words finds nothing by them.
        values |= {"here": here, "prefixes": found_by.beginning_with(text) or f"!{here}"}
        values["text"] = text
        rows = await self._ask(browse_queries.search(), domain=self._domain, **values)
        entries, after = await self._entries(rows)
        return entries, bool(after)

    async def _entries(self, rows: Sequence[Row]) -> tuple[list[Entry], str]:
        """Read rows of modules with their newest versions; return them, and the last path if there are more."""
        newest: dict[str, list[Row]] = {}
        for path, *row in rows:
            versions = newest.setdefault(path, [])
            if row[0] is not None:
                versions.append(tuple(row))
        paths, after = _page(list(newest))
        passed = await asyncio.gather(*(self._passes(path, newest[path]) for path in paths))
        known = {
            path: self._decide(path, newest[path]) if passes else None
            for path, passes in zip(paths, passed, strict=True)
        }
        # Those that have many pre-releases, or of which something is stopped: they are few.
        undecided = [path for path, entry in known.items() if entry is None]
        for path, entry in zip(
            undecided, await asyncio.gather(*map(self._entry, undecided)), strict=True
        ):
            known[path] = entry
        return [entry for entry in known.values() if entry is not None], after

    async def _passes(self, path: str, rows: Sequence[Row]) -> bool:
        """Say whether all of the newest versions of a module are served."""
        if any(self.served.blocks.find(path, row[0]) for row in rows):
            return False
        stops = await self._stops(path, [row[0] for row in rows])
        return not any(map(is_stopped, stops.values()))

    async def _stops(self, path: str, versions: Sequence[str]) -> Mapping[str, Sequence[Stop]]:
        judged = await self._judge.ask(Question(self._target, path, versions))
        ends = (self.until, judged.until)
        self.until = min((end for end in ends if end is not None), default=None)
        return judged.stops

    def _decide(self, path: str, rows: list[Row]) -> Entry | None:
        """Say what is the latest version of a module; None if some of the newest do not decide it."""
        rule = latest if len(rows) < browse_queries.NEWEST else latest_of_newest
        try:
            chosen = rule([Candidate(*row[:4]) for row in reversed(rows)])
        except UnreadGoModError:
            return None
        if chosen is None:
            return None
        row = next(row for row in rows if row[0] == chosen.version)
        return self._entry_of(path, row[0], _known(row[4] or row[5]), bool(row[6]), row[7])

    async def _entry(self, path: str) -> Entry | None:
        """Say what is the latest version of a module, having looked at all of them."""
        standing = await self.standing(path)
        if standing is None:
            return None
        shown, _ = await self.facts(standing, standing.default)
        if shown is None:
            return None
        return self._entry_of(
            path, shown.version, shown.made, bool(shown.newest_deprecated), shown.synopsis
        )

    def _entry_of(
        self,
        path: str,
        version: str,
        made: datetime | None,
        is_deprecated: bool,
        synopsis: str | None,
    ) -> Entry:
        if synopsis is None:
            self.note_incomplete()
        return Entry(path, version, made, is_deprecated, cut(synopsis or "", _LONGEST_SYNOPSIS))

    def note_incomplete(self) -> None:
        """Note that a task is about to tell more: what was answered is not right for long."""
        soon = datetime.now(UTC) + _SOON
        self.until = soon if self.until is None else min(self.until, soon)

    async def recent(self, most: int) -> list[Entry]:
        """
        Find the module versions that came last, one of each module.

        Args:
            most: How many.
        """
        rows = await self._ask(browse_queries.recent())
        found: dict[str, Entry] = {}
        for path, version, time in rows:
            if path in found or self.served.blocks.find(path, version):
                continue
            if is_stopped((await self._stops(path, [version])).get(version, ())):
                continue
            found[path] = Entry(path, version, datetime.fromtimestamp(time / 1e9, UTC))
            if len(found) == most:
                break
        return list(fitting(list(found.values()), _length, most, ROOM // 4))

    async def standing(self, path: str) -> Standing | None:
        """
        Find out about the versions of a module; None if there are none.

        Args:
            path: The module path.
        """
        candidates = await self._local.candidates(path)
        stops = await self._stops(path, [each.version for each in candidates])
        while True:
            try:
                return await compute(len(candidates), standing_of, path, candidates, stops)
            except UnreadGoModError as unread:
                retracted = await self._local.retracted(path, unread.version)
                candidates = [_with(each, unread.version, retracted) for each in candidates]

    async def module_of(self, path: str) -> tuple[Standing | None, str]:
        """
        Find the module that has a package: the longest path that is one.

        Args:
            path: The import path.

        Returns:
            The module, None if no path is one, and the package's path within it.
        """
        prefixes = [path]
        while "/" in prefixes[-1]:
            prefixes.append(prefixes[-1].rpartition("/")[0])
        prefixes = [each for each in prefixes if _is_module_path(each)]
        for found in await asyncio.gather(*map(self.standing, prefixes)):
            if found is not None:
                return found, path[len(found.path) + 1 :]
        return None, ""

    async def facts(
        self, standing: Standing, version: str, beside: str = "", **values: str
    ) -> tuple[Facts | None, list[Row]]:
        """
        Look up what is known of a version of a module, and what a page shows beside that.

        Args:
            standing: The module.
            beside: What that is, a name of `browse_queries.BESIDE`; "" for nothing.
            values: The values that it needs.

        Returns:
            What is known of it, None if it is not there; and the rows of what is beside it.
        """
        rows = await self._ask(
            browse_queries.facts(beside),
            domain=self._domain,
            module=standing.path,
            version=version,
            newest=standing.newest,
            **values,
        )
        if not rows:
            return None, []
        *row, text = rows[0]
        return Facts.of(tuple(row)), await _read(text)

    async def compared(
        self, standing: Standing, old: str, new: str
    ) -> tuple[Facts | None, Facts | None, list[Row]]:
        """
        Look up what is known of two versions of a module, and what has changed of their APIs.

        Args:
            standing: The module.
            old: One version.
            new: The other one.

        Returns:
            What is known of each, None for one that is not there; and the changes.
        """
        rows = await self._ask(
            browse_queries.compared(),
            domain=self._domain,
            module=standing.path,
            version=old,
            other=new,
            newest=standing.newest,
        )
        known = {row[1]: row for row in rows}
        was, now = known.get(old), known.get(new)
        if was is None or now is None:
            return None, None, []
        return Facts.of(was[:-1]), Facts.of(now[:-1]), await _read(rows[0][-1])

    async def _ask(self, statement: Statement, **values: object) -> list[Row]:
        return await self._lookups.ask(
            statement, repository=self.served.repository, number=self.served.number, **values
        )


async def _read(text: str) -> list[Row]:
    """Read rows that came as JSON."""
    rows: list[Row] = await compute(len(text) // _FEW_CHARACTERS * FEW, json.loads, text)
    return rows


def _length(entry: Entry) -> int:
    return len(entry.path) + len(entry.version)


def _page(paths: list[str]) -> tuple[list[str], str]:
    shown = list(fitting(paths, len, browse_queries.MODULES, ROOM // 4 * 3))
    return shown, shown[-1] if len(paths) > len(shown) else ""


def _known(when: datetime) -> datetime | None:
    # Nothing of Go is older: it stands for what nobody said.
    return when if when.year > 1 else None


def _with(candidate: Candidate, version: str, retracted: str) -> Candidate:
    if candidate.version != version:
        return candidate
    return Candidate(version, candidate.is_pseudo, candidate.has_go_mod, retracted)


def _is_module_path(path: str) -> bool:
    try:
        module.check_path(path)
    except GoError:
        return False
    return True
