"""
Turning an answer into an HTTP response: conditional requests, ranges, caching headers.

Source of the rules: RFC 9110 sections 13 and 14, RFC 9111.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from aiohttp import hdrs, web
from django.conf import settings

from pulp_gomod.app.content.http.sendfile import (
    FileResponse,
    ObjectResponse,
    OpenedResponse,
    Reader,
)
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.storage.faults import DAMAGED, RETRY_AFTER, UNAVAILABLE, DamagedFileError

log = logging.getLogger(__name__)

# The module version that an answer is about, left in a request by whoever makes the answer. Where there is
# a remote, only if it is what the repository version itself holds: that does not change with the upstream.
USED: Final = "gomod_used"

# Left in a request whose answer may be another one in a moment, although the repository version stays the same.
PASSING: Final = "gomod_passing"

# Left in a request whose answer is right for ever, whatever becomes of the repository version or the remote.
LASTING: Final = "gomod_lasting"

# Left in a request whose answer is 403 for whoever the guard permits, as long as the same is served.
STOPPED: Final = "gomod_stopped"

# Left in a request: when its answer may be another one although nothing was changed, or None.
UNTIL: Final = "gomod_until"

# Left in a request: what a policy did with it, for the record.
NOTES: Final = "gomod_notes"

# Left in a request that a guard has let pass: who asks.
CALLER: Final = "gomod_caller"

_OWNER: Final = "gomod_owner"

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
ZIP = "application/zip"

_CONDITIONS = (
    hdrs.IF_NONE_MATCH,
    hdrs.IF_MODIFIED_SINCE,
    hdrs.IF_MATCH,
    hdrs.IF_UNMODIFIED_SINCE,
)


@dataclass(frozen=True, slots=True)
class Representation:
    """
    What a request is answered with, before conditions and ranges.

    Attributes:
        content_type: Its media type.
        etag: A strong validator, without quotes.
        modified: When it last changed.
        size: Bytes.
        immutable: Whether it never changes while it is served.
        body: The bytes, or None for a file or an object.
        path: The file, where there is no body.
        reader: What brings the bytes, where there is neither.
        owner: What the file lives as long as, or None.
        is_settled: Whether the repository version alone decides that this is the answer, whatever an upstream has.
        validators: The headers that are made of etag and modified, whatever the answer.
    """

    content_type: str
    etag: str
    modified: datetime
    size: int
    immutable: bool
    body: bytes | None = None
    path: str = ""
    reader: Reader | None = None
    owner: object = None
    is_settled: bool = True
    validators: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        modified = format_datetime(self.modified.astimezone(UTC), usegmt=True)
        validators: dict[str, str] = {hdrs.ETAG: f'"{self.etag}"', hdrs.LAST_MODIFIED: modified}
        object.__setattr__(self, "validators", validators)


@dataclass(frozen=True, slots=True)
class Stopped:
    """
    What is not served although it may be there.

    Attributes:
        line: For people: why.
    """

    line: str


def problem(status: int, line: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """
    Make an error response that the go command shows to its user.

    Args:
        status: The HTTP status.
        line: One line for people; anything that is not printable ASCII is shown as `?`.
        headers: More headers.
    """
    printable = "".join(char if " " <= char <= "~" else "?" for char in line)
    return web.Response(
        status=status,
        body=f"{printable}\n".encode(),
        headers={
            hdrs.CONTENT_TYPE: TEXT,
            hdrs.CACHE_CONTROL: "no-cache",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
    )


def forbidden(stopped: Stopped) -> web.Response:
    """
    Make the answer for what is not served.

    Args:
        stopped: Why.
    """
    return problem(403, f"forbidden: {stopped.line}")


def not_found(line: str) -> web.Response:
    """
    Make the answer for what is not here: it lets the go command go on to the next proxy.

    Args:
        line: One line for people.
    """
    return problem(404, f"not found: {line}")


@lru_cache(maxsize=4)
def cache_control(immutable: bool, public: bool) -> str:
    """
    Say for how long a response may be kept, and by whom (the value of Cache-Control).

    What may change must be asked for anew each time; what is private is never kept by shared caches,
    and what is public and immutable for GOMOD_PUBLIC_MAX_AGE seconds: for so long a removal may lag
    behind there.

    Args:
        immutable: Whether the representation never changes while it is served.
        public: Whether everybody may read it.
    """
    # Reading a setting costs as much as all else that a header takes.
    if not public:
        return "private, no-cache"
    return f"public, max-age={settings.GOMOD_PUBLIC_MAX_AGE}" if immutable else "public, no-cache"


def keep_private(response: web.StreamResponse) -> None:
    """
    Let no shared cache keep an answer of a guarded distribution, be it an error.

    Args:
        response: The answer.
    """
    if not response.prepared and "private" not in response.headers.get(hdrs.CACHE_CONTROL, ""):
        response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"


def respond(request: web.Request, found: Representation, caching: str) -> web.StreamResponse:
    """
    Answer a GET or HEAD request, with regard to its conditions and its range.

    What is no body in memory has to go through `opened`, too.

    Args:
        found: What it asks for.
        caching: The Cache-Control header.
    """
    headers = found.validators | {hdrs.CACHE_CONTROL: caching}
    sent = request.headers
    is_conditional = any(name in sent for name in _CONDITIONS)
    if is_conditional and (failed := _failed_condition(request, found)):
        return web.Response(status=failed, headers=headers)
    headers |= _described(found)
    try:
        span = _range(request, found)
    except ValueError:
        return problem(
            416,
            f"range not satisfiable: the file has {found.size} bytes",
            {hdrs.CONTENT_RANGE: f"bytes */{found.size}"},
        )
    start, stop = span or (0, found.size)
    if span:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{found.size}"
    status = 206 if span else 200
    if found.reader is not None:
        return ObjectResponse(found.reader, start, stop - start, status, headers)
    if found.body is None:
        response = FileResponse(found.path, start, stop - start, status, headers)
        response[_OWNER] = found.owner
        return response
    return web.Response(status=status, body=found.body[start:stop], headers=headers)


async def opened(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """
    Open what a response is to send, before its head is sent; otherwise say what is wrong.

    Args:
        response: From `respond`.
    """
    if not isinstance(response, OpenedResponse):
        return response
    try:
        if request.method != hdrs.METH_HEAD:
            await response.open()
    except (StorageUnavailableError, DamagedFileError) as error:
        return storage_problem(error)
    finally:
        # What is open needs no name any more, and a response goes when the garbage collector comes to it.
        response.pop(_OWNER, None)
    return response


def storage_problem(error: StorageUnavailableError | DamagedFileError) -> web.Response:
    """
    Say that a stored file cannot be had.

    Args:
        error: Why.
    """
    if isinstance(error, DamagedFileError):
        log.error("A stored zip cannot be served; repair the repository version. %s", error)
        return problem(500, DAMAGED)
    return problem(503, UNAVAILABLE, {hdrs.RETRY_AFTER: RETRY_AFTER})


def respond_to_plain(found: Representation, caching: str) -> web.Response:
    """
    Answer a GET request without conditions and range, for something that is in memory.

    Args:
        found: What it asks for.
        caching: The Cache-Control header.
    """
    headers = found.validators | {hdrs.CACHE_CONTROL: caching} | _described(found)
    return web.Response(body=found.body, headers=headers)


def _described(found: Representation) -> dict[str, str]:
    return {
        hdrs.CONTENT_TYPE: found.content_type,
        hdrs.ACCEPT_RANGES: "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def _failed_condition(request: web.Request, found: Representation) -> int | None:
    """Return the status for a condition that does not hold (RFC 9110 section 13.2.2), or None."""
    sent = request.headers
    modified = found.modified.replace(microsecond=0)
    if hdrs.IF_MATCH in sent:
        if not matches(sent[hdrs.IF_MATCH], found.etag, weak=False):
            return 412
    elif (since := request.if_unmodified_since) and modified > since:
        return 412
    if hdrs.IF_NONE_MATCH in sent:
        if matches(sent[hdrs.IF_NONE_MATCH], found.etag, weak=True):
            return 304
    elif (since := request.if_modified_since) and modified <= since:
        return 304
    return None


def matches(header: str, etag: str, *, weak: bool) -> bool:
    """
    Say whether a condition names an ETag.

    Args:
        header: The value of If-Match or If-None-Match.
        etag: The ETag, without quotes.
        weak: Whether a weak one will do (RFC 9110 section 8.8.3.2).
    """
    for tag in header.split(","):
        tag = tag.strip()
        if tag == "*" or tag == f'"{etag}"' or (weak and tag == f'W/"{etag}"'):
            return True
    return False


def _range(request: web.Request, found: Representation) -> tuple[int, int] | None:
    """
    Return start and stop of the range asked for; None to send all.

    Raises:
        ValueError: Nothing of the representation lies in the range.
    """
    header = request.headers.get(hdrs.RANGE, "")
    if not header.startswith("bytes=") or "," in header or not _if_range_holds(request, found):
        return None
    try:
        wanted = request.http_range
    except ValueError:
        return None
    if wanted.start is None:
        return None
    if wanted.start == 0 and header.startswith("bytes=-"):
        raise ValueError("the last 0 bytes")
    if wanted.start < 0:
        start, stop = max(found.size + wanted.start, 0), found.size
    else:
        start = wanted.start
        stop = found.size if wanted.stop is None else min(wanted.stop, found.size)
    if start >= stop:
        raise ValueError("empty range")
    return start, stop


def _if_range_holds(request: web.Request, found: Representation) -> bool:
    condition = request.headers.get(hdrs.IF_RANGE)
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == f'"{found.etag}"'
    date = request.if_range
    return date is not None and found.modified.replace(microsecond=0) == date
