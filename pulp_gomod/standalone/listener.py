"""The one address that the server listens on."""

import errno
import socket

from .errors import StandaloneError

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def bind(host: str, port: int) -> socket.socket:
    """
    A socket bound to an address; the content app will listen on it.

    The server holds it as long as it runs, so that connections wait while the content app is being
    started again. Nobody is let in before that app is there.

    Raises:
        StandaloneError: The address cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise StandaloneError(f"--host {host}: {error.strerror}.") from error
    # `localhost` means 127.0.0.1 first, as it does for most clients.
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            reason = "something else is listening there. Stop that, or give another --port."
        elif error.errno == errno.EACCES:
            reason = "ports below 1024 need root. Give another --port."
        else:
            reason = f"{error.strerror}."
        raise StandaloneError(f"cannot listen on {host} port {port}: {reason}") from error
    return listener


def loopback(host: str) -> str:
    """The address to reach the server at from this machine."""
    return _WILDCARDS.get(host, host)


def authority(host: str, port: int) -> str:
    """Host and port as in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def public_name(host: str) -> str:
    """The host for URLs: this machine's name where the server listens on all addresses."""
    return socket.gethostname() if host in _WILDCARDS else host
