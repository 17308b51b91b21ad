"""Ask Go and the package the same random questions: python -m tests.differential --help."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.differential.compare import compare
from tests.differential.go import NoGo, build_verdicts, find_go


def main() -> int:
    """Print the differences, and return how many there are (at most 1, for the exit status)."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential")
    parser.add_argument("--count", type=int, default=100_000, help="how many questions")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="names the run")
    options = parser.parse_args()
    try:
        go = find_go()
    except NoGo as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory() as directory:
        program = build_verdicts(go, Path(directory))
        report = compare(program, options.seed, options.count, Path(directory))
    for difference in report.differences[:50]:
        print(difference)
    print(f"seed {options.seed}: {report.summary()}")
    return min(1, len(report.differences))


if __name__ == "__main__":
    sys.exit(main())
