"""How often a sync is repeated, as people write it."""

from datetime import timedelta

import pytest

from pulp_gomod.app.tasks.sync.scheduling import format_interval, parse_interval
from pulp_gomod.golang import GoError


@pytest.mark.parametrize(
    ("text", "interval", "again"),
    [
        ("1m", timedelta(minutes=1), "1m"),
        ("90m", timedelta(minutes=90), "90m"),
        ("120m", timedelta(hours=2), "2h"),
        ("6h", timedelta(hours=6), "6h"),
        ("24h", timedelta(days=1), "1d"),
        ("366d", timedelta(days=366), "366d"),
    ],
)
def test_intervals(text: str, interval: timedelta, again: str) -> None:
    assert parse_interval(text) == interval
    assert format_interval(interval) == again and parse_interval(again) == interval


@pytest.mark.parametrize(
    "text", ["", "6", "h", "6 h", "-6h", "0m", "0.5h", "6H", "367d", "9" * 99 + "m", "٦h"]
)
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(GoError):
        parse_interval(text)
