"""Measures how fast modules are served: `./bench`, see docs/dev/performance.md."""

import sys
from collections.abc import Callable, Mapping

from tests.performance import (
    bench,
    client,
    cold_builds,
    documenting,
    guarded,
    options,
    own_sumdb,
    pages,
    policed,
    profile,
    publishing,
    scale,
    serving,
    sql,
)
from tests.performance.bench import Bench
from tests.performance.options import SECTIONS
from tests.performance.usage import Usage

_SECTIONS: Mapping[str, Callable[[Bench], None]] = {
    "hot": serving.hot,
    "cold": serving.cold,
    "guarded": guarded.guarded,
    "policed": policed.policed,
    "zips": serving.zips,
    "statements": sql.statements,
    "publish": publishing.publish,
    "client": client.client,
    "scale": scale.scale,
    "sumdb": own_sumdb.own_sumdb,
    "pages": pages.pages,
    "documentation": documenting.documentation,
    "cold-builds": cold_builds.cold_builds,
    "profile": profile.profile,
}


def main(arguments: list[str]) -> None:
    """Run the sections that were asked for."""
    given = options.parse(arguments)
    with bench.running(given) as run:
        usage = Usage(run)
        for name in given.sections:
            if name in SECTIONS and not usage.before:
                usage.begin()
            _SECTIONS[name](run)
        if usage.before:
            usage.show()
        if given.json:
            run.report.write(given.json)


if __name__ == "__main__":
    main(sys.argv[1:])
