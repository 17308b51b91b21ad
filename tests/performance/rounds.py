"""Short rounds of load, in turn on each server, and their medians.

A machine that others use, too, is now fast and now slow. What is measured within the same few seconds
can be compared, so that ratios are those of neighbouring rounds.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.performance.contenders import Contender
from tests.performance.load import Generator, Load, Result
from tests.performance.processes import cpu_seconds, sampled

_HEAVY_SECONDS = 3.0


@dataclass(frozen=True)
class Shape:
    """
    A kind of request.

    Attributes:
        name: What the tables call it.
        paths: The paths below a server's GOPROXY URL; where a server's differ, see `own_paths`.
        headers: Header lines.
        status: The status that each answer should have.
        once: Whether each path is to be asked for once at most.
        heavy: Whether few answers fill the time, so that bytes are compared and rounds are longer.
        connections: How many clients ask at the same time.
        own_paths: Other paths, by the server's name.
    """

    name: str
    paths: Sequence[str]
    headers: Sequence[str] = ()
    status: int = 200
    once: bool = False
    heavy: bool = False
    connections: int = 16
    own_paths: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def paths_of(self, contender: Contender) -> Sequence[str]:
        """The paths for one server."""
        return self.own_paths.get(contender.name, self.paths)


@dataclass
class Figures:
    """
    What was measured of one shape on one server.

    Attributes:
        heavy: Whether it is compared by bytes.
        rounds: Each round.
        memory: Bytes of its processes in the midst of the load, at most.
        cpu: Processor seconds of its processes in each round.
        remark: What is odd about it, or "".
    """

    heavy: bool = False
    rounds: list[Result] = field(default_factory=list)
    memory: int = 0
    cpu: list[float] = field(default_factory=list)
    remark: str = ""

    @property
    def cpu_each(self) -> float:
        """Processor time of a request, in microseconds."""
        return sum(self.cpu) / sum(each.requests for each in self.rounds) * 1e6

    @property
    def rate(self) -> float:
        """Median of the requests per second."""
        return statistics.median(each.rate for each in self.rounds)

    @property
    def p50(self) -> float:
        """Median of the rounds' median response times, in milliseconds."""
        return statistics.median(each.p50 for each in self.rounds)

    @property
    def p99(self) -> float:
        """Median of the rounds' 99th percentiles, in milliseconds."""
        return statistics.median(each.p99 for each in self.rounds)

    @property
    def mib_per_second(self) -> float:
        """How much it sent."""
        seconds = sum(each.seconds for each in self.rounds)
        return sum(each.bytes for each in self.rounds) / seconds / 2**20

    def ratio(self, other: "Figures") -> float:
        """How much faster it is than another server: median over the rounds."""
        return statistics.median(
            mine.bytes / mine.seconds / (theirs.bytes / theirs.seconds)
            if self.heavy
            else mine.rate / theirs.rate
            for mine, theirs in zip(self.rounds, other.rounds, strict=True)
        )


def compare(
    generator: Generator,
    shape: Shape,
    contenders: Sequence[Contender],
    rounds: int,
    seconds: float,
) -> dict[str, Figures]:
    """
    Put the same load on each server in turn.

    Args:
        generator: The load generator.
        shape: The kind of request.
        contenders: The servers; one that answers otherwise than it should is left out.
        rounds: How often.
        seconds: How long each time.

    Returns:
        The figures by the server's name.
    """
    able = [each for each in contenders if _answers(each, shape)]
    found = {each.name: Figures(shape.heavy) for each in able}
    seconds = max(seconds, _HEAVY_SECONDS) if shape.heavy else seconds
    used = dict.fromkeys(found, 0 if not shape.once else 1)
    for number in range(rounds):
        # Nobody is always the first, or always after the same one.
        turn = number % max(len(able), 1)
        for each in able[turn:] + able[:turn]:
            figures, paths = found[each.name], shape.paths_of(each)
            if shape.once and each.forget is not None:
                each.forget()
                used[each.name] = 0
            prefixed = [f"{each.prefix}/{path}" for path in paths]
            start = used[each.name] if shape.once else 0
            headers = (*each.headers, *shape.headers)
            load = Load(each.origin, prefixed, seconds, start, headers, shape.connections)
            helpers = each.helpers()
            before = cpu_seconds([*each.pids(), *helpers])
            with sampled(each.pids(), seconds / 2) as memory:
                result = generator.run(load)
            figures.cpu.append(cpu_seconds([*each.pids(), *helpers]) - before)
            figures.rounds.append(result)
            figures.memory = max(figures.memory, *memory)
            used[each.name] = start + result.asked
            figures.remark = figures.remark or _remark(shape, result, used[each.name], len(paths))
    return found


def _answers(contender: Contender, shape: Shape) -> bool:
    answer = contender.get(shape.paths_of(contender)[0], shape.headers)
    if answer.status_code != shape.status:
        print(f"{contender.name} answers {answer.status_code} to {shape.name}: left out")
        return False
    return True


def _remark(shape: Shape, result: Result, used: int, available: int) -> str:
    if shape.once and used > available:
        return "asked again: too few URLs"
    if result.broken:
        return "connections broke"
    if (result.refused > 0) != (shape.status >= 400):
        return "some answers were errors"
    return ""
