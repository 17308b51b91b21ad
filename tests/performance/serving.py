"""The sections about requests: how many a second, and how fast."""

from collections.abc import Iterable, Mapping, Sequence

from tests.performance.bench import Bench
from tests.performance.contenders import Contender
from tests.performance.modules import LARGE, MANY, MIDDLE, SMALL
from tests.performance.report import Table
from tests.performance.rounds import Figures, Shape, compare

_MANY = MANY[0].path
_FILES = ("info", "mod", "zip")


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
        # Many clients have a connection for each request.
        Shape(".mod, closing", [f"{small}.mod"], headers=("Connection: close",)),
    ]


def zip_shapes() -> list[Shape]:
    """Large files."""
    return [
        Shape(".zip 1 MiB", [f"{MIDDLE.path}/@v/{MIDDLE.version}.zip"]),
        Shape(".zip 60 MiB", [f"{LARGE.path}/@v/{LARGE.version}.zip"], heavy=True, connections=4),
    ]


def hot(bench: Bench) -> None:
    """Measure requests that are asked again and again."""
    section(bench, "Hot: the same URLs", hot_shapes(), bench.contenders)


def zips(bench: Bench) -> None:
    """Measure large zips."""
    section(bench, "Large zips (60 MiB: bytes are compared)", zip_shapes(), bench.contenders)


def cold_paths(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """
    Make paths that are asked for once, by what they ask for.

    Args:
        names: Module paths and versions that there are.
    """
    versions = list(names)
    modules = dict.fromkeys(path for path, _ in versions)
    return {
        **{f".{file}": [f"{path}/@v/{each}.{file}" for path, each in versions] for file in _FILES},
        "list": [f"{path}/@v/list" for path in modules],
        "@latest": [f"{path}/@latest" for path in modules],
        "404": [f"{path}x/@v/list" for path in modules],
    }


def cold(bench: Bench) -> None:
    """Measure the first request for each of many URLs; what others serve are files."""
    theirs = cold_paths((each.path, each.version) for each in bench.tiny)
    shapes = [
        Shape(
            *(kind, theirs[kind]),
            status=404 if kind == "404" else 200,
            once=True,
            own_paths={bench.ours.contender.name: paths},
        )
        for kind, paths in cold_paths(bench.filled).items()
    ]
    section(bench, "Cold: each URL for the first time", shapes, bench.contenders)


def section(
    bench: Bench, title: str, shapes: Sequence[Shape], contenders: Sequence[Contender]
) -> None:
    """
    Measure shapes of requests on servers, and show a table.

    Args:
        bench: The run.
        title: The table's title.
        shapes: The kinds of requests.
        contenders: The servers; the others' rates are compared with that of the first.
    """
    first = contenders[0].name
    table = Table(
        title,
        [
            "",
            *(
                "server",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "CPU us",
                "MiB/s",
                f"{first} to it",
                "PSS MiB",
            ),
        ],
    )
    remarks: dict[tuple[str, str], list[str]] = {}
    for shape in shapes:
        found = compare(
            bench.generator, shape, contenders, bench.options.rounds, bench.options.seconds
        )
        _add_rows(table, shape, found, first, remarks)
    for (remark, name), shapes_of_it in remarks.items():
        table.notes.append(f"{name}, {', '.join(shapes_of_it)}: {remark}")
    bench.report.add(table)


def _add_rows(
    table: Table,
    shape: Shape,
    found: Mapping[str, Figures],
    first: str,
    remarks: dict[tuple[str, str], list[str]],
) -> None:
    for name, figures in found.items():
        table.add(
            shape.name,
            name,
            figures.rate,
            figures.p50,
            figures.p99,
            figures.cpu_each,
            figures.mib_per_second,
            found[first].ratio(figures) if first in found and name != first else None,
            figures.memory / 2**20,
        )
        if figures.remark:
            remarks.setdefault((figures.remark, name), []).append(shape.name)
