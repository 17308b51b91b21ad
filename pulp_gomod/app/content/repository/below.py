"""Module paths below a module that is held, while the upstream that may have them is not there.

To find the module that a package is in, the go command asks for all longer paths, too. An error for one of
these ends the command, however certain it is that the held module has the package. So such a path is
"not found" while the upstream is dead, where nothing that this server knows speaks for it. What that
may lead to, and why it changes no build, is in docs/admin/learn/upstreams.md.
"""

from uuid import UUID

from pulp_gomod.app.content.repository.cached import RememberedModules
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.models import GoModFile, GoModule
from pulp_gomod.app.models.membership import ever_held, held
from pulp_gomod.app.remote.registry import Through
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest
from pulp_gomod.golang.module.major import try_split_path_version

# Paths above one that are looked at: modules of modules are not so deep, names that a client makes up are.
_MOST_PARENTS = 16


async def held_above(
    through: Through, served: Served, domain: UUID, wanted: ModuleRequest, local: RememberedModules
) -> str | None:
    """
    Return the held module that a path is below, if the path can be taken for none of a module.

    Args:
        through: The remote, whose upstream is dead.
        served: The repository version.
        domain: The domain's pk.
        wanted: What is asked for, and is not held.
        local: What the repository holds.
    """
    if not _is_probe(wanted):
        return None
    path, version = wanted.module, _version(wanted)
    for file in ("list", "latest"):
        known = await through.modules.known(file, path)
        if known is not None and known.found:
            return None

    async def look() -> str:
        return await through.upstream.threads.database(_held_above, served, domain, path, version)

    # It is the same until the repository changes.
    return await local.merged("held above", path, version or LATEST, look) or None


def _is_probe(wanted: ModuleRequest) -> bool:
    """Say whether that is what the go command asks to find out which modules there are."""
    # A path with a major version is meant as a module by whoever writes it.
    split = try_split_path_version(wanted.module)
    if split is None or split.path_major:
        return False
    if wanted.file == "info":
        name = wanted.version
        return name == LATEST or module.canonical_version(name) == name
    return wanted.file == "list"


def _version(wanted: ModuleRequest) -> str:
    return "" if wanted.file == "list" or wanted.version == LATEST else wanted.version


def _held_above(served: Served, domain: UUID, path: str, version: str) -> str:
    """Return the longest path above one that is held, "" for none. Uses the ORM."""
    for model in (GoModule, GoModFile):
        # Even if only its go.mod was here, and is gone: it is a module.
        known = model.objects.filter(ever_held(served.repository), _pulp_domain=domain, module=path)
        if known.exists():
            return ""
    above = GoModule.objects.filter(
        held(served.repository, served.number), _pulp_domain=domain, module__in=_parents(path)
    )
    if version:
        above = above.filter(version=version)
    return max(above.values_list("module", flat=True).distinct(), key=len, default="")


def _parents(path: str) -> list[str]:
    """List the paths above one, the longest first."""
    elements = path.split("/")
    lengths = range(len(elements) - 1, max(0, len(elements) - 1 - _MOST_PARENTS), -1)
    return ["/".join(elements[:length]) for length in lengths]
