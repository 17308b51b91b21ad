"""The proofs of what is replicated: asked of the other server, which serves those of what it holds."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pulp_gomod.app.remote.http.results import Fetched, UpstreamFault
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.tasks.opening import opened
from pulp_gomod.app.tasks.proofs import Name, already, keep_proofs
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import GoSumDB, parse_gosumdb

log = logging.getLogger(__name__)


async def take_over(
    settings: RemoteSettings, databases: Iterable[str], names: Sequence[Name]
) -> None:
    """
    Keep the records of module versions that the other server has, with what proves them.

    Nothing fails for want of a proof: what has no record there is as private here as there.

    Args:
        settings: The remote, whose URL is that of a distribution.
        databases: The checksum databases, as GOSUMDB has them.
        names: The module versions.
    """
    for database in _known(databases):
        # Without an address of its own: the other server is asked, and nobody else.
        passed_on = replace(settings, sumdb=replace(database, url=None))
        async with opened(passed_on) as through:
            try:
                found = await through.upstream.document(f"sumdb/{database.name}/supported")
            except UpstreamFault as fault:
                log.warning("No proofs of %s are taken over: %s", database.name, fault.line)
                continue
            if not isinstance(found, Fetched):
                continue
            unproven = await keep_proofs(passed_on, names, already(through))
            log.info("%s has no records of %s module versions", database.name, unproven.count)


def _known(databases: Iterable[str]) -> list[GoSumDB]:
    """Read the names of databases, each key once."""
    known: dict[str, GoSumDB] = {}
    for text in sorted(databases):
        try:
            database = parse_gosumdb(text)
        except GoError:
            continue
        if not database.off:
            known.setdefault(database.key, database)
    return list(known.values())
