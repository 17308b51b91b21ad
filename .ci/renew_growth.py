"""Notes how large Go's checksum database is now, for servers that have not watched it themselves; see docs/dev/releasing.md."""

import argparse
import re
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, tlog
from pulp_gomod.golang.sumdb.note import new_verifier, open_note

FILE = Path(__file__).parents[1] / "pulp_gomod/golang/sumdb/growth.py"
_SECONDS = 60
_LARGEST = 100_000
# The last entry, and the end of all.
_END = re.compile(
    r"(?P<last>    \((?P<number>[0-9_]+), datetime\((?P<day>\d+, \d+, \d+), tzinfo=UTC\)\),\n)\)\n"
)


def main() -> None:
    """Read a signed head, and add an entry for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "head",
        nargs="?",
        default="https://sum.golang.org/latest",
        help="where the signed head is: a URL, such as <GOPROXY>/sumdb/sum.golang.org/latest, or a file",
    )
    parser.add_argument("--key", default=KNOWN_GOSUMDB["sum.golang.org"], help="whose signature")
    parser.add_argument("--file", type=Path, default=FILE, help="the file to change")
    given = parser.parse_args()
    try:
        note = open_note(_read(given.head), [new_verifier(given.key)])
        size = tlog.parse_tree(note.text).n
        text = with_entry(given.file.read_text(), size, datetime.now(UTC))
    except (GoError, OSError, ValueError) as error:
        sys.exit(f"{given.head}: {error}")
    given.file.write_text(text)
    print(f"{given.file.name}: the database had {size} records.")


def _read(place: str) -> bytes:
    if not place.startswith(("https://", "http://")):
        return Path(place).read_bytes()
    # Whoever sends it: it is signed.
    with urllib.request.urlopen(place, timeout=_SECONDS) as answer:
        data: bytes = answer.read(_LARGEST)
    return data


def with_entry(text: str, size: int, now: datetime) -> str:
    """
    Add an entry to the text of the file; one of the same day is replaced.

    Args:
        text: The text.
        size: How many records there are.
        now: The time.

    Raises:
        ValueError: It makes no sense.
    """
    found = _END.search(text)
    if found is None:
        raise ValueError("the file is not what it was: its entries are not found")
    number, last = size - 1, int(found["number"])
    if number <= last:
        raise ValueError(f"this head has {size} records, and {last + 1} are known already")
    # By the end of today they are there for certain.
    day = (now + timedelta(days=1)).strftime("%Y, %-m, %-d")
    kept = "" if day == found["day"] else found["last"]
    entry = f"    ({number:_}, datetime({day}, tzinfo=UTC)),\n"
    return f"{text[: found.start()]}{kept}{entry})\n{text[found.end() :]}"


if __name__ == "__main__":
    main()
