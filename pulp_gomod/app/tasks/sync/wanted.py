"""What somebody wants to have synced, as it is written in a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_gomod.app.storage.upload_policy import check_path
from pulp_gomod.golang import GoError, gosum, modfile, module
from pulp_gomod.golang.quote import printable

LATEST = "latest"

# Names that a request may have, and characters of a go.sum or a go.mod.
MAX_MODULES = 10_000
MAX_TEXT = 1024 * 1024
# Characters that a name, or a line of a go.sum, may have: more than the longest path, version and checksum.
MAX_LINE = 4096
# Mistakes that are described.
_MAX_MISTAKES = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A module that is asked for by name.

    Attributes:
        path: The module path.
        version: A version, LATEST, or "" for all that are tagged.
    """

    path: str
    version: str

    def __str__(self) -> str:
        """Write it as it was asked for."""
        return f"{self.path}@{self.version}" if self.version else self.path


def read_modules(names: Sequence[str]) -> list[Wanted]:
    """
    Read names such as `example.com/mod@v1.2.3`, `example.com/mod@latest` or `example.com/mod`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    found, mistakes = [], []
    for number, name in enumerate(names, 1):
        try:
            found.append(_read_module(name.strip()))
        except GoError as error:
            mistakes.append(f"{number}: {error}")
    if mistakes:
        more = len(mistakes) - _MAX_MISTAKES
        lines = mistakes[:_MAX_MISTAKES] + ([f"and {more} more"] if more > 0 else [])
        raise GoError("\n".join(lines))
    return list(dict.fromkeys(found))


def _read_module(name: str) -> Wanted:
    if len(name) > MAX_LINE:
        raise GoError(f"{printable(name[:80])}... is too long: more than {MAX_LINE} characters")
    path, separator, version = name.partition("@")
    if version == LATEST or not separator:
        module.check_path(path)
    elif module.canonical_version(version) != version or not version:
        raise GoError(
            f"{printable(name[:200])}: what follows @ must be a full version such as v1.2.3, or "
            "latest; leave out @ for all tagged versions"
        )
    else:
        module.check(path, version)
    check_path(path, version or LATEST)
    return Wanted(path, version)


def read_go_sum(text: str) -> list[gosum.Line]:
    """
    Read a go.sum.

    Args:
        text: The file.

    Raises:
        GoError: Something is wrong with it; the text says on which lines.
    """
    for number, written in enumerate(text.split("\n"), 1):
        if len(written) > MAX_LINE:
            raise GoError(f"go.sum:{number}: the line is too long: more than {MAX_LINE} characters")
    lines = gosum.parse(text)
    for line in lines:
        check_path(line.path, line.version)
    return lines


def read_go_mod(text: str) -> modfile.File:
    """
    Read the go.mod of a main module.

    Args:
        text: The file.

    Raises:
        GoError: Something is wrong with it; the text says on which lines.
    """
    file = modfile.parse(text.encode())
    names = [(each.path, each.version) for each in file.require]
    names += [each.new for each in file.replace if each.new.version]
    for path, version in names:
        module.check(path, version)
        check_path(path, version)
    return file
