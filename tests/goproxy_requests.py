"""Asking a GOPROXY over HTTP, whichever way it was started."""

from typing import Any

import requests

from tests.gomods import pack

PATH = "example.com/Upper/mod"
ESCAPED = "example.com/!upper/mod"
PSEUDO = "v0.0.0-20200102030405-abcdefabcdef"


def zip_of(path: str, version: str, go_mod: str | None = None) -> bytes:
    """Pack a small module."""
    files = [("x.go", b"package x\n")]
    if go_mod is not None:
        files.insert(0, ("go.mod", go_mod.encode()))
    return pack(f"{path}@{version}/", files)


def get(url: str, **kwargs: Any) -> requests.Response:
    """Get a URL, and follow nothing."""
    return requests.get(url, timeout=60, allow_redirects=False, **kwargs)


def raw(root: str, path: str) -> requests.Response:
    """Send a path as it stands: requests would decode %21."""
    session = requests.Session()
    prepared = session.prepare_request(requests.Request("GET", root))
    prepared.url = f"{root}/{path}"
    return session.send(prepared, timeout=60, allow_redirects=False)


def check_escapes(root: str, escaped: str) -> None:
    """Hold one spelling of an escaped path to what is at both."""
    response = raw(root, f"{escaped}/@v/list")
    assert response.status_code == 200
    assert response.text == "v1.9.0\nv1.10.0\nv1.11.0-RC1\n"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    sign = "%21" if "%" in escaped else "!"
    info = raw(root, f"{escaped}/@v/v1.11.0-{sign}r{sign}c1.info")
    assert info.json()["Version"] == "v1.11.0-RC1"
