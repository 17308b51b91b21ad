"""What `./bench` was asked for."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: The sections of a run, in their order; `--scale` adds one, and others have to be named.
SECTIONS = ("hot", "cold", "guarded", "policed", "zips", "statements", "publish", "client")
SCALE_SECTIONS = ("scale",)
#: A program with hundreds of modules.
PROGRAM = "github.com/traefik/traefik/v3@v3.2.0"
OTHER_SECTIONS = ("sumdb", "pages", "documentation", "cold-builds", "profile")


@dataclass(frozen=True)
class Options:
    """
    The options.

    Attributes:
        sections: What to measure.
        quick: Whether to measure roughly.
        rounds: How many rounds of load.
        seconds: How long each.
        peer: Another Go proxy's command, or "".
        json: Where to write all figures, or None.
        work: Where to work, or None for a temporary directory.
        scale: The numbers of module versions to compare.
        processes: How many content processes, and processes of other servers.
        program: What cold-builds downloads, as module@version.
        distance: Seconds by which each answer of its upstream begins later.
    """

    sections: tuple[str, ...]
    quick: bool
    rounds: int
    seconds: float
    peer: str
    json: Path | None
    work: Path | None
    scale: tuple[int, ...]
    processes: int
    program: str
    distance: float


def parse(arguments: Sequence[str]) -> Options:
    """
    Read the command line.

    Args:
        arguments: Its words.
    """
    parser = argparse.ArgumentParser("./bench", description="Measure how fast modules are served.")
    known = SECTIONS + SCALE_SECTIONS + OTHER_SECTIONS
    parser.add_argument(
        "--only", action="append", choices=known, help="measure only this; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="measure roughly, in two minutes")
    parser.add_argument("--scale", action="store_true", help="compare sizes of repositories, too")
    parser.add_argument(
        "--sizes",
        type=lambda text: tuple(int(each) for each in text.split(",")),
        help="the sizes for --scale (1000,100000,1000000)",
    )
    parser.add_argument("--rounds", type=int, help="rounds of load")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--peer", default="", help="another Go proxy: a program, or a command line")
    parser.add_argument("--processes", type=int, default=2, help="content processes")
    parser.add_argument(
        "--program", default=PROGRAM, help="what cold-builds downloads, as module@version"
    )
    parser.add_argument(
        "--distance",
        type=float,
        default=0.0,
        help="milliseconds by which the upstream of cold-builds is farther away than it is",
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--work", type=Path, help="work there, and keep it")
    given = parser.parse_args(arguments)
    sections = tuple(given.only or SECTIONS + (SCALE_SECTIONS if given.scale else ()))
    return Options(
        sections=sections,
        quick=given.quick,
        rounds=given.rounds or (2 if given.quick else 5),
        seconds=given.seconds,
        peer=given.peer,
        json=given.json,
        work=given.work,
        scale=given.sizes or ((1000, 20_000) if given.quick else (1000, 100_000, 1_000_000)),
        processes=given.processes,
        program=given.program,
        distance=given.distance / 1000,
    )
