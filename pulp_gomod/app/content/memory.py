"""Answers to plain requests, from what a content process has in memory.

Where all that an answer takes is there, it needs no more of the request than what it asks for; and it can
be brought there while nothing else is known of the request.
"""

from dataclasses import dataclass

from aiohttp import web

from pulp_gomod.app.content.accelerator.patterns import Pattern
from pulp_gomod.app.content.handler import find, missing
from pulp_gomod.app.content.http.responses import (
    Stopped,
    cache_control,
    forbidden,
    keep_private,
    respond_to_plain,
)
from pulp_gomod.app.content.repository import answers, cached, resolver, zips
from pulp_gomod.app.content.repository.cached import UNKNOWN, modules_of
from pulp_gomod.app.content.repository.distributions import Target
from pulp_gomod.app.content.repository.guard import permits
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest, parse


@dataclass(frozen=True, slots=True)
class Recalled:
    """
    An answer that is in memory.

    Attributes:
        target: The distribution.
        used: The module version that it is about, if it is about one.
        response: The answer.
    """

    target: Target
    used: tuple[str, str] | None
    response: web.Response


def recall(app: web.Application, pattern: Pattern, path: str) -> Recalled | None:
    """
    Return the answer to a request for what a repository version holds, if it is in memory.

    Args:
        app: The content app.
        pattern: What the request is like.
        path: The path below the distribution.
    """
    wanted = _wanted(path)
    if wanted is None:
        return None
    target = resolver.of(app).recall(pattern.domain, pattern.base_path)
    if target is None or not _decides(target, wanted) or not permits(app, target, pattern.digest):
        return None
    response = _recall(app, target, wanted)
    if response is None:
        return None
    if target.guard is not None:
        keep_private(response)
    used = (wanted.module, wanted.version) if _is_of_version(wanted) else None
    return Recalled(target, used, response)


async def bring(app: web.Application, pattern: Pattern, path: str) -> None:
    """
    Look up what the answer to a request takes, so that it is in memory.

    Args:
        app: The content app.
        pattern: What the request is like.
        path: The path below the distribution.

    Raises:
        Exception: It cannot be looked up; who asks as ever is told why.
    """
    wanted = _wanted(path)
    if wanted is None:
        return
    whole = f"{pattern.base_path}/{path}"
    target = await resolver.of(app).find(pattern.domain, [pattern.base_path], whole)
    if target is None or target.served is None or not _decides(target, wanted):
        return
    if not permits(app, target, pattern.digest):
        return
    modules = modules_of(app, target, target.served)
    if wanted.file != "zip":
        await find(modules, wanted, wanted.version)
        return
    stored = await modules.zip(wanted.module, wanted.version)
    if isinstance(stored, StoredZip):
        await zips.load_zip(app, target, stored)


def _wanted(path: str) -> ModuleRequest | None:
    wanted = parse(path)
    if not isinstance(wanted, ModuleRequest):
        return None
    # Clients of another registry ask for latest.mod and latest.zip, which takes more than one answer.
    return None if wanted.version == LATEST and wanted.file != "info" else wanted


def _is_of_version(wanted: ModuleRequest) -> bool:
    return wanted.version not in ("", LATEST)


def _decides(target: Target, wanted: ModuleRequest) -> bool:
    """Say whether the answer is what the repository version holds, whatever an upstream has."""
    if target.served is None:
        return False
    if target.remote is None:
        return True
    return _is_of_version(wanted) and module.canonical_version(wanted.version) == wanted.version


def _recall(app: web.Application, target: Target, wanted: ModuleRequest) -> web.Response | None:
    assert target.served is not None
    found = cached.recall(answers.of(app), target.served, wanted)
    if found is UNKNOWN:
        return None
    if found is None:
        # What is not held, an upstream may have.
        return missing(wanted) if target.remote is None else None
    if isinstance(found, Stopped):
        return forbidden(found)
    if isinstance(found, StoredZip):
        found = zips.recall_zip(app, target, found)
        if found is None:
            return None
    immutable = found.immutable and wanted.version != LATEST
    return respond_to_plain(found, cache_control(immutable, target.guard is None))
