"""What the requests to one content process share; made when it starts, and ended with it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from pulp_gomod.app.content.bundle import Bundles
from pulp_gomod.app.content.consumers import Consumers
from pulp_gomod.app.content.loop_watch import watched
from pulp_gomod.app.content.policy_events import PolicyEvents
from pulp_gomod.app.content.repository.conditions.ages import Ages
from pulp_gomod.app.content.repository.conditions.hold import HoldCondition
from pulp_gomod.app.content.repository.conditions.licences import Licences
from pulp_gomod.app.content.repository.conditions.licensed import (
    LicenceCondition,
    ZipLicenceCondition,
)
from pulp_gomod.app.content.repository.conditions.vulnerable import (
    MaliciousCondition,
    Reports,
    VulnerableCondition,
)
from pulp_gomod.app.content.repository.guard import GuardCache
from pulp_gomod.app.content.repository.judge import Judge
from pulp_gomod.app.content.repository.own_sumdbs import OwnSumdbs
from pulp_gomod.app.content.repository.prefetch import Prefetch
from pulp_gomod.app.content.repository.proofs import StoredProofs
from pulp_gomod.app.content.repository.resolver import Resolver
from pulp_gomod.app.content.repository.result_cache import (
    LARGEST_FILE,
    MOST_FILE_BYTES,
    ResultCache,
)
from pulp_gomod.app.content.repository.vanity_hosts import VanityHosts
from pulp_gomod.app.content.repository.vulndbs import Vulndbs
from pulp_gomod.app.content.repository.zips import ZipFiles
from pulp_gomod.app.content.sbom import Sboms
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.pool import Database, connection_parameters
from pulp_gomod.app.remote.registry import RemoteRegistry


@dataclass(frozen=True, slots=True)
class ContentServices:
    """
    What answers requests, and is passed to whatever needs a part of it.

    Attributes:
        database: Where statements are run.
        lookups: Asks PostgreSQL what repository versions hold.
        resolver: Knows which distribution serves what.
        gate: Asks content guards.
        answers: What was looked up before.
        prefetch: Looks up small repository versions as a whole.
        zips: Stored zips.
        remotes: The remotes of distributions.
        bundles: Bundles that are made.
        proofs: What is kept of checksum databases.
        own_sumdbs: Checksum databases of one's own.
        vulndbs: Databases of vulnerabilities.
        judge: Says what policies stop.
        consumers: Notes who downloads what.
        sboms: Bills of materials that are made.
        vanity_hosts: Hosts for which distributions answer.
        events: Notes what policies stop.
    """

    database: Database
    lookups: Lookups
    resolver: Resolver
    gate: GuardCache
    answers: ResultCache
    prefetch: Prefetch
    zips: ZipFiles
    remotes: RemoteRegistry
    bundles: Bundles
    proofs: StoredProofs
    own_sumdbs: OwnSumdbs
    vulndbs: Vulndbs
    judge: Judge
    consumers: Consumers
    sboms: Sboms
    vanity_hosts: VanityHosts
    events: PolicyEvents


@asynccontextmanager
async def _opened() -> AsyncIterator[ContentServices]:
    async with AsyncExitStack() as stack:
        database = Database(connection_parameters())
        await database.open()
        stack.push_async_callback(database.close)
        resolver, prefetch, gate = Resolver(database), Prefetch(), GuardCache()
        stack.push_async_callback(resolver.close)
        stack.push_async_callback(prefetch.close)
        stack.callback(gate.close)
        remotes = RemoteRegistry(database)
        stack.push_async_callback(remotes.close)
        await remotes.open()
        consumers, events = Consumers(remotes.threads), PolicyEvents(remotes.threads)
        await stack.enter_async_context(consumers.running())
        await stack.enter_async_context(events.running())
        bundles = Bundles()
        stack.push_async_callback(bundles.close)
        stack.enter_context(watched())
        lookups = Lookups(database)
        proofs = StoredProofs(lookups)
        stack.push_async_callback(proofs.close)
        own_sumdbs = OwnSumdbs(lookups)
        await stack.enter_async_context(own_sumdbs.running())
        sboms = Sboms()
        stack.callback(sboms.close)
        reports = Reports(lookups)
        ages = Ages(lookups, remotes)
        stack.push_async_callback(ages.close)
        zips = ZipFiles(ResultCache(MOST_FILE_BYTES, LARGEST_FILE))
        licences = Licences(lookups, zips, remotes.threads)
        stack.push_async_callback(licences.close)
        yield ContentServices(
            database=database,
            lookups=lookups,
            resolver=resolver,
            gate=gate,
            answers=ResultCache(),
            prefetch=prefetch,
            zips=zips,
            remotes=remotes,
            bundles=bundles,
            proofs=proofs,
            own_sumdbs=own_sumdbs,
            vulndbs=Vulndbs(lookups),
            consumers=consumers,
            sboms=sboms,
            vanity_hosts=VanityHosts(lookups),
            events=events,
            judge=Judge(
                lookups,
                (
                    HoldCondition(ages),
                    VulnerableCondition(reports),
                    MaliciousCondition(reports),
                    LicenceCondition(licences),
                ),
                of_zips=(ZipLicenceCondition(licences),),
            ),
        )


KEY: web.AppKey[ContentServices] = web.AppKey("gomod_services", ContentServices)


async def lifespan(app: web.Application) -> AsyncIterator[None]:
    """
    Give the content app its services for as long as it runs (an entry of `cleanup_ctx`).

    Args:
        app: The content app.
    """
    async with _opened() as services:
        app[KEY] = services
        yield


def of(app: web.Application) -> ContentServices:
    """
    Return the services of the content app.

    Args:
        app: The content app, which runs.
    """
    return app[KEY]
