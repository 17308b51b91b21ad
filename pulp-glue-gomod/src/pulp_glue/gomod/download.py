"""Downloading a bundle: one stream, whatever happens to the connections that bring it."""

import asyncio
import io
import time
import typing as t
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests
from pulp_glue.common.context import PulpContext
from pulp_glue.common.exceptions import PulpException, PulpHTTPError
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.sessions import UrlFirstSession

translation = get_translation(__package__)
_ = translation.gettext

Progress = Callable[[str, int, int], None]
"""Hears the name of a file, the bytes that have come of it, and those that it has."""

# Bytes that are lost where a connection breaks.
PIECE = 64 * 1024
# Seconds to wait for a connection, and for the next bytes: the server may take a minute to begin with.
_PATIENCE = (15, 300)
# Attempts that bring nothing, before it is given up; seconds before the first of them, and at most.
_ATTEMPTS = 8
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_BUSY = 503


class BundleChangedError(PulpException):
    """The server has another bundle now than the one of which a part is here."""

    def __init__(self) -> None:
        super().__init__(
            _("The bundle has changed on the server since the download began. Download it again.")
        )


def session_for(pulp_ctx: PulpContext, url: str) -> requests.Session:
    """
    Make a session with the settings and credentials that the API is called with.

    Args:
        pulp_ctx: The server.
        url: Where the session is for. Credentials are not sent without TLS if the API is called with it.
    """
    session = UrlFirstSession()
    session.verify = True if pulp_ctx.verify_ssl is None else pulp_ctx.verify_ssl
    provider = pulp_ctx.api._auth_provider
    is_safe = urlsplit(url).scheme == "https" or urlsplit(pulp_ctx.api.base_url).scheme == "http"
    if provider is None or not is_safe:
        return session
    if provider.can_complete_http_basic() is not False:
        username, password = asyncio.run(provider.http_basic_credentials())
        session.auth = (username.decode("latin1"), password.decode("latin1"))
    if provider.can_complete_mutualTLS() is not False:
        certificate, key = provider.tls_credentials()
        session.cert = (certificate, key) if key else certificate
    return session


class BundleStream(io.RawIOBase):
    """
    The bytes of a bundle, read once from the beginning, or from where an earlier download stopped.

    If a connection breaks, it goes on with another one where the first has stopped.

    Attributes:
        etag: Which bundle it is; "" before anything has come.
        place: Bytes that have come, including those of an earlier download.
        size: Bytes that there are.

    Args:
        session: From `session_for`.
        url: Of the bundle.
        since: The number of an older repository version, or None.
        place: Bytes that are here already.
        etag: Of which bundle these are.
        pause: Waits for some seconds.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        since: int | None,
        place: int = 0,
        etag: str = "",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self._session = session
        self._url = url
        self._query = {} if since is None else {"since": str(since)}
        self._pause = pause
        self._response: requests.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._left = b""
        self.place = place
        self.etag = etag
        self.size = 0

    def open(self) -> "BundleStream":
        """
        Connect, so that size and etag are known.

        Raises:
            BundleChangedError: The server has another bundle than the one that was begun.
            PulpException: The bundle cannot be had.
        """
        self._again(self._connect)
        return self

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Read some bytes; none at the end."""
        if not self._left and self.place < self.size:
            self._again(self._next)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        """End the connection."""
        if self._response is not None:
            self._response.close()
        super().close()

    def _again(self, attempt: Callable[[], None]) -> None:
        """Make attempts until one brings something."""
        for number in range(_ATTEMPTS):
            try:
                attempt()
                return
            except (requests.ConnectionError, requests.Timeout, _IncompleteError) as error:
                self._drop()
                if number + 1 == _ATTEMPTS:
                    raise PulpException(self._given_up(error)) from error
                self._pause(min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE))
            except requests.RequestException as error:
                raise PulpException(str(error)) from error

    def _given_up(self, error: Exception) -> str:
        if not self.place:
            return _("The bundle cannot be downloaded: {error}").format(error=error)
        return _(
            "The download broke off after {place} of {size} bytes, and the server sends no more: {error}. "
            "If this is repeated at the same place, the server's log says what is wrong there."
        ).format(place=self.place, size=self.size, error=error)

    def _drop(self) -> None:
        if self._response is not None:
            with suppress(Exception):
                self._response.close()
        self._response = None

    def _connect(self) -> None:
        headers = {"Accept-Encoding": "identity"}
        if self.place:
            headers |= {"Range": f"bytes={self.place}-", "If-Range": self.etag}
        response = self._session.get(
            self._url, params=self._query, headers=headers, stream=True, timeout=_PATIENCE
        )
        if response.status_code == 416 and self.place:
            # All of it is here.
            self.size = int(response.headers["Content-Range"].rpartition("/")[2])
            if self.size == self.place:
                self._response, self._pieces = response, iter(())
                return
            raise BundleChangedError
        if response.status_code == _BUSY:
            self._pause(_seconds(response.headers.get("Retry-After", "")))
            raise _IncompleteError(response.text.strip())
        if response.status_code not in (200, 206):
            raise PulpHTTPError(response.text.strip(), response.status_code)
        if self.place and response.status_code == 200:
            response.close()
            raise BundleChangedError
        self.etag = response.headers.get("ETag", "")
        self.size = self.place + int(response.headers["Content-Length"])
        self._response = response
        self._pieces = response.iter_content(PIECE)

    def _next(self) -> None:
        if self._response is None:
            self._connect()
        try:
            piece = next(self._pieces, b"")
        except requests.exceptions.ChunkedEncodingError as error:
            raise _IncompleteError(str(error)) from error
        if not piece:
            raise _IncompleteError(_("the connection was closed"))
        self._left = piece
        self.place += len(piece)


class _IncompleteError(Exception):
    """Less has come than there is."""


def _seconds(text: str) -> float:
    return min(float(text), _LONGEST_PAUSE) if text.isascii() and text.isdigit() else _FIRST_PAUSE


def save(
    session: requests.Session,
    url: str,
    since: int | None,
    file: Path,
    progress: Progress | None = None,
) -> int:
    """
    Download a bundle to a file, which is there once it is complete.

    Until then `<file>.part` has what has come, and a later call goes on from there.

    Args:
        session: From `session_for`.
        url: Of the bundle.
        since: The number of an older repository version, or None.
        progress: Hears how far it is.

    Returns:
        int: Its bytes.

    Raises:
        PulpException: The bundle cannot be had.
        OSError: The file cannot be written.
    """
    part, label = file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.part.etag")
    place, etag = 0, ""
    if part.exists() and label.exists():
        place, etag = part.stat().st_size, label.read_text()
    try:
        stream = BundleStream(session, url, since, place, etag).open()
    except BundleChangedError:
        stream = BundleStream(session, url, since).open()
    with stream, part.open("r+b" if stream.place else "wb") as out:
        label.write_text(stream.etag)
        out.seek(stream.place)
        if progress:
            progress(file.name, stream.place, stream.size)
        while piece := stream.read(PIECE):
            out.write(piece)
            if progress:
                progress(file.name, stream.place, stream.size)
    part.replace(file)
    label.unlink()
    return stream.size
