"""For how long the answer of an upstream stands without asking again."""

from datetime import UTC, datetime, timedelta

import pytest

from pulp_gomod.app.remote.cache.entries import CacheEntry

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("checked", "fresh"),
    [
        (-2 * MINUTE, False),
        (-MINUTE / 2, True),
        # Another machine's clock is a little ahead.
        (MINUTE / 2, True),
        # This one's was, by a day, until it was set right.
        (timedelta(days=1), False),
    ],
)
def test_an_answer_stands_for_its_time_and_not_if_it_comes_from_the_future(
    checked: timedelta, fresh: bool
) -> None:
    at = datetime.now(UTC) + checked
    assert CacheEntry(200, b"v1.0.0", at, at + MINUTE).is_fresh() is fresh
    assert CacheEntry(404, b"", at, at + MINUTE).is_fresh() is fresh


def test_what_never_changes_stands_whenever_it_came() -> None:
    assert CacheEntry(200, b"{}", datetime.now(UTC) + timedelta(days=1)).is_fresh()
