"""How PostgreSQL carries out the statements of requests, by its own auto_explain."""

import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import requests

from tests.filling import LONG_LIST
from tests.performance.bench import Bench
from tests.performance.report import Table
from tests.statements import CONTENT, changed, written

if TYPE_CHECKING:
    from tests.performance.scale import Sized

_EXPLAIN = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_format": "json",
}
_PLAN = re.compile(r"duration: (?P<ms>[\d.]+) ms +plan:\s*(?P<plan>\{.*\})", re.DOTALL)
_REQUESTS = 10
# A table that fits into so many rows is read faster than its index.
_SMALL_TABLE = 1000


def show(bench: Bench, sized: "Sized") -> None:
    """
    Show what each kind of request costs PostgreSQL, and which tables it reads as a whole.

    Args:
        bench: The run.
        sized: A server with many modules.
    """
    table = Table(
        f"Inside PostgreSQL, {sized.size:,} module versions",
        ["", "statement", "ms, median", "ms, most", "rows read", "reads whole"],
    )
    owner, filled = next(iter(sized.filled.items()))
    version = dict(filled)[filled.modules[0]]
    modules = filled.modules[-_REQUESTS:]
    # Those of which nobody has asked for the list yet.
    long = filled.long_modules[1::2]
    root = f"{sized.server.rest.url}/api/packages/{owner}/go"
    files = ("@v/{}.info", "@v/{}.mod", "@v/{}.zip", "@v/list", "@latest")
    with sized.server.connect() as connection:
        if not _is_available(connection):
            print("PostgreSQL has no auto_explain: plans are not shown")
            return
        with changed(connection, _EXPLAIN):
            _reconnect(connection)
            for file in files:
                urls = [f"{root}/{module}/{file.format(version)}" for module in modules]
                kind = file.partition("/")[2].replace("{}", "") or file
                for line in _explained(sized, urls, connection):
                    table.add(kind, *line)
            for file in ("@v/list", "@latest") if long else ():
                for line in _explained(sized, [f"{root}/{m}/{file}" for m in long], connection):
                    table.add(f"{file.removeprefix('@v/')} of {LONG_LIST:,}", *line)
        _reconnect(connection)
    table.notes.append(
        f"Tables with less than {_SMALL_TABLE} rows are read as a whole for good reason, and not "
        "shown. auto_explain's own clock makes statements slower."
    )
    bench.report.add(table)


def _is_available(connection: "psycopg.Connection[Any]") -> bool:
    try:
        connection.execute("LOAD 'auto_explain'")
    except psycopg.Error:
        return False
    return True


def _reconnect(connection: "psycopg.Connection[Any]") -> None:
    """Have the content app make new connections, which load what the settings say by now."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [CONTENT],
    )


def _explained(
    sized: "Sized", urls: list[str], connection: "psycopg.Connection[Any]"
) -> list[list[str | float | int]]:
    """For each statement: what it is, median and most of its milliseconds, rows, whole tables."""

    def ask() -> None:
        for url in urls:
            requests.get(url, timeout=60).raise_for_status()

    text = written(sized.server.process.data_dir, ask)
    found: dict[str, list[tuple[float, dict[str, Any]]]] = {}
    for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        match = _PLAN.search(entry)
        if match:
            plan = json.loads(match["plan"].replace("\n\t", "\n"))
            found.setdefault(plan["Query Text"], []).append((float(match["ms"]), plan["Plan"]))
    large = _large_tables(connection)
    lines: list[list[str | float | int]] = []
    for query, runs in found.items():
        if len(runs) < len(urls) // 2:
            continue
        times = sorted(ms for ms, _ in runs)
        whole = {name for _, plan in runs for name in _whole(plan)} & large
        rows = max(_rows(plan) for _, plan in runs)
        most = times[-1]
        lines.append(
            [_title(query), times[len(times) // 2], most, rows, ", ".join(sorted(whole)) or "-"]
        )
    return lines


def _large_tables(connection: "psycopg.Connection[Any]") -> set[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [_SMALL_TABLE]
    )
    return {str(name) for (name,) in rows}


def _whole(plan: dict[str, Any]) -> list[str]:
    """The tables that a plan reads from begin to end."""
    own = [plan["Relation Name"]] if plan["Node Type"].endswith("Seq Scan") else []
    return own + [name for child in plan.get("Plans", []) for name in _whole(child)]


def _rows(plan: dict[str, Any]) -> int:
    """How many rows the nodes of a plan have read from tables and indexes."""
    own = 0
    if "Relation Name" in plan:
        removed = plan.get("Rows Removed by Filter", 0)
        own = round((plan.get("Actual Rows", 0) + removed) * plan.get("Actual Loops", 1))
    return own + sum(_rows(child) for child in plan.get("Plans", []))


def _title(query: str) -> str:
    """A short name of a statement: the first tables that it reads."""
    tables = re.findall(r"(?:FROM|JOIN) \"?(\w+)\"?", query)
    named = [name for name in dict.fromkeys(tables) if "_" in name]
    return " ".join(named[:2]) or query[:40]
