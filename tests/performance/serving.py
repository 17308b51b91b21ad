"""The sections about requests: how many a second, and how fast."""

from collections.abc import Mapping, Sequence

from tests.performance.bench import Bench
from tests.performance.contenders import Contender
from tests.performance.memory import pss
from tests.performance.modules import LARGE, MANY, MIDDLE, SMALL
from tests.performance.report import Table
from tests.performance.rounds import Figures, Shape, compare

_MANY = MANY[0].path


def hot_shapes() -> list[Shape]:
    """The same URLs again and again."""
    small = f"{SMALL.path}/@v/{SMALL.version}"
    return [
        Shape(".info", [f"{each.path}/@v/{each.version}.info" for each in MANY]),
        Shape(".mod", [f"{each.path}/@v/{each.version}.mod" for each in MANY]),
        Shape(".zip 10 KiB", [f"{small}.zip"]),
        Shape("list", [f"{_MANY}/@v/list"]),
        Shape("@latest", [f"{_MANY}/@latest"]),
        Shape("404", [f"{_MANY}/@v/v9.9.9.info"], status=404),
        Shape("304", [f"{small}.mod"], headers=("If-None-Match: *",), status=304),
    ]


def zip_shapes() -> list[Shape]:
    """Large files."""
    return [
        Shape(".zip 1 MiB", [f"{MIDDLE.path}/@v/{MIDDLE.version}.zip"]),
        Shape(".zip 60 MiB", [f"{LARGE.path}/@v/{LARGE.version}.zip"], connections=4),
    ]


def hot(bench: Bench) -> None:
    """Measure requests that are asked again and again."""
    _section(bench, "Hot: the same URLs", hot_shapes(), bench.contenders)


def zips(bench: Bench) -> None:
    """Measure large zips."""
    _section(bench, "Large zips", zip_shapes(), bench.contenders)


def cold(bench: Bench) -> None:
    """Measure the first request for each of many URLs."""
    server = bench.ours.contender
    names = list(bench.filled)
    shapes = [
        Shape(f".{kind}", [f"{path}/@v/{version}.{kind}" for path, version in names], once=True)
        for kind in ("info", "mod", "zip")
    ]
    lists = [f"{path}/@v/list" for path in bench.filled.modules]
    latest = [f"{path}/@latest" for path in bench.filled.modules]
    unknown = [f"{path}x/@v/list" for path in bench.filled.modules]
    shapes += [
        Shape("list", lists, once=True),
        Shape("@latest", latest, once=True),
        Shape("404", unknown, status=404, once=True),
    ]
    _section(bench, "Cold: each URL for the first time", shapes, [server])


def _section(
    bench: Bench, title: str, shapes: Sequence[Shape], contenders: Sequence[Contender]
) -> None:
    first = contenders[0].name
    table = Table(
        title,
        ["", *("server", "requests/s", "p50 ms", "p99 ms", "MiB/s", f"{first} to it", "PSS MiB")],
    )
    for shape in shapes:
        found = compare(
            bench.generator, shape, contenders, bench.options.rounds, bench.options.seconds
        )
        _add_rows(table, shape, found, {each.name: each for each in contenders}, first)
    bench.report.add(table)


def _add_rows(
    table: Table,
    shape: Shape,
    found: Mapping[str, Figures],
    contenders: Mapping[str, Contender],
    first: str,
) -> None:
    for name, figures in found.items():
        speed = sum(each.bytes for each in figures.rounds) / 2**20
        table.add(
            shape.name,
            name,
            figures.rate,
            figures.p50,
            figures.p99,
            speed / sum(each.seconds for each in figures.rounds),
            found[first].ratio(figures) if first in found and name != first else None,
            pss(contenders[name].pids()) / 2**20,
        )
        if figures.remark:
            table.notes.append(f"{shape.name}, {name}: {figures.remark}")
