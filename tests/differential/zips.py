"""Go's own zip and dirhash packages, as a program that answers questions about files."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.differential import go

PROGRAM = go.HERE / "zips"


def build(command: str, directory: Path) -> Path:
    """Build the program in an empty directory with a go command, and return its path."""
    goroot = Path(subprocess.check_output([command, "env", "GOROOT"], text=True).strip())
    program = directory / "zips"
    subprocess.run(["cp", "-R", str(goroot / go.VENDORED), str(directory / "mod")], check=True)
    (directory / "mod/go.mod").write_text("module golang.org/x/mod\n\ngo 1.27\n")
    program.mkdir()
    (program / "main.go").write_text((PROGRAM / "main.go").read_text())
    (program / "go.mod").write_text(
        "module example.com/zips\n\ngo 1.27\n\n"
        "require golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ../mod\n"
    )
    subprocess.run(
        [command, "build", "-o", "zips", "."], cwd=program, env=go.environment(), check=True
    )
    return program / "zips"


class Judge:
    """A running program. Names in what it is told and in what it says are surrogateescape."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, op: str, **fields: str) -> dict[str, Any]:
        """Return the answer for one operation; zips/main.go knows them and their fields."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"op": op} | {key: _to_bytes(value) for key, value in fields.items()}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = _to_text(json.loads(self._process.stdout.readline()))
        return answer


@contextmanager
def judge(program: Path) -> Iterator[Judge]:
    """Run the program as long as the context lasts."""
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Judge(process)
        assert process.stdin is not None
        process.stdin.close()


def _to_bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _to_text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {key: _to_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_text(item) for item in value]
    return value
