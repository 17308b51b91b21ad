"""Posting to a URL of the administrator what happened: one request, bounded, and signed."""

import asyncio
import base64
import hashlib
import hmac
import ssl
import time

import aiohttp
from yarl import URL

from pulp_gomod.app.remote.http import networks, resolving
from pulp_gomod.app.remote.http.heads import connector
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.http.session import USER_AGENT
from pulp_gomod.app.remote.threads import Threads

PATIENCE = 30.0
"""Seconds that the receiver has for its answer."""

_PREFIX = "whsec_"


class WebhookFault(Exception):
    """A receiver that cannot be reached, or must not be, or refuses; the text says why in one line."""


async def post(url: str, identity: str, body: bytes, secret: str, threads: Threads) -> None:
    """
    Post a message, signed as Standard Webhooks has it if there is a secret.

    The rules for remotes hold here, too: no redirect is followed, and no forbidden address is asked.

    Args:
        url: Where to.
        identity: Names the message; the same if it is sent again.
        body: JSON.
        secret: What both sides know; with the prefix whsec_ it is base64.
        threads: For what blocks.

    Raises:
        WebhookFault: It was not taken.
    """
    headers = {
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        **signature(identity, int(time.time()), body, secret),
    }
    try:
        target = URL(url)
        resolving.check(target)
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession(
                connector=connector(
                    resolver=resolving.Resolver(threads), ssl=ssl.create_default_context()
                ),
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            ) as session,
            session.post(target, data=body, allow_redirects=False) as response,
        ):
            if not 200 <= response.status < 300:
                raise WebhookFault(f"it answered {response.status}")
    except TimeoutError:
        raise WebhookFault(f"it did not answer within {PATIENCE:g} s") from None
    except UpstreamFault:
        raise WebhookFault(
            f"the administrator of this server forbids its address (setting {networks.SETTING})"
        ) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise WebhookFault(f"it cannot be reached ({type(error).__name__})") from None


def signature(identity: str, seconds: int, body: bytes, secret: str) -> dict[str, str]:
    """
    Make the headers by which a receiver knows who sends a message, and that it is no old one.

    Args:
        identity: Names the message.
        seconds: The time.
        body: The message.
        secret: As of `post`; "" for none.

    Raises:
        WebhookFault: The secret is malformed.
    """
    headers = {"webhook-id": identity, "webhook-timestamp": str(seconds)}
    if not secret:
        return headers
    try:
        key = (
            base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
            if secret.startswith(_PREFIX)
            else secret.encode()
        )
    except ValueError:
        raise WebhookFault("GOMOD_EVENTS_SECRET begins with whsec_, and is not base64") from None
    signed = hmac.digest(key, f"{identity}.{seconds}.".encode() + body, hashlib.sha256)
    return {**headers, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}
