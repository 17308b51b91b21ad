"""The go.work file (work.go of golang.org/x/mod/modfile)."""

import re
from dataclasses import dataclass, field
from typing import Final

from ..errors import GoError
from .arguments import BadArgument, parse_string
from .errors import ErrorList
from .file import File, Go, Replace, Toolchain
from .rules import Reader
from .syntax import Line

_BLOCK_VERBS: Final = frozenset(("godebug", "use", "replace"))
_VERBS: Final = ("go", "toolchain", "godebug", "replace")
_FILE: Final = re.compile("^go.mod:", re.MULTILINE)


@dataclass(slots=True)
class Work:
    """
    A go.work file.

    Attributes:
        use: The directories of its modules, as they are written.
    """

    go: Go | None = None
    toolchain: Toolchain | None = None
    use: list[str] = field(default_factory=list)
    replace: list[Replace] = field(default_factory=list)


def parse_work(data: bytes) -> Work:
    """
    Parse a go.work file (modfile.ParseWork without a VersionFixer).

    Raises:
        GoError: Go would refuse the file. Its text has a line `go.work:LINE:COLUMN: reason` for each mistake.
    """
    reader = _WorkReader()
    try:
        file = reader.read(data)
    except ErrorList as error:
        raise GoError(_FILE.sub("go.work:", str(error))) from error
    return Work(file.go, file.toolchain, reader.use, file.replace)


class _WorkReader(Reader):
    block_verbs = _BLOCK_VERBS

    def __init__(self) -> None:
        super().__init__(File(), strict=True)
        self.use: list[str] = []
        known = {verb: self._directives[verb] for verb in _VERBS}
        self._directives = {**known, "use": self._add_use}

    def _add_use(self, line: Line, args: list[str]) -> None:
        if len(args) != 1:
            raise BadArgument("usage: use local/dir")
        self.use.append(parse_string(args[0]))
