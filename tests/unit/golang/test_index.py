"""Lines of a module index, and their times."""

import json

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.index import Entry, format_time, parse_line, parse_time

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2019-04-10T19:08:52.997264Z", 1_554_923_332_997_264_000),
        ("2019-04-10T19:08:52.997264123Z", 1_554_923_332_997_264_123),
        ("2019-04-10T19:08:52,5Z", 1_554_923_332 * SECOND + SECOND // 2),
        ("2019-04-10T21:08:52.1+02:00", 1_554_923_332 * SECOND + SECOND // 10),
        ("2019-04-10T21:08:52 02:00", 1_554_923_332 * SECOND),
        ("2019-04-10T13:38:52-05:30", 1_554_923_332 * SECOND),
        # What is finer than a nanosecond is cut off: rather an entry twice than one missed.
        ("1970-01-01T00:00:01.9999999999Z", 2 * SECOND - 1),
        ("0001-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59Z", 2**63 - 1),
    ],
)
def test_times(text: str, time: int) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1554923332",
        "2019-04-10",
        "2019-04-10T19:08:52",
        "2019-04-10 19:08:52Z",
        "2019-04-10t19:08:52z",
        "2019-13-10T19:08:52Z",
        "2019-04-10T25:08:52Z",
        "2019-04-10T19:08:52.Z",
        "2019-04-10T19:08:52+99:00",
        "0001-01-01T00:00:00+99:00",
        "2019-04-10T19:08:52Z\n",
        "٢٠١٩-04-10T19:08:52Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(GoError):
        parse_time(text)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_554_923_332_997_264_000, "2019-04-10T19:08:52.997264Z"),
        (1_554_923_332_000_000_001, "2019-04-10T19:08:52.000000001Z"),
        (1_554_923_332_100_000_000, "2019-04-10T19:08:52.1Z"),
    ],
)
def test_times_are_written_as_go_writes_them(time: int, text: str) -> None:
    assert format_time(time) == text
    assert parse_time(text) == time


def test_a_line_is_read_as_it_was_written() -> None:
    entry = Entry("github.com/Azure/go", "v1.2.3-rc.1+incompatible", 1_554_923_332_997_264_001)
    assert json.loads(entry.line()) == {
        "Path": "github.com/Azure/go",
        "Version": "v1.2.3-rc.1+incompatible",
        "Timestamp": "2019-04-10T19:08:52.997264001Z",
    }
    assert entry.line().endswith("}\n") and parse_line(entry.line()) == entry


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "<html>",
        "null",
        '{"Path":"example.com/m","Version":"v1.0.0"}',
        '{"Path":1,"Version":"v1.0.0","Timestamp":"2019-04-10T19:08:52Z"}',
        '{"Path":"example.com/m","Version":"v1.0.0","Timestamp":"yesterday"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_line(line: str) -> None:
    with pytest.raises(GoError):
        parse_line(line)
