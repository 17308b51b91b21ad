"""Ask Go and the package, and collect what they do not agree on."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential.go import Question, ask
from tests.differential.inputs import questions
from tests.differential.ours import answer


@dataclass
class Difference:
    """A question to which Go's answer is not the package's."""

    question: Question
    go: Any
    ours: Any

    def __str__(self) -> str:
        """Show the question, and the parts of the answers that differ."""
        lines = [f"{self.question[0]}: {self.question[1:]!r}"]
        if isinstance(self.ours, list) and len(self.ours) == len(self.go):
            for number, (go, ours) in enumerate(zip(self.go, self.ours, strict=True)):
                if go != ours:
                    lines += [f"  {number} Go:   {go!r}", f"  {number} ours: {ours!r}"]
        else:
            lines += [f"  Go:   {self.go!r}", f"  ours: {self.ours!r}"]
        return "\n".join(lines)


@dataclass
class Report:
    """How many questions of each kind were asked, and the differences."""

    asked: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def summary(self) -> str:
        """Say it in one line."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.asked.items()))
        return f"{len(self.differences)} differences in {self.asked.total()} questions ({kinds})"


def compare(program: Path, seed: int, count: int, scratch: Path) -> Report:
    """Put random questions to the program and to the package. The scratch directory has to exist.

    An exception of the package that is no GoError is a difference, too.
    """
    report = Report()
    answers = ask(program, questions(seed, count), scratch / "questions.jsonl")
    for question, go in zip(questions(seed, count), answers, strict=True):
        report.asked[question[0]] += 1
        try:
            ours: Any = answer(question)
        except Exception as error:
            ours = repr(error)
        if ours != go:
            report.differences.append(Difference(question, go, ours))
    return report
