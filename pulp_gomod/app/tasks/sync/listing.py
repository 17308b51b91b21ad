"""From what somebody asks for to the files that it takes."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from pulp_gomod.app.tasks.sync import tools
from pulp_gomod.app.tasks.sync.chosen import Chosen
from pulp_gomod.app.tasks.sync.failures import Missing, SyncError, Unavailable
from pulp_gomod.app.tasks.sync.held import in_batches, look_up
from pulp_gomod.app.tasks.sync.plan import MAX_VERSIONS, Plan
from pulp_gomod.app.tasks.sync.pool import work_off
from pulp_gomod.app.tasks.sync.progress import Progress
from pulp_gomod.app.tasks.sync.source import SyncSource
from pulp_gomod.app.tasks.sync.toolchains import PATH as TOOLCHAIN
from pulp_gomod.app.tasks.sync.toolchains import WantedToolchain
from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang import GoError, gosum, modfile
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.mvs import Graph
from pulp_gomod.golang.workspace import Workspace

T = TypeVar("T")

# Modules, go.mod files and requirements that a graph may have, which are in memory; the largest programs
# have some ten thousand. And how often what is chosen may lead to more that has to be read.
MAX_GRAPH = 500_000
MAX_ROUNDS = 1000


_TOO_LARGE = SyncError(
    f"the graph of go.mod has more than {MAX_GRAPH} modules, go.mod files and requirements, or takes "
    f"more than {MAX_ROUNDS} rounds; sync modules by name"
)


class Listing:
    """
    Makes the plan of a sync.

    Attributes:
        chosen: Which versions were taken for what was asked for.

    Args:
        source: The remote.
        repository: The repository's pk.
        limit: How many things may be asked for at a time.
        plan: Where to write down what is wanted.
        missing: Where to write down what cannot be had.
        progress: How far it is.
    """

    def __init__(
        self,
        source: SyncSource,
        repository: UUID,
        limit: int,
        plan: Plan,
        missing: Missing,
        progress: Progress,
    ) -> None:
        self._source = source
        self._repository = repository
        self._limit = limit
        self._plan = plan
        self._missing = missing
        self._progress = progress
        self.chosen = Chosen()

    async def add_modules(self, names: Sequence[Wanted]) -> None:
        """Plan modules that are asked for by name."""

        async def add(wanted: Wanted) -> None:
            try:
                versions = await self._source.versions(wanted)
                self.chosen.note(wanted, versions)
                for version in versions:
                    self._plan.at(wanted.path, version, named=bool(wanted.version)).whole = True
            except SyncError as trouble:
                self._missing.note(wanted, trouble)
            self._progress.increase()

        await work_off(self._limit, _each(names), add)

    async def add_toolchains(self, toolchains: Sequence[WantedToolchain]) -> None:
        """Plan Go toolchains; the upstream is asked for its list at most once."""
        listed: list[str] | None = None
        for toolchain in toolchains:
            try:
                version = toolchain.version
                if not version:
                    if listed is None:
                        listed = await self._source.versions(Wanted(TOOLCHAIN, ""))
                    version = toolchain.newest(listed) or ""
                    if not version:
                        raise Unavailable("the upstream lists no such toolchain")
                    self.chosen.add(str(toolchain), version)
                self._plan.at(TOOLCHAIN, version).whole = True
            except SyncError as trouble:
                self._missing.note(toolchain, trouble)
            self._progress.increase()

    def add_sums(self, lines: Sequence[gosum.Line]) -> None:
        """Plan what a go.sum names."""
        for line in lines:
            item = self._plan.at(line.path, line.version)
            if line.is_go_mod:
                item.go_mod_h1 = line.h1
            else:
                item.whole, item.h1 = True, line.h1

    async def add_tools(self, names: Sequence[Wanted]) -> None:
        """Plan what it takes to install tools."""
        for wanted in names:
            try:
                tool = await tools.find(self._source, wanted, self.chosen)
                self._plan.at(*tool.version).whole = True
                await self.add_requirements(tool.main)
            except SyncError as trouble:
                self._missing.note(wanted, trouble)
            self._progress.increase()

    async def add_requirements(self, main: modfile.File | Workspace) -> None:
        """
        Plan what a go.mod or a workspace requires, and what that requires in turn.

        Args:
            main: The go.mod, or the workspace.

        Raises:
            Trouble: The graph is too large.
        """
        graph, rounds = Graph(main), 0
        while missing := graph.missing():
            rounds += 1
            if rounds > MAX_ROUNDS or len(missing) > MAX_VERSIONS:
                raise _TOO_LARGE
            await work_off(
                self._limit, self._known(missing), lambda known: self._read(graph, *known)
            )
        for visited in graph.visited():
            self._plan.at(*visited)
        for chosen in graph.build_list():
            self._plan.at(*chosen).whole = True

    async def _known(
        self, versions: Sequence[Version]
    ) -> AsyncIterator[tuple[Version, bytes | None]]:
        """Give each version with the go.mod that the repository has of it, if any."""
        for batch in in_batches(versions):
            held = await self._source.threads.database(look_up, self._repository, batch, True)
            for version in batch:
                yield version, held[version].go_mod if version in held else None

    async def _read(self, graph: Graph, version: Version, held: bytes | None) -> None:
        try:
            body = (await self._source.go_mod(version)).body if held is None else held
            file = await self._source.threads.compute(len(body), modfile.parse_lax, body)
        except (SyncError, GoError) as error:
            self._missing.note(version, error)
            graph.skip(version)
        else:
            graph.read(version, file)
            if graph.size > MAX_GRAPH:
                raise _TOO_LARGE
        self._progress.increase()


async def _each(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item
