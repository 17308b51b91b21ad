"""From what a page says to the bytes of it."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_HERE: Final = Path(__file__).parent
ASSET_FILES: Final = {
    "style.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that pages load, and nothing else, with their media types."""

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class View:
    """
    What a page says.

    Attributes:
        template: The template that says how.
        values: What it needs to know.
        status: The HTTP status.
    """

    template: str
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Asset:
    """
    A file that pages load.

    Attributes:
        name: Its name, which changes with its content.
        content_type: Its media type.
        body: Its content.
    """

    name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page as it is sent.

    Attributes:
        status: The HTTP status.
        body: Its HTML.
        zipped: The same for whoever takes gzip; None where lengths could tell a secret.
        etag: Its validator, without quotes.
    """

    status: int
    body: bytes
    zipped: bytes | None
    etag: str

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        return len(self.body) + len(self.zipped or b"")


def render(view: View, is_private: bool) -> Page:
    """
    Make a page. It takes milliseconds where there is much on it, and touches nothing of the loop.

    Args:
        view: What it says.
        is_private: Whether not everybody may see it. What a search is for is on it, too: who has somebody
            else's browser search could tell from the length of what is packed what else is there (BREACH).
    """
    text = _environment().get_template(view.template).render(view.values, assets=_names())
    body = text.encode("utf-8", "replace")
    zipped = None if is_private else zlib.compress(body, 6, zlib.MAX_WBITS | 16)
    return Page(view.status, body, zipped, hashlib.sha256(body).hexdigest()[:32])


def templates() -> list[str]:
    """Return the names of all templates."""
    return _environment().list_templates()


def compile_template(name: str) -> None:
    """Compile a template, which takes up to ten milliseconds, so that no page waits for it."""
    _environment().get_template(name)


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Return the files that pages load, by the names that they have below `paths.ASSETS`."""
    found = {}
    for file, content_type in ASSET_FILES.items():
        body = (_HERE / "static" / file).read_bytes()
        stem, _, extension = file.rpartition(".")
        name = f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{extension}"
        found[name] = Asset(name, content_type, body)
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return the names of those files, by what they are called here."""
    return dict(zip(("style", "script", "icon"), assets(), strict=True))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"bytes": _bytes, "day": _day, "breakable": _breakable, "count": _count}
    return made


def _bytes(size: int) -> str:
    value, unit = float(size), _UNITS[0]
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{size} {unit}" if unit == _UNITS[0] else f"{value:.1f} {unit}"


def _day(when: datetime | None) -> Markup:
    """Write a day; the script adds how long ago that was."""
    if when is None:
        return Markup('<span class="quiet">unknown</span>')
    when = when.astimezone(UTC)
    stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(stamp, when.strftime("%Y-%m-%d"))


def _breakable(path: str) -> Markup:
    """Let a line end within a path, after a slash."""
    return Markup("/<wbr>").join(escape(each) for each in path.split("/"))


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
