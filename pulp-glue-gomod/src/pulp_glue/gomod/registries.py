"""Modules of a running registry: which it has, and bringing them here as a tree."""

import json
import re
import typing as t
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import requests
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.golang import GoError, module
from pulp_glue.gomod.outputs import why_not_written
from pulp_glue.gomod.sending import Progress
from pulp_glue.gomod.sessions import UrlFirstSession

translation = get_translation(__package__)
_ = translation.gettext

Name = tuple[str, str]
"""A module path and a version."""

_GITEA = re.compile(r"(?P<origin>.*)/api/packages/(?P<owner>[^/]+)/go")
_INDEX_LIMIT = 2000
# The disk storage of Athens leaves out of all pages but the first whatever has a lower version than the last
# one before it, of whichever module: so one page has to be enough.
_PAGE = 1_000_000
_GITEA_PAGE = 50
_TIMEOUT = (10, 120)
# A catalog is sent when all of it has been found.
_CATALOG_TIMEOUT = (10, 900)
_AT_A_TIME = 8
_CHUNK = 1024 * 1024
_GONE = (404, 410)
# What a registry answers for one file that it has not, or that a policy of its keeps back: others it has.
_NOT_THIS = (*_GONE, 403, 451)


class Registry:
    """
    A registry of Go modules.

    It says what it has by the package API of Gitea, by an index such as that of the public proxy, or by the
    catalog of Athens: whichever answers.

    Args:
        url: Its GOPROXY URL, with credentials if need be.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = UrlFirstSession()

    def names(self) -> list[Name]:
        """
        List what it has.

        Raises:
            PulpException: It does not say.
        """
        for ask in (self._from_gitea, self._from_index, self._from_catalog):
            found = ask()
            if found is not None:
                return sorted(set(found))
        raise PulpException(
            _(
                "{url} does not say which modules it has: neither /index nor /catalog answers, and it is no "
                "registry of Gitea. Import its storage instead."
            ).format(url=_without_credentials(self._url))
        )

    def download(
        self, names: t.Sequence[Name], directory: Path, progress: Progress | None = None
    ) -> dict[str, str]:
        """
        Bring modules here, as a tree; what the directory has already is not asked for again.

        Args:
            names: Which modules.
            directory: Where the tree goes.
            progress: Hears how many of them are there.

        Returns:
            What cannot be had, and why.

        Raises:
            PulpException: The registry does not answer, or the disk is full.
        """
        missing: dict[str, str] = {}
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            tried = pool.map(lambda name: self._download(name, directory), names)
            for done, ((path, version), reason) in enumerate(
                zip(names, tried, strict=True), start=1
            ):
                if reason:
                    missing[f"{path}@{version}"] = reason
                if progress is not None:
                    progress(_("modules"), done, len(names))
        return missing

    def _download(self, name: Name, directory: Path) -> str:
        try:
            escaped = module.escape_path(name[0]), module.escape_version(name[1])
        except GoError as error:
            return str(error)
        # Whoever sees a zip finds what belongs to it.
        for file in ("info", "mod", "zip"):
            path = f"{escaped[0]}/@v/{escaped[1]}.{file}"
            reason = self._fetch([path, *self._plain(name, path, file)], directory / path)
            if reason:
                return reason
        return ""

    def _plain(self, name: Name, path: str, file: str) -> list[str]:
        """
        Where Gitea has what has capital letters: it does not know the escapes of the protocol.

        Seen in routers/api/packages/goproxy/goproxy.go: names of the path are compared, in small letters, as
        they are. The go command cannot get these modules from it.
        """
        plain = f"{name[0]}/@v/{name[1]}.{file}"
        return [plain] if plain != path and _GITEA.fullmatch(self._url) else []

    def _fetch(self, paths: t.Sequence[str], target: Path) -> str:
        """Bring a file from the first of the paths that has it; return why there is none."""
        if target.exists():
            return ""
        reason = ""
        for path in paths:
            reason = self._fetch_from(path, target)
            if not reason:
                break
        return reason

    def _fetch_from(self, path: str, target: Path) -> str:
        partial = target.with_name(f".{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._get(path, stream=True) as response:
                if response.status_code in _NOT_THIS:
                    return _("{file}: the registry answers {status}").format(
                        file=target.name, status=response.status_code
                    )
                self._require_ok(response)
                with partial.open("wb") as file:
                    for chunk in response.iter_content(_CHUNK):
                        file.write(chunk)
            partial.rename(target)
        except requests.RequestException as error:
            raise PulpException(f"{path}: {_without_credentials(str(error))}") from error
        except OSError as error:
            raise PulpException(why_not_written(target, error)) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return ""

    def _from_gitea(self) -> list[Name] | None:
        found = _GITEA.fullmatch(self._url)
        if found is None:
            return None
        url = f"{found['origin']}/api/v1/packages/{quote(found['owner'])}?type=go"
        names: dict[Name, None] = {}
        page = 1
        while True:
            packages = self._ask(f"{url}&page={page}&limit={_GITEA_PAGE}")
            if not isinstance(packages, list):
                return None
            before = len(names)
            names |= dict.fromkeys(_names(packages, "name", "version"))
            # Its server may give fewer to a page than were asked for.
            if len(names) == before:
                return list(names)
            page += 1

    def _from_index(self) -> list[Name] | None:
        url = f"{self._url}/index?limit={_INDEX_LIMIT}"
        names: dict[Name, None] = {}
        since = ""
        while True:
            entries = self._ask(f"{url}&since={since}" if since else url, lines=True)
            if entries is None:
                return None
            before = len(names)
            names |= dict.fromkeys(_names(entries, "Path", "Version"))
            # The first ones are those that came last before.
            if len(entries) < _INDEX_LIMIT or len(names) == before:
                return list(names)
            since = quote(str(entries[-1].get("Timestamp")))

    def _from_catalog(self) -> list[Name] | None:
        names: dict[Name, None] = {}
        token = ""
        while True:
            url = f"{self._url}/catalog?pagesize={_PAGE}&token={quote(token)}"
            said = self._ask(url, timeout=_CATALOG_TIMEOUT)
            if not isinstance(said, dict) or "modules" not in said:
                return None
            before = len(names)
            names |= dict.fromkeys(_names(said["modules"] or [], "module", "version"))
            token = str(said.get("next") or "")
            if not token or len(names) == before:
                return list(names)

    def _ask(self, url: str, *, lines: bool = False, timeout: tuple[int, int] = _TIMEOUT) -> t.Any:
        """Ask for JSON, one value or one on each line; None if there is none."""
        try:
            response = self._session.get(url, timeout=timeout)
            if response.status_code in (*_GONE, 400, 405, 501):
                return None
            self._require_ok(response)
        except requests.RequestException as error:
            said = _without_credentials(str(error))
            raise PulpException(f"{_without_credentials(url)}: {said}") from error
        try:
            if lines:
                return [json.loads(line) for line in response.text.splitlines() if line]
            return json.loads(response.text)
        except ValueError:
            # Such as a page for people.
            return None

    def _get(self, path: str, **options: t.Any) -> requests.Response:
        return self._session.get(f"{self._url}/{path}", timeout=_TIMEOUT, **options)

    @staticmethod
    def _require_ok(response: requests.Response) -> None:
        if response.status_code != requests.codes.ok:
            raise requests.HTTPError(
                _("the registry answers {status} {reason}").format(
                    status=response.status_code, reason=response.reason
                ),
                response=response,
            )


def _names(entries: t.Any, path: str, version: str) -> t.Iterator[Name]:
    """
    Read the names out of what a registry says.

    Raises:
        PulpException: It says something else.
    """
    try:
        for entry in entries:
            yield str(entry[path]), str(entry[version])
    except (TypeError, KeyError) as error:
        raise PulpException(
            _("The registry's list cannot be read: {path} and {version} are missing.").format(
                path=path, version=version
            )
        ) from error


def _without_credentials(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)
