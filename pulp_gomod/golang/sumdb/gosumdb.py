"""GOSUMDB's syntax: which checksum database to ask, with which key, and where it is."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..unicode import is_space
from ._text import quote
from .errors import GoSumDBError
from .note import MalformedKeyError, new_verifier

DEFAULT_GOSUMDB = "sum.golang.org"

# Databases whose key every Go toolchain carries (cmd/go/internal/modfetch/key.go).
KNOWN_GOSUMDB = {
    "sum.golang.org": "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
}
# Other addresses of such databases.
_ALIASES = {"sum.golang.google.cn": "sum.golang.org https://sum.golang.google.cn"}

_MAX_FIELDS = 2
# The name becomes part of URLs and paths, so only what no URL parser reads in another way.
_NAME = re.compile(
    r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?(?:/[A-Za-z0-9._~$&,:;=@-]+)*"
)


@dataclass(frozen=True)
class GoSumDB:
    """
    A value of GOSUMDB.

    Attributes:
        name: the database's name, host[/path]; empty if off.
        key: its verifier key; empty if off.
        url: where it is, if the value says so. Proxies are then not asked for it.
    """

    name: str
    key: str
    url: str | None = None

    @property
    def off(self) -> bool:
        """Whether no checksum database is to be asked."""
        return not self.name

    @property
    def direct_url(self) -> str:
        """Where the database is when no proxy serves it; without a final slash."""
        return (self.url or f"https://{self.name}").rstrip("/")


def parse_gosumdb(text: str) -> GoSumDB:
    """
    Read a value of GOSUMDB: `off`, or `<name or key> [<url>]`.

    The rules are those of dbDial in cmd/go/internal/modfetch/sumdb.go. Names that would be
    strange in a URL (escapes, empty or dot segments) and addresses other than http and https are
    refused on top.

    Raises:
        GoSumDBError: no GOSUMDB can have this value.
    """
    value = _ALIASES.get(text, text)
    if value == "off":
        return GoSumDB("", "")
    fields = "".join(" " if is_space(char) else char for char in value).split(" ")
    fields = [field for field in fields if field]
    if not fields:
        raise GoSumDBError(
            f"missing GOSUMDB: {quote(text)} names no checksum database (say off for none)"
        )
    if len(fields) > _MAX_FIELDS:
        raise GoSumDBError(f"invalid GOSUMDB: too many fields in {quote(text)}")
    key = KNOWN_GOSUMDB.get(fields[0], fields[0])
    try:
        name = new_verifier(key).name
    except MalformedKeyError as error:
        raise GoSumDBError(f"invalid GOSUMDB: {error}") from error
    _check_name(name)
    url = fields[1] if len(fields) == _MAX_FIELDS else None
    if url is not None:
        _check_url(url)
    return GoSumDB(name, key, url)


def _check_name(name: str) -> None:
    segments = name.split("/")[1:]
    if not _NAME.fullmatch(name) or not {".", ".."}.isdisjoint(segments):
        raise GoSumDBError(f"invalid sumdb name (must be host[/path]): {quote(name)}")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        valid = valid and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        valid = False
    # urlsplit drops control characters, and an address must be what it looks like.
    if not valid or not url.isascii() or not url.isprintable():
        raise GoSumDBError(
            f"invalid GOSUMDB URL: {quote(url)} (must be http or https, a host and a path)"
        )
