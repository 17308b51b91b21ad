"""What can be wrong with a go.mod file (modfile.Error, modfile.ErrorList)."""

import re
from collections.abc import Sequence

from ..errors import GoError

# A message is shown to people and stored as text, so bytes that are not UTF-8 become U+FFFD in it.
_SURROGATES = re.compile("[\ud800-\udfff]")


class Error(GoError):
    """
    One mistake in a go.mod file.

    Attributes:
        reason: what is wrong, in the words of the go command.
        line: where, counted from 1.
        column: where in the line, counted in characters from 1.
        verb: the directive that the reason speaks about, or an empty string.
        mod_path: the module that the reason speaks about, or an empty string.
    """

    def __init__(
        self, reason: str, line: int, column: int, *, verb: str = "", mod_path: str = ""
    ) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        self.verb = verb
        self.mod_path = mod_path
        where = f"go.mod:{line}:{column}: " if column > 1 else f"go.mod:{line}: "
        about = ""
        if mod_path:
            about = f"{verb} {mod_path}: "
        elif verb:
            about = f"{verb}: "
        super().__init__(_SURROGATES.sub("\ufffd", where + about + reason))


class ErrorList(GoError):
    """
    Everything that is wrong with a go.mod file, in the order of the file, one per line.

    Attributes:
        errors: the mistakes, at least one.
        omitted: how many more there are that were only counted.
    """

    def __init__(self, errors: Sequence[Error], omitted: int = 0) -> None:
        self.errors = tuple(errors)
        self.omitted = omitted
        lines = [str(error) for error in self.errors]
        if omitted:
            lines.append(f"go.mod: {omitted} more errors")
        super().__init__("\n".join(lines))
