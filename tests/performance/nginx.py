"""nginx serving the files of a GOPROXY directory: what a web server without a database does."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.performance.bare import stop_group
from tests.performance.contenders import Contender, descendants, free_port

NAME = "nginx"

_CONFIGURATION = """
daemon off;
worker_processes {processes};
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type application/octet-stream;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root};
    }}
}}
"""


def find_nginx() -> str | None:
    """Where nginx is, if it is there."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def serving(nginx: str, root: Path, directory: Path, processes: int = 2) -> Iterator[Contender]:
    """
    Run it.

    Args:
        nginx: The program.
        root: A GOPROXY directory.
        directory: For its configuration and its files, to be made.
        processes: How many processes.
    """
    directory.mkdir()
    port = free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(directory=directory, root=root, port=port, processes=processes)
    )
    command = [nginx, "-c", str(configuration), "-e", str(directory / "nginx.log")]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        found = Contender(NAME, f"http://127.0.0.1:{port}", "", lambda: descendants(process.pid))
        found.wait()
        yield found
    finally:
        stop_group(process)
