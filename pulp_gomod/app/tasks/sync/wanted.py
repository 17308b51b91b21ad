"""What somebody wants to have synced, as it is written in a request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pulp_gomod.app.models.blocking import BELOW
from pulp_gomod.app.storage.upload_policy import check_path
from pulp_gomod.golang import GoError, gosum, modfile, module
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.query import LATEST, Kind, parse_query
from pulp_gomod.golang.quote import printable
from pulp_gomod.golang.ranges import Range, parse_range
from pulp_gomod.golang.workspace import Workspace

T = TypeVar("T")

# Names that a request may have, and characters of a go.sum or a go.mod.
MAX_MODULES = 10_000
MAX_TEXT = 1024 * 1024
# Modules of a workspace, and characters of all their go.mod files: reading these takes the API a second or so.
MAX_MEMBERS = 1000
MAX_MEMBER_TEXTS = 2 * MAX_TEXT
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
        version: A version query (see `golang.query`), or "" for all that are tagged.
        range: Of all that are tagged, those that are in this range; "" for all.
    """

    path: str
    version: str
    range: str = ""

    def __str__(self) -> str:
        """Write it as it was asked for."""
        version = self.version or self.range
        return f"{self.path}@{version}" if version else self.path

    @property
    def is_fixed(self) -> bool:
        """Whether it names one version, which nobody has to be asked for."""
        return bool(self.version) and parse_query(self.path, self.version).kind is Kind.VERSION


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    Modules of an index that are wanted.

    Attributes:
        path: The module path.
        is_below: Whether all modules below it are wanted, too.
        versions: Their versions.
    """

    path: str
    is_below: bool
    versions: Range

    def matches(self, path: str, version: str) -> bool:
        """
        Say whether a module version is wanted.

        Args:
            path: The module path.
        """
        is_of = path == self.path or (self.is_below and path.startswith(f"{self.path}/"))
        return is_of and version in self.versions


def read_patterns(texts: Sequence[str]) -> list[Pattern]:
    """
    Read patterns such as `example.com/...`, `example.com/mod` or `example.com/mod@>=v1.2.0 <v2.0.0`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    return _read_each(texts, _read_pattern)


def _read_pattern(text: str) -> Pattern:
    path, _, versions = text.partition("@")
    is_below = path.endswith(BELOW)
    path = path.removesuffix(BELOW)
    # As of a host alone, which is a module path, too.
    module.check_path(path)
    return Pattern(path, is_below, parse_range(versions))


def read_tools(names: Sequence[str]) -> list[Wanted]:
    """
    Read what `go install` takes: package paths with a version query, such as `example.com/mod/cmd/tool@v1.2`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    return _read_each(names, _read_tool)


def _read_tool(name: str) -> Wanted:
    path, _, version = name.partition("@")
    module.check_import_path(path)
    if not version:
        raise GoError(
            f"{printable(name[:200])}: a tool has a version behind an @, such as v1.2.3, v1.2 or latest"
        )
    _check_query(path, version)
    return Wanted(path, version)


def read_modules(names: Sequence[str]) -> list[Wanted]:
    """
    Read names such as `example.com/mod@v1.2.3`, `example.com/mod@v1` or `example.com/mod`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    return _read_each(names, _read_module)


def _read_each(names: Sequence[str], read: Callable[[str], T]) -> list[T]:
    found, mistakes = [], []
    for number, name in enumerate(names, 1):
        try:
            name = name.strip()
            if len(name) > MAX_LINE:
                raise GoError(
                    f"{printable(name[:80])}... is too long: more than {MAX_LINE} characters"
                )
            found.append(read(name))
        except GoError as error:
            mistakes.append(f"{number}: {error}")
    if mistakes:
        more = len(mistakes) - _MAX_MISTAKES
        lines = mistakes[:_MAX_MISTAKES] + ([f"and {more} more"] if more > 0 else [])
        raise GoError("\n".join(lines))
    return list(dict.fromkeys(found))


def _read_module(name: str) -> Wanted:
    path, separator, version = name.partition("@")
    module.check_path(path)
    check_path(path, LATEST)
    if version[:1] in ("<", ">"):
        return Wanted(path, "", str(parse_range(version)))
    if separator and not version:
        raise GoError(
            f"{printable(name[:200])}: what follows @ is a version such as v1.2.3, v1.2, latest or a "
            "branch, or a range such as >=v1.2.0 <v2.0.0; leave out @ for all tagged versions"
        )
    if version:
        _check_query(path, version)
    return Wanted(path, version)


def _check_query(path: str, text: str) -> None:
    query = parse_query(path, text)
    check_path(path, LATEST if query.kind is Kind.COMPARISON else text)


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
    _check_versions([(each.path, each.version) for each in file.require])
    _check_versions(_replacing(file.replace))
    return file


def read_go_work(text: str) -> modfile.Work:
    """
    Read a go.work.

    Raises:
        GoError: Something is wrong with it; the text says on which lines.
    """
    work = modfile.parse_work(text.encode())
    _check_versions(_replacing(work.replace))
    return work


def read_workspace(go_work: str, go_mods: Sequence[str]) -> Workspace:
    """
    Read a go.work with the go.mod files of the modules that it uses.

    Raises:
        GoError: Something is wrong with them, or they do not belong together.
    """
    work = read_go_work(go_work)
    if len(set(work.use)) != len(go_mods):
        raise GoError(
            f"the go.work uses {len(set(work.use))} modules, and {len(go_mods)} go.mod files are given"
        )
    members: list[modfile.File] = []
    for number, text in enumerate(go_mods, 1):
        try:
            members.append(read_go_mod(text))
        except GoError as error:
            raise GoError(
                "\n".join(f"{number}: {line}" for line in str(error).split("\n"))
            ) from error
    workspace = Workspace(work, tuple(members))
    workspace.check()
    return workspace


def _replacing(replaced: Sequence[modfile.Replace]) -> list[Version]:
    return [each.new for each in replaced if each.new.version]


def _check_versions(names: Sequence[tuple[str, str]]) -> None:
    for path, version in names:
        module.check(path, version)
        check_path(path, version)
