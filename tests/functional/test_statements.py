"""A request to a public distribution costs at most two statements, in a repository of any size."""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.content.repository.prefetch import SEVERAL
from tests.filling import add_distributions, document, fill, renew, settle
from tests.functional.owners import Owner
from tests.functional.rest_api import SUMDBS, Made, Rest
from tests.functional.serving import Server, own_server
from tests.statements import CONTENT, StatementLog, connect, count, logged

MOST = 2
# Units of a repository version that are few (statements.MOST_NAMES, which needs Django).
MOST_NAMES = 1000
# So many requests in one measurement; processes of Pulp that have nothing to do ask something, too,
# but by far not once for each.
REQUESTS = 20
# What is asked once for a connection, and once for a repository version, while nobody waits for it.
BESIDE = ("set_config('plan_cache_mode'", 'unnest(V0."content_ids")')
FILES = ("@v/{}.info", "@v/{}.mod", "@v/{}.zip", "@v/list", "@latest")


@pytest.fixture(scope="module")
def quiet_server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server that no other test asks for anything."""
    one = ("--content-workers", "1", "--api-workers", "1", "--workers", "1")
    with own_server(run_dir, "statements", server_cache, *one) as started:
        yield started


@pytest.fixture(scope="module")
def database(quiet_server: Server) -> Iterator["psycopg.Connection[Any]"]:
    with connect(Path(quiet_server.data_dir)) as connection:
        _let_nothing_begin(connection)
        yield connection


def _let_nothing_begin(connection: "psycopg.Connection[Any]") -> None:
    """Put off what pulpcore does each day, and wait until nothing runs of it: it looks like what a request asks."""
    connection.execute("UPDATE core_taskschedule SET next_dispatch = now() + interval '1 day'")
    connection.commit()
    end = time.monotonic() + 120
    states = "SELECT count(*) FROM core_task WHERE state IN ('waiting', 'running', 'canceling')"
    while connection.execute(states).fetchall() != [(0,)]:
        assert time.monotonic() < end
        connection.commit()
        time.sleep(0.2)
    connection.commit()


@pytest.fixture(scope="module")
def log(quiet_server: Server, database: "psycopg.Connection[Any]") -> Iterator[StatementLog]:
    with logged(database, Path(quiet_server.data_dir)) as found:
        yield found


@pytest.fixture(scope="module")
def idle(log: StatementLog) -> set[str]:
    """What the content app asks while nobody asks it."""
    return log.idle()


@dataclass
class Filled:
    """A repository, whose modules are asked for once each, by distributions likewise."""

    root: str
    owner: str
    distributions: Iterator[str]
    versions: list[tuple[str, str]]
    others: list[tuple[str, str]]
    renew: Callable[[], None]

    def urls(self, file: str) -> list[str]:
        """URLs of one kind that nobody has asked for."""
        return [
            f"{self.root.format(next(self.distributions))}/{module}/{file.format(version)}"
            for module, version in self.versions
        ]


# With the one that is uploaded these are more than what is looked up together. Both URLs lead to the same, whatever
# the size.
FILLED = ((MOST_NAMES, "/api/packages/{}/go"), (3 * MOST_NAMES, "/pulp/content/{}"))


@pytest.fixture(scope="module", params=FILLED, ids=[f"{size}-{root}" for size, root in FILLED])
def filled(
    request: pytest.FixtureRequest, quiet_server: Server, database: "psycopg.Connection[Any]"
) -> Filled:
    size, root = request.param
    rest = Rest(quiet_server.url, (quiet_server.username, quiet_server.password))
    owner = Owner.create(rest)
    assert owner.put(Made().zip()).status_code == 201
    # Blocks cost no statement, whether they are known or not.
    blocked = {"module": "example.com/elsewhere", "reason": "to be looked up, too"}
    rest.create("gomod/blocks/", repository=owner.repository, **blocked)
    versions = list(fill(database, owner.name, size, each=2))
    names = [f"{owner.name}-{number}" for number in range((len(FILES) + 1) * REQUESTS)]
    add_distributions(database, owner.name, names)
    settle(database)
    # One of each module, from the first to the last.
    some = versions[:: len(versions) // REQUESTS]
    assert len({module for module, _ in some}) == REQUESTS
    others = [each for each in versions[1 :: len(versions) // REQUESTS] if each not in some]
    assert len(others) == REQUESTS
    return Filled(
        *(f"{rest.url}{root}", owner.name, iter(names)), some, others, lambda: renew(database)
    )


@pytest.mark.parametrize("file", FILES[:3])
def test_requests_that_come_together_share_statements(
    filled: Filled, log: StatementLog, database: "psycopg.Connection[Any]", file: str
) -> None:
    root = filled.root.format(filled.owner)
    urls = [f"{root}/{module}/{file.format(version)}" for module, version in filled.others]
    place = urlsplit(urls[0])
    found: list[tuple[int, bytes]] = []

    def ask() -> None:
        with ExitStack() as stack:
            connections = []
            for _ in urls:
                each = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
                stack.callback(each.close)
                each.connect()
                connections.append(each)
            # The first look-up is not done before all have asked.
            with database.transaction():
                database.execute("LOCK TABLE gomod_gomodule, gomod_gomodfile")
                for each, url in zip(connections, urls, strict=True):
                    each.request("GET", urlsplit(url).path)
                time.sleep(0.5)
            for each in connections:
                answer = each.getresponse()
                found.append((answer.status, answer.read()))

    filled.renew()
    asked = log.during(ask)
    assert {status for status, _ in found} == {200}
    lookups = [each for each in asked if each.application == CONTENT and "gomod_gomod" in each.text]
    assert any("WITH ORDINALITY" in each.text for each in lookups)
    assert len(lookups) < REQUESTS
    # Each got what it had asked for: the same as when each is asked for alone.
    filled.renew()
    alone = log.during(
        lambda: found.extend((200, requests.get(url, timeout=60).content) for url in urls)
    )
    assert found[:REQUESTS] == found[REQUESTS:]
    assert not any("WITH ORDINALITY" in each.text for each in alone)


@pytest.mark.parametrize("file", FILES)
def test_at_most_two_statements(
    filled: Filled, log: StatementLog, idle: set[str], file: str
) -> None:
    urls = filled.urls(file)

    def ask() -> None:
        with requests.Session() as session:
            for url in urls:
                assert session.get(url, timeout=60).status_code == 200, url

    # Of a version that was asked for, all files are known.
    filled.renew()
    check_statements(log, idle, ask)


def test_at_most_two_statements_for_the_index(
    filled: Filled, log: StatementLog, idle: set[str]
) -> None:
    urls = [filled.root.format(next(filled.distributions)) for _ in range(REQUESTS)]

    def ask() -> None:
        with requests.Session() as session:
            for url in urls:
                answer = session.get(
                    f"{url}/index?since=2026-01-02T03:04:05.6Z&limit=5", timeout=60
                )
                assert answer.text.count("\n") == 5, answer.text

    check_statements(log, idle, ask)


# A statement to look at the distribution, and two for what is on the page.
MOST_OF_PAGE = 3
PAGES = (
    "",
    "?after={0}",
    "search?q={0}",
    "filled.example.com",
    "{0}",
    "{0}@{1}",
    "{0}/@doc",
    "{0}@{1}/@doc",
    "{0}@{1}/@requirements",
    "{0}@{1}/@licenses",
    "{0}/@versions",
    "{0}/@importers",
    "{0}/@compare/{1}...{1}",
    "{0}/none",
    "no.example.com/none",
)
# The same for an endpoint; one more where it is told of versions whether they are the latest, or where documentation is
# made to a text, which is read when it is its turn only.
MOST_OF_ENDPOINT = 3
ENDPOINTS = (
    "module/{0}",
    "module/{0}?readme=1&licenses=1",
    "module/{0}?version={1}",
    "versions/{0}",
    "packages/{0}",
    "package/{0}?doc=html",
    "package/{0}?module={0}&version={1}",
    "symbols/{0}",
    "imported-by/{0}",
    "vulns/{0}",
    "search?q={0}",
    "search?q={0}&symbol=Do",
)


def test_at_most_three_statements_for_a_page(
    filled: Filled, log: StatementLog, idle: set[str], database: "psycopg.Connection[Any]"
) -> None:
    document(database, filled.owner)
    settle(database)
    for page in PAGES:
        expected = {404} if "none" in page else {200}
        check_few(filled, log, idle, page, MOST_OF_PAGE, expected, {"Accept": "text/html"})
    for path in ENDPOINTS:
        most = MOST_OF_ENDPOINT + ("version" in path) + ("doc=" in path)
        check_few(filled, log, idle, f"v1/{path}", most, {200}, {})


def check_few(
    filled: Filled,
    log: StatementLog,
    idle: set[str],
    path: str,
    most: int,
    expected: set[int],
    headers: dict[str, str],
) -> None:
    """Hold what some modules are asked for to what it may ask PostgreSQL."""
    root = filled.root.format(filled.owner)
    some = filled.others[:4]

    def ask() -> None:
        for name, version in some:
            url = f"{root}/{path.format(name, version)}"
            assert requests.get(url, headers=headers, timeout=60).status_code in expected, url

    filled.renew()
    asked = log.during(ask)
    texts = "\n".join(each.text[:300] for each in asked if each.application == CONTENT)
    # A look at the distribution now and then is taken ahead of the next request.
    assert count(asked, idle)["own"] <= most * len(some) + len(some) // 2, (path, texts)
    # What processes write now and then is there, too.
    others = [each.text for each in asked if each.application != CONTENT]
    assert not any("gomod_gomodule" in text for text in others), path


def check_statements(log: StatementLog, idle: set[str], ask: Callable[[], None]) -> None:
    """Hold so many requests to what they may ask PostgreSQL."""
    asked = log.during(ask)
    beside = [each for each in asked if any(text in each.text for text in BESIDE)]
    assert len(beside) <= 2 * len(BESIDE)
    asked = [each for each in asked if each not in beside]
    counted = count(asked, idle)
    texts = "\n".join(sorted({f"{each.application}: {each.text}" for each in asked}))
    assert counted["own"] <= MOST * REQUESTS, texts
    # pulpcore's way of answering would be among these.
    assert counted["other"] < REQUESTS, texts
    assert counted["own"] >= REQUESTS, "what is asked for the first time has to be looked up"
    # To plan a statement costs ten times as much as to carry it out.
    prepared = sum(each.is_prepared for each in asked if each.application == CONTENT)
    assert prepared > REQUESTS, texts


def test_the_other_files_of_a_version_are_looked_up_with_the_first(
    filled: Filled, log: StatementLog
) -> None:
    root = filled.root.format(filled.owner)
    filled.renew()

    def ask(file: str) -> list[bytes]:
        with requests.Session() as session:
            urls = [f"{root}/{name}/{file.format(version)}" for name, version in filled.others]
            answers = [session.get(url, timeout=60) for url in urls]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.content for answer in answers]

    def lookups(file: str) -> int:
        asked = log.during(lambda: ask(file))
        texts = [each.text for each in asked if each.application == CONTENT]
        return sum("gomod_gomod" in text and BESIDE[1] not in text for text in texts)

    info, mod, zipped = FILES[:3]
    assert lookups(mod) == REQUESTS
    assert lookups(info) == lookups(zipped) == 0
    # They are what is sent when each is asked for itself.
    beside = ask(info), ask(mod), ask(zipped)
    filled.renew()
    first = ask(zipped)
    filled.renew()
    assert (ask(info), ask(mod), first) == beside


@pytest.mark.parametrize("size", [2 * REQUESTS, MOST_NAMES])
def test_all_of_a_small_repository_version_is_looked_up_together(
    quiet_server: Server, database: "psycopg.Connection[Any]", log: StatementLog, size: int
) -> None:
    rest = Rest(quiet_server.url, (quiet_server.username, quiet_server.password))
    owner = Owner.create(rest)
    assert owner.put(Made().zip()).status_code == 201
    versions = list(fill(database, owner.name, size - 1, each=2))
    settle(database)
    session = requests.Session()

    def ask(module: str, version: str, file: str) -> bytes:
        url = f"{rest.url}/api/packages/{owner.name}/go/{module}/{file.format(version)}"
        answer = session.get(url, timeout=60)
        assert answer.status_code == 200, url
        return answer.content

    def lookups(*wanted: str) -> int:
        asked = log.during(lambda: ask(*wanted))
        return sum("gomod_gomod" in each.text for each in asked if each.application == CONTENT)

    info, mod, zipped = FILES[:3]
    for name in versions[:SEVERAL]:
        ask(*name, info)
    # It takes its time, but not as long as to ask for all of them.
    others = versions[SEVERAL:]
    while lookups(*others.pop(), info):
        time.sleep(0.1)
    some = others[:: len(others) // REQUESTS]
    assert len(some) >= REQUESTS
    # The last of them may still be on their way.
    assert sum(lookups(*name, info) for name in some) < REQUESTS / 2
    assert not any(lookups(*name, file) for name in some for file in (mod, zipped))
    brought = [ask(*name, file) for name in some for file in (info, mod, zipped)]
    renew(database)
    again = [ask(*name, file) for name in some[::-1] for file in (zipped, mod, info)]
    assert again[::-1] == brought


def test_at_most_two_statements_for_a_checksum_database(
    quiet_server: Server, database: "psycopg.Connection[Any]", log: StatementLog, idle: set[str]
) -> None:
    rest = Rest(quiet_server.url, (quiet_server.username, quiet_server.password))
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip()).status_code == 201
    # So many that a tile is full, and that of the next level is begun.
    versions = list(fill(database, owner.name, 300, each=2))
    settle(database)
    sumdb = rest.create(SUMDBS, name=f"example.com/{owner.name}")
    rest.wait(rest.call("PATCH", owner.repository, json={"sumdb": sumdb["pulp_href"]}))
    names = [f"{owner.name}-{number}" for number in range(4 * REQUESTS)]
    add_distributions(database, owner.name, names)
    settle(database)
    lookups = [f"lookup/{module}@{version}" for module, version in versions[::12]][:REQUESTS]
    tiles = ("tile/8/0/000", "tile/8/data/000", "tile/8/0/001.p/45", "tile/8/1/000.p/1")
    kinds = (["supported"], ["latest"], lookups, [*tiles, "tile/8/0/000.p/7"])
    # Whoever asks first has the head signed.
    latest = f"{rest.url}/api/packages/{owner.name}/go/sumdb/{sumdb['name']}/latest"
    assert "\n301\n" in requests.get(latest, timeout=60).text
    distributions = iter(names)
    for kind in kinds:
        paths = (kind * REQUESTS)[:REQUESTS]
        urls = [
            f"{rest.url}/api/packages/{next(distributions)}/go/sumdb/{sumdb['name']}/{path}"
            for path in paths
        ]

        def ask(urls: list[str] = urls) -> None:
            with requests.Session() as session:
                for url in urls:
                    assert session.get(url, timeout=60).status_code == 200, url

        renew(database)
        check_statements(log, idle, ask)
