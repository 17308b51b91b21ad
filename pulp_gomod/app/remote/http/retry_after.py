"""The Retry-After header: for how long a server does not want to be asked (RFC 9110, 10.2.3)."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Whole seconds, and what some servers make of them.
_SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?", re.ASCII)


def parse_retry_after(value: str, date: str, now: datetime) -> float | None:
    """
    Return for how many seconds the server wants to be left alone; None if the header says nothing.

    Args:
        value: The Retry-After header, seconds or a date.
        date: The Date header of the same response, or "". A date to come is counted from it, so that it
            does not matter whether both clocks agree.
        now: The time here, which counts where there is no such header.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _moment(text)
    if until is None:
        return None
    return max(0.0, (until - (_moment(date) or now)) / timedelta(seconds=1))


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
