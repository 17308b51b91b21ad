"""The pages that lead to modules: the first one, what is below a path, and what a search finds."""

from pulp_gomod.app.content.pages.held import Held
from pulp_gomod.app.content.pages.paths import ListPage, SearchPage
from pulp_gomod.app.content.pages.rendering import View

_MOST_RECENT = 8


async def list_view(held: Held, wanted: ListPage) -> View:
    """
    Show the modules of a distribution in the order of their paths, on its first page the last ones, too.

    Args:
        held: What it holds.
        wanted: Which of them.
    """
    recent = [] if wanted.after else await held.recent(_MOST_RECENT)
    entries, after = await held.modules("", wanted.after)
    values = {
        "place": held.place,
        "recent": recent,
        "entries": entries,
        "after": after,
        "is_first": not wanted.after,
    }
    return View("front.html", values)


async def directory_view(held: Held, wanted: ListPage) -> View | None:
    """
    Show the modules below a path that is no module's; None if there are none.

    Args:
        held: What the distribution holds.
        wanted: The path.
    """
    entries, after = await held.modules(wanted.below, wanted.after)
    if not entries:
        return None
    values = {"place": held.place, "below": wanted.below, "entries": entries, "after": after}
    return View("directory.html", values)


async def search_view(held: Held, wanted: SearchPage) -> View:
    """
    Show what a search finds.

    Args:
        held: What the distribution holds.
        wanted: What is searched for.
    """
    entries, has_more = await held.search(wanted.text) if wanted.text else ([], False)
    values = {
        "place": held.place,
        "text": wanted.text,
        "entries": entries,
        "has_more": has_more,
    }
    return View("found.html" if wanted.is_part else "search.html", values)
