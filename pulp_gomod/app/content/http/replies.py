"""What is said to clients, and what they ask of us, beside the files themselves."""

import math

from aiohttp import hdrs, web

from pulp_gomod.app.content.http.responses import problem
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.storage.faults import RETRY_AFTER

# What Go's strconv.ParseBool takes for true.
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def wants_held_only(request: web.Request) -> bool:
    """Say whether the client asks not to fetch anything for it."""
    return request.headers.get("Disable-Module-Fetch", "") in _TRUE


def fault_response(fault: UpstreamFault) -> web.Response:
    """
    Tell a client that the upstream failed.

    Args:
        fault: What went wrong.
    """
    names = {
        502: "bad gateway",
        503: "unavailable",
        504: "gateway timeout",
        507: "insufficient storage",
    }
    headers: dict[str, str] = {hdrs.RETRY_AFTER: _when(fault)} if fault.status == 503 else {}
    return problem(fault.status, f"{names.get(fault.status, 'error')}: {fault.line}", headers)


def _when(fault: UpstreamFault) -> str:
    """Write when to ask again: never earlier than the upstream itself allows."""
    return RETRY_AFTER if fault.retry_after is None else str(math.ceil(fault.retry_after))


def in_their_words(status: int, words: str) -> web.Response:
    """
    Pass on what the upstream says to people of what is not there.

    Args:
        status: The HTTP status.
        words: What it said.
    """
    response = problem(status, "")
    response.text = f"{words}\n"
    return response
