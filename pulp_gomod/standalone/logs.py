"""The log files of the programs."""

import os
import shutil
import sys
from pathlib import Path

_LARGEST = 20 * 1024 * 1024
_TAIL_BYTES = 4000


class Logs:
    """
    One file per program, the one before it kept beside it.

    Args:
        directory: Where they are.
        to_terminal: Whether the output goes to this process's standard error instead.
    """

    def __init__(self, directory: Path, to_terminal: bool) -> None:
        self.directory = directory
        self._to_terminal = to_terminal

    def path(self, name: str) -> Path:
        """The file of one program."""
        return self.directory / f"{name}.log"

    def open(self, name: str) -> int:
        """A file descriptor for a program's output, which the caller closes."""
        if self._to_terminal:
            return os.dup(sys.stderr.fileno())
        return os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a program's output."""
        try:
            with self.path(name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def rotate(self) -> None:
        """
        Set aside files that have grown large.

        They are copied and then emptied, because programs go on writing at their end.
        """
        for path in self.directory.glob("*.log"):
            if path.stat().st_size > _LARGEST:
                shutil.copyfile(path, path.with_suffix(".log.1"))
                os.truncate(path, 0)
