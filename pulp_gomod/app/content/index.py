"""The index of a distribution: what module versions it has, for those who follow what is new."""

from aiohttp import hdrs, web

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.responses import cache_control, matches, not_found, problem
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.index import entries_since
from pulp_gomod.app.db.executors import compute, etag
from pulp_gomod.golang import GoError
from pulp_gomod.golang.index import MOST, Entry, parse_time

LINES = "application/x-ndjson"

# More digits than a number has that anybody means.
_MOST_DIGITS = 9


async def serve_index(request: web.Request, target: ServedDistribution) -> web.Response:
    """
    Answer a request for the index: of what the repository version holds, whatever the remote has.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
    """
    if target.served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    try:
        since = parse_time(request.query["since"]) if request.query.get("since") else 0
        limit = _limit(request.query.get("limit", ""))
    except GoError as error:
        return problem(400, f"bad request: {error}")
    all_services = services.of(request.app)
    entries = await entries_since(
        all_services.lookups, all_services.judge, target, target.served, since, limit
    )
    body = await compute(len(entries), _render, entries)
    tag = await etag(body)
    # Without a time of last change: that has seconds, and what came in the same one would be missed.
    headers: dict[str, str] = {
        hdrs.ETAG: f'"{tag}"',
        hdrs.CACHE_CONTROL: cache_control(immutable=False, public=target.guard is None),
        "X-Content-Type-Options": "nosniff",
    }
    if matches(request.headers.get(hdrs.IF_NONE_MATCH, ""), tag, weak=True):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers | {hdrs.CONTENT_TYPE: LINES})


def _limit(text: str) -> int:
    if not text:
        return MOST
    if not (text.isascii() and text.isdigit() and text.strip("0") and len(text) <= _MOST_DIGITS):
        raise GoError(f"limit is {text[:80]!r}, which is no number of entries from 1 to {MOST}")
    return min(int(text), MOST)


def _render(entries: list[Entry]) -> bytes:
    return "".join(entry.line() for entry in entries).encode()
