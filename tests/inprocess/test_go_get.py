"""`?go-get=1`: the go command finds modules by the names of hosts, without any GOPROXY."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db import transaction

from tests.goproxy_requests import get, zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_guards import Guarded, Reader
from tests.unit import django_set_up  # noqa: F401

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def owner(content_url: str) -> Iterator[Owner]:
    with configured(CONTENT_ORIGIN=content_url):
        yield Owner.create(content_url)


def take(owner: Owner, host: str = "") -> str:
    """Let a distribution answer for a host."""
    host = host or f"{uuid4().hex[:12]}.example.com"
    with transaction.atomic():
        owner.distribution.vanity_hosts = [host]
        owner.distribution.save()
    return host


def ask(url: str, host: str, **headers: str) -> requests.Response:
    return get(url, headers={"Host": host, **headers})


def meta(prefix: str, url: str) -> str:
    return f'<meta name="go-import" content="{prefix} mod {url}">'


def test_a_host_leads_to_its_distribution(owner: Owner) -> None:
    host = take(owner)
    for path in ("", "/x", "/x/y/z", "/x/y.z"):
        answer = ask(f"{owner.url}{path}?go-get=1", f"{host}:80")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert meta(host, owner.packages_url) in answer.text
    assert ask(f"{owner.url}/x?go-get=1", f"other.{host}").status_code == 404
    assert ask(f"{owner.url}/x?go-get=0", host).status_code == 404


def test_a_browser_is_sent_to_the_module(owner: Owner) -> None:
    host = take(owner)
    answer = ask(f"{owner.url}/x/y", host, **BROWSER)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{owner.packages_url}/x/y"
    # What is below the distribution's own URL is as ever, or it would go round in circles.
    answer = ask(f"{owner.packages_url}/x/y", host, **BROWSER)
    assert answer.status_code != 302


def test_modules_may_be_named_by_the_url(owner: Owner) -> None:
    for url in (owner.packages_url, owner.content_url):
        prefix = f"pulp.example.com{url.removeprefix(owner.url)}"
        for path in ("", "/", "/x", "/x/y"):
            answer = ask(f"{url}{path}?go-get=1", "pulp.example.com")
            assert answer.status_code == 200, (url, path)
            assert meta(prefix, url) in answer.text
    unknown = f"{owner.url}/api/packages/{uuid4().hex}/go/x?go-get=1"
    assert ask(unknown, "pulp.example.com").status_code == 404


def test_modules_may_be_named_by_a_url_below_a_path(owner: Owner) -> None:
    # nginx takes /tools/go away.
    origin = "https://pulp.example.com/tools/go"
    with configured(CONTENT_ORIGIN=f"{origin}/"):
        for url in (owner.packages_url, owner.content_url):
            root = url.removeprefix(owner.url)
            answer = ask(f"{url}/x?go-get=1", "pulp.example.com")
            assert meta(f"pulp.example.com/tools/go{root}", f"{origin}{root}") in answer.text
            # Under another name of the server, it may be at the root.
            answer = ask(f"{url}/x?go-get=1", "other.example.com")
            assert meta(f"other.example.com{root}", f"{origin}{root}") in answer.text


def test_a_guard_is_asked(owner: Owner) -> None:
    Guarded(owner)
    for url in (owner.packages_url, owner.content_url):
        answer = ask(f"{url}/x?go-get=1", "pulp.example.com")
        assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers
        wrong = Reader().headers
        assert ask(f"{url}/x?go-get=1", "pulp.example.com", **wrong).status_code == 403


@pytest.mark.parametrize("host", ['"><script>.example.com', "a b.example.com", "x" * 300 + ".com"])
def test_nothing_is_injected(owner: Owner, host: str) -> None:
    for url in (f"{owner.url}/x", f"{owner.packages_url}/x"):
        answer = ask(f"{url}?go-get=1", host)
        assert answer.status_code in (400, 404) and "<script" not in answer.text
    strange = ask(f"{owner.packages_url}/%3Cscript%3E%22?go-get=1", "pulp.example.com")
    assert "<script" not in strange.text


@pytest.fixture
def resolving(owner: Owner) -> Iterator[str]:
    """A proxy for HTTP that leads every host to the content app, as DNS would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = "/" + self.path.split("/", 3)[3]
            answer = requests.get(
                f"{owner.url}{path}",
                headers={"Host": self.headers["Host"]},
                timeout=60,
                allow_redirects=False,
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def do_CONNECT(self) -> None:
            # There is no TLS: go tries without, where it may.
            self.send_error(502)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_go_finds_a_module_by_its_host(owner: Owner, resolving: str, tmp_path: Path) -> None:
    host = take(owner)
    path = f"{host}/team/Mod"
    owner.publish(
        zip_of(path, "v1.2.0", f"module {path}\n"), zip_of(path, "v1.1.0", f"module {path}\n")
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GOMODCACHE": str(tmp_path / "cache"),
        "GOFLAGS": "-modcacherw",
        "GOPROXY": "direct",
        "GOINSECURE": host,
        "GONOSUMDB": host,
        "GOTOOLCHAIN": "local",
        "HTTP_PROXY": resolving,
        "HTTPS_PROXY": resolving,
    }
    program = tmp_path / "program"
    program.mkdir()

    def go(*arguments: str) -> str:
        done = subprocess.run(
            ["go", *arguments], cwd=program, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    go("mod", "init", "example.com/program")
    assert f"added {path} v1.2.0" in go("get", f"{path}@latest")
    assert go("list", "-m", "-versions", path).split() == [path, "v1.1.0", "v1.2.0"]
