"""Measures how fast modules are served: `./bench`, see docs/dev/performance.md."""

import sys
from collections.abc import Callable, Mapping

from tests.performance import bench, options, serving
from tests.performance.bench import Bench

_SECTIONS: Mapping[str, Callable[[Bench], None]] = {
    "hot": serving.hot,
    "cold": serving.cold,
    "zips": serving.zips,
}


def main(arguments: list[str]) -> None:
    """Run the sections that were asked for."""
    given = options.parse(arguments)
    with bench.running(given) as run:
        for name in given.sections:
            if name in _SECTIONS:
                _SECTIONS[name](run)
        if given.json:
            run.report.write(given.json)


if __name__ == "__main__":
    main(sys.argv[1:])
