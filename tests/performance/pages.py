"""The section about pages: how long each takes in a repository with very many modules, and how many a process serves."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import requests

from tests.filling import Filled, document, fill, settle
from tests.functional.owners import Owner
from tests.performance import ours
from tests.performance.bench import CACHE, Bench
from tests.performance.contenders import Contender
from tests.performance.modules import SMALL
from tests.performance.report import Table
from tests.performance.rounds import Shape
from tests.performance.serving import section
from tests.statements import StatementLog, changed, count, logged

#: Modules: those with long lists are beyond these.
MODULES = 100_000
_QUICK = 10_000
_EACH = 2
_HTML = {"Accept": "text/html"}
_ASKED = 12

#: Below the root of a distribution: {0} is a module, {1} its version, {2} how it is called, {3} one with thousands.
PAGES = (
    "",
    "?after={0}",
    "search?q={2}",
    "search?q=client",
    "search?q=filled",
    "{0}",
    "{0}@{1}",
    "{0}/@doc",
    "{0}/@versions",
    "{0}/@requirements",
    "{0}/@importers",
    "{0}/@licenses",
    "{0}/@compare/v1.0.0...v1.1.0",
    "{3}",
    "{3}/@versions",
    "filled.example.com",
    "filled.example.com/needs/1",
)
ENDPOINTS = (
    "v1/module/{0}",
    "v1/versions/{0}",
    "v1/packages/{0}",
    "v1/package/{0}?doc=html",
    "v1/symbols/{0}",
    "v1/imported-by/{0}",
    "v1/vulns/{0}",
    "v1/search?q={2}",
    "v1/search?q=client",
)


def pages(bench: Bench) -> None:
    """Measure each page and each endpoint, asked for the first time, and what is asked for again and again."""
    size = _QUICK if bench.options.quick else MODULES
    directory = bench.work / f"pages-{size}"
    server = bench.stack.enter_context(ours.serving(directory, CACHE, 1, api=1))
    owner = server.owner
    begun = time.monotonic()
    if owner.put(SMALL.zip()).status_code != 201:
        raise RuntimeError("publishing one module to begin with failed")
    with server.connect() as connection, changed(connection, {"max_wal_size": "8GB"}):
        filled = fill(connection, owner.name, _EACH * size + 5000 * (size // 11_000), _EACH)
        document(connection, owner.name)
        settle(connection)
    print(f"{size:,} modules: filled in {time.monotonic() - begun:.0f} s", flush=True)
    with server.connect() as connection, logged(connection, server.process.data_dir) as log:
        _first(bench, owner, filled, log, size)
    contender = replace(server.contender, name="pages")
    _again(bench, filled, contender)


def _first(bench: Bench, owner: Owner, filled: Filled, log: StatementLog, size: int) -> None:
    table = Table(
        f"Pages and endpoints with {size:,} modules, asked for the first time",
        ["", "p50 ms", "slowest ms", "statements", "KiB"],
    )
    idle = log.idle()
    root = f"{owner.rest.url}/api/packages/{owner.name}/go"
    some = filled.modules[:: len(filled.modules) // _ASKED][:_ASKED]
    for path in PAGES + ENDPOINTS:
        headers = {} if path.startswith("v1/") else _HTML
        names = some if "{0}" in path or "{2}" in path else some[:1]
        urls = [f"{root}/{path.format(*_values(filled, name))}" for name in names]
        found: list[tuple[float, int]] = []
        asked = log.during(partial(_ask, urls, headers, found))
        times = [each for each, _ in found]
        statements = count(asked, idle)["own"] / len(urls)
        kib = max(length for _, length in found) / 1024
        table.add(f"/{path}", statistics.median(times), max(times), statements, kib)
    table.notes.append(
        "One request at a time; one of the statements looks whether anything has changed."
    )
    bench.report.add(table)


def _values(filled: Filled, name: str) -> Sequence[str]:
    long = filled.long_modules[0] if filled.long_modules else name
    return name, "v1.0.0", name.rpartition("/")[2], long


def _ask(urls: Sequence[str], headers: dict[str, str], found: list[tuple[float, int]]) -> None:
    with requests.Session() as session:
        for url in urls:
            begun = time.perf_counter()
            answer = session.get(url, headers=headers, timeout=60)
            found.append(((time.perf_counter() - begun) * 1000, len(answer.content)))
            # Between two that belong together nobody waits, but here each is the first of its visitor.
            time.sleep(0.05)


def _again(bench: Bench, filled: Filled, contender: Contender) -> None:
    name = filled.modules[0]
    shapes = [
        Shape(f"/{path}", [path.format(*_values(filled, name))], headers=("Accept: text/html",))
        for path in ("", "{0}", "{0}/@doc", "{0}/@versions", "search?q={2}")
    ]
    section(bench, "Pages that are asked for again, one content process", shapes, [contender])
