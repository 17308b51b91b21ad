"""What the sections of a run share: the servers, with the modules that they serve."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests import filling
from tests.filling import Filled
from tests.performance import bare, modules, nginx, ours, peer
from tests.performance.contenders import Contender
from tests.performance.load import HOW_TO_INSTALL, Generator, Own, find_generator
from tests.performance.options import Options
from tests.performance.ours import Ours
from tests.performance.report import Report

#: Where prepared data directories are kept between runs.
CACHE = Path(".pytest_cache/d/gomod-servers")


@dataclass
class Bench:
    """
    A run. Its servers start when a section first needs them, and stop with the run.

    Attributes:
        options: What was asked for.
        work: A directory for all files.
        stack: What stops at the end.
        report: The figures.
    """

    options: Options
    work: Path
    stack: contextlib.ExitStack
    report: Report = field(default_factory=Report)

    @cached_property
    def generator(self) -> Generator:
        """The load generator."""
        found = find_generator()
        if isinstance(found, Own):
            print(HOW_TO_INSTALL)
        return found

    @cached_property
    def goproxy_directory(self) -> Path:
        """A GOPROXY directory with what the servers serve."""
        root = self.work / "goproxy"
        modules.write_goproxy(root, self.published)
        return root

    @cached_property
    def published(self) -> list[modules.Made]:
        """The modules that are published to our server, and lie in the GOPROXY directory."""
        return [modules.SMALL, modules.MIDDLE, modules.LARGE, *modules.MANY]

    @cached_property
    def ours(self) -> Ours:
        """Our server, with the published modules in it."""
        server = self.stack.enter_context(
            ours.serving(self.work / "pulp", CACHE, self.options.processes)
        )
        server.publish(self.published)
        return server

    @cached_property
    def project(self) -> list[modules.Made]:
        """The modules that a large program needs, on all servers."""
        return self._on_all(modules.project(self._project_size))

    @cached_property
    def small_project(self) -> list[modules.Made]:
        """As many small modules, on all servers."""
        return self._on_all(modules.small_project(self._project_size))

    @property
    def _project_size(self) -> int:
        return 60 if self.options.quick else 300

    def _on_all(self, made: list[modules.Made]) -> list[modules.Made]:
        modules.write_goproxy(self.goproxy_directory, made)
        self.ours.publish(made)
        return made

    @cached_property
    def filled(self) -> Filled:
        """Many more module versions in our server, for URLs that nobody has asked for."""
        with self.ours.connect() as connection:
            count = 20_000 if self.options.quick else 100_000
            made = filling.fill(connection, self.ours.owner.name, count)
            filling.settle(connection)
        return made

    @cached_property
    def tiny(self) -> list[modules.Made]:
        """Many modules in the GOPROXY directory, for URLs that nobody has asked the others for."""
        made = modules.tiny(2000 if self.options.quick else 10_000)
        modules.write_goproxy(self.goproxy_directory, made)
        return made

    @cached_property
    def bare(self) -> Contender:
        """A handler that serves the files of the GOPROXY directory."""
        root, processes = self.goproxy_directory, self.options.processes
        return self.stack.enter_context(bare.serving(root, processes))

    @cached_property
    def others(self) -> Sequence[Contender]:
        """The servers to compare with."""
        root, processes = self.goproxy_directory, self.options.processes
        found = [self.bare]
        program = nginx.find_nginx()
        if program:
            running = nginx.serving(program, root, self.work / "nginx", processes)
            found.append(self.stack.enter_context(running))
        else:
            print("nginx is not installed (apt install nginx-light): not compared")
        if self.options.peer:
            running = peer.serving(self.options.peer, root.as_uri(), self.work / "peer")
            found.append(self.stack.enter_context(running))
        return found

    @property
    def contenders(self) -> list[Contender]:
        """All servers, ours first."""
        return [self.ours.contender, *self.others]


@contextlib.contextmanager
def running(options: Options) -> Iterator[Bench]:
    """
    Make the working directory, and in the end stop all servers and remove it.

    Args:
        options: What was asked for.
    """
    work = options.work or Path(tempfile.mkdtemp(prefix="gomod-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    # As root, PostgreSQL and nginx are run by somebody else, who has to pass through.
    os.chmod(work, 0o755)
    try:
        with contextlib.ExitStack() as stack:
            yield Bench(options, work, stack)
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
