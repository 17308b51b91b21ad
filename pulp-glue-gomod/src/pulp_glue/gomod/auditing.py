"""Comparing a go.sum with a checksum database, of which nothing is believed that is not proven."""

import asyncio
import typing as t
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import requests
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.golang import gosum
from pulp_glue.gomod.golang.sumdb import (
    ChecksumMismatchError,
    ChecksumMissingError,
    Client,
    GoSumDB,
    SumDBError,
    WriteConflictError,
    check_sum,
)
from pulp_glue.gomod.golang.sumdb.proving import open_head
from pulp_glue.gomod.sessions import UrlFirstSession
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

translation = get_translation(__package__)
_ = translation.gettext

# Seconds to wait for a connection, and for the next bytes.
_TIMEOUT = (15, 60)
# Module versions that are asked for at the same time.
_SIDE_BY_SIDE = 8
_RETRIES = Retry(
    total=3, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), raise_on_status=False
)
_PIECE = 16 * 1024
_SHOWN = 300
_OK = 200
_UNKNOWN = (404, 410)

Key: t.TypeAlias = tuple[str, str]


class UncheckedError(PulpException):
    """The database could not be asked, so nothing is known."""


class Fault(t.NamedTuple):
    """
    A line of go.sum that the database does not confirm.

    Attributes:
        line: The line of the file, counted from 1.
        text: The module version, and what is wrong, in one line.
    """

    line: int
    text: str


class Report(t.NamedTuple):
    """
    What came of a comparison.

    Attributes:
        database: The name of the database.
        records: Records in the largest tree that it has shown.
        lines: Checksums in the go.sum.
        faults: Those that are not confirmed, in the order of the file.
        head: The largest signed head; for `known` of the next comparison.
    """

    database: str
    records: int
    lines: int
    faults: Sequence[Fault]
    head: bytes


class _UnknownError(Exception):
    """The database has no such record."""


class _Remote:
    """What a client of a checksum database needs of the world: a GOPROXY, and memory."""

    def __init__(self, session: requests.Session, url: str, known: bytes) -> None:
        self._session = session
        self._url = url
        self.head = known
        self._cache: dict[str, bytes] = {}
        self._asked: dict[str, asyncio.Task[bytes]] = {}

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        """Ask once, however many want to know."""
        if path not in self._asked:
            asking = asyncio.to_thread(self.get, path, limit)
            self._asked[path] = asyncio.ensure_future(asking)
        return await asyncio.shield(self._asked[path])

    def get(self, path: str, limit: int) -> bytes:
        """
        The body below the database's URL.

        Raises:
            _UnknownError: There is none.
            UncheckedError: The server does not answer as it should.
            TimeoutError: Nor in time.
        """
        url = f"{self._url}{path}"
        shown = _without_credentials(url)
        try:
            with self._session.get(
                url, stream=True, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                body = b""
                for piece in answer.iter_content(_PIECE):
                    body += piece
                    if len(body) > limit:
                        break
        except requests.Timeout as error:
            raise TimeoutError(_("{url} does not answer in time").format(url=shown)) from error
        except requests.RequestException as error:
            why = type(error).__name__
            raise UncheckedError(
                _("{url} cannot be reached: {why}").format(url=shown, why=why)
            ) from error
        if answer.status_code in _UNKNOWN:
            if path.startswith("/tile/"):
                # Whoever signs a tree has its tiles: this is what a log looks like that was rolled back.
                raise SumDBError(
                    _("{url} is missing, which is part of a tree that was signed").format(url=shown)
                )
            raise _UnknownError(path)
        if answer.status_code != _OK:
            said = " ".join(body[:_SHOWN].decode("utf-8", "replace").split())
            raise UncheckedError(
                _("{url} answered {status}: {said}").format(
                    url=shown, status=answer.status_code, said=said
                )
            )
        return body[: limit + 1]

    async def read_config(self, file: str, /) -> bytes:
        return self.head

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        if self.head != old:
            raise WriteConflictError(file)
        self.head = new

    async def read_cache(self, file: str, /) -> bytes | None:
        return self._cache.get(file)

    async def write_cache(self, file: str, data: bytes, /) -> None:
        self._cache[file] = data


def plain_session() -> requests.Session:
    """Make a session with the credentials of the URL or else of netrc, as the go command has them."""
    return UrlFirstSession()


def compare(
    text: str, session: requests.Session, goproxy: str, database: GoSumDB, known: bytes = b""
) -> Report:
    """
    Compare a go.sum with a checksum database.

    Args:
        text: The go.sum.
        session: To ask with.
        goproxy: The URL of a GOPROXY that serves the database.
        database: Its name and key; its URL, if it has one, is asked instead of the GOPROXY.
        known: A signed head of it that was seen earlier, which it has to continue.

    Raises:
        GoSumError: The file is no go.sum.
        SecurityError: The database contradicts itself, or what was known of it.
        UncheckedError: It cannot be asked.
        GoError: It sends what is not proven, or `known` is not its head.
    """
    lines = gosum.parse(text)
    adapter = HTTPAdapter(max_retries=_RETRIES, pool_maxsize=_SIDE_BY_SIDE)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    url = database.url or f"{goproxy.rstrip('/')}/sumdb/{database.name}"
    remote = _Remote(session, url.rstrip("/"), known)
    client = Client(remote, database.key)
    try:
        if database.url is None:
            _check_supported(remote, goproxy, database.name)
        faults = asyncio.run(_faults(client, lines))
    except TimeoutError as error:
        raise UncheckedError(str(error)) from error
    size = open_head(remote.head, database.key).tree.n
    return Report(database.name, size, len(lines), faults, remote.head)


def _check_supported(remote: _Remote, goproxy: str, name: str) -> None:
    try:
        remote.get("/supported", 0)
    except _UnknownError as error:
        raise UncheckedError(
            _("{goproxy} does not serve the checksum database {name}").format(
                goproxy=_without_credentials(goproxy), name=name
            )
        ) from error


async def _faults(client: Client, lines: Iterable[gosum.Line]) -> list[Fault]:
    by_module: dict[Key, list[gosum.Line]] = {}
    for line in lines:
        by_module.setdefault((line.path, line.version), []).append(line)
    places = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def ask(lines: list[gosum.Line]) -> list[Fault]:
        async with places:
            return await _faults_of(client, lines)

    tasks = [asyncio.ensure_future(ask(each)) for each in by_module.values()]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(fault for faults in found for fault in faults)


async def _faults_of(client: Client, lines: list[gosum.Line]) -> list[Fault]:
    """What the database does not confirm of the lines of one module version."""
    path, version = lines[0].path, lines[0].version
    missing = _("the record of {name} has no such line").format(name=client.name)
    try:
        record = await client.record(path, version)
    except _UnknownError:
        said = _("not in the checksum database {name}").format(name=client.name)
        return [_fault(line, said) for line in lines]
    except ChecksumMissingError:
        return [_fault(line, missing) for line in lines]
    faults = []
    for line in lines:
        name = f"{version}/go.mod" if line.is_go_mod else version
        try:
            check_sum(record, path, name, line.h1, client.name)
        except ChecksumMismatchError as error:
            said = _("{name} has {h1}").format(name=client.name, h1=error.recorded)
            faults.append(_fault(line, said))
        except ChecksumMissingError:
            faults.append(_fault(line, missing))
    return faults


def _fault(line: gosum.Line, said: str) -> Fault:
    name = f"{line.path} {line.version}{'/go.mod' if line.is_go_mod else ''} {line.h1}"
    return Fault(line.line, f"{name}: {said}")


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
