"""A workspace on this machine: its go.work, and the files of the modules that it uses."""

import os
from pathlib import Path

from pulp_glue.gomod.golang import GoError
from pulp_glue.gomod.golang.modfile import parse_work

GO_WORK = "go.work"


def read_workspace(path: Path) -> dict[str, str | list[str]]:
    """
    Read what a sync takes of a workspace: `go_work`, `go_mods`, and `go_sum` with the lines of all of them.

    Args:
        path: The go.work.

    Raises:
        GoError: It is none, or a module that it uses is not there.
        OSError: A file cannot be read.
    """
    data = path.read_bytes()
    directories = [path.parent / each for each in dict.fromkeys(parse_work(data).use)]
    for directory in directories:
        if not (directory / "go.mod").is_file():
            where = os.path.relpath(directory, path.parent)
            raise GoError(f"{path} uses {where}, where there is no go.mod")
    sums = [path.with_name("go.work.sum"), *(each / "go.sum" for each in directories)]
    lines = [line for each in sums if each.is_file() for line in each.read_text().splitlines()]
    return {
        "go_work": data.decode(),
        "go_mods": [(each / "go.mod").read_text() for each in directories],
        "go_sum": "".join(f"{line}\n" for line in dict.fromkeys(lines) if line),
    }
