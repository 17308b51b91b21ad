"""What has changed between two versions of a module."""

from dataclasses import dataclass
from typing import Any

from pulp_gomod.app.content.pages.documentation import is_documented
from pulp_gomod.app.content.pages.facts import ROOM, Facts, cut, fitting
from pulp_gomod.app.content.pages.held import Held
from pulp_gomod.app.content.pages.module import Subject, common
from pulp_gomod.app.content.pages.paths import ComparePage
from pulp_gomod.app.content.pages.rendering import View
from pulp_gomod.app.content.pages.standing import Standing
from pulp_gomod.app.content.repository.browse_queries import CHANGES
from pulp_gomod.golang import semver

# Of each kind on the page; what is more is told as a number.
_MOST = 150


@dataclass(frozen=True, slots=True)
class Change:
    """
    What became of one requirement.

    Attributes:
        path: The module path that is required.
        old: The version that was required, "" for none.
        new: The version that is, "" for none.
        is_indirect: Whether it is required for the sake of others.
    """

    path: str
    old: str
    new: str
    is_indirect: bool

    @property
    def kind(self) -> str:
        """What happened to it, in a word."""
        if not self.old:
            return "added"
        if not self.new:
            return "removed"
        return "upgraded" if semver.compare(self.old, self.new) < 0 else "downgraded"


@dataclass(frozen=True, slots=True)
class ApiChange:
    """
    What became of one exported symbol.

    Attributes:
        package: The import path of its package.
        name: Its name.
        old: How it was declared, None if it was not there.
        new: How it is, None if it is not there any more.
    """

    package: str
    name: str
    old: str | None
    new: str | None

    @property
    def kind(self) -> str:
        """What happened to it, in a word."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


def changes_between(old: Facts, new: Facts) -> list[Change]:
    """
    Compare what two versions require; direct requirements come first.

    Args:
        old: The one version.
        new: The other one.
    """
    before = {each["path"]: each for each in old.requirements}
    after = {each["path"]: each for each in new.requirements}
    found = []
    for path in before.keys() | after.keys():
        was, now = before.get(path), after.get(path)
        change = Change(
            path,
            was["version"] if was else "",
            now["version"] if now else "",
            bool((now or was or {}).get("indirect")),
        )
        if change.old != change.new:
            found.append(change)
    return sorted(found, key=lambda each: (each.is_indirect, each.path))


async def comparison(held: Held, standing: Standing, wanted: ComparePage) -> View | None:
    """
    Compare two versions of a module; None if one of them is not there.

    Args:
        held: What the distribution holds.
        standing: The module.
        wanted: The two versions.
    """
    if not {wanted.old, wanted.new} <= set(standing.versions):
        return None
    old, new, api = await held.compared(standing, wanted.old, wanted.new)
    if old is None or new is None:
        return None
    subject = Subject(standing, wanted.new, True, new)
    changes = changes_between(old, new)
    shown = fitting(changes, lambda each: len(each.path + each.old + each.new), _MOST, ROOM // 2)
    listed = fitting(api, lambda row: sum(len(each or "") for each in row) // 2, CHANGES, ROOM // 2)
    values: dict[str, Any] = common(held, subject, "compare") | {
        "old": old,
        "new": new,
        "changes": shown,
        "more": len(changes) - len(shown),
        "go_mod": _others(old, new),
        "is_documented": is_documented(old) and is_documented(new),
        "api": [ApiChange(*row) for row in listed],
        "more_api": len(api) > len(listed),
    }
    return View("compare.html", values)


def _others(old: Facts, new: Facts) -> list[tuple[str, str, str]]:
    """Compare what else is to be said of both: what, how it was, how it is."""
    pairs = [
        ("go directive", old.go_version, new.go_version),
        ("module line", old.module_line, new.module_line),
        ("licence file", old.license_file, new.license_file),
    ]
    return [(name, cut(was), cut(now)) for name, was, now in pairs if was != now]
