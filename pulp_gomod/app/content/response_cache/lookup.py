"""
Answers to plain requests, made of what a content process has in memory.

Where all that an answer takes is there, it needs no more of the request than what it asks for; and it can
be fetched while nothing else is known of the request.
"""

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from pulp_gomod.app.content.handler import is_too_long, nothing
from pulp_gomod.app.content.http.responses import (
    Stopped,
    cache_control,
    keep_private,
    respond_to_plain,
)
from pulp_gomod.app.content.repository import cached
from pulp_gomod.app.content.repository.cached import UNKNOWN
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.modules import find
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.content.stack import local_modules
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest, parse


class PlainGet(Protocol):
    """A GET request that nothing decides but this."""

    @property
    def domain(self) -> str:
        """The domain's name."""

    @property
    def base_path(self) -> str:
        """The distribution's base path."""

    @property
    def path(self) -> str:
        """What follows that."""

    @property
    def digest(self) -> bytes | None:
        """What stands for its credentials (see `guard`); None if it has none, or they were not looked at."""

    @property
    def if_none_match(self) -> str:
        """That header, or ""."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """
    An answer that is in memory.

    Attributes:
        target: The distribution.
        used: The module version that it is about, if it is about one.
        response: The answer.
    """

    target: ServedDistribution
    used: tuple[str, str] | None
    response: web.Response


def recall(services: ContentServices, asked: PlainGet) -> Recalled | None:
    """
    Return the answer to a request for what a repository version holds, if it is in memory.

    Args:
        services: The services of the content app.
        asked: The request.
    """
    wanted = _wanted(asked.path)
    if wanted is None:
        return None
    target = services.resolver.recall(asked.domain, asked.base_path)
    if (
        target is None
        or not _decides(target, wanted)
        or not services.gate.still_permits(target, asked.digest)
    ):
        return None
    response = _recall(services, target, wanted)
    if response is None:
        return None
    if target.guard is not None:
        keep_private(response)
    used = (wanted.module, wanted.version) if _is_of_version(wanted) else None
    return Recalled(target, used, response)


async def fetch(services: ContentServices, asked: PlainGet) -> None:
    """
    Look up what the answer to a request takes, so that it is in memory.

    Args:
        services: The services of the content app.
        asked: The request.

    Raises:
        Exception: It cannot be looked up; who asks as ever is told why.
    """
    wanted = _wanted(asked.path)
    if wanted is None:
        return
    whole = f"{asked.base_path}/{asked.path}"
    target = await services.resolver.find(asked.domain, [asked.base_path], whole)
    if target is None or target.served is None or not _decides(target, wanted):
        return
    if not services.gate.still_permits(target, asked.digest):
        return
    modules = local_modules(services, target, target.served)
    found, _ = await find(modules, wanted)
    if isinstance(found, StoredZip):
        await services.zips.load(target, found)


def _wanted(path: str) -> ModuleRequest | None:
    wanted = parse(path)
    return wanted if isinstance(wanted, ModuleRequest) and not is_too_long(wanted) else None


def _is_of_version(wanted: ModuleRequest) -> bool:
    return wanted.version not in ("", LATEST)


def _decides(target: ServedDistribution, wanted: ModuleRequest) -> bool:
    """Say whether the answer is what the repository version holds, whatever an upstream has."""
    if target.served is None or target.policy:
        return False
    if target.remote is None:
        return True
    return _is_of_version(wanted) and module.canonical_version(wanted.version) == wanted.version


def _recall(
    services: ContentServices, target: ServedDistribution, wanted: ModuleRequest
) -> web.Response | None:
    assert target.served is not None
    found = cached.recall(services.answers, target.served, wanted)
    if found is UNKNOWN:
        return None
    if found is None:
        # What is not held, an upstream may have.
        return nothing(None, wanted) if target.remote is None else None
    if isinstance(found, Stopped):
        return nothing(found, wanted)
    if isinstance(found, StoredZip):
        found = services.zips.recall(target, found)
        if found is None:
            return None
    immutable = found.immutable and wanted.version != LATEST
    return respond_to_plain(found, cache_control(immutable, target.guard is None))
