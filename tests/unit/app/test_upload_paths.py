"""Which methods the paths of a GOPROXY know, as the API tells clients."""

from types import SimpleNamespace

import tests.unit.django_set_up  # noqa: F401  isort: skip
import pytest
from django.http import HttpResponse

from pulp_gomod.app.upload.misspelled import MisspelledPaths
from pulp_gomod.app.upload.protocol import other_path, upload_path, version_path

ROOT = "/api/packages/go/go/"


@pytest.mark.parametrize(
    ("file", "methods"),
    [
        ("list", "GET HEAD"),
        ("v1.0.0.info", "GET HEAD"),
        ("v1.0.0.mod", "GET HEAD"),
        ("v1.0.0.zip", "GET HEAD PUT"),
        ("v1.0.0", "DELETE"),
        ("v1.0.0-!r!c.1", "DELETE"),
        # This is a version, too.
        ("v1.0.0-rc.zip", "GET HEAD PUT DELETE"),
        (".zip", "DELETE"),
        ("master", "DELETE"),
    ],
)
def test_methods_of_a_version(file: str, methods: str) -> None:
    known = version_path("go", "example.com/!a", file)
    assert " ".join(known.methods) == methods
    assert f"{ROOT}upload" in known.hint


def test_methods_of_other_paths() -> None:
    assert upload_path("go").methods == ("PUT",)
    assert other_path("go", "example.com/a/@latest").methods == ("GET", "HEAD")
    assert other_path("go", "sumdb/sum.golang.org/supported").methods == ("GET", "HEAD")
    assert other_path("go", "example.com/a").methods == ()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("//api/packages/go/go/upload", "did you mean /api/packages/go/go/upload"),
        ("/api//packages/go//go/upload", "did you mean /api/packages/go/go/upload"),
        ("/api/packages", "to publish, PUT"),
        ("/api/packages/go/upload", "to publish, PUT"),
        ("/pulp/api/v3/gomod/packages/go/upload", "to publish, PUT"),
        ("/api/packages/\u2028", "to publish, PUT"),
        # GOPROXY is the server's own URL.
        ("/example.com/m/@v/list", "not found: a GOPROXY is /api/packages/{owner}/go"),
        ("//example.com/m/@latest", "not found: a GOPROXY is /api/packages/{owner}/go"),
        ("/example.com/m", None),
        ("/api/packaging/", None),
        ("//nowhere", None),
    ],
)
def test_a_path_that_is_nearly_right(path: str, said: str | None) -> None:
    page = HttpResponse("<html>", status=404)
    request = SimpleNamespace(path_info=path, resolver_match=None)
    response = MisspelledPaths(lambda _request: page)(request)
    if said is None:
        assert response is page
    else:
        assert (response.status_code, said in response.content.decode()) == (404, True)
        assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_what_a_view_says_is_left_alone() -> None:
    said = HttpResponse("no such owner", status=404)
    request = SimpleNamespace(path_info="/api/packages/a/go/upload", resolver_match=object())
    assert MisspelledPaths(lambda _request: said)(request) is said
