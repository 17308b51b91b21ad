"""Bringing the files of a plan into the remote's cache, each held against its checksum."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from pulp_gomod.app.tasks.sync.failures import Missing, SyncError
from pulp_gomod.app.tasks.sync.held import Unit, in_batches, look_up
from pulp_gomod.app.tasks.sync.plan import Item, Plan
from pulp_gomod.app.tasks.sync.pool import work_off
from pulp_gomod.app.tasks.sync.progress import Progress
from pulp_gomod.app.tasks.sync.source import SyncSource
from pulp_gomod.golang import dirhash
from pulp_gomod.golang.module import Version

# Module versions that are under way for each that is being fetched.
_PER_CONNECTION = 4

_Work = tuple[Version, Item, Unit | None]


@dataclass(slots=True)
class Downloaded:
    """
    What a plan comes to.

    Attributes:
        answers: Pks of the answers that keep what is to be added.
        held: Pks of the units that the repository holds already.
        awaited: The module versions whose zips are to come when somebody asks for them.
        versions: All module versions that were found, or are held.
        position: The time up to which the index was read, in nanoseconds since 1970; None if it was not.
    """

    answers: list[UUID] = field(default_factory=list)
    held: list[UUID] = field(default_factory=list)
    awaited: set[Version] = field(default_factory=set)
    versions: list[Version] = field(default_factory=list)
    position: int | None = None

    def __bool__(self) -> bool:
        """Whether it comes to anything."""
        return bool(self.answers or self.held)


class Downloading:
    """
    Brings what is planned, and is not held yet.

    Args:
        source: The remote.
        repository: The repository's pk.
        limit: How many things may be fetched at a time.
        with_zips: Whether zips are fetched now, and not when somebody asks for them.
        missing: Where to write down what cannot be had.
        progress: How far it is.
    """

    def __init__(
        self,
        source: SyncSource,
        repository: UUID,
        limit: int,
        with_zips: bool,
        missing: Missing,
        progress: Progress,
    ) -> None:
        self._source = source
        self._repository = repository
        self._limit = limit
        self._with_zips = with_zips
        self._missing = missing
        self._progress = progress
        self._fetched = Downloaded()

    async def run(self, plan: Plan) -> Downloaded:
        """
        Bring everything.

        Args:
            plan: What is wanted.
        """
        # What is fetched waits to be stored together with others, while others are fetched.
        await work_off(_PER_CONNECTION * self._limit, self._feed(plan), self._do)
        return self._fetched

    async def _feed(self, plan: Plan) -> AsyncIterator[_Work]:
        for batch in in_batches(plan.items):
            held = await self._source.threads.database(look_up, self._repository, batch)
            for version in batch:
                yield version, plan.items[version], held.get(version)

    async def _do(self, work: _Work) -> None:
        version, item, held = work
        try:
            if held is not None and _is_superseded(held, item):
                held = None
            if held is not None:
                _compare("go.mod", "the repository holds", held.go_mod_h1, item.go_mod_h1)
                _compare("zip", "the repository holds", held.h1, item.h1)
            if item.whole and not (held and held.h1):
                await self._bring_whole(version, item, held)
            elif held is not None:
                self._fetched.held.append(held.pk)
            else:
                self._fetched.answers.append(await self._bring_go_mod(version, item))
            self._fetched.versions.append(version)
        except SyncError as trouble:
            is_left_out = self._missing.note(version, trouble, named=item.named)
            if is_left_out and held is not None:
                # Nothing better is to be had: no reason to remove what there is.
                self._fetched.held.append(held.pk)
        self._progress.increase()

    async def _bring_whole(self, version: Version, item: Item, held: Unit | None) -> None:
        self._source.admit(version)
        if self._with_zips:
            answer, unit = await self._source.zip(version, item.h1)
            _compare("zip", "the upstream sends", unit.h1, item.h1)
            _compare("go.mod", "the upstream sends", unit.go_mod_h1, item.go_mod_h1)
            if held is not None and held.vouched:
                _compare(
                    "go.mod",
                    "the upstream sends",
                    unit.go_mod_h1,
                    held.go_mod_h1,
                    "the repository holds",
                )
            self._fetched.answers.append(answer)
            return
        # Fetched first, it is there when the zip is, and is added with it.
        await self._source.info(version)
        if item.h1:
            proven = await self._source.proven_h1(version)
            _compare("zip", "the checksum database has", proven, item.h1)
        if held is not None:
            self._fetched.held.append(held.pk)
        else:
            self._fetched.answers.append(await self._bring_go_mod(version, item))
        self._fetched.awaited.add(version)

    async def _bring_go_mod(self, version: Version, item: Item) -> UUID:
        answer = await self._source.go_mod(version, item.go_mod_h1)
        _compare("go.mod", "the upstream sends", dirhash.hash_go_mod(answer.body), item.go_mod_h1)
        assert answer.pk is not None
        return answer.pk


def _is_superseded(held: Unit, item: Item) -> bool:
    """Say whether go.sum has another go.mod than one that nobody vouches for."""
    return not held.vouched and item.go_mod_h1 not in ("", held.go_mod_h1)


def _compare(file: str, where: str, found: str, wanted: str, by: str = "go.sum has") -> None:
    if found and wanted and found != wanted:
        raise SyncError(f"checksum mismatch of its {file}: {where} {found}, but {by} {wanted}")
