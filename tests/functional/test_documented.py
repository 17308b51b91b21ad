"""Documentation through a whole server: published with PUT, computed by a worker, shown to whoever may see it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.functional.guarded import Person, rbac
from tests.functional.https import tls_server
from tests.functional.owners import Owner
from tests.functional.rest_api import Rest
from tests.gomods import pack
from tests.pages import HTML, fetch, read

_PATIENCE = 120.0
SOURCE = """// Package draw draws shapes.
package draw

// Area is what [Shape] covers.
func Area(s Shape) float64 { return 0 }

// Shape has sides.
type Shape struct{ Sides int }
"""


@pytest.fixture
def rest(run_dir: Path, server_cache: Path) -> Iterator[Rest]:
    """A server that documents, reached and trusted while the test runs."""
    with tls_server(run_dir, server_cache) as https:
        yield Rest(https.server.url, (https.server.username, https.server.password))


def test_what_is_published_is_documented_for_those_who_may_see_it(rest: Rest) -> None:
    owner, reader = Owner.create(rest), Person.create(rest)
    opened = rbac(rest, reader)
    rest.wait(rest.call("PATCH", owner.distribution, json={"content_guard": opened.guard}))
    path = f"example.com/{owner.name}/draw"
    texts = {"go.mod": f"module {path}\n", "draw.go": SOURCE, "README.md": "# Draw\n\nSecret.\n"}
    files = [(name, text.encode()) for name, text in texts.items()]
    assert owner.put(pack(f"{path}@v1.0.0/", files)).status_code == 201
    auth = reader.name, reader.password
    end = time.monotonic() + _PATIENCE
    for root in owner.urls:
        # A worker computes it a moment after.
        while requests.get(f"{root}/v1/package/{path}", auth=auth, timeout=60).status_code == 404:
            assert time.monotonic() < end
            time.sleep(0.3)
        for below in ("", path, f"{path}/@doc", "search?q=draw", "nothing.example"):
            refused = fetch(f"{root}/{below}")
            assert refused.status_code == 401 and "WWW-Authenticate" in refused.headers
            assert "draw" not in refused.text.replace(owner.name, "").lower(), below
        refused = requests.get(f"{root}/v1/module/{path}", timeout=60)
        assert refused.status_code == 401 and path not in refused.text
        page = read(f"{root}/{path}/@doc", auth=auth)
        assert "func Area(s Shape) float64" in page.text and "#Shape" in page.links()
        answer = fetch(f"{root}/{path}", auth=auth)
        assert "Secret." in answer.text and answer.headers["X-Robots-Tag"] == "noindex"
        assert "private" in answer.headers["Cache-Control"] and 'content="noindex"' in answer.text
        assert "draws shapes" in read(f"{root}/search?q=shapes", auth=auth).text
        read(f"{root}/{path}/none", 404, auth=auth)
        symbols = requests.get(f"{root}/v1/symbols/{path}", auth=auth, timeout=60).json()["symbols"]
        assert {each["name"] for each in symbols["items"]} == {"Area", "Shape", "Shape.Sides"}
        assert requests.get(f"{root}/{path}/@doc", auth=auth, timeout=60).status_code == 404
    assert set(HTML) == {"Accept"}
