"""From request to response."""

from typing import Final

from aiohttp import hdrs, web

from pulp_gomod.app.content.http.responses import (
    USED,
    Representation,
    Stopped,
    cache_control,
    forbidden,
    not_found,
    problem,
    respond,
)
from pulp_gomod.app.content.repository import guard, resolver
from pulp_gomod.app.content.repository.cached import RememberedModules, modules_of
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN, Target, storable
from pulp_gomod.app.content.repository.merged import serve_module
from pulp_gomod.app.content.repository.zips import respond_with_zip
from pulp_gomod.app.content.sumdb import serve_sumdb
from pulp_gomod.app.models.base_path import base_paths
from pulp_gomod.app.remote import registry
from pulp_gomod.golang.goproxy import LATEST, Malformed, ModuleRequest, SumdbRequest, parse

_TARGET: Final = "gomod_target"


async def find_target(request: web.Request) -> Target | None:
    """
    Find the distribution a request is for, once in its life; None if none of ours serves it.

    Args:
        request: A request that one of our routes matched.
    """
    if _TARGET not in request:
        request[_TARGET] = await _resolve(request)
    target: Target | None = request[_TARGET]
    return target


async def _resolve(request: web.Request) -> Target | None:
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
    return await resolver.of(request.app).find(domain, candidates, path)


async def serve(request: web.Request, target: Target) -> web.StreamResponse:
    """
    Answer a request to a Go distribution.

    Args:
        request: The request.
        target: The distribution.
    """
    refused = await guard.refusal(request, target)
    if refused is not None:
        return refused
    if not storable(target.path):
        return not_found("malformed path")
    match parse(target.path):
        case Malformed(reason):
            if "owner" in request.match_info and target.path.rstrip("/") == "upload":
                # The API's route, which only takes.
                text = "method not allowed: this is where modules are published: PUT the zip here"
                return problem(405, text, {hdrs.ALLOW: "PUT, OPTIONS"})
            return not_found(reason)
        case SumdbRequest(path):
            if target.remote is None:
                return not_found("no checksum database is configured here")
            return await serve_sumdb(request, target, path)
        case ModuleRequest() as wanted:
            return await _serve_module(request, target, wanted)


async def _serve_module(
    request: web.Request, target: Target, wanted: ModuleRequest
) -> web.StreamResponse:
    if target.served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    if not storable(wanted.version):
        return not_found("malformed version")
    modules = modules_of(request.app, target, target.served)
    if target.remote is not None:
        return await serve_module(request, target, wanted, modules)
    version = wanted.version
    # Clients of another registry ask for latest.info, .mod and .zip.
    if version == LATEST and wanted.file != "info":
        version = await modules.latest_version(wanted.module) or version
    if version:
        # What was cached and is served here must not be cleaned up as unused.
        request[USED] = (wanted.module, version)
        registry.note_use(request.app, target.served.repository, wanted.module, version)
    if wanted.file == "zip":
        stored = await modules.zip(wanted.module, version)
        if isinstance(stored, Stopped):
            return forbidden(stored)
        if stored is not None:
            return await respond_with_zip(
                request, target, stored, _caching(target, wanted.version != LATEST)
            )
        return missing(wanted)
    found = await find(modules, wanted, version)
    if found is None:
        return missing(wanted)
    if isinstance(found, Stopped):
        return forbidden(found)
    immutable = found.immutable and wanted.version != LATEST
    return respond(request, found, _caching(target, immutable))


async def find(
    modules: RememberedModules, wanted: ModuleRequest, version: str
) -> Representation | Stopped | None:
    """
    Find what is asked for, if it is no zip.

    Args:
        modules: The modules of the repository version.
        wanted: What is asked for.
        version: The version that this means, or what names one.
    """
    if wanted.file == "list":
        return await modules.versions(wanted.module)
    if wanted.file == "mod":
        return await modules.mod(wanted.module, version)
    if version == LATEST:
        return await modules.latest(wanted.module)
    return await modules.info(wanted.module, version)


def missing(wanted: ModuleRequest) -> web.Response:
    """
    Make the answer for a file that a repository version does not hold.

    Args:
        wanted: What was asked for.
    """
    version = f"@{wanted.version}" if wanted.version else ""
    return not_found(f"{wanted.module}{version} is not in this repository")


def _caching(target: Target, immutable: bool) -> str:
    return cache_control(immutable, target.guard is None)
