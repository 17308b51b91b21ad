"""How many statements a request costs, as PostgreSQL counts them."""

from collections.abc import Sequence

import requests

from tests.performance.bench import Bench
from tests.performance.report import Table
from tests.statements import StatementLog, count, logged

_REQUESTS = 50
# Each time another content process may take the connection, and has not been asked before.
_WARM_UP = 5
_FILES = ("@v/{}.info", "@v/{}.mod", "@v/{}.zip", "@v/list", "@latest")


def statements(bench: Bench) -> None:
    """Count the statements of requests, when a URL is asked for the first time and again."""
    server, data_dir = bench.ours, bench.ours.process.data_dir
    # The last ones: no other section comes so far.
    modules = bench.filled.modules[-_REQUESTS:]
    version = dict(bench.filled)[modules[0]]
    table = Table(
        "SQL statements for a request",
        ["", "URL", "first time", "again", "of the ORM", "of the ORM, again"],
    )
    with server.connect() as connection, logged(connection, data_dir) as log:
        idle = log.idle()
        for contender in (server.contender, server.content_url):
            for file in _FILES:
                urls = [f"{contender.url}/{path}/{file.format(version)}" for path in modules]
                own, orm = _count(log, urls, idle)
                for _ in range(_WARM_UP):
                    _count(log, urls, idle)
                own_again, orm_again = _count(log, urls, idle)
                where = contender.prefix.replace(server.owner.name, "...")
                kind = file.partition("/")[2].replace("{}", "") or file
                table.add(kind, where, own, own_again, orm, orm_again)
            modules = bench.filled.modules[-2 * _REQUESTS : -_REQUESTS]
    table.notes.append(
        "One request at a time: requests that come together share the look at the database. "
        "Those of the ORM include what idle processes of Pulp ask."
    )
    bench.report.add(table)


def _count(log: StatementLog, urls: Sequence[str], idle: set[str]) -> tuple[float, float]:
    """Statements a request: on the content app's own connections, and on all others."""

    def ask() -> None:
        with requests.Session() as session:
            for url in urls:
                session.get(url, timeout=60).raise_for_status()

    found = count(log.during(ask), idle)
    return found["own"] / len(urls), found["other"] / len(urls)
