"""What is shipped about the growth of Go's checksum database makes no release older than it is, and hardly one younger."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, growth
from tests.unit.golang.vectors import DIRECTORY

KEY = KNOWN_GOSUMDB["sum.golang.org"]
# Real records: the number, the time of the release as its author says, and the module version.
RECORDS = [
    (int(number), datetime.fromisoformat(time), name)
    for number, time, name in (
        line.split("\t") for line in Path(DIRECTORY, "sumdb_numbers.tsv").read_text().splitlines()
    )
]


def test_real_releases_are_judged_right() -> None:
    youngest = datetime.min.replace(tzinfo=UTC)
    lags = []
    for number, released, name in RECORDS:
        # A record is younger than all releases that have a lower number, whatever its own author says.
        youngest = max(youngest, released)
        known = growth.known_since(KEY, number)
        assert known is not None and known > youngest, name
        lags.append(known - youngest)
    assert max(lags) < timedelta(days=75) and sorted(lags)[len(lags) // 2] < timedelta(days=40)


def test_entries_rise_and_say_nothing_beyond_the_last() -> None:
    assert all(a < b and since < until for (a, since), (b, until) in pairwise(growth._GO))
    number, time = growth._GO[-1]
    assert growth.known_since(KEY, number) == time
    assert growth.known_since(KEY, number + 1) is None
    assert growth.known_since("example.com+0+x", 1) is None
