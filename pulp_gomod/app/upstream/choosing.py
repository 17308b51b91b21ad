"""Which version is the latest, of those that are held and those that the upstream has."""

import logging

from pulp_gomod.app.goproxy.remembered import RememberedModules
from pulp_gomod.app.upstream.answers import Answer
from pulp_gomod.app.upstream.asking import Asking
from pulp_gomod.app.upstream.lists import listed_versions
from pulp_gomod.app.upstream.merge import latest_version
from pulp_gomod.app.upstream.reading import is_version, parse_info
from pulp_gomod.app.upstream.results import Missing, UpstreamFault

log = logging.getLogger(__name__)


async def choose_latest(asking: Asking, local: RememberedModules) -> str | Answer | Missing:
    """
    Choose the latest version of a module.

    Args:
        asking: Asks the upstream about the module.
        local: What the repository holds.

    Returns:
        The version if it is held, or else what the upstream says of it.

    Raises:
        UpstreamFault: The upstream failed, and nothing is held.
    """
    path = asking.path
    candidates = await local.candidates(path)
    if not candidates:
        return await asking.ask("latest")
    held = {candidate.version for candidate in candidates}
    ours = await local.latest_version(path) or max(held)
    listed = await asking.beside("list")
    if listed is None or not listed.found:
        return ours
    theirs = set(await asking.reckon(listed, lambda: listed_versions(path, listed.body)))
    tagged = {candidate.version for candidate in candidates if not candidate.is_pseudo}
    said = None
    if tagged <= theirs:
        said = await asking.beside("latest")
        if said is not None and said.found and theirs:
            return said
    info = parse_info(said.body) if said is not None and said.found else None
    if info is not None and is_version(path, info.version):
        theirs.add(info.version)
    try:
        chosen = await latest_version(
            path,
            candidates,
            theirs,
            lambda version: asking.beside("mod", version),
            lambda call: asking.reckon(listed, call),
        )
    except UpstreamFault as fault:
        log.info("The latest version of %s is a held one: %s", path, fault.line)
        return ours
    if chosen is None or chosen in held:
        return chosen or ours
    answer = await asking.beside("info", chosen)
    return answer if answer is not None and answer.found else ours
