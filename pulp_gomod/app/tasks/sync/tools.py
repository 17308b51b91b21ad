"""What `go install <package>@<version>` needs: the module that has the package, and what that requires."""

from collections.abc import Iterator
from typing import NamedTuple

from pulp_gomod.app.tasks.sync.chosen import Chosen
from pulp_gomod.app.tasks.sync.failures import SyncError, Unavailable
from pulp_gomod.app.tasks.sync.source import NotFound, SyncSource
from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang import GoError, modfile, module
from pulp_gomod.golang.module import Version


class Tool(NamedTuple):
    """
    A tool's module.

    Attributes:
        version: The module version.
        main: Its go.mod, read as that of the main module, which it is while the tool is built.
    """

    version: Version
    main: modfile.File


async def find(source: SyncSource, wanted: Wanted, chosen: Chosen) -> Tool:
    """
    Find the module of a package as the go command does: the longest path that the upstream knows as a module.

    Args:
        source: The remote.
        wanted: The path of the package, and a version query for the module.
        chosen: Where to write down which version it means.

    Raises:
        SyncError: There is none, or the go command would not install it.
    """
    version, body = await _module_of(source, wanted)
    chosen.note(wanted, [version.version], version.path)
    try:
        main = await source.threads.compute(len(body), modfile.parse, body)
    except GoError:
        # What only a main module may say decides nothing here, unless go would read it.
        main = await source.threads.compute(len(body), modfile.parse_lax, body)
    if main.replace:
        raise SyncError(
            f"go install refuses it: the go.mod of {version} contains replace directives; clone it, and "
            "sync its go.mod"
        )
    return Tool(version, main)


async def _module_of(source: SyncSource, wanted: Wanted) -> tuple[Version, bytes]:
    missing: Unavailable | None = None
    for path in _candidates(wanted):
        try:
            (version,) = await source.versions(Wanted(path, wanted.version))
            found = Version(path, version)
            return found, (await source.go_mod(found)).body
        except Unavailable as error:
            # Why a module that is known has no such version says more than that there is no module.
            if missing is None or (
                isinstance(missing, NotFound) and not isinstance(error, NotFound)
            ):
                missing = error
    raise missing or SyncError("it is not below any module path")


def _candidates(wanted: Wanted) -> Iterator[str]:
    """Give the paths that the module may have, from the longest to the shortest."""
    path = wanted.path
    while path:
        try:
            module.check_path(path)
            yield path
        except GoError:
            pass
        path = path.rpartition("/")[0]
