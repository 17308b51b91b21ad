"""From a browser's request to a page."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from django.conf import settings

from pulp_gomod.app.content.http.responses import cache_control, matches, not_found, problem
from pulp_gomod.app.content.pages import comparing, lists, module, packages
from pulp_gomod.app.content.pages.asking import is_zero
from pulp_gomod.app.content.pages.headers import HEADERS, HTML
from pulp_gomod.app.content.pages.held import Held
from pulp_gomod.app.content.pages.paths import (
    ASSETS,
    ComparePage,
    Elsewhere,
    ListPage,
    NoPage,
    PathPage,
    SearchPage,
    Wanted,
    parse_page,
)
from pulp_gomod.app.content.pages.place import Place, place_of
from pulp_gomod.app.content.pages.rendering import Page, View, assets, render
from pulp_gomod.app.content.pages.standing import Standing
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.content.services import of as services_of
from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.round_robin import CLIENTS, Clients, RoundRobin
from pulp_gomod.app.db.singleflight import SingleFlight

_YEAR: Final = 365 * 24 * 3600

# Bytes of all pages of a process together, and of the largest that is kept.
MOST_BYTES: Final = 32 * 1024 * 1024
LARGEST: Final = 1024 * 1024
# What keeping a page costs beyond its own size.
_OVERHEAD: Final = 1024
# Requests of which it is known which page they ask for: each has a URL of some kilobytes at most.
_MOST_ASKED: Final = 500
# Seconds for which a page is right whose marks depend on the clock.
_WHILE: Final = 30.0
# Seconds for which any is: documentation may be computed anew, of the same repository version.
_LONG_WHILE: Final = 300.0
# Pages that wait to be made, of all clients and of one: to make one takes a few milliseconds.
_MOST_WAITING: Final = 200
_MOST_OF_ONE: Final = 50
# Searches at a time, those that wait, and those of one client that do.
_SEARCHES: Final = 2
_MOST_SEARCHES_WAITING: Final = 50
_MOST_SEARCHES_OF_ONE: Final = 10


@dataclass(frozen=True, slots=True)
class _Kept:
    page: Page
    until: float


class Pages:
    """The pages that a content process has made, in a bounded memory."""

    def __init__(self) -> None:
        self._kept: Lru[tuple[object, ...], _Kept] = Lru(
            math.inf, MOST_BYTES, lambda kept: kept.page.size + _OVERHEAD
        )
        self._asked: Lru[tuple[object, ...], tuple[Place, Wanted]] = Lru(_MOST_ASKED)
        # A large one takes dozens of milliseconds, in which all other clients would wait.
        self._executor = BoundedExecutor("gomod-pages", 1)
        self._turns = RoundRobin(1, _MOST_OF_ONE, longest=_MOST_WAITING)
        # Whoever searches without end leaves one for others.
        self._searches = RoundRobin(
            _SEARCHES, _MOST_SEARCHES_OF_ONE, _SEARCHES - 1, longest=_MOST_SEARCHES_WAITING
        )
        # Whatever changes, all who look at a page then want it made at the same moment.
        self._flights: SingleFlight[_Kept] = SingleFlight()

    async def close(self) -> None:
        """Make no more pages, and let the thread end."""
        await self._flights.close()
        self._executor.close()

    async def serve(
        self, services: ContentServices, request: web.Request, target: ServedDistribution
    ) -> web.Response:
        """
        Answer a request for a page.

        Args:
            services: The services of the content app.
            request: The request, permitted by the guard.
            target: The distribution.

        Raises:
            Busy: Too many pages are being made.
            psycopg.Error: The database does not answer.
        """
        place, wanted = self._wanted(request, target)
        if isinstance(wanted, Elsewhere):
            return web.Response(
                status=302,
                headers={
                    hdrs.LOCATION: place.path(wanted.path),
                    hdrs.CACHE_CONTROL: cache_control(False, not place.is_private),
                    hdrs.VARY: hdrs.ACCEPT,
                },
            )
        key = _key(target, place, wanted)
        kept = self._kept.get(key)
        if kept is None or kept.until < time.monotonic():
            CLIENTS.set(Clients(services.gate.client(request)))
            making = self._flights.start(
                key, lambda: self._make(services, target, place, wanted, key)
            )
            kept = await asyncio.shield(making)
        return _response(request, place, kept.page)

    def _wanted(self, request: web.Request, target: ServedDistribution) -> tuple[Place, Wanted]:
        """Say which page is asked for, and where; what was asked for a moment ago need not be read again."""
        asked = (
            request.path_qs,
            request.scheme,
            request.host,
            target.base_path,
            target.path,
            target.guard is None,
            settings.CONTENT_ORIGIN,
        )
        known = self._asked.get(asked)
        if known is None:
            place, wanted = place_of(request, target), parse_page(target.path, request.query)
            if not (target.path or request.path.endswith("/")):
                wanted = Elsewhere("")
            known = place, wanted
            self._asked.put(asked, known)
        return known

    async def _make(
        self,
        services: ContentServices,
        target: ServedDistribution,
        place: Place,
        wanted: Wanted,
        key: tuple[object, ...],
    ) -> _Kept:
        until = None
        if target.served is None:
            view = nothing(place, "This distribution serves no repository.")
        else:
            held = Held(services, target, target.served, place)
            if isinstance(wanted, SearchPage):
                view = await self._search(held, wanted)
            else:
                view = await _view(held, wanted)
            until = held.until
        async with self._turns.turn(CLIENTS.get()):
            page = await self._executor.run(render, view, place.is_private)
        kept = _Kept(page, time.monotonic() + _seconds(target, until))
        if page.size <= LARGEST:
            self._kept.put(key, kept)
        return kept

    async def _search(self, held: Held, wanted: SearchPage) -> View:
        """
        Search, a few at a time: it reads the path of each module.

        Raises:
            Busy: Too many wait for it, or too many of the same client.
        """
        async with self._searches.turn(CLIENTS.get()):
            return await lists.search_view(held, wanted)


def _seconds(target: ServedDistribution, until: datetime | None) -> float:
    """Say for how long a page is right that nobody's change of the repository makes wrong."""
    seconds = _WHILE if target.policy else _LONG_WHILE
    return seconds if until is None else min(seconds, (until - datetime.now(UTC)).total_seconds())


def _key(target: ServedDistribution, place: Place, wanted: Wanted) -> tuple[object, ...]:
    """Name all that a page depends on."""
    return place, wanted, _revision(target.served), target.policy.revision


def _revision(served: Served | None) -> tuple[object, ...] | None:
    return None if served is None else (served.repository, served.number, served.blocks.revision)


async def _view(held: Held, wanted: Wanted) -> View:
    match wanted:
        case ListPage():
            return await lists.list_view(held, wanted)
        case PathPage():
            return await _path_view(held, wanted)
        case ComparePage():
            return await _compare_view(held, wanted)
        case NoPage(reason):
            return nothing(held.place, reason)
    raise AssertionError(wanted)


async def _path_view(held: Held, wanted: PathPage) -> View:
    if wanted.version:
        standing, below = await held.standing(wanted.path), wanted.below
    else:
        standing, below = await held.module_of(wanted.path)
    if standing is None:
        return await _directory(held, wanted)
    beside, values = module.beside(wanted, standing, below, held.served)
    subject = await module.subject_of(held, standing, wanted.version, beside, **values)
    if subject is None:
        return nothing(held.place, f"There is no {standing.path}@{wanted.version} here.")
    if below or wanted.tab == "doc":
        if wanted.tab not in ("", "doc"):
            return nothing(held.place, "There is no such page of a package.")
        return await packages.package_view(held, subject, below, wanted.part)
    return _TABS[wanted.tab](held, subject)


_TABS: Final[Mapping[str, Callable[[Held, module.Subject], View]]] = {
    "": module.overview,
    "versions": module.versions,
    "requirements": module.requirements,
    "importers": module.importers,
    "licenses": module.licenses,
}


async def _directory(held: Held, wanted: PathPage) -> View:
    found = None
    if not (wanted.version or wanted.tab):
        found = await lists.directory_view(held, ListPage(wanted.path, wanted.after))
    line = f"There is no {wanted.path}{f'@{wanted.version}' if wanted.version else ''} here."
    return found or nothing(held.place, line, wanted.path.rpartition("/")[2])


async def _compare_view(held: Held, wanted: ComparePage) -> View:
    standing = await held.standing(wanted.path)
    view = None
    if standing is not None:
        view = await comparing.comparison(held, standing, wanted)
    return view or nothing(held.place, _missing(standing, wanted))


def _missing(standing: Standing | None, wanted: ComparePage) -> str:
    """Say which of the two versions is not there."""
    if standing is None:
        return f"There is no {wanted.path} here."
    missing = [each for each in (wanted.old, wanted.new) if each not in standing.versions]
    named = " or ".join(dict.fromkeys(missing)) or f"{wanted.old} or {wanted.new}"
    return f"{wanted.path} has no version {named} here."


def nothing(place: Place, line: str, name: str = "") -> View:
    """
    Say that there is no such page.

    Args:
        place: Where the distribution is.
        line: What is not there.
        name: What may be searched for instead, "" for nothing.
    """
    return View("nothing.html", {"place": place, "line": line, "name": name[:200]}, 404)


def _response(request: web.Request, place: Place, page: Page) -> web.Response:
    headers = {
        **HEADERS,
        hdrs.CACHE_CONTROL: cache_control(False, not place.is_private),
    }
    if place.is_private:
        headers["X-Robots-Tag"] = "noindex"
    if page.status == HTTPStatus.OK:
        # Weak: it is the same page, packed or not.
        headers[hdrs.ETAG] = f'W/"{page.etag}"'
        if matches(request.headers.get(hdrs.IF_NONE_MATCH, ""), page.etag, weak=True):
            return web.Response(status=304, headers=headers)
    headers[hdrs.CONTENT_TYPE] = HTML
    body = page.body
    if page.zipped is not None and _takes_gzip(request):
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        body = page.zipped
    return web.Response(status=page.status, body=body, headers=headers)


def _takes_gzip(request: web.Request) -> bool:
    for each in request.headers.get(hdrs.ACCEPT_ENCODING, "").split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        if name == "gzip":
            return not any(map(is_zero, parameters))
    return False


KEY: web.AppKey[Pages] = web.AppKey("gomod_pages", Pages)


async def lifespan(app: web.Application) -> AsyncIterator[None]:
    """
    Give the content app its pages for as long as it runs (an entry of `cleanup_ctx`).

    Args:
        app: The content app.
    """
    pages = app[KEY] = Pages()
    yield
    await pages.close()


async def serve_page(request: web.Request, target: ServedDistribution) -> web.Response:
    """
    Answer a request for a page.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
    """
    try:
        return await request.app[KEY].serve(services_of(request.app), request, target)
    except Busy:
        line = "unavailable: too many pages are being made; try again in a moment"
        return problem(503, line, {hdrs.RETRY_AFTER: "1"})


def is_asset(target: ServedDistribution) -> bool:
    """
    Say whether a path is that of a file that pages load.

    Args:
        target: The distribution, with the path.
    """
    return target.path.startswith(ASSETS)


def serve_asset(path: str, is_public: bool) -> web.Response:
    """
    Answer a request for a file that pages load; nothing in it is of a distribution.

    Args:
        path: The path below the root of a distribution.
        is_public: Whether everybody may see what the distribution has.
    """
    found = assets().get(path.removeprefix(ASSETS))
    if found is None:
        return not_found("there is no such file")
    public = "public" if is_public else "private"
    headers = {
        hdrs.CONTENT_TYPE: found.content_type,
        # Its name changes with its content.
        hdrs.CACHE_CONTROL: f"{public}, max-age={_YEAR}, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return web.Response(body=found.body, headers=headers)
