"""Sizes as people write them, for the API and for the command: `20GB`, `500M`, `10GiB`, or bytes."""

import re
from decimal import Decimal
from typing import Final

__all__ = ["SizeError", "parse_size"]

_SIZE: Final = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*(?:([KMGTP])(I?))?B?", re.ASCII)
_POWERS: Final = " KMGTP"
_SHOWN: Final = 80


class SizeError(ValueError):
    """A text that is no size; it says what to write."""


def parse_size(text: str) -> int:
    """
    Read a size, and return it in bytes: units of 1000 (K or KB, M, G, T, P) or 1024 (Ki or KiB and so on).

    Raises:
        SizeError: It is none.
    """
    match = _SIZE.fullmatch(text.strip().upper())
    if match is None:
        raise SizeError(
            f"{text[:_SHOWN]!r} is not a size: write bytes such as 500000000, or a unit, such as 500M, 20GB "
            "or 10GiB"
        )
    number, unit, binary = match.groups()
    base = 1024 if binary else 1000
    return int(Decimal(number) * base ** _POWERS.index(unit or " "))
