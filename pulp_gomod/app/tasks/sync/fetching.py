"""All that a sync does before it changes the repository."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pulp_gomod.app.exceptions import SyncFailedError
from pulp_gomod.app.models.block import blocks_of
from pulp_gomod.app.models.event import record_own_names
from pulp_gomod.app.models.own import own_paths_of
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.tasks.opening import opened
from pulp_gomod.app.tasks.proofs import already, covered, keep_proofs
from pulp_gomod.app.tasks.sync.downloading import Downloaded, Downloading
from pulp_gomod.app.tasks.sync.failures import Missing, Policy, SyncError, TooMany
from pulp_gomod.app.tasks.sync.following import Following, follow
from pulp_gomod.app.tasks.sync.listing import Listing
from pulp_gomod.app.tasks.sync.plan import MAX_VERSIONS, Plan
from pulp_gomod.app.tasks.sync.progress import (
    report_chosen,
    report_left_out,
    report_unproven,
    reported,
)
from pulp_gomod.app.tasks.sync.source import SyncSource
from pulp_gomod.app.tasks.sync.toolchains import WantedToolchain
from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang import gosum, modfile
from pulp_gomod.golang.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """
    What is to be synced.

    Attributes:
        repository: The repository's pk.
        remote: Where from.
        limit: How many things may be fetched at a time.
        with_zips: Whether zips are fetched now.
        modules: Names of modules.
        sums: Lines of a go.sum.
        mains: The go.mod files of main modules, and workspaces.
        toolchains: Go toolchains.
        tools: Packages to install, with versions of their modules.
        following: What of the upstream's index; None to leave that alone.
        missing: What becomes of what cannot be had.
        most: Module versions that it may come to.
    """

    repository: UUID
    remote: RemoteSettings
    limit: int
    with_zips: bool
    modules: Sequence[Wanted] = ()
    sums: Sequence[gosum.Line] = ()
    mains: Sequence[modfile.File | Workspace] = ()
    toolchains: Sequence[WantedToolchain] = ()
    tools: Sequence[Wanted] = ()
    following: Following | None = None
    missing: Policy = ""
    most: int = MAX_VERSIONS


async def fetch(order: SyncRequest) -> Downloaded:
    """
    Bring all that is wanted into the remote's cache.

    Args:
        order: What is wanted.

    Raises:
        SyncFailedError: Something cannot be had. All the rest was tried nevertheless, unless that was
            much.
    """
    missing, plan = Missing(order.missing), Plan(most=order.most)
    try:
        async with opened(order.remote, order.limit) as through:
            threads = through.upstream.threads
            blocks = await threads.database(blocks_of, order.repository)
            own = await threads.database(own_paths_of, order.repository)
            source = SyncSource(through, order.repository, blocks, own)
            try:
                await _list(order, source, plan, missing)
                position = await _follow(order, source, plan, missing)
                fetched = await _download(order, source, plan, missing)
            finally:
                if source.own_names:
                    await threads.database(record_own_names, order.repository, source.own_names)
            fetched.position = position
            if missing.left_out.count:
                await report_left_out(threads, missing.left_out)
            names = covered(order.remote, own, fetched.versions)
            unproven = await keep_proofs(order.remote, names, already(through))
            if unproven.count:
                await report_unproven(threads, order.remote.sumdb.name, unproven)
            return fetched
    except TooMany:
        raise SyncFailedError(str(missing.failures)) from None
    except ssl.SSLError as error:
        reason = error.reason or error
        raise SyncFailedError(f"the certificates of the remote cannot be used: {reason}") from error


async def _list(order: SyncRequest, source: SyncSource, plan: Plan, missing: Missing) -> None:
    message = "Reading lists and requirements"
    async with reported(source.threads, message, "sync.gomod.listing") as progress:
        listing = Listing(source, order.repository, order.limit, plan, missing, progress)
        try:
            listing.add_sums(order.sums)
            await listing.add_modules(order.modules)
            await listing.add_toolchains(order.toolchains)
            await listing.add_tools(order.tools)
            for main in order.mains:
                await listing.add_requirements(main)
        except SyncError as trouble:
            missing.failures.add("what was requested", trouble)
    if listing.chosen.count:
        await report_chosen(source.threads, listing.chosen)


async def _follow(
    order: SyncRequest, source: SyncSource, plan: Plan, missing: Missing
) -> int | None:
    if order.following is None:
        return None
    message = "Following the index"
    async with reported(source.threads, message, "sync.gomod.index") as progress:
        try:
            return await follow(source, order.following, plan, missing, progress)
        except SyncError as trouble:
            missing.failures.add("the index", trouble)
            return None


async def _download(
    order: SyncRequest, source: SyncSource, plan: Plan, missing: Missing
) -> Downloaded:
    total = len(plan.items)
    message = _message(order, total)
    async with reported(source.threads, message, "sync.gomod.downloading", total) as progress:
        downloading = Downloading(
            source, order.repository, order.limit, order.with_zips, missing, progress
        )
        fetched = await downloading.run(plan)
        if missing.failures:
            raise SyncFailedError(str(missing.failures))
        # An index goes on, whatever of it can be had.
        is_list = order.missing != "skip" and order.following is None
        if is_list and missing.left_out.count and not fetched:
            raise SyncFailedError(
                f"nothing that the upstream lists could be fetched:\n{missing.left_out}"
            )
    return fetched


def _message(order: SyncRequest, total: int) -> str:
    if total or order.modules or order.toolchains or order.tools:
        return "Downloading modules"
    if order.following is not None:
        return "Nothing to sync: the index has nothing new"
    return "Nothing to sync: no module is required"
