"""Whether newer software has prepared a database than what is installed: it has tables that this does not know."""

import re
from collections import defaultdict
from collections.abc import Iterable

_Migration = tuple[str, str]

# A migration begins with its number. One that replaces others has that of the last of them further on.
_NUMBER = re.compile(r"(?<!\d)\d{4}(?!\d)")


def newer_migrations(applied: Iterable[_Migration], installed: Iterable[_Migration]) -> list[str]:
    """
    Name the migrations of a database that come after all that are installed.

    What comes before these and is not there was replaced by others. Plugins that are not installed have none.

    Args:
        applied: What the database has, as pairs of an app and a name.
        installed: What there is of installed apps.
    """
    last: dict[str, int] = defaultdict(int)
    for app, name in installed:
        last[app] = max(last[app], _number(name))
    return sorted(
        f"{app} {name}" for app, name in applied if app in last and _number(name) > last[app]
    )


def _number(name: str) -> int:
    return max(map(int, _NUMBER.findall(name)), default=0)
