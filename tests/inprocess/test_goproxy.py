"""The GOPROXY protocol over HTTP, at both URLs: what the content app answers."""

import pytest
import requests

from tests.goproxy_requests import ESCAPED, PATH, PSEUDO, check_escapes, get, raw, zip_of
from tests.inprocess.owners import Owner


@pytest.fixture(scope="module")
def owner(content_url: str) -> Owner:
    owner = Owner.create(content_url)
    owner.publish(
        *(
            zip_of(PATH, version, f"module {PATH}\r\n// kept as it is")
            for version in ("v1.10.0", "v1.9.0", "v1.11.0-RC1", PSEUDO)
        ),
        *(
            zip_of(path, version, go_mod)
            for path, version, go_mod in (
                ("example.com/plain", "v1.0.0", None),
                ("example.com/plain", "v2.0.0+incompatible", None),
                ("example.com/moved", "v1.0.0", "module example.com/moved\n"),
                ("example.com/moved", "v2.0.0+incompatible", None),
                ("example.com/pseudo", PSEUDO, None),
                ("example.com/quoted", "v1.0.0", 'module "example.com/quoted"\n'),
                ("example.com/gone", "v1.0.0", "module example.com/gone\n"),
                (
                    "example.com/gone",
                    "v1.0.1",
                    "module example.com/gone\n\nretract v1.0.1 // oops\n",
                ),
            )
        ),
    )
    return owner


@pytest.fixture(params=["packages", "content"])
def root(owner: Owner, request: pytest.FixtureRequest) -> str:
    return owner.packages_url if request.param == "packages" else owner.content_url


@pytest.mark.parametrize("escaped", [ESCAPED, ESCAPED.replace("!", "%21")])
def test_both_spellings_of_an_escape_are_one_resource(root: str, escaped: str) -> None:
    check_escapes(root, escaped)


def test_info(root: str) -> None:
    response = get(f"{root}/{ESCAPED}/@v/{PSEUDO}.info")
    assert response.json() == {"Version": PSEUDO, "Time": "2020-01-02T03:04:05Z"}
    assert response.headers["Content-Type"] == "application/json"
    tagged = get(f"{root}/{ESCAPED}/@v/v1.11.0-!r!c1.info").json()
    assert tagged["Version"] == "v1.11.0-RC1"
    assert tagged["Time"].endswith("Z")


def test_mod_is_byte_for_byte_what_the_zip_holds(root: str) -> None:
    exact = f"module {PATH}\r\n// kept as it is".encode()
    assert get(f"{root}/{ESCAPED}/@v/v1.9.0.mod").content == exact
    synthesized = get(f"{root}/example.com/plain/@v/v2.0.0+incompatible.mod").content
    assert synthesized == b"module example.com/plain\n"
    quoted = get(f"{root}/example.com/quoted/@v/v1.0.0.mod").content
    assert quoted == b'module "example.com/quoted"\n'


@pytest.mark.parametrize(
    "path, version",
    [
        (ESCAPED, "v1.10.0"),
        ("example.com/plain", "v2.0.0+incompatible"),
        ("example.com/moved", "v1.0.0"),
        ("example.com/pseudo", PSEUDO),
        ("example.com/gone", "v1.0.0"),
    ],
)
def test_latest(root: str, path: str, version: str) -> None:
    assert get(f"{root}/{path}/@latest").json()["Version"] == version
    assert get(f"{root}/{path}/@v/latest.info").json()["Version"] == version
    same = get(f"{root}/{path}/@v/{version.replace('RC', '!r!c')}.mod")
    assert get(f"{root}/{path}/@v/latest.mod").content == same.content
    assert get(f"{root}/{path}/@v/latest.zip").status_code == 200


def test_a_module_with_pseudo_versions_only_has_an_empty_list(root: str) -> None:
    response = get(f"{root}/example.com/pseudo/@v/list")
    assert (response.status_code, response.text) == (200, "")


def test_a_commit_is_found_by_its_hash(root: str) -> None:
    for name in ("abcdefabcdef", "abcdefa", "abcdefabcdef0123456789abcdefabcdef012345"):
        # Other files are those of versions only, and say nothing of the commit. In each process:
        for file in ("mod", "zip") * 8:
            assert get(f"{root}/example.com/pseudo/@v/{name}.{file}").status_code == 404
        assert get(f"{root}/example.com/pseudo/@v/{name}.info").json()["Version"] == PSEUDO
    assert get(f"{root}/example.com/pseudo/@v/abcdefabcd00.info").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "example.com/unknown/@v/list",
        "example.com/unknown/@latest",
        "example.com/@v/list",
        "example.com/plain/sub/@v/list",
        "example.com/plain/@v/v9.9.9.info",
        "example.com/plain/@v/v9.9.9.mod",
        "example.com/plain/@v/v9.9.9.zip",
        "example.com/plain/@v/master.info",
        "example.com/plain/@v/v1.info",
        "example.com/plain/@v/v1.0.0+meta.info",
        "example.com/plain/@v/upgrade.info",
        "example.com/plain/@v/v1.0.0.ziphash",
        "example.com/plain/@v/",
        "example.com/Plain/@v/list",
        "example.com/%2521plain/@v/list",
        "example.com/pl%00ain/@v/list",
        "example.com/plain/@v/%00.info",
        "example.com/plain/@v/%ff.info",
        "example.com/plain/@v/..%2f..%2fetc.info",
        "sumdb/sum.golang.org/supported",
    ],
)
def test_what_is_not_here_is_not_found(root: str, path: str) -> None:
    response = raw(root, path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.startswith("not found: ")
    assert response.text.count("\n") == 1


@pytest.mark.parametrize("file", ["@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.zip"])
def test_head_says_what_get_would(root: str, file: str) -> None:
    url = f"{root}/example.com/plain/{file}"
    head, body = requests.head(url, timeout=60), get(url)
    assert head.status_code == body.status_code == 200
    assert head.content == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Cache-Control"):
        assert head.headers[name] == body.headers[name]
    assert int(head.headers["Content-Length"]) == len(body.content)


@pytest.mark.parametrize("file", ["@v/list", "@latest", "@v/v1.0.0.mod", "@v/v1.0.0.zip"])
def test_conditional_requests(root: str, file: str) -> None:
    url = f"{root}/example.com/plain/{file}"
    first = get(url)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = get(url, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert get(url, headers={"If-None-Match": '"other"'}).content == first.content
    assert get(url, headers={"If-Match": '"other"'}).status_code == 412


def test_ranges(root: str) -> None:
    url = f"{root}/example.com/plain/@v/v1.0.0.zip"
    whole = get(url)
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.content)
    for header, expected in (
        ("bytes=0-9", whole.content[:10]),
        ("bytes=10-", whole.content[10:]),
        ("bytes=-7", whole.content[-7:]),
        (f"bytes=5-{size + 100}", whole.content[5:]),
    ):
        part = get(url, headers={"Range": header})
        assert (part.status_code, part.content) == (206, expected)
        assert part.headers["Content-Range"].endswith(f"/{size}")
    for nothing in (f"bytes={size}-", "bytes=-0", "bytes=-00"):
        assert get(url, headers={"Range": nothing}).status_code == 416, nothing
    stale = get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole.content)
    fresh = get(url, headers={"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})
    assert fresh.status_code == 206


def test_what_may_be_cached(root: str) -> None:
    for file in ("@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"):
        header = get(f"{root}/example.com/plain/{file}").headers["Cache-Control"]
        assert header == "public, max-age=600"
    for file in ("@v/list", "@latest", "@v/latest.zip", "@v/v9.9.9.info"):
        header = get(f"{root}/example.com/plain/{file}").headers["Cache-Control"]
        assert "no-cache" in header
