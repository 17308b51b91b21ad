"""What is open, and need not be: said in one line each when the server starts."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from .names import is_local
from .options import ServeOptions


def exposures(options: ServeOptions) -> Iterator[str]:
    """What the options leave open."""
    has_tls = options.tls_auto or options.tls_cert is not None
    behind_tls = options.origin is not None and urlsplit(options.origin).scheme == "https"
    if not is_local(options.host) and not has_tls:
        yield _in_clear(options.host, behind_tls)
    if "*" in options.allowed_host:
        yield (
            "warning: with --allowed-host '*', other websites can make a browser here read "
            "whatever needs no credentials"
        )


def _in_clear(host: str, behind_tls: bool) -> str:
    if behind_tls:
        return (
            f"warning: clients that reach {host} without the proxy send passwords and tokens unencrypted; "
            "listen on 127.0.0.1 if the proxy runs here, or add --tls auto"
        )
    return (
        f"warning: passwords and tokens travel unencrypted to {host}; add --tls auto, "
        "or a proxy that terminates TLS and --origin https://..."
    )
