"""The memory of all processes, before and after the load."""

from dataclasses import dataclass, field

from tests.performance.bench import Bench
from tests.performance.processes import pss
from tests.performance.report import Table

_KINDS = ("content", "api", "worker", "postgres", "serve")


@dataclass
class Usage:
    """
    What processes took at the beginning of the run.

    Attributes:
        bench: The run.
        before: MiB by the kind of our processes.
    """

    bench: Bench
    before: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Note what they take now."""
        self.before = self._now()

    def show(self) -> None:
        """Show what they took then and take now."""
        table = Table("Memory (PSS)", ["processes", "idle MiB", "after all load MiB"])
        now = self._now()
        for name in now:
            table.add(name, self.before.get(name), now[name])
        table.add("all of ours", self._ours(self.before), self._ours(now))
        self.bench.report.add(table)

    def _now(self) -> dict[str, float]:
        found = {kind: pss(self.bench.ours.pids(kind)) / 2**20 for kind in _KINDS}
        if "others" in self.bench.__dict__:
            found |= {each.name: pss(each.pids()) / 2**20 for each in self.bench.others}
        return found

    def _ours(self, found: dict[str, float]) -> float:
        return sum(value for name, value in found.items() if name in _KINDS)
