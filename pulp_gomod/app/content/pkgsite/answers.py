"""What each endpoint of the API says; all of it JSON (x/pkgsite, internal/api/types.go)."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pulp_gomod.app.content.pkgsite import filters, queries
from pulp_gomod.app.content.pkgsite.errors import bad_request, not_found
from pulp_gomod.app.content.pkgsite.params import Params, page
from pulp_gomod.app.content.pkgsite.rendered import Wanted, documentation
from pulp_gomod.app.content.pkgsite.rendering import FORMATS
from pulp_gomod.app.content.pkgsite.resolving import Resolved, Resolver
from pulp_gomod.app.content.pkgsite.working import work
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models import found_by
from pulp_gomod.golang import GoError, module, semver
from pulp_gomod.golang.retracted import is_retracted

Json = dict[str, Any]
Answer = Callable[[Resolver, str, Params], Awaitable[Json]]

_SEARCH_USUAL: Final = 25
# Major versions of a module of which the latest version is told.
_MOST_IN_SERIES: Final = 100
_NO_TIME: Final = "0001-01-01T00:00:00Z"


async def module_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `module/{path}`."""
    wants_readme, wants_licenses = params.flag("readme"), params.flag("licenses")
    found = await resolver.module(path, params.text("version"))
    statement = queries.module(wants_readme or wants_licenses)
    rows = await resolver.ask(statement, module=found.path, version=found.version)
    if not rows:
        raise not_found(f"{found.path}@{found.version} is not in this repository")
    has_go_mod, go_mod, _, _, time, origin, created, redistributable, _, *texts = rows[0]
    said: Json = {
        "path": found.path,
        "version": found.version,
        "commitTime": _time(time or created),
        "isLatest": found.is_latest,
        "isRedistributable": bool(redistributable),
        "isStandardLibrary": False,
        "hasGoMod": has_go_mod,
        "repoUrl": str((origin or {}).get("URL", "")),
    }
    if has_go_mod:
        said["goModContents"] = bytes(go_mod).decode("utf-8", "replace")
    if wants_readme and texts[0]:
        said["readme"] = {"filepath": texts[0], "contents": texts[1]}
    if wants_licenses and texts[2]:
        said["licenses"] = _licenses(texts[2])
    return said


async def versions_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `versions/{path}`: of all major versions of the module, the newest first."""
    chosen, wants_pseudo = filters.read(params.text("filter")), params.flag("pseudo")
    await resolver.module(path, "")
    base, separator = _series(path)
    rows = await resolver.ask(
        queries.series(),
        module=base,
        low=f"{base}{separator}",
        high=f"{base}{separator[:-1]}{chr(ord(separator[-1]) + 1)}",
    )
    in_series = re.compile(re.escape(base) + rf"(?:{re.escape(separator)}[0-9]+)?")
    rows = await compute(len(rows), _rows_of_series, rows, in_series, wants_pseudo)
    passing = await resolver.passing([(row[0], row[1]) for row in rows])
    rows = await compute(len(rows), _in_order, rows, passing)
    latest = await _latest(resolver, rows)
    if chosen is None:
        # Of thousands of versions only those are looked at that are told.
        said = page(rows, params)
        said["items"] = await _versions(resolver, said["items"] or (), latest) or None
        return said
    items = await _versions(resolver, rows, latest)
    return page(await _filtered(chosen, items), params)


def _series(path: str) -> tuple[str, str]:
    """Return a module path without its major version, and what stands between them."""
    try:
        prefix, _ = module.split_path_version(path)
    except GoError:
        return path, "/v"
    return prefix, ".v" if path.startswith("gopkg.in/") else "/v"


def _rows_of_series(rows: Sequence[Row], in_series: re.Pattern[str], pseudo: bool) -> list[Row]:
    return [row for row in rows if in_series.fullmatch(row[0]) and (pseudo or not row[2])]


def _in_order(rows: Sequence[Row], passing: set[tuple[str, str]]) -> list[Row]:
    """Return the rows that pass; without a place for it among their own, what has no major version comes last."""
    passed = (row for row in rows if (row[0], row[1]) in passing)
    return sorted(passed, key=lambda row: row[1].endswith("+incompatible"))


async def _latest(resolver: Resolver, rows: Sequence[Row]) -> dict[str, str]:
    """Return the latest version of each module."""
    paths = sorted({row[0] for row in rows})[:_MOST_IN_SERIES]
    return dict(zip(paths, await asyncio.gather(*map(resolver.latest, paths)), strict=True))


@dataclass(frozen=True, slots=True)
class _About:
    """What the latest version of a module says of all of them."""

    latest: str = ""
    deprecated: str = ""
    retracted: str = ""
    retractions: Sequence[Mapping[str, str]] = ()

    def reason(self, version: str) -> str:
        """Return why a version is retracted."""
        for each in self.retractions:
            if semver.compare(each["low"], version) <= 0 <= semver.compare(each["high"], version):
                return str(each["rationale"])
        return ""


async def _versions(
    resolver: Resolver, rows: Sequence[Row], latest: Mapping[str, str]
) -> list[Json]:
    """
    Say what there is to be said of versions.

    Args:
        rows: Of `queries.series`.
        latest: The latest version of each module.
    """
    newest = {(path, version): True for path, version in latest.items() if version}
    wanted = newest | {(row[0], row[1]): False for row in rows if (row[0], row[1]) not in newest}
    asked = await compute(len(wanted), _asked, wanted)
    found = await resolver.ask(queries.details(), wanted=asked)
    return await compute(len(found), _told, rows, found, latest)


def _asked(wanted: Mapping[tuple[str, str], bool]) -> str:
    return json.dumps([[*key, is_latest] for key, is_latest in wanted.items()])


def _told(rows: Sequence[Row], found: Sequence[Row], latest: Mapping[str, str]) -> list[Json]:
    known = {(row[0], row[1]): row[2:] for row in found}
    about = {
        path: _About(version, deprecated or "", retracted or "", retractions or ())
        for path, version in latest.items()
        if version and (path, version) in known
        for *_, deprecated, retracted, retractions in (known[path, version],)
    }
    return [
        _version(row, known[row[0], row[1]], about.get(row[0], _About()))
        for row in rows
        if (row[0], row[1]) in known
    ]


def _version(row: Row, told: Row, about: _About) -> Json:
    path, version, _, has_go_mod = row
    redistributable, time, created, *_ = told
    retracted = bool(about.retracted) and is_retracted(about.retracted, version)
    return {
        "modulePath": path,
        "version": version,
        "commitTime": _time(time or created),
        "isRedistributable": bool(redistributable),
        "hasGoMod": has_go_mod,
        "latestVersion": about.latest,
        "deprecated": bool(about.deprecated),
        "deprecationReason": about.deprecated,
        "retracted": retracted,
        "retractionReason": about.reason(version) if retracted else "",
    }


async def packages_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `packages/{path}`."""
    chosen = filters.read(params.text("filter"))
    found = await resolver.module(path, params.text("version"))
    rows = await resolver.ask(queries.packages(), module=found.path, version=found.version)
    items = [
        {
            "path": each,
            "name": name,
            "synopsis": synopsis,
            "isRedistributable": bool(redistributable),
        }
        for each, name, synopsis, redistributable in rows
    ]
    return {
        "modulePath": found.path,
        "version": found.version,
        "isStandardLibrary": False,
        "packages": page(await _filtered(chosen, items), params),
    }


async def package_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `package/{path}`."""
    wanted, examples = params.text("doc"), params.flag("examples")
    if examples and not wanted:
        raise bad_request("examples require doc format to be specified")
    if wanted and wanted not in FORMATS:
        raise bad_request("bad doc format: need one of 'text', 'md', 'markdown' or 'html'")
    licenses = params.flag("licenses")
    kinds = {(True, True): "texts", (True, False): "documentation", (False, True): "licences"}
    what = kinds.get((bool(wanted), licenses), "")
    counts = params.flag("imported-by-counts")
    found, row = await _package(resolver, path, params, what, counts)
    _, _, name, synopsis, goos, goarch, redistributable, imports, *more = row
    importers = await _importers(resolver, more.pop()) if counts else set()
    said: Json = {
        "modulePath": found.path,
        "version": found.version,
        "isLatest": found.is_latest,
        "isStandardLibrary": False,
        "goos": params.text("goos") or goos or "all",
        "goarch": params.text("goarch") or goarch or "all",
    }
    if wanted:
        docs = await documentation(resolver, Wanted(more[0], name, FORMATS[wanted], examples))
        said |= {"docs": docs} if docs else {}
    if params.flag("imports") and imports:
        said["imports"] = imports
    if licenses and more[-1]:
        inner = path.removeprefix(found.path).strip("/")
        said["licenses"] = _licenses([each for each in more[-1] if _covers(each["file"], inner)])
    if counts:
        said["importedByCounts"] = {
            "packages": len({each for each, _ in importers}),
            "modules": len({each for _, each in importers}),
        }
    return said | {
        "path": path,
        "name": name,
        "synopsis": synopsis,
        "isRedistributable": bool(redistributable),
    }


async def _package(
    resolver: Resolver, path: str, params: Params, what: str, with_importers: bool = False
) -> tuple[Resolved, Row]:
    statement = queries.package(what, with_importers)
    return await resolver.package(path, params.text("module"), params.text("version"), statement)


def _covers(file: str, directory: str) -> bool:
    """Say whether a licence file counts for a directory: it is in it, or above it."""
    above = file.rpartition("/")[0]
    return not above or f"{directory}/".startswith(f"{above}/")


async def symbols_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `symbols/{path}`."""
    chosen = filters.read(params.text("filter"))
    found, row = await _package(resolver, path, params, "symbols")
    items = await compute(len(row[-1]), _symbols, row[-1])
    if chosen is not None:
        items = await work(chosen.chosen, items, lambda item: {"parent": "", **item})
    return {
        "modulePath": found.path,
        "version": found.version,
        "symbols": page(items, params),
    }


def _symbols(symbols: Sequence[Sequence[str]]) -> list[Json]:
    return [
        {"name": name, "kind": kind, "synopsis": line} | ({"parent": parent} if parent else {})
        for name, kind, line, parent in symbols
    ]


async def imported_by_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `imported-by/{path}`."""
    chosen = filters.read(params.text("filter"))
    found, row = await _package(resolver, path, params, "", True)
    importers = sorted({each for each, _ in await _importers(resolver, row[-1])})
    if chosen is not None:
        importers = await work(chosen.chosen, importers, lambda each: {"path": each})
    return {
        "modulePath": found.path,
        "version": params.text("version") or "latest",
        "importedBy": page(importers, params),
    }


async def _importers(resolver: Resolver, text: str) -> set[tuple[str, str]]:
    rows = await compute(len(text) // 100, json.loads, text)
    passing = await resolver.passing([(name, version) for _, name, version, _ in rows])
    return {(each, name) for each, name, version, _ in rows if (name, version) in passing}


async def vulns_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `vulns/{path}`: what the distribution's database of vulnerabilities reports, the most severe first."""
    chosen = filters.read(params.text("filter"))
    if params.text("module") or not await resolver.latest(path):
        found, _ = await _package(resolver, path, params, "")
    else:
        found = await resolver.module(path, params.text("version"))
    items = [
        {"id": about.report, "summary": about.summary, "details": "", "fixedVersion": fixed}
        for about, fixed in await resolver.reports(found)
    ]
    return page(await _filtered(chosen, items), params)


async def search_answer(resolver: Resolver, path: str, params: Params) -> Json:
    """Answer `search`."""
    text, symbol = params.text("q"), params.text("symbol")
    chosen = filters.read(params.text("filter"))
    if not text:
        raise bad_request("missing query", "provide the query by using the query parameter 'q'")
    prefixes = found_by.beginning_with(text)
    if not prefixes:
        return page([], params, _SEARCH_USUAL)
    values = {"prefixes": prefixes, "words": text, "here": resolver.here}
    if symbol:
        values["path"] = symbol.rpartition(".")[2].lower()
    rows = await resolver.ask(queries.search(bool(symbol)), **values)
    passing = await resolver.passing([(row[1], row[2]) for row in rows])
    items = await compute(len(rows), _found, rows, passing, text.strip().lower())
    return page(await _filtered(chosen, items), params, _SEARCH_USUAL)


def _found(rows: Sequence[Row], passing: set[tuple[str, str]], text: str) -> list[Json]:
    """Take of each package the newest version, and sort by how well it matches."""
    best: dict[str, Row] = {}
    for row in rows:
        if (row[1], row[2]) in passing:
            known = best.get(row[0])
            if known is None or _newness(known) < _newness(row):
                best[row[0]] = row

    def rank(row: Row) -> tuple[bool, bool, float, int, str]:
        path, name = row[0].lower(), row[4].lower()
        is_it = text in (path, name, path.rpartition("/")[2])
        return (not is_it, row[1] != row[0], -row[6], len(path), path)

    return [
        {"packagePath": row[0], "modulePath": row[1], "version": row[2], "synopsis": row[5]}
        for row in sorted(best.values(), key=rank)
    ]


def _newness(row: Row) -> tuple[bool, str]:
    # A release before any pre-release.
    return "-" not in row[2], row[3]


async def _filtered(chosen: filters.Filter | None, items: list[Json]) -> list[Json]:
    if chosen is None:
        return items
    return await work(chosen.chosen, items, _as_it_is)


def _as_it_is(item: Json) -> Json:
    return item


def _licenses(licences: Sequence[Json]) -> list[Json]:
    return [
        {"types": each["ids"] or ["UNKNOWN"], "filePath": each["file"], "contents": each["text"]}
        for each in licences
    ]


def _time(when: datetime) -> str:
    if when.year == 1:
        return _NO_TIME
    return when.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


ANSWERS: Final[dict[str, Answer]] = {
    "module": module_answer,
    "versions": versions_answer,
    "packages": packages_answer,
    "package": package_answer,
    "symbols": symbols_answer,
    "imported-by": imported_by_answer,
    "vulns": vulns_answer,
    "search": search_answer,
}
