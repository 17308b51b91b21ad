"""What is known of one module version, as people want to read it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pulp_gomod.app.content.pages.origins import Origin
from pulp_gomod.app.db.pq import Row
from pulp_gomod.golang import semver

T = TypeVar("T")

# Characters of a text of others that are shown.
MOST_TEXT = 600
# Characters that the items of a page may take, and what each takes beside what others have written: names are
# there twice, once in a link.
ROOM = 44_000
_FRAME = 180


@dataclass(frozen=True, slots=True)
class Facts:
    """
    A module version that is held.

    Attributes:
        pk: Its unit's key.
        version: The version.
        h1: The checksum of its zip.
        go_mod_h1: That of its go.mod.
        has_go_mod: Whether it has one of its own.
        deprecated: What its go.mod says of that, or "".
        retractions: Its first retract directives, or None.
        go_version: What its go directive says, or "".
        requirements: Its require directives.
        license_file: The name of its licence file, or "".
        readme: Its README.
        module_line: The path that its go.mod declares.
        size: Bytes of its zip.
        unpacked_size: Bytes of its files.
        file_count: How many there are.
        created: When Pulp got it.
        time: When it was made, as `.info` says it; None if nobody said.
        origin: Where it was made, or None.
        source: How it came into the repository.
        published_by: Who published it, or "".
        first_seen: When it came into the repository.
        sumdb: The name of the repository's own checksum database, or None.
        newest_deprecated: What the newest go.mod of the module says of being deprecated, or "".
        newest_retractions: Its first retract directives, or None.
        doc_state: complete, cut or failed; None if nothing was documented yet.
        doc_error: Why it was not documented, or "".
        doc_cut: What is left out of the documentation, a line each.
        synopsis: What it is for, in a sentence.
        packages_count: How many packages it has.
        licence_ids: The SPDX identifiers of its licences; "" among them for one that nobody knows.
    """

    pk: UUID
    version: str
    h1: str
    go_mod_h1: str
    has_go_mod: bool
    deprecated: str
    retractions: list[dict[str, str]] | None
    go_version: str
    requirements: list[dict[str, Any]]
    license_file: str
    readme: str
    module_line: str
    size: int
    unpacked_size: int
    file_count: int
    created: datetime
    time: datetime | None
    origin: dict[str, Any] | None
    source: str | None
    published_by: str | None
    first_seen: datetime | None
    sumdb: str | None
    newest_deprecated: str | None
    newest_retractions: list[dict[str, str]] | None
    doc_state: str | None
    doc_error: str | None
    doc_cut: list[str] | None
    synopsis: str | None
    packages_count: int | None
    licence_ids: list[str] | None

    @classmethod
    def of(cls, row: Row) -> "Facts":
        """Read a row of `browse_queries.facts`."""
        return cls(*row)

    @property
    def made(self) -> datetime | None:
        """When it was made, if that is known."""
        # Nothing of Go is older: it stands for what nobody said.
        when = self.time or self.created
        return when if when.year > 1 else None

    @property
    def licence(self) -> str:
        """Its licences in a few words, or ""."""
        named = [each or "unknown" for each in self.licence_ids or ()]
        return cut(", ".join(named), 120) or self.license_file

    @property
    def direct(self) -> list[dict[str, Any]]:
        """What it requires itself."""
        return [each for each in self.requirements if not each.get("indirect")]

    @property
    def indirect(self) -> list[dict[str, Any]]:
        """What it requires for the sake of others."""
        return [each for each in self.requirements if each.get("indirect")]

    @property
    def source_of(self) -> Origin:
        """Where its source is."""
        return Origin.of(self.origin)

    def why_retracted(self, version: str) -> str:
        """Return the reason for which a version is retracted, as the newest go.mod has it; or ""."""
        for each in self.newest_retractions or ():
            low, high = each.get("low", ""), each.get("high", "")
            if semver.compare(low, version) <= 0 <= semver.compare(high, version):
                return cut(each.get("rationale", ""))
        return ""


def cut(text: str, most: int = MOST_TEXT) -> str:
    """
    Shorten what somebody has written.

    Args:
        most: Characters to keep.
    """
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def fitting(
    items: Sequence[T], size_of: Callable[[T], int], most: int, room: int = ROOM
) -> Sequence[T]:
    """
    Return as many items as a page has place for, so that no name that somebody chose makes it heavy.

    Args:
        items: All of them.
        size_of: Says how many characters of others are shown of one.
        most: How many items there may be.
        room: Characters that all of them may take.
    """
    for count, item in enumerate(items[:most]):
        room -= _FRAME + 2 * size_of(item)
        if room < 0:
            return items[:count]
    return items[:most]
