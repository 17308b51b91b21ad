"""The vulnerability database of a distribution, below `vulndb/`: what govulncheck and gopls read."""

import gzip

from aiohttp import web

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.responses import (
    JSON,
    USED,
    ZIP,
    Representation,
    cache_control,
    not_found,
    respond,
)
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.db.executors import compute
from pulp_gomod.golang.vulndb import ARCHIVE, file_of, report_of_file

# Without Content-Encoding: Go's HTTP client would unpack it, and govulncheck then fails to.
_GZIP = "application/gzip"
_BYTES_AN_ITEM = 32


async def serve_vulndb(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse:
    """
    Answer a request for a file of the vulnerability database.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
        path: What follows `vulndb/`.
    """
    if target.vulndb is None:
        return not_found(
            f"the distribution {target.base_path} serves no vulnerability database; its field vulndb says which"
        )
    wanted = file_of(path)
    if wanted is None:
        return not_found(
            "a path of a vulnerability database is index/db.json, index/modules.json, index/vulns.json or "
            "ID/<report>.json, with .gz or without, or vulndb.zip with all of them"
        )
    name, is_compressed = wanted
    # It depends on nothing that an upstream has, or that anybody uses.
    request[USED] = None
    file = await services.of(request.app).vulndbs.file(target.vulndb, name)
    if file is None:
        report = report_of_file(name)
        line = f"no report {report} is in" if report else f"{name} is not (yet) in"
        return not_found(f"{line} the vulnerability database of this distribution")
    body = file.body
    if not is_compressed:
        # A byte of it may stand for a thousand.
        body = await compute(len(body) // _BYTES_AN_ITEM, gzip.decompress, body)
    found = Representation(
        content_type=ZIP if name == ARCHIVE else _GZIP if is_compressed else JSON,
        etag=f"{file.digest[:32]}{'-gz' if is_compressed else ''}",
        modified=file.changed,
        size=len(body),
        immutable=False,
        body=body,
    )
    return respond(request, found, cache_control(immutable=False, public=target.guard is None))
