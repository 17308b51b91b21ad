"""What a browser is shown of a distribution: what it holds, to whom it may be shown, and nothing of anybody else's."""

import asyncio
import gzip
import http.client
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone

from pulpcore.plugin.util import assign_role

from pulp_gomod.app.content.pages import lists
from pulp_gomod.app.models import GoBlock, GoBlockRevision, GoModule, GoPolicy, GoRelease
from pulp_gomod.app.models.visibility import wait_until_seen
from tests.filling import fill
from tests.functional.upstream_world import Upstream, running
from tests.gomods import pack
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_guards import READER, Guarded, Reader
from tests.pages import HTML, Page, fetch, read
from tests.unit import django_set_up  # noqa: F401

# What each text of others has in it that a page shows.
EVIL = "</pre></title><script>evil()</script><img src=//evil.example onerror=evil()>'\"&lt;"


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        yield upstream


def path_of(owner: Owner, name: str = "m") -> str:
    return f"example.com/{owner.repository.name}/{name}"


def zip_of(path: str, version: str, go_mod: str = "", readme: str = "") -> bytes:
    files = [
        ("go.mod", (go_mod or f"module {path}\n").encode()),
        ("README.md", (readme or f"# {path}\n").encode()),
        ("LICENSE", b"Do what you like.\n"),
        ("x.go", b"// Package x is for tests.\npackage x\n"),
    ]
    return pack(f"{path}@{version}/", files)


def publish(owner: Owner, *versions: str, name: str = "m") -> str:
    path = path_of(owner, name)
    owner.publish(*(zip_of(path, version) for version in versions))
    return path


def block(owner: Owner, module: str, versions: str = "") -> None:
    with transaction.atomic():
        GoBlock.objects.create(
            repository=owner.repository, module=module, versions=versions, reason="bad"
        )
        GoBlockRevision.objects.create(repository=owner.repository, changed=timezone.now())
        wait_until_seen()


def obey(owner: Owner, **conditions: Any) -> None:
    policy = GoPolicy.objects.create(name=f"of {owner.repository.name}", **conditions)
    with transaction.atomic():
        owner.distribution.policy = policy
        owner.distribution.save()


def test_only_a_browser_is_shown_pages_whoever_asked_before(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    for url in (owner.packages_url, owner.content_url):
        for below in ("/", f"/{path}", "/search?q=m"):
            before = [get(f"{url}{below}", headers=each) for each in ({}, {"Accept": "text/plain"})]
            for _ in range(3):
                assert read(f"{url}{below}").headings
                for each in before:
                    again = get(f"{url}{below}", headers=dict(each.request.headers))
                    assert again.status_code == each.status_code
                    assert "<html" not in again.text.lower() or again.text == each.text
            assert get(f"{url}{below}", headers={"Accept": "text/html;q=0"}).status_code != 200
        # What the protocol has is the same for everybody.
        for file in ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"):
            by_browser, plain = fetch(f"{url}/{path}/{file}"), get(f"{url}/{path}/{file}")
            assert (by_browser.status_code, by_browser.content) == (200, plain.content)
        assert fetch(f"{url}/index").headers["Content-Type"] == "application/x-ndjson"


def test_one_connection_is_answered_by_what_each_request_accepts(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    place = urlsplit(f"{owner.packages_url}/{path}")
    client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    for _ in range(4):
        for accept, below, status in (
            ("text/html", "", 200),
            ("*/*", "", 404),
            ("text/html", "/@v/list", 200),
            ("*/*", "/@v/list", 200),
        ):
            client.request("GET", place.path + below, headers={"Accept": accept})
            answer = client.getresponse()
            body = answer.read()
            assert answer.status == status
            assert (b"<html" in body) == (accept == "text/html" and not below)
    client.close()


def test_a_browser_is_told_what_the_place_to_publish_to_is(owner: Owner) -> None:
    for headers in (HTML, {}):
        answer = get(f"{owner.packages_url}/upload", headers=headers)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "PUT, OPTIONS")
        assert "PUT the zip here" in answer.text
    # Elsewhere it is nothing but the name of a page that there is not.
    assert get(f"{owner.content_url}/upload", headers=HTML).status_code == 404


def test_a_page_is_sent_again_only_if_it_has_changed(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    url = f"{owner.packages_url}/{path}"
    first = fetch(url)
    assert first.headers["Cache-Control"] == "public, no-cache"
    # Packed or not, it is the same page, and not the same bytes.
    assert first.headers["ETag"].startswith('W/"')
    condition = {"If-None-Match": first.headers["ETag"]}
    unchanged = fetch(url, headers=condition)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert fetch(f"{url}/none", headers={"If-None-Match": "*"}).status_code == 404
    head = requests.head(url, headers=HTML, timeout=60)
    assert head.headers["Content-Length"] and head.headers["ETag"] == first.headers["ETag"]
    packed = requests.get(url, headers=HTML | {"Accept-Encoding": "gzip"}, stream=True, timeout=60)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()) == first.content
    for refused in ("gzip;q=0", "br, gzip; Q=0.0", "identity"):
        plain = requests.get(url, headers=HTML | {"Accept-Encoding": refused}, timeout=60)
        assert "Content-Encoding" not in plain.headers and plain.content == first.content
    plain = requests.get(url, headers=HTML | {"Accept-Encoding": "identity"}, timeout=60)
    assert "Content-Encoding" not in plain.headers and plain.content == first.content
    publish(owner, "v1.1.0")
    changed = fetch(url, headers=condition)
    assert changed.status_code == 200 and "v1.1.0" in changed.text


def test_a_module_is_shown_with_what_is_known_of_it(owner: Owner) -> None:
    path = path_of(owner)
    go_mod = (
        f"module {path}\n\ngo 1.22\n\nrequire (\n\t{path}/here v0.9.0\n"
        "\texample.com/elsewhere v1.2.3 // indirect\n)\n"
    )
    owner.publish(zip_of(path, "v1.0.0", go_mod), zip_of(f"{path}/here", "v1.0.0"))
    GoRelease.objects.filter(repository=owner.repository).update(
        published_by="alice",
        published_from="192.0.2.7",
        origin={"VCS": "git", "URL": "https://git.example/m", "Hash": "abcdef0123456789"},
    )
    unit = GoModule.objects.get(module=path)
    for url in (f"{owner.packages_url}/{path}", f"{owner.content_url}/{path}@v1.0.0"):
        page = read(url)
        for said in ("v1.0.0", "latest", "alice", unit.h1, unit.go_mod_h1, "LICENSE", "1.22"):
            assert said in page.text, said
        assert f"go get {path}@v1.0.0" in page.text
        assert (
            f"GOPROXY=http://127.0.0.1/api/packages/{owner.distribution.base_path}/go" in page.text
        )
        assert f"GONOSUMDB={path}" in page.text
        assert "https://git.example/m" in page.links()
        # Where somebody was when publishing is for the administrator.
        assert "192.0.2.7" not in page.text
        mod = next(link for link in page.links() if link.endswith(".mod"))
        assert get(f"{owner.url}{mod}").text == go_mod
    required = read(f"{owner.packages_url}/{path}/@requirements")
    assert "example.com/elsewhere" in required.text and "v1.2.3" in required.text
    assert any(link.endswith(f"/{path}/here") for link in required.links())
    assert not any("elsewhere" in link for link in required.links())
    assert "LICENSE" in read(f"{owner.packages_url}/{path}/@licenses").text
    # Every link of ours leads to something.
    for link in {*page.links(), *required.links()}:
        if link.startswith("/"):
            assert fetch(f"{owner.url}{link}").status_code == 200, link


def test_a_module_that_go_get_refuses_is_not_offered_to_it(owner: Owner) -> None:
    path = path_of(owner)
    owner.publish(zip_of(path, "v1.0.0"), zip_of(f"{path}/v2", "v2.0.0", f"module {path}\n"))
    owner.publish(zip_of(path, "v1.1.0", f"module {path}/{'x' * 5000}\n"))
    assert f"go get {path}@v1.0.0" in read(f"{owner.packages_url}/{path}@v1.0.0").text
    page = read(f"{owner.packages_url}/{path}/v2")
    assert "declares another path" in page.text and "replace" in page.text
    assert f"go get {path}" not in page.text
    assert "x" * 500 not in read(f"{owner.packages_url}/{path}@v1.1.0").text


def test_what_speaks_against_a_version_is_said(owner: Owner) -> None:
    path = path_of(owner)
    newest = f"// Deprecated: use another.\nmodule {path}\n\nretract v1.1.0 // it was wrong\n"
    others = [zip_of(path, f"v1.{minor}.0") for minor in range(4)]
    owner.publish(*others, zip_of(path, "v1.4.0", newest))
    block(owner, path, "v1.3.0")
    rule = {"module": path, "versions": "v1.2.0", "reason": "it steals", "since": "2026-01-02"}
    obey(owner, deny=[rule])
    url = f"{owner.packages_url}/{path}"
    page = read(f"{url}/@versions")
    told = {row.split()[0]: row for row in page.rows}
    assert "latest" in told["v1.4.0"]
    assert "v1.3.0" not in page.text
    assert "held back" in told["v1.2.0"] and "it steals" in told["v1.2.0"]
    assert "retracted" in told["v1.1.0"] and "it was wrong" in told["v1.1.0"]
    assert not any(word in told["v1.0.0"] for word in ("latest", "held back", "retracted"))
    assert "use another" in page.text
    assert "This version is retracted: it was wrong" in read(f"{url}@v1.1.0").text
    stopped = read(f"{url}@v1.2.0").text
    assert "This version is held back" in stopped and "it steals" in stopped
    assert "no" in read(f"{url}@v1.3.0", 404).text
    assert "deprecated" in read(f"{owner.packages_url}/").text


def test_what_is_the_latest_is_what_the_go_command_is_told(owner: Owner) -> None:
    names = ("releases", "pre", "retracted", "held", "blocked")
    paths = {name: path_of(owner, name) for name in names}
    wrong = "module {}\n\nretract v1.9.0 // wrong\n"
    zips = [zip_of(paths["releases"], f"v1.{minor}.0") for minor in range(12)]
    zips += [zip_of(paths["pre"], "v1.0.0")]
    zips += [zip_of(paths["pre"], f"v1.1.0-rc.{number}") for number in range(12)]
    zips += [zip_of(paths["retracted"], f"v1.{minor}.0") for minor in range(9)]
    zips += [zip_of(paths["retracted"], "v1.9.0", wrong.format(paths["retracted"]))]
    zips += [zip_of(paths[name], f"v1.{minor}.0") for name in names[3:] for minor in range(3)]
    owner.publish(*zips)
    block(owner, paths["blocked"], "v1.2.0")
    rule = {"module": paths["held"], "versions": ">=v1.1.0", "reason": "no", "since": "2026-01-02"}
    obey(owner, deny=[rule])
    front = read(f"{owner.packages_url}/").text
    listed = front[front.index("All modules") :]
    for path in paths.values():
        latest = get(f"{owner.packages_url}/{path}/@latest").json()["Version"]
        assert re.search(rf"{re.escape(path)}\s*{re.escape(latest)}\s", listed), (path, listed)
        assert f"go get {path}@{latest}" in read(f"{owner.packages_url}/{path}").text


def test_modules_are_listed_in_pages_that_join(owner: Owner) -> None:
    publish(owner, "v1.0.0")
    connection.ensure_connection()
    fill(connection.connection, owner.repository.name, 200, each=2)
    wait_until_seen()
    found: list[str] = []
    url = f"{owner.packages_url}/"
    while url:
        page = read(url)
        following = next((each for _, each in page.tags if each.get("rel") == "next"), None)
        listed = [link.rpartition("/go/")[2] for link in page.links()]
        found += [
            each for each in listed if re.fullmatch("[^?/]+/[^?]+", each) and each not in found
        ]
        url = urljoin(url, following["href"] or "") if following else ""
    names = sorted(f"filled.example.com/{owner.repository.name}/g{n}" for n in range(100))
    assert sorted(found) == [path_of(owner), *names]
    # A directory that is no module shows what is below it.
    below = read(f"{owner.packages_url}/filled.example.com/{owner.repository.name}")
    assert any(link.endswith("/g10") for link in below.links())
    assert not any(link.endswith("/m") for link in below.links())
    assert read(f"{owner.packages_url}/filled.example.com/nothing", 404).text


def test_only_so_many_searches_of_one_client_wait(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, goes_on = lists.search_view, threading.Event()

    async def held(*args: Any) -> Any:
        await asyncio.to_thread(goes_on.wait, 60)
        return await search(*args)

    monkeypatch.setattr(lists, "search_view", held)

    def send(number: int, client: str = "192.0.2.1") -> requests.Response:
        headers = HTML | {"X-Forwarded-For": client}
        url = f"{owner.packages_url}/search"
        return requests.get(url, params={"q": f"any{number}"}, headers=headers, timeout=60)

    with ThreadPoolExecutor(20) as pool:
        # One is made, ten wait.
        sent = [pool.submit(send, number) for number in range(12)]
        refused = next(as_completed(sent)).result()
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
        assert fetch(f"{owner.packages_url}/").status_code == 200
        monkeypatch.undo()
        assert send(99, "192.0.2.2").status_code == 200
        goes_on.set()
        assert sorted(each.result().status_code for each in sent) == [200] * 11 + [503]


@pytest.mark.parametrize(
    "text", ["'" * 1000, "\\" * 1001, "a'" * 750, "\U0001f600" * 600, "&|!:*()<->"]
)
def test_whatever_is_searched_for_is_a_search(owner: Owner, text: str) -> None:
    owner.publish(zip_of(path_of(owner), "v1.0.0"))
    for begin in ("", "x", "xy"):
        answer = get(f"{owner.packages_url}/search", params={"q": begin + text}, headers=HTML)
        assert answer.status_code == 200 and "No module has" in answer.text


def test_a_search_finds_words_of_paths(owner: Owner) -> None:
    for name in ("Widget", "gadget", "widget-parts"):
        publish(owner, "v1.0.0", name=name)
    url = f"{owner.packages_url}/search"

    def found(text: str, **query: str) -> list[str]:
        answer = fetch(url, params={"q": text, **query})
        assert answer.status_code == 200
        return re.findall(rf'href="\./{path_of(owner, "")}([^"]+)"', answer.text)

    assert found("WIDGET") == ["Widget", "widget-parts"]
    assert found("parts widget") == ["widget-parts"]
    assert found("get") == ["Widget", "gadget", "widget-parts"]
    assert found("nothing-like-it") == found("") == found("%") == found("_") == []
    assert found("widget", part="1") == ["Widget", "widget-parts"]
    part = fetch(url, params={"q": "widget", "part": "1"})
    assert "<html" not in part.text and part.headers["Content-Security-Policy"]
    for text in (EVIL, "\0", "\ud800", "a" * 5000, "' OR 1=1 --", "%ff"):
        query = "q=" + "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
        page = read(f"{url}?{query}")
        assert not any(tag == "img" for tag, _ in page.tags)


def test_many_who_come_together_are_all_shown_their_pages(owner: Owner) -> None:
    paths = [publish(owner, "v1.0.0", name=f"together{number}") for number in range(8)]
    below = [f"?after={path}" for path in paths]
    below += [f"search?q=together{number}" for number in range(8)]
    below += [*paths, *(f"{path}/@versions" for path in paths), *(["search?q=m"] * 4)]
    with ThreadPoolExecutor(len(below)) as threads:
        pages = list(threads.map(lambda each: read(f"{owner.packages_url}/{each}"), below))
    for number, path in enumerate(paths):
        assert [each for each in pages[number].text.split() if each in paths] == paths[number + 1 :]
        assert path in pages[8 + number].text and path in pages[16 + number].text


def test_two_versions_are_compared(owner: Owner) -> None:
    path = path_of(owner)
    old = f"module {path}\n\ngo 1.20\n\nrequire (\n\ta.example/x v1.0.0\n\ta.example/y v1.5.0\n)\n"
    new = f"module {path}\n\ngo 1.22\n\nrequire (\n\ta.example/x v1.1.0\n\ta.example/z v1.0.0\n)\n"
    owner.publish(zip_of(path, "v1.0.0", old), zip_of(path, "v1.1.0", new))
    url = f"{owner.packages_url}/{path}/@compare"
    by_form = fetch(url, params={"old": "v1.0.0", "new": "v1.1.0"})
    assert by_form.status_code == 302
    page = read(urljoin(by_form.url, by_form.headers["Location"]))
    for row in (
        "a.example/x upgraded v1.0.0 v1.1.0",
        "a.example/y removed v1.5.0 –",
        "a.example/z added – v1.0.0",
    ):
        assert row in " ".join(page.text.split()), row
    assert "1.20 → 1.22" in page.text
    assert "downgraded" in read(f"{url}/v1.1.0...v1.0.0").text
    assert "Both require the same" in read(f"{url}/v1.0.0...v1.0.0").text
    for wrong in ("v1.0.0...v9.9.9", "v1.0.0", "v1.0.0...", "x", "<b>...<i>"):
        read(f"{url}/{wrong}", 404)
    for wrong, said in (
        ("v1.0.0...v9.9.9", f"{path} has no version v9.9.9 here"),
        ("v8.0.0...v1.0.0", f"{path} has no version v8.0.0 here"),
        ("v8.0.0...v9.0.0", f"{path} has no version v8.0.0 or v9.0.0 here"),
    ):
        assert said in read(f"{url}/{wrong}", 404).text
    nowhere = f"{owner.packages_url}/{path}/nowhere/@compare/v1.0.0...v1.1.0"
    assert f"There is no {path}/nowhere here" in read(nowhere, 404).text


def test_nothing_of_others_is_more_than_text(owner: Owner) -> None:
    path = path_of(owner)
    go_mod = f"// Deprecated: {EVIL}\nmodule {path}\n\nretract v1.0.0 // {EVIL}\n"
    owner.publish(zip_of(path, "v1.0.0"), zip_of(path, "v1.1.0", go_mod, EVIL * 20))
    GoRelease.objects.filter(repository=owner.repository).update(
        published_by=EVIL, origin={"URL": "javascript:evil()//https://x.example", "Hash": EVIL}
    )
    rule = {"module": path, "versions": "v1.0.0", "reason": EVIL, "since": "2026-01-02"}
    obey(owner, deny=[rule])
    for below in (
        "",
        "@v1.0.0",
        "@v1.1.0",
        "/@versions",
        "@v1.0.0/@requirements",
        "@v1.0.0/@licenses",
    ):
        page = read(f"{owner.packages_url}/{path}{below}")
        assert "evil()" in page.text
        assert not any("javascript" in link for link in page.links())
    for below in (
        "%3Cscript%3E",
        "example.com/%22%3E%3Cscript%3E",
        f"{path}@%3Cimg%3E",
        "%00",
        "%ff",
        "a" * 3000,
    ):
        answer = fetch(f"{owner.packages_url}/{below}")
        assert answer.status_code == 404
        if answer.headers["Content-Type"].startswith("text/html"):
            Page(answer.text)
            assert "<img" not in answer.text and answer.text.count("<script") == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "//x.example",
        "file:///etc/passwd",
        "https://u:p@x.example/",
        'https://x.example/"><b>',
        7,
        None,
    ],
)
def test_a_source_that_is_no_web_page_is_no_link(owner: Owner, url: Any) -> None:
    path = publish(owner, "v1.0.0")
    GoRelease.objects.filter(repository=owner.repository).update(origin={"URL": url})
    page = read(f"{owner.packages_url}/{path}")
    assert all(link.startswith("/") or link == "#content" for link in page.links())


def test_no_page_is_heavy_whatever_a_module_has(owner: Owner) -> None:
    path = path_of(owner)
    required = "".join(f"\tlong.example/{'x' * 60}/{n} v1.{n}.0\n" for n in range(1500))
    go_mod = f"// Deprecated: {'w ' * 20000}\nmodule {path}\n\nrequire (\n{required})\n"
    go_mod += "".join(f"retract v0.{n}.0 // {'r' * 300}\n" for n in range(1000))
    owner.publish(zip_of(path, "v1.0.0", go_mod), *(zip_of(path, f"v0.{n}.0") for n in range(150)))
    for below in ("", "/@versions", "/@versions?before=v0.60.0", "/@requirements", "/@licenses"):
        page = read(f"{owner.packages_url}/{path}{below}")
    assert "v0.149.0" in read(f"{owner.packages_url}/{path}/@versions").text
    older = read(f"{owner.packages_url}/{path}/@versions?before=v0.60.0")
    assert older.rows[0].startswith("v0.59.0") and "v0.61.0" not in " ".join(older.rows)
    page = read(f"{owner.packages_url}/{path}@v0.1.0/@compare/v0.1.0...v1.0.0", 404)
    page = read(f"{owner.packages_url}/{path}/@compare/v0.1.0...v1.0.0")
    assert "more requirements have changed" in page.text


def test_a_guarded_distribution_shows_nothing_before_it_knows_who_asks(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    guarded = Guarded(owner)
    reader, stranger = Reader(), Reader()
    assign_role(READER, reader.user, guarded.guard)
    for url in (owner.packages_url, owner.content_url):
        for below in ("/", f"/{path}", f"/{path}/@versions", "/search?q=m", "/nothing.example/m"):
            for headers, status in (({}, 401), (stranger.headers, 403)):
                refused = fetch(f"{url}{below}", headers=headers)
                assert refused.status_code == status
                assert ("WWW-Authenticate" in refused.headers) == (status == 401)
                assert "private" in refused.headers["Cache-Control"]
                assert path not in refused.text and "v1.0.0" not in refused.text
            shown = fetch(f"{url}{below}", headers=reader.headers)
            assert shown.status_code == (404 if "nothing" in below else 200)
            assert shown.headers["Cache-Control"] == "private, no-cache"
            assert shown.headers["X-Robots-Tag"] == "noindex"
            assert '<meta name="robots" content="noindex">' in shown.text
            # Lengths would tell what is on a page beside what somebody has it show.
            assert "Content-Encoding" not in shown.headers
            # Whoever has seen it lets nobody else in.
            assert fetch(f"{url}{below}").status_code == 401


def test_a_page_says_how_one_gets_in_and_programs_are_told_in_one_line(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    guarded = Guarded(owner)
    reader, stranger = Reader(), Reader()
    assign_role(READER, reader.user, guarded.guard)
    said = {401: "how to get a token", 403: "not for these credentials"}
    links: set[str] = set()
    for url in (owner.packages_url, owner.content_url, f"{owner.packages_url}/hold/7d"):
        for below in ("", "/", f"/{path}", f"/{path}/@v/list", f"/{path}/@v/v1.0.0.zip", "/index"):
            if below == "" and url.endswith("/go"):
                continue
            for headers, status in (({}, 401), (stranger.headers, 403)):
                plain = get(f"{url}{below}", headers=headers)
                page = read(f"{url}{below}", status, headers=headers)
                assert said[status] in page.text.lower() and owner.repository.name in page.text
                assert path not in page.text and "v1.0.0" not in page.text
                for tag, each in page.tags:
                    link = each.get("href") if tag == "link" else each.get("src")
                    if link:
                        links.add(urljoin(f"{url}{below}", link))
                # Whoever has seen a page changes nothing for programs, nor the other way round.
                again = get(f"{url}{below}", headers=headers)
                assert (again.status_code, again.content) == (status, plain.content)
                assert again.headers.items() ^ plain.headers.items() <= {
                    *(("Date", each.headers["Date"]) for each in (again, plain))
                }
                assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
                assert len(plain.text.splitlines()) == 1 and "html" not in plain.text
            assert fetch(f"{url}{below}", headers=reader.headers).status_code in (200, 302)
    assert links
    for link in links:
        assert get(link).status_code == 200


def test_a_name_that_nobody_has_is_a_page_too(owner: Owner) -> None:
    url = f"{owner.url}/api/packages/{EVIL.replace('/', '')}/go/example.com/m"
    page = read(url, 404)
    assert "No Go modules are served for" in page.text and "evil()" in page.text
    style = next(each["href"] for tag, each in page.tags if each.get("rel") == "stylesheet")
    assert get(urljoin(url, style)).headers["Content-Type"].startswith("text/css")
    assert get(url).headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_stylesheet_and_the_script_may_be_kept_for_long(owner: Owner) -> None:
    for url in (owner.packages_url, owner.content_url, f"{owner.packages_url}/hold/7d"):
        page = read(f"{url}/")
        loaded = [
            each.get("src") or each.get("href")
            for tag, each in page.tags
            if tag in ("link", "script")
        ]
        assert len(loaded) == 3
        for each in loaded:
            answer = get(urljoin(f"{url}/", each), headers={"Accept": "*/*"})
            assert answer.status_code == 200 and answer.content
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Type"].partition(";")[0] in (
                "text/css",
                "text/javascript",
                "image/svg+xml",
            )
        assert get(f"{url}/@assets/style-0.css").status_code == 404
        assert get(f"{url}/@assets/../serve.py").status_code == 404


def test_what_is_not_held_is_not_fetched_for_a_page(content_url: str, upstream: Upstream) -> None:
    mirror = Mirror.create(content_url, upstream)
    path = f"example.com/{mirror.owner.repository.name}/m"
    upstream.add(path, "v1.0.0")
    url = mirror.owner.packages_url
    before = len(upstream.asked)
    read(f"{url}/{path}", 404)
    assert path not in read(f"{url}/").text
    assert len(upstream.asked) == before


def test_a_distribution_without_a_repository_says_so(owner: Owner) -> None:
    with transaction.atomic():
        owner.distribution.repository = None
        owner.distribution.save()
    assert "serves no repository" in read(f"{owner.packages_url}/", 404).text


def test_paths_that_have_another_spelling_lead_there(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    for below, leads in (
        (f"{path}/", path),
        (f"{path}@latest", path),
        (f"{path}@latest/@versions", f"{path}/@versions"),
    ):
        answer = fetch(f"{owner.packages_url}/{below}")
        assert answer.status_code == 302
        there = urljoin(answer.url, answer.headers["Location"])
        assert there == f"{owner.packages_url}/{leads}"
    assert json.dumps(answer.text) == '""'
    # Whoever leaves out the slash behind the root would be led astray by each link.
    answer = fetch(owner.content_url)
    assert (answer.status_code, urljoin(answer.url, answer.headers["Location"])) == (
        302,
        f"{owner.content_url}/",
    )


def test_links_stay_below_what_a_request_puts_before_the_path(owner: Owner) -> None:
    path = publish(owner, "v1.0.0")
    for root in (f"{owner.packages_url}/hold/14d", f"{owner.content_url}/hold/14d"):
        for below in ("", path, f"{path}/@versions"):
            page = read(f"{root}/{below}")
            inner = [link for link in page.links() if link.startswith("/")]
            assert inner and all(f"{owner.url}{link}/".startswith(f"{root}/") for link in inner)
        there = f"http://127.0.0.1/api/packages/{owner.distribution.base_path}/go/hold/14d"
        assert f"GOPROXY={there}" in page.text
