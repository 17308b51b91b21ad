"""Submitting a checkpoint to a witness of a checksum database: one request, bounded in every way."""

import asyncio
import ssl
from typing import NamedTuple

import aiohttp
from yarl import URL

from pulp_gomod.app.remote.http import networks, resolving
from pulp_gomod.app.remote.http.heads import connector
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.http.session import USER_AGENT
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.golang.sumdb.witness import MAX_ANSWER, PATH

PATIENCE = 30.0
"""Seconds that a witness has for its answer."""


class Answer(NamedTuple):
    """
    What a witness answered.

    Attributes:
        status: The HTTP status.
        body: What it said, no more than its answers have.
        content_type: What it says that this is.
    """

    status: int
    body: bytes
    content_type: str


class WitnessFault(Exception):
    """A witness that cannot be reached, or must not be; the text says why in one line."""


async def submit(url: str, body: bytes, threads: Threads, patience: float = PATIENCE) -> Answer:
    """
    Submit a checkpoint.

    The administrator's rules for remotes hold here too: whoever may name witnesses chooses where this server
    connects to. No credentials go along, and no redirect is followed.

    Args:
        url: The submission prefix of the witness.
        body: What add-checkpoint says.
        threads: For what blocks.
        patience: Seconds that it has.

    Raises:
        WitnessFault: There is no answer.
    """
    try:
        target = URL(f"{url.rstrip('/')}/{PATH}")
        resolving.check(target)
        async with (
            asyncio.timeout(patience),
            _session(threads) as session,
            session.post(target, data=body, allow_redirects=False) as response,
        ):
            said = await _read(response)
            return Answer(response.status, said, response.headers.get("Content-Type", ""))
    except TimeoutError:
        raise WitnessFault(f"it did not answer within {patience:g} s") from None
    except UpstreamFault:
        raise WitnessFault(
            f"the administrator of this server forbids its address (setting {networks.SETTING})"
        ) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise WitnessFault(f"it cannot be reached ({type(error).__name__})") from None


def _session(threads: Threads) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector(resolver=resolving.Resolver(threads), ssl=ssl.create_default_context()),
        headers={
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Content-Type": "text/plain; charset=utf-8",
        },
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise WitnessFault(f"it sends more than {MAX_ANSWER} bytes")
    return body
