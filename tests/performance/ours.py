"""Our own server, as its users start it, with what is measured on it."""

import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pulp_gomod.standalone.postgres import find_binaries
from pulp_gomod.standalone.processes import command_line
from tests.filling import renew
from tests.functional.owners import Owner
from tests.functional.rest_api import Rest
from tests.functional.serving import PASSWORD, SLOW_LOGINS, USERNAME, ServeProcess, make_data_dir
from tests.performance.contenders import Contender, descendants, free_port
from tests.performance.modules import Made
from tests.statements import connect

NAME = "pulp-gomod"

# More than the seconds for which a look at the database is trusted.
_TRUSTED = 0.1

#: What of PostgreSQL adds up how long each statement takes.
STATISTICS = "pg_stat_statements"

#: What the settings of PostgreSQL are by default; test servers do without.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True)
class Ours:
    """
    Our server.

    Attributes:
        process: What runs it.
        rest: Its REST API, as the administrator.
        owner: A repository and the distribution that serves it.
    """

    process: ServeProcess
    rest: Rest
    owner: Owner

    @property
    def contender(self) -> Contender:
        """The server as its clients see it, at the URL that is documented for owners."""
        return self._contender(NAME, f"/api/packages/{self.owner.name}/go")

    @property
    def content_url(self) -> Contender:
        """The same by Pulp's own URL."""
        return self._contender("content URL", f"/pulp/content/{self.owner.name}")

    @property
    def all_owners(self) -> Contender:
        """The server for load on several owners, whose names begin the paths."""
        return self._contender(NAME, "/api/packages")

    def _contender(self, name: str, prefix: str) -> Contender:
        return Contender(
            *(name, self.rest.url, prefix, self.pids),
            helpers=lambda: self.pids("postgres"),
            forget=self.forget,
        )

    def forget(self) -> None:
        """Serve new versions of all repositories, with the same content: no answer holds any more."""
        with self.connect() as connection:
            renew(connection)
        # Until then it may believe that it knows.
        time.sleep(_TRUSTED)

    def pids(self, kind: str = "content") -> Sequence[int]:
        """
        Its processes.

        Args:
            kind: content, api, worker, or postgres; "" for all of them.
        """
        found = descendants(self.process.process.pid)
        return [pid for pid in found if not kind or _kind(pid) == kind]

    def connect(self) -> "psycopg.Connection[Any]":
        """Connect to its database as PostgreSQL's administrator."""
        return connect(self.process.data_dir)

    def publish(self, modules: Sequence[Made], clients: int = 4) -> None:
        """
        Publish modules as users do.

        Args:
            modules: What to publish.
            clients: How many publish at the same time.
        """
        with ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(lambda each: self.owner.put(each.zip()), modules))
        wrong = [answer for answer in answers if answer.status_code != 201]
        if wrong:
            raise RuntimeError(f"publishing: {wrong[0].status_code} {wrong[0].text}")


def _kind(pid: int) -> str:
    line = command_line(pid)
    found = re.search(r"pulpcore-(\w+)|(postgres)", line)
    return (found.group(1) or found.group(2)) if found else "serve"


def keep_statistics(directory: Path) -> None:
    """
    Have the PostgreSQL of a data directory add up what each statement takes, if it can.

    Args:
        directory: The data directory, before its server starts.
    """
    postgres = directory / "postgres"
    libraries = Path(find_binaries(postgres).program("postgres")).parents[1] / "lib"
    if any(libraries.glob(f"{STATISTICS}.*")):
        with (postgres / "postgresql.conf").open("a") as file:
            file.write(
                f"shared_preload_libraries = '{STATISTICS}'\n{STATISTICS}.track_planning = on\n"
            )


@contextlib.contextmanager
def serving(
    directory: Path,
    cache: Path,
    content: int = 2,
    api: int = 2,
    workers: int = 1,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Ours]:
    """
    Start the server, with a repository and a distribution of it.

    Args:
        directory: Its data directory, to be made.
        cache: Where prepared data directories are kept.
        content: How many content processes.
        api: How many API processes.
        workers: How many processes for tasks.
        variables: More of the environment.
    """
    if not directory.exists():
        make_data_dir(directory, cache)
        keep_statistics(directory)
    process = ServeProcess(
        directory,
        *("--port", str(free_port())),
        *("--content-workers", str(content), "--api-workers", str(api)),
        *("--workers", str(workers)),
        variables=SLOW_LOGINS | dict(variables or {}),
    ).start()
    try:
        rest = Rest(process.wait(), (USERNAME, PASSWORD))
        yield Ours(process, rest, Owner.create(rest))
    finally:
        process.stop()
