"""The pages about one module."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from markupsafe import Markup

from pulp_gomod.app.content.pages.facts import Facts, cut, fitting
from pulp_gomod.app.content.pages.held import Held, Package
from pulp_gomod.app.content.pages.paths import PathPage
from pulp_gomod.app.content.pages.rendering import View
from pulp_gomod.app.content.pages.standing import Mark, Standing
from pulp_gomod.app.content.repository.browse_queries import (
    LOOKED_AT,
    PACKAGES,
    REQUIREMENTS,
    REQUIRERS,
    VERSIONS,
)
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.models import found_by
from pulp_gomod.app.models.documentation import OFF
from pulp_gomod.golang import semver

# Licence files on one page, and characters of these.
_MOST_LICENCES = 12
_ROOM_OF_LICENCES = 40_000
# Versions in the form that compares two of them.
_MOST_CHOICES = 50
# Characters of a reason in a list of versions.
_SHORT = 160
# Sorts after all keys of versions.
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Subject:
    """
    The module version that a page is about.

    Attributes:
        standing: The module.
        version: The version.
        is_named: Whether the URL names the version.
        facts: What is known of the version.
        beside: The rows of what the page shows beside that, see `browse_queries.BESIDE`.
    """

    standing: Standing
    version: str
    is_named: bool
    facts: Facts
    beside: Sequence[Row] = ()

    @property
    def path(self) -> str:
        """The module path."""
        return self.standing.path

    @property
    def marks(self) -> list[Mark]:
        """What speaks against the version, with the reasons."""
        return [
            replace(mark, reason=cut(self.reason(mark, self.version)))
            for mark in self.standing.marks(self.version)
        ]

    def reason(self, mark: Mark, version: str) -> str:
        """Return why a version has a mark, or ""."""
        return self.facts.why_retracted(version) if mark.kind == "retracted" else mark.reason

    @property
    def deprecated(self) -> str:
        """Why the module is deprecated, or ""."""
        return cut(self.facts.newest_deprecated or "")


async def subject_of(
    held: Held, standing: Standing, version: str, beside: str = "", **values: str
) -> Subject | None:
    """
    Look up the module version that a page is about; None if it is not there.

    Args:
        held: What the distribution holds.
        standing: The module.
        version: The version, "" for the latest.
        beside: What the page shows beside it, a name of `browse_queries.BESIDE`; "" for nothing.
        values: The values that it takes to look that up.
    """
    shown = version or standing.default
    if shown not in standing.versions:
        return None
    facts, rows = await held.facts(standing, shown, beside, **values)
    if facts is None:
        return None
    if facts.doc_state is None:
        held.note_incomplete()
    return Subject(standing, shown, bool(version), facts, rows)


def beside(
    wanted: PathPage, standing: Standing, below: str, served: Served
) -> tuple[str, dict[str, str]]:
    """
    Say what a page shows beside the facts of a module version, and the values that it takes to look that up.

    Args:
        wanted: The page.
        standing: The module.
        below: The directory that it is about, "" for the root.
        served: The repository version.
    """
    if below or wanted.tab == "doc":
        package = f"{standing.path}/{below}" if below else standing.path
        return "package", {"package": package, "below": f"{package}/", "stop": f"{package}0"}
    match wanted.tab:
        case "importers":
            required = json.dumps([{"path": standing.path}])
            if settings.GOMOD_DOCUMENTATION == OFF:
                return "users", {"required": required}
            here = found_by.in_repository(served.repository)
            found = f"{here} & {found_by.requiring(standing.path)}"
            return "requirers", {"required": required, "found": found}
        case "versions":
            return "versions", {
                "before": semver.db_sort_key(wanted.before) if wanted.before else _END
            }
        case "requirements":
            return "required", {}
        case "licenses":
            return "licences", {}
    return "contents", {}


def common(held: Held, subject: Subject, tab: str) -> dict[str, Any]:
    """
    Return what all pages about a module version need to know.

    Args:
        held: What the distribution holds.
        subject: The module version.
        tab: Which page it is.
    """
    named = subject.version if subject.is_named else ""
    return {
        "place": held.place,
        "subject": subject,
        "facts": subject.facts,
        "standing": subject.standing,
        "named": named,
        "tab": tab,
    }


def overview(held: Held, subject: Subject) -> View:
    """
    Show what there is to be known of a module version.

    Args:
        held: What the distribution holds.
        subject: The module version.
    """
    # The README stands before the packages, in a row without a path.
    rows = list(subject.beside)
    readme = str(rows.pop(0)[2]) if rows and not rows[0][0] else ""
    packages = [Package(*row) for row in rows]
    values = common(held, subject, "") | {
        "exports": _exports(held, subject),
        # The task that has computed it has left nothing in it but text and links.
        "readme": Markup(subject.facts.source_of.lead(readme)),
        "packages": fitting(packages, length_of, PACKAGES),
        "more": max(0, (subject.facts.packages_count or 0) - PACKAGES),
    }
    return View("module.html", values)


def _exports(held: Held, subject: Subject) -> str:
    """Write what a client sets to get the module from here."""
    line = f"export GOPROXY={held.place.goproxy}"
    # What was published here is in no public checksum database.
    if subject.facts.source == "uploaded" and not subject.facts.sumdb:
        line += f" GONOSUMDB={subject.path}"
    return line


def versions(held: Held, subject: Subject) -> View:
    """
    List the versions of a module, the newest first.

    Args:
        held: What the distribution holds.
        subject: The latest version.
    """
    rows = subject.beside
    shown = fitting(rows, lambda row: len(row[0]) + len(row[4] or "") + 2 * _SHORT // 3, VERSIONS)
    standing = subject.standing
    known = set(standing.versions)
    entries = [
        {
            "version": version,
            "time": _known(datetime.fromisoformat(time or created)),
            "size": size,
            "by": by or "",
            "marks": [
                replace(mark, reason=cut(_short(subject.reason(mark, version)), _SHORT))
                for mark in standing.marks(version)
            ],
            "is_latest": version == standing.latest,
        }
        for version, time, created, size, by in shown
        # Others are blocked.
        if version in known
    ]
    values = common(held, subject, "versions") | {
        "entries": entries,
        "before": shown[-1][0] if len(rows) > len(shown) else "",
        "choices": fitting(standing.versions[::-1], _length_of_choice, _MOST_CHOICES),
    }
    return View("versions.html", values)


def _short(reason: str) -> str:
    """Leave to the page of the version itself what to do about it."""
    return reason.partition("; to ask for it")[0]


def _length_of_choice(version: str) -> int:
    # Few of any length: they are on the page twice, beside all else.
    return 300 if len(version) < 60 else 10 * len(version)


def _known(when: datetime) -> datetime | None:
    # Nothing of Go is older: it stands for what nobody said.
    return when if when.year > 1 else None


def requirements(held: Held, subject: Subject) -> View:
    """
    List what a module version requires.

    Args:
        held: What the distribution holds.
        subject: The module version.
    """
    facts = subject.facts
    # Those of its own first, and of the others as many as there is place for.
    shown = fitting(
        [*facts.direct, *facts.indirect],
        lambda each: len(each["path"]) + len(each["version"]),
        REQUIREMENTS,
    )
    direct = shown[: len(facts.direct)]
    indirect = shown[len(direct) :]
    values = common(held, subject, "requirements") | {
        "groups": [
            ("Required by its own packages", direct, len(facts.direct)),
            ("Required by its dependencies", indirect, len(facts.indirect)),
        ],
        "here": {row[0] for row in subject.beside},
    }
    return View("requirements.html", values)


def licenses(held: Held, subject: Subject) -> View:
    """
    Show the licences of a module version.

    Args:
        held: What the distribution holds.
        subject: The module version.
    """
    row = subject.beside[0] if subject.beside else None
    found, more = _licence_texts(row[0]) if row else ([], 0)
    values = common(held, subject, "licenses") | {
        "licences": found,
        "more": more,
        "redistributable": bool(row and row[1]),
        "is_known": row is not None,
    }
    return View("licenses.html", values)


def _licence_texts(every: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return the licences of which the texts have a place on a page, and how many others there are."""
    room = _ROOM_OF_LICENCES
    found = []
    for each in every[:_MOST_LICENCES]:
        shown = each.get("text", "")[:room]
        room -= len(shown)
        found.append(
            {
                "file": cut(each.get("file", "")),
                "ids": [cut(name, 80) for name in each.get("ids", ())][:20],
                "text": shown,
                "is_cut": len(shown) < len(each.get("text", "")),
            }
        )
    return found, len(every) - len(found)


def importers(held: Held, subject: Subject) -> View:
    """
    List the modules that require a module.

    Args:
        held: What the distribution holds.
        subject: The module version.
    """
    blocks = held.served.blocks
    newest: dict[str, str] = {}
    for path, version, *_ in subject.beside:
        known = newest.get(path)
        if not blocks.find(path, version) and (known is None or semver.compare(known, version) < 0):
            newest[path] = version
    every = sorted(newest.items())
    shown = fitting(every, lambda each: len(each[0]) + len(each[1]), REQUIRERS)
    counted = max((row[2] for row in subject.beside if len(row) > 2), default=len(every))
    # What is blocked is counted as well.
    more = counted - len(shown) if len(shown) < len(every) or counted > REQUIRERS else 0
    values = common(held, subject, "importers") | {
        "importers": shown,
        "more": more,
        "is_cut": max(counted, len(subject.beside)) >= LOOKED_AT,
    }
    return View("importers.html", values)


def length_of(package: Package) -> int:
    """Return how many characters of others a package takes in a list, in which its path is there twice."""
    return len(package.path) + len(package.synopsis) // 2
