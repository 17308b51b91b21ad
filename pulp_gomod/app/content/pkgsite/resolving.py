"""Which version of which module a request of the API is for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.content.pkgsite import queries
from pulp_gomod.app.content.pkgsite.errors import ApiError, not_found
from pulp_gomod.app.content.repository import vulndb_queries
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.judge import Question
from pulp_gomod.app.content.repository.modules import Modules, NotFound
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.content.stack import modules_without_remote
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models import found_by
from pulp_gomod.app.models.findings import About, about_version
from pulp_gomod.app.models.stopping import Mode
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.retracted import is_retracted

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Resolved:
    """
    A module version.

    Attributes:
        path: The module path.
        version: The version.
        latest: The latest version of the module; "" if that was not asked for, or if there is none.
    """

    path: str
    version: str
    latest: str = ""

    @property
    def is_latest(self) -> bool:
        """Whether it is the latest version."""
        return self.version == self.latest


class Resolver:
    """
    Asks about what one distribution serves; no upstream is asked.

    Args:
        services: The services of the content app.
        target: The distribution.
        served: The repository version that it serves.
    """

    def __init__(
        self, services: ContentServices, target: ServedDistribution, served: Served
    ) -> None:
        self._services = services
        self._target = target
        self._served = served
        self.modules: Modules = modules_without_remote(services, target, served)

    @property
    def here(self) -> str:
        """The query for all modules of the repository, as of `found_by`."""
        return found_by.in_repository(self._served.repository)

    async def ask(self, statement: Statement, **values: str | int) -> list[Row]:
        """
        Ask the database about what is served.

        Args:
            statement: What.
            values: Of what; the repository version is named here.
        """
        return await self._services.lookups.ask(
            statement,
            repository=self._served.repository,
            number=self._served.number,
            domain=self._target.domain,
            **values,
        )

    async def module(self, path: str, version: str) -> Resolved:
        """
        Find a version of a module.

        Args:
            path: The module path.
            version: A version, or what else names one; "" and "latest" for the latest.

        Raises:
            ApiError: There is none, or it is not served.
        """
        _check(path)
        latest = await self.latest(path)
        if version in ("", LATEST):
            if not latest:
                raise await self._unknown(path)
            return Resolved(path, latest, latest)
        return Resolved(path, await self._named(path, version), latest)

    async def latest(self, path: str) -> str:
        """
        Return the latest version of a module, "" if there is none that is served.

        Args:
            path: The module path.
        """
        found = await self.modules.latest_version(path)
        return found if isinstance(found, str) else ""

    async def _named(self, path: str, version: str) -> str:
        found = await self.modules.info(path, version)
        if isinstance(found, Stopped):
            raise ApiError(403, found.line, ["ask for another version"])
        if not isinstance(found, Representation):
            said = found.line if isinstance(found, NotFound) else ""
            raise not_found(said or f"{path}@{version} is not in this repository")
        info = parse_info(found.body or b"")
        return info.version if info else version

    async def _unknown(self, path: str) -> ApiError:
        """Say what is wrong with the path of a module that is not here: it may be that of a package."""
        rows = await self.ask(queries.modules_with(), path=path)
        names = sorted((row[0] for row in rows), key=len, reverse=True)
        if not names or names[0] == path:
            return not_found(f"module {path} is not in this repository")
        return ApiError(
            400,
            f"{path} is a package, not a module",
            [f'retry the call with the containing module: "{names[0]}"'],
        )

    async def package(
        self, path: str, module_path: str, version: str, statement: Statement
    ) -> tuple[Resolved, Row]:
        """
        Find a package.

        Args:
            path: Its import path.
            module_path: The module path, or "" if that is not known.
            version: A version of the module; "" and "latest" for the latest.
            statement: One of `queries.package`.

        Returns:
            The module version, and the columns of `queries.package`.

        Raises:
            ApiError: There is none, or it is not clear which is meant.
        """
        _check(path)
        found = (
            [await self.module(module_path, version)]
            if module_path
            else await self._modules_of(path, version)
        )
        rows = await asyncio.gather(
            *(
                self.ask(
                    statement,
                    module=each.path,
                    version=each.version,
                    path=path,
                    importing=f"{self.here} & {found_by.importing(path)}",
                )
                for each in found
            )
        )
        known = [(each, row[0]) for each, row in zip(found, rows, strict=True) if row]
        if not known:
            raise _no_package(path, found)
        good = [(each, row) for each, row in known if not _is_left(each, row)]
        if len(good) > 1:
            raise ApiError(
                400,
                "ambiguous package path",
                ["retry the call with a 'module' query parameter specifying the desired module"],
                [(each.path, path) for each, _ in good],
            )
        return good[0] if good else known[0]

    async def _modules_of(self, path: str, version: str) -> list[Resolved]:
        """Return the modules that may have a package: those whose paths its own begins with, the longest first."""
        names = [path]
        while "/" in names[-1]:
            names.append(names[-1].rpartition("/")[0])
        latest = await asyncio.gather(*map(self.latest, names))
        known = [name for name, found in zip(names, latest, strict=True) if found]
        if not known:
            raise not_found(f"package {path} is not in this repository")
        if len(known) == 1:
            return [await self.module(known[0], version)]
        found = await asyncio.gather(
            *(self.module(name, version) for name in known), return_exceptions=True
        )
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, ApiError):
                raise each
        return [each for each in found if isinstance(each, Resolved)]

    async def reports(self, found: Resolved) -> list[tuple[About, str]]:
        """
        Return what is reported about a module version, each with the version that fixes it; none without a database.

        Args:
            found: The module version.
        """
        vulndb = self._target.vulndb
        if vulndb is None:
            return []
        values = vulndb_queries.values_of(vulndb.pk, found.path)
        rows = await self._services.lookups.ask(vulndb_queries.reports(), **values)
        return await compute(len(rows), _reports, rows, found)

    async def passing(self, versions: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """
        Return which module versions are neither blocked nor stopped.

        Args:
            versions: (module path, version) of each.
        """
        passed = (
            [each for each in versions if not self._served.blocks.find(*each)]
            if self._served.blocks
            else list(versions)
        )
        if not self._target.policy:
            return set(passed)
        by_path: dict[str, list[str]] = {}
        for path, version in passed:
            by_path.setdefault(path, []).append(version)
        questions = [Question(self._target, path, each) for path, each in by_path.items()]
        judged = await self._services.judge.ask_each(questions)
        said = dict(zip(by_path, judged, strict=True))
        return {
            (path, version)
            for path, version in passed
            if all(stop.mode < Mode.LISTS for stop in said[path].stops.get(version, ()))
        }


def _reports(rows: Sequence[Row], found: Resolved) -> list[tuple[About, str]]:
    return about_version(map(About.of, rows), found.path, found.version, datetime.now(UTC))


def _is_left(each: Resolved, row: Row) -> bool:
    """Say whether nobody should use a module version any more."""
    deprecated, retracted = row[:2]
    return bool(deprecated) or bool(retracted and is_retracted(retracted, each.version))


def _no_package(path: str, found: Sequence[Resolved]) -> ApiError:
    if not found:
        return not_found(f"package {path} is not in this repository, in that version")
    names = ", ".join(f"{each.path}@{each.version}" for each in found[:5])
    return not_found(
        f"{names} has no package {path}, or its documentation is not computed yet",
        "name a version with the 'version' query parameter",
    )


def _check(path: str) -> None:
    try:
        module.check_import_path(path)
    except GoError as error:
        raise ApiError(400, str(error)[:500], ["correct the path and retry"]) from None
