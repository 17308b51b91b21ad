"""The API of pkg.go.dev: from request to response."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from pulp_gomod.app.content.http.responses import JSON, cache_control, matches
from pulp_gomod.app.content.pkgsite.answers import ANSWERS
from pulp_gomod.app.content.pkgsite.errors import ApiError, bad_request, not_found
from pulp_gomod.app.content.pkgsite.params import Params
from pulp_gomod.app.content.pkgsite.resolving import Resolver
from pulp_gomod.app.content.repository.distributions import ServedDistribution, storable
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.db.executors import Busy, compute, etag
from pulp_gomod.app.db.round_robin import CLIENTS, Clients

_OPENAPI = "openapi.yaml"
_SEARCH = "search"
_LONGEST_PATH = 1500
# Each prefix of the path of a package may be a module, which is looked up.
_MOST_ELEMENTS = 32


async def serve_documentation(
    services: ContentServices, request: web.Request, target: ServedDistribution, path: str
) -> web.Response:
    """
    Answer a request to the API, about what the repository version holds.

    Args:
        services: The services of the content app.
        request: The request, permitted by the guard.
        target: The distribution.
        path: What follows `v1/`.
    """
    CLIENTS.set(Clients(services.gate.client(request)))
    if path == _OPENAPI:
        return await _respond(request, target, 200, _description(), "application/yaml")
    try:
        said, status = await _answer(services, request, target, path), 200
    except ApiError as error:
        said, status = error.body(), error.code
    except Busy:
        busy = ApiError(503, "too many others want something computed", ["retry in a moment"])
        said, status = busy.body(), busy.code
    body = await compute(_size(said), _json, said)
    return await _respond(request, target, status, body, JSON)


async def _answer(
    services: ContentServices, request: web.Request, target: ServedDistribution, path: str
) -> dict[str, Any]:
    endpoint, _, wanted = path.partition("/")
    answer = ANSWERS.get(endpoint)
    if answer is None or (endpoint == _SEARCH and wanted):
        raise not_found("no such endpoint", f"see v1/{_OPENAPI}")
    wanted = wanted.strip("/")
    if not wanted and endpoint != _SEARCH:
        raise bad_request("missing path", f"the path must be provided after '/{endpoint}/'")
    if len(wanted) > _LONGEST_PATH or wanted.count("/") > _MOST_ELEMENTS or not storable(wanted):
        raise bad_request("the path is too long, or no path at all", "correct the path and retry")
    if target.served is None:
        raise not_found(f"the distribution {target.base_path} serves no repository")
    return await answer(Resolver(services, target, target.served), wanted, Params(request.query))


def _size(said: dict[str, Any]) -> int:
    """Say how many items are in an answer, or as many as its text takes the time of."""
    found = next((each for each in said.values() if isinstance(each, dict)), said)
    texts = [each for each in said.values() if isinstance(each, str)]
    texts += [each["contents"] for each in said.get("licenses", ())]
    return len(found.get("items") or ()) + sum(map(len, texts)) // 1000


def _json(said: dict[str, Any]) -> bytes:
    return (
        json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        + b"\n"
    )


async def _respond(
    request: web.Request, target: ServedDistribution, status: int, body: bytes, content_type: str
) -> web.Response:
    tag = await etag(body)
    headers: dict[str, str] = {
        hdrs.CACHE_CONTROL: cache_control(immutable=False, public=target.guard is None),
        "X-Content-Type-Options": "nosniff",
    }
    if status == 200:
        headers[hdrs.ETAG] = f'"{tag}"'
        if matches(request.headers.get(hdrs.IF_NONE_MATCH, ""), tag, weak=True):
            return web.Response(status=304, headers=headers)
    return web.Response(
        status=status, body=body, headers=headers | {hdrs.CONTENT_TYPE: content_type}
    )


@lru_cache(maxsize=1)
def _description() -> bytes:
    return Path(__file__).with_name(_OPENAPI).read_bytes()
