"""The connections to one upstream."""

import ssl
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace

import aiohttp

from pulp_gomod.app import PulpGomodPluginAppConfig
from pulp_gomod.app.remote.http.heads import connector
from pulp_gomod.app.remote.http.pem import only_ascii
from pulp_gomod.app.remote.http.resolving import Resolver
from pulp_gomod.app.remote.settings import RemoteSettings, Tls
from pulp_gomod.app.remote.threads import Threads

USER_AGENT = f"pulp_gomod/{PulpGomodPluginAppConfig.version}"
# Seconds for which an unused connection is kept.
KEEP_ALIVE = 30.0


@dataclass(frozen=True, slots=True)
class Sessions:
    """
    The connections for a remote. They hold no credentials but the client certificate.

    Attributes:
        own: To the upstream itself.
        strange: To whatever else it leads to; without the client certificate.
    """

    own: aiohttp.ClientSession
    strange: aiohttp.ClientSession

    async def close(self) -> None:
        """Close the connections."""
        await self.own.close()
        if self.strange is not self.own:
            await self.strange.close()


async def open_sessions(settings: RemoteSettings, threads: Threads) -> Sessions:
    """
    Make the sessions for a remote.

    Args:
        settings: The remote.
        threads: For what blocks.

    Raises:
        ssl.SSLError: The remote's certificates or its key cannot be used.
    """
    own = _session(settings, threads, await threads.resolve(_tls_context, settings.tls))
    if not settings.tls.client_key:
        return Sessions(own, own)
    plain = replace(settings.tls, client_cert="", client_key="")
    return Sessions(own, _session(settings, threads, await threads.resolve(_tls_context, plain)))


def _session(
    settings: RemoteSettings, threads: Threads, tls: ssl.SSLContext
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector(
            limit=settings.connections,
            keepalive_timeout=KEEP_ALIVE,
            resolver=Resolver(threads, settings.timeouts.connect),
            ssl=tls,
        ),
        timeout=aiohttp.ClientTimeout(
            total=None,
            # This one is for a free connection, too, which may take as long as a zip does.
            connect=None,
            sock_connect=settings.timeouts.connect,
            sock_read=settings.timeouts.read,
        ),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        requote_redirect_url=False,
    )


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if tls.ca_cert:
        context.load_verify_locations(cadata=only_ascii(tls.ca_cert))
    if tls.client_cert and tls.client_key:
        _load_client(context, tls)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client(context: ssl.SSLContext, tls: Tls) -> None:
    # OpenSSL reads them from files only.
    with ExitStack() as stack:
        names: list[str] = []
        for text in (tls.client_cert, tls.client_key):
            file = stack.enter_context(tempfile.NamedTemporaryFile("w"))
            file.write(only_ascii(text))
            file.flush()
            names.append(file.name)
        # Without a password OpenSSL asks at the terminal.
        certificate, key = names
        context.load_cert_chain(certificate, key, password="")
