"""The page about a package, or about a directory of a module that has packages below it."""

from markupsafe import Markup

from pulp_gomod.app.content.pages.documentation import Links, documentation_of
from pulp_gomod.app.content.pages.facts import ROOM, fitting
from pulp_gomod.app.content.pages.held import Held, Package
from pulp_gomod.app.content.pages.module import Subject, common, length_of
from pulp_gomod.app.content.pages.rendering import View
from pulp_gomod.app.content.repository.browse_queries import PACKAGES


async def package_view(held: Held, subject: Subject, below: str, part: int) -> View:
    """
    Show the documentation of a package, or what is below a directory that is none.

    Args:
        held: What the distribution holds.
        subject: The module version.
        below: Where it is in the module, "" for the root.
        part: Which page of it.
    """
    path = f"{subject.path}/{below}" if below else subject.path
    rows = list(subject.beside)
    itself = rows.pop(0) if rows and rows[0][0] == path else None
    others = [Package(*row[:4]) for row in rows]
    if itself is None and not others:
        line = f"{subject.path}@{subject.version} has no package {path}."
        if subject.facts.doc_state is None:
            line += " Its documentation is not computed yet; try again in a moment."
        return View("nothing.html", {"place": held.place, "line": line, "name": ""}, 404)
    documentation = None
    if itself is not None:
        here = frozenset(itself[8] or ())
        links = Links(
            held.place, subject.path, subject.version, subject.facts.source_of, below, here
        )
        documentation = await documentation_of(itself[6], part, links)
    if documentation is None and (itself is not None or part != 1):
        line = f"The documentation of {path} has no page {part}."
        return View("nothing.html", {"place": held.place, "line": line, "name": ""}, 404)
    # Each page has less room the more is on it.
    listed = fitting(others, length_of, PACKAGES, ROOM // 6 if documentation else ROOM)
    values = common(held, subject, "doc") | {
        "package": path,
        "below": below,
        "name": itself[1] if itself else "",
        "is_internal": bool(itself and itself[3]),
        "system": "/".join(filter(None, itself[4:6])) if itself else "",
        "documentation": documentation,
        "readme": Markup(subject.facts.source_of.lead(itself[7] or ""))
        if itself and part == 1
        else "",
        "packages": listed if part == 1 else [],
        "more": max(0, len(others) - len(listed)) if part == 1 else 0,
    }
    return View("package.html", values)
