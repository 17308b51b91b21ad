"""Go's way of reading numbers and base64, where Python's own is laxer or stricter."""

import binascii
import re

from .. import quote as golang_quote
from ..unicode import text_bytes

MAX_INT64 = (1 << 63) - 1

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_INT = re.compile(rb"[+-]?0*([0-9]{1,19})")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_SHOWN = 200


def as_bytes(value: bytes | str) -> bytes:
    """The bytes that a text stands for; surrogate escapes are bytes that were not UTF-8."""
    return value if isinstance(value, bytes) else text_bytes(value)


def quote(value: bytes | str) -> str:
    """The value as an error message shows it: quoted, and not longer than helps."""
    text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
    return golang_quote.quote(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")


def is_text(data: bytes) -> bool:
    """Whether data is UTF-8 without control characters other than the line feed."""
    if _CONTROL.search(data):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def b64decode(text: bytes) -> bytes | None:
    """Go's base64.StdEncoding: padding is needed, CR and LF are skipped, spare bits ignored."""
    packed = text.replace(b"\r", b"").replace(b"\n", b"")
    return binascii.a2b_base64(packed) if _BASE64.fullmatch(packed) else None


def parse_int64(text: bytes) -> int | None:
    """Go's strconv.ParseInt(text, 10, 64): a sign and leading zeros are fine, `_` is not."""
    match = _INT.fullmatch(text)
    if not match:
        return None
    number = int(match[1])
    if text.startswith(b"-"):
        number = -number
    return number if -MAX_INT64 - 1 <= number <= MAX_INT64 else None
