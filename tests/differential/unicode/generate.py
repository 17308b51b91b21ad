"""Generate pulp_gomod/golang/_unicode_data.py from two Go toolchains.

    python tests/differential/unicode/generate.py NEW_GO OLD_GO > pulp_gomod/golang/_unicode_data.py

NEW_GO is the `go` command whose verdicts the package repeats, OLD_GO the oldest one that hosted
modules must still work for (it only contributes the letters that it does not know yet).
"""

import json
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

Ranges = list[list[int]]

HEADER = '''\
"""Character classes of Go's package unicode. Generated, do not edit:

    python tests/differential/unicode/generate.py NEW_GO OLD_GO

LETTER, LETTER_SINCE, PRINT and SPACE hold alternating run lengths in hexadecimal, beginning with
the code points outside of the class. LETTER_SINCE are the letters that the older Go refuses. FOLD
holds `gap:count:step:delta` runs: `count` code points, `step` apart, each of them folding to itself
plus `delta`; `gap` is the distance of the first one to the last one of the run before.
"""
'''


def ask(go: str) -> dict[str, Any]:
    """What the toolchain behind the command `go` knows."""
    program = Path(__file__).with_name("main.go")
    done = subprocess.run([go, "run", str(program)], check=True, stdout=subprocess.PIPE)
    known: dict[str, Any] = json.loads(done.stdout)
    return known


def run_lengths(ranges: Ranges) -> str:
    """The ranges as alternating run lengths."""
    bounds = [0] + [bound for low, high in ranges for bound in (low, high + 1)]
    return " ".join(f"{after - before:x}" for before, after in pairwise(bounds))


def without(ranges: Ranges, known: Ranges) -> Ranges:
    """The part of the ranges that is not known."""
    seen = {code for low, high in known for code in range(low, high + 1)}
    left: Ranges = []
    for code in (code for low, high in ranges for code in range(low, high + 1)):
        if code in seen:
            continue
        if left and left[-1][1] == code - 1:
            left[-1][1] = code
        else:
            left.append([code, code])
    return left


def fold_runs(folds: list[list[int]]) -> str:
    """The fold map as `gap:count:step:delta` runs."""
    runs: list[list[int]] = []  # first, count, step, delta
    for code, least in folds:
        first, count, step, delta = runs[-1] if runs else (0, 0, 0, 0)
        if count == 1 and least - code == delta and code - first <= 2:
            runs[-1] = [first, 2, code - first, delta]
        elif count > 1 and least - code == delta and code == first + count * step:
            runs[-1][1] += 1
        else:
            runs.append([code, 1, 1, least - code])
    last, words = 0, []
    for first, count, step, delta in runs:
        words.append(f"{first - last:x}:{count:x}:{step:x}:{delta:x}")
        last = first + (count - 1) * step
    return " ".join(words)


def main(new_go: str, old_go: str) -> None:
    """Print the module."""
    new, old = ask(new_go), ask(old_go)
    print(HEADER)
    print(f'UNICODE_VERSION = "{new["unicode_version"]}"')
    print(f'OLDER_UNICODE_VERSION = "{old["unicode_version"]}"')
    for name, text in (
        ("LETTER", run_lengths(new["letter"])),
        ("LETTER_SINCE", run_lengths(without(new["letter"], old["letter"]))),
        ("PRINT", run_lengths(new["print"])),
        ("SPACE", run_lengths(new["space"])),
        ("FOLD", fold_runs(new["fold"])),
    ):
        lines = textwrap.wrap(text, 98, break_on_hyphens=False)
        print(f'\n{name} = """\\')
        print("\n".join(lines))
        print('"""')


if __name__ == "__main__":
    main(*sys.argv[1:])
