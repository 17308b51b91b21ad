"""Go and the package agree on notes, logs, and what a checksum database may say."""

from collections import Counter
from pathlib import Path

import pytest

from tests.differential.go import NoGo, ask, build_verdicts, find_go
from tests.differential.sumdb import KINDS, Answers, questions, same
from tests.seeds import SEED

# Other questions each day.
COUNT = 3_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that answers with Go's own packages."""
    try:
        go = find_go()
    except NoGo as error:
        pytest.skip(str(error))
    return build_verdicts(go, tmp_path_factory.mktemp("verdicts"))


def test_no_differences(program: Path, tmp_path: Path) -> None:
    answers = Answers()
    asked: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    differences = []
    found = ask(program, questions(SEED, COUNT), tmp_path / "questions.jsonl")
    for question, go in zip(questions(SEED, COUNT), found, strict=True):
        ours = answers.answer(question)
        asked[question[0]] += 1
        accepted[question[0]] += True in go[:2] or go[0] == "200"
        if not same(question, go, ours):
            differences.append(f"{question}"[:2000] + f"\n  Go:   {go}\n  ours: {ours}")
    assert not differences, "\n".join(differences[:10])
    assert asked.keys() == KINDS.keys()
    for kind in asked.keys() - {"log"}:
        assert asked[kind] / 20 < accepted[kind] < asked[kind], f"{kind}: both verdicts are tried"
