"""Pull-through: what a repository does not hold is asked of a remote, verified, and kept.

policy       may this module be asked for at all
remote       the remote's settings, one value per change
session, resolving, redirects, fetch, sinks, results    one question to an upstream, and what came of it
health       is it worth waiting for
answers, statements    what the upstream said last
flight, turns    one fetch for all who wait, in this process and in all of them
documents    lists, queries, .info, .mod: kept, revalidated, served stale
space, forgetting    how much of them is kept, and which go first
reading, lists    what they say, read as the go command reads it
sumdb_place, sumdb    where the checksum database is, and what it proves
spool, judging, room, zips    zips: spooled, verified, judged, stored
asking, unblocked    what one request may ask of all that
below        what is not there, as far as can be said while the upstream is dead
merge, choosing    one latest version of what is held here and there
joining, usage, metrics    what is done beside the requests
upstreams    all of that for each remote that was asked lately
serve, serve_sumdb    from a request to a response
"""

from uuid import UUID

from aiohttp import web

from pulp_gomod.app.upstream.serve import serve_module
from pulp_gomod.app.upstream.serve_sumdb import serve_sumdb
from pulp_gomod.app.upstream.upstreams import lifespan, of

__all__ = ["install", "note_use", "serve_module", "serve_sumdb"]


def note_use(app: web.Application, repository: UUID, path: str, version: str) -> None:
    """
    Note that a module version was asked for, so that cleanup knows.

    Args:
        app: The content app.
        repository: The pk of the repository that serves it.
        path: The module path.
        version: The version.
    """
    of(app).usage.note(repository, path, version)


def install(app: web.Application) -> None:
    """
    Add the remotes to the content app.

    Args:
        app: The content app, which has its database already.
    """
    app.cleanup_ctx.append(lifespan)
