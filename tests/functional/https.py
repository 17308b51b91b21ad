"""A server with HTTPS that is known by a name, as users have it."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.serving import Server, shared_server
from tests.functional.tunnel import Tunnel

HOST = "goproxy.example.com"
URL = f"https://{HOST}"


@dataclass(frozen=True)
class Https:
    """
    A server with HTTPS.

    Attributes:
        server: The server, whose URL is its name.
        address: Its address and port.
        variables: What programs need to reach and trust it by its name.
    """

    server: Server
    address: str
    variables: dict[str, str]


@contextmanager
def https_server(run_dir: Path, cache: Path, name: str, **env: str) -> Iterator[Https]:
    """
    Start a server, and have this process reach and trust it by its name.

    Args:
        run_dir: The directory of the test run.
        cache: Where prepared data directories are kept.
        name: Tells servers with different settings apart.
        env: Variables for it.
    """
    port = _port(run_dir / f"{name}.port")
    options = ("--tls", "auto", "--port", str(port), "--origin", URL)
    with (
        shared_server(run_dir, name, cache, *options, **env) as server,
        Tunnel(port) as tunnel,
        pytest.MonkeyPatch.context() as patch,
    ):
        assert server.url == URL
        authority = str(Path(server.data_dir) / "tls" / "authority.pem")
        trusted = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
        variables = {"HTTPS_PROXY": tunnel.url, **dict.fromkeys(trusted, authority)}
        patch.setenv("HTTPS_PROXY", tunnel.url)
        patch.setenv("REQUESTS_CA_BUNDLE", authority)
        yield Https(server, f"127.0.0.1:{port}", variables)


def tls_server(run_dir: Path, cache: Path) -> AbstractContextManager[Https]:
    """
    Start a server that files of tests share, with domains, and documentation as users have it.

    Args:
        run_dir: The directory of the test run.
        cache: Where prepared data directories are kept.
    """
    variables = {"PULP_DOMAIN_ENABLED": "true", "PULP_GOMOD_DOCUMENTATION": "auto"}
    return https_server(run_dir, cache, "tls", **variables)


def _port(noted: Path) -> int:
    """Return the port of the server: the same for all test processes of a run."""
    with noted.with_suffix(".port-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            with socket.create_server(("127.0.0.1", 0)) as free:
                noted.write_text(str(free.getsockname()[1]))
        return int(noted.read_text())
