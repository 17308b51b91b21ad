"""From request to response."""

import logging
from dataclasses import replace
from typing import Final

from aiohttp import hdrs, web

from pulp_gomod.app.content.bundle import serve_bundle
from pulp_gomod.app.content.http.replies import fault_response, in_their_words, wants_held_only
from pulp_gomod.app.content.http.responses import (
    NOTES,
    STOPPED,
    UNTIL,
    USED,
    Representation,
    Stopped,
    cache_control,
    forbidden,
    not_found,
    opened,
    problem,
    respond,
)
from pulp_gomod.app.content.index import serve_index
from pulp_gomod.app.content.pages.asking import wants_page
from pulp_gomod.app.content.pages.refusing import refusal_page
from pulp_gomod.app.content.pages.serve import is_asset, serve_asset, serve_page
from pulp_gomod.app.content.pkgsite.serve import serve_documentation
from pulp_gomod.app.content.repository.distributions import (
    DEFAULT_DOMAIN,
    ServedDistribution,
    storable,
)
from pulp_gomod.app.content.repository.modules import Modules, NotFound, Nothing, find
from pulp_gomod.app.content.repository.noted import own
from pulp_gomod.app.content.repository.policed import PolicedModules
from pulp_gomod.app.content.sbom import serve_sbom
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.content.services import of as services_of
from pulp_gomod.app.content.stack import modules_with_remote, modules_without_remote
from pulp_gomod.app.content.sumdb import serve_sumdb
from pulp_gomod.app.content.vulndb import serve_vulndb
from pulp_gomod.app.db.round_robin import CLIENTS, Clients
from pulp_gomod.app.models.base_path import base_paths
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.storage.faults import RETRY_AFTER, describe
from pulp_gomod.app.storage.spool import FULL
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.app.storage.upload_policy import MAX_PATH
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import (
    LATEST,
    BundleRequest,
    DocumentationRequest,
    HoldRequest,
    IndexRequest,
    Malformed,
    ModuleRequest,
    SbomRequest,
    SumdbRequest,
    VulndbRequest,
    parse,
)

log = logging.getLogger(__name__)

_TARGET: Final = "gomod_target"


async def find_target(request: web.Request) -> ServedDistribution | None:
    """
    Find the distribution a request is for, once in its life; None if none of ours serves it.

    Args:
        request: A request that one of our routes matched.
    """
    if _TARGET not in request:
        request[_TARGET] = await _resolve(request)
    target: ServedDistribution | None = request[_TARGET]
    return target


async def _resolve(request: web.Request) -> ServedDistribution | None:
    asked = request.match_info
    domain, path = asked.get("pulp_domain", DEFAULT_DOMAIN), asked["path"]
    if "owner" in asked:
        candidates, path = [asked["owner"]], f"{asked['owner']}/{path}"
    else:
        candidates = base_paths(path)
    # PostgreSQL has no NUL in texts, nor half characters: no base path has them. What follows may.
    candidates = [base for base in candidates if storable(base)]
    if not (candidates and storable(domain)):
        return None
    return await services_of(request.app).resolver.find(domain, candidates, path)


async def serve(request: web.Request, target: ServedDistribution) -> web.StreamResponse:
    """
    Answer a request to a Go distribution.

    Args:
        target: The distribution.
    """
    if is_asset(target):
        # Nothing in it is of the distribution, and whoever is refused may see how that is said.
        return serve_asset(target.path, target.guard is None)
    services = services_of(request.app)
    refused = await services.gate.refusal(request, target)
    if refused is not None:
        return refusal_page(request, target, refused) if wants_page(request) else refused
    if target.remote is not None:
        CLIENTS.set(Clients(services.gate.client(request)))
    if not storable(target.path):
        return not_found("malformed path")
    return await _serve_path(services, request, target)


async def _serve_path(
    services: ContentServices, request: web.Request, target: ServedDistribution
) -> web.StreamResponse:
    match parse(target.path):
        case HoldRequest(days, path):
            held = replace(target, path=path, policy=target.policy.lengthened(days))
            if is_asset(held):
                return serve_asset(held.path, held.guard is None)
            return await _serve_path(services, request, held)
        case Malformed(reason, True):
            return problem(400, f"bad request: {reason}")
        case Malformed() if _only_takes(request, target):
            text = "method not allowed: this is where modules are published: PUT the zip here"
            return problem(405, text, {hdrs.ALLOW: "PUT, OPTIONS"})
        case Malformed() if wants_page(request):
            return await serve_page(request, target)
        case Malformed(reason):
            return not_found(reason)
        case SumdbRequest(path):
            return await serve_sumdb(request, target, path)
        case VulndbRequest(path):
            return await serve_vulndb(request, target, path)
        case IndexRequest():
            return await serve_index(request, target)
        case DocumentationRequest(path):
            return await serve_documentation(services, request, target, path)
        case BundleRequest():
            return await serve_bundle(
                services.bundles,
                services.judge,
                services.consumers,
                request,
                target,
                services.gate.client(request),
            )
        case SbomRequest():
            CLIENTS.set(Clients(services.gate.client(request)))
            return await serve_sbom(services.sboms, services.judge, request, target)
        case ModuleRequest() as wanted:
            return await _serve_module(services, request, target, wanted)


def _only_takes(request: web.Request, target: ServedDistribution) -> bool:
    """Say whether this is the API's route for publishing, be it asked by a browser."""
    return "owner" in request.match_info and target.path.rstrip("/") == "upload"


async def _serve_module(
    services: ContentServices,
    request: web.Request,
    target: ServedDistribution,
    wanted: ModuleRequest,
) -> web.StreamResponse:
    if target.served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    if not storable(wanted.version):
        return not_found("malformed version")
    if is_too_long(wanted):
        return _too_long(target)
    if target.remote is None:
        modules = modules_without_remote(services, target, target.served)
        return await _answer(services, request, target, wanted, modules)
    try:
        remote = await services.remotes.of(target.remote, target.remote_changed)
        if remote is None:
            return problem(502, "bad gateway: the remote of this distribution is gone")
        held_only = wants_held_only(request)
        stacked = modules_with_remote(services, target, target.served, remote, held_only)
        with remote.upstream.told():
            return await _answer(services, request, target, wanted, stacked)
    except UpstreamFault as fault:
        return fault_response(fault)
    except OSError as error:
        return _not_kept(error)


def is_too_long(wanted: ModuleRequest) -> bool:
    """
    Say whether nothing here can be called so; to remember that of each such name would take memory.

    Args:
        wanted: What is asked for.
    """
    return len(wanted.module) + len(wanted.version) > MAX_PATH


def _too_long(target: ServedDistribution) -> web.Response:
    line = f"its name is longer than this server accepts ({MAX_PATH} characters)"
    # Where a policy decides, nobody is sent elsewhere.
    return forbidden(Stopped(line)) if target.policy else not_found(line)


def _not_kept(error: OSError) -> web.Response:
    """Say that what an upstream sent cannot be kept."""
    log.error("Cannot keep what the upstream sent: %s", describe(error))
    if error.errno in FULL:
        return problem(507, "insufficient storage: this server's disk is full")
    line = "unavailable: this server cannot store what the upstream sent; try again"
    return problem(503, line, {hdrs.RETRY_AFTER: RETRY_AFTER})


async def _answer(
    services: ContentServices,
    request: web.Request,
    target: ServedDistribution,
    wanted: ModuleRequest,
    modules: Modules,
) -> web.StreamResponse:
    found, version = await find(modules, wanted)
    if isinstance(modules, PolicedModules):
        request[UNTIL] = modules.until
        request[NOTES] = tuple(modules.notes)
        services.events.note(target, modules.notes)
    if isinstance(found, NotFound) and found.is_own:
        services.events.note(target, [own(wanted.module, wanted.file, found.line)])
    if not isinstance(found, Representation | StoredZip):
        is_stopped = target.policy and isinstance(found, Stopped) and _names_one(target, wanted)
        if is_stopped and not wants_held_only(request):
            # Until the policy changes, or what is served; whoever lets nothing be looked up is told more than others.
            request[STOPPED] = True
        return nothing(found, wanted)
    assert target.served is not None
    is_latest = wanted.version == LATEST
    if version and found.is_settled:
        # What was cached and is served here must not be cleaned up as unused.
        services.remotes.usage.note(target.served.repository, wanted.module, version)
        if target.remote is None or not is_latest:
            request[USED] = (wanted.module, version)
    public = target.guard is None
    # A policy may stop it tomorrow, in other people's caches, too.
    may_stay = not is_latest and not target.policy
    if isinstance(found, StoredZip):
        CLIENTS.set(Clients(services.gate.client(request)))
        caching = cache_control(may_stay, public)
        response = await services.zips.respond(request, target, found, caching)
    else:
        caching = cache_control(found.immutable and may_stay, public)
        response = await opened(request, respond(request, found, caching))
    if wanted.file == "zip" and response.status < 400:
        services.consumers.note_request(request, target, wanted.module, version)
    return response


def _names_one(target: ServedDistribution, wanted: ModuleRequest) -> bool:
    """Say whether a request means the same version tomorrow: what is the latest, an upstream changes, or on a branch."""
    return target.remote is None or module.canonical_version(wanted.version) == wanted.version


def nothing(found: Nothing, wanted: ModuleRequest) -> web.Response:
    """
    Make the answer for what is not there, or not served.

    Args:
        found: What is to be said of it.
        wanted: What was asked for.
    """
    if isinstance(found, Stopped):
        return forbidden(found)
    if isinstance(found, NotFound):
        if found.words:
            return in_their_words(found.status, found.words)
        return problem(found.status, f"not found: {found.line}")
    version = f"@{wanted.version}" if wanted.version else ""
    return not_found(f"{wanted.module}{version} is not in this repository")
