"""Go and the package give the same answers to the same random questions."""

import os
from pathlib import Path

import pytest

from pulp_gomod.golang import _unicode_data as data
from pulp_gomod.golang import module, semver
from tests.differential.compare import compare
from tests.differential.go import NoGo, build_verdicts, find_go
from tests.differential.unicode.generate import ask, fold_runs, run_lengths
from tests.seeds import SEED

COUNT = int(os.environ.get("GOMOD_TEST_QUESTIONS", "12000"))


@pytest.fixture(scope="module")
def go() -> str:
    """The go command whose verdicts the package repeats."""
    try:
        return find_go()
    except NoGo as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def program(go: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that answers with Go's own module packages."""
    return build_verdicts(go, tmp_path_factory.mktemp("verdicts"))


def test_no_differences(program: Path, tmp_path: Path) -> None:
    """Paths, versions and go.mod files are accepted, refused and read alike."""
    report = compare(program, SEED, COUNT, tmp_path)
    print(report.summary())
    assert report.asked.total() == COUNT
    assert min(report.asked[kind] for kind in ("path", "version", "module", "gomod")) > COUNT / 20
    differences = "\n".join(map(str, report.differences[:20]))
    assert not report.differences, differences


@pytest.mark.parametrize(
    "owner, name, wrong, kind",
    [
        (module, "check_path", module.check_import_path, "path"),
        (module, "unescape_path", lambda path: path, "path"),
        (semver, "compare", lambda v, w: (v > w) - (v < w), "versions"),
        (module, "is_pseudo_version", semver.is_valid, "version"),
    ],
)
def test_a_wrong_rule_is_found(
    program: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    wrong: object,
    kind: str,
) -> None:
    """The comparison is able to fail."""
    monkeypatch.setattr(owner, name, wrong)
    report = compare(program, 20260901, 1000, tmp_path)
    assert kind in {difference.question[0] for difference in report.differences}


def test_unicode_tables(go: str) -> None:
    """The tables of the package are those of the toolchain."""
    known = ask(go)
    assert known["unicode_version"] == data.UNICODE_VERSION
    assert run_lengths(known["letter"]) == " ".join(data.LETTER.split())
    assert run_lengths(known["print"]) == " ".join(data.PRINT.split())
    assert run_lengths(known["space"]) == " ".join(data.SPACE.split())
    assert fold_runs(known["fold"]) == " ".join(data.FOLD.split())
