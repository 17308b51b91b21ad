"""Pages and what goes with them behind a web server that has them below a path of its own."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.functional.nginx import Site, running
from tests.goproxy_requests import get
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_documentation import run
from tests.inprocess.test_package_pages import path_of, publish
from tests.pages import Page, fetch, read
from tests.unit import django_set_up  # noqa: F401

# As most people write it: the slashes take away what nginx has put before.
_LOCATION = """
location /tools/go/ {{
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_redirect off;
    proxy_pass http://{content}/;
}}
"""


@pytest.fixture(scope="module")
def prefixed(content_url: str, run_dir: Path) -> Iterator[str]:
    """The URL of the content app below a path of nginx."""
    content = urlsplit(content_url).netloc
    directory = Path(tempfile.mkdtemp(prefix="prefix-", dir=run_dir))
    site = Site(of_server=_LOCATION.format(content=content))
    with ExitStack() as stack:
        url = f"{stack.enter_context(running(directory / 'nginx', content, site))}/tools/go"
        stack.enter_context(configured(CONTENT_ORIGIN=url))
        yield url


@pytest.fixture(scope="module")
def owner(prefixed: str) -> Owner:
    made = Owner.create(prefixed)
    publish(made)
    publish(made, "v1.1.0")
    run(made)
    return made


def test_every_link_of_every_page_leads_somewhere(owner: Owner) -> None:
    for root in (owner.packages_url, owner.content_url):
        seen, searches = set[str](), set[str]()
        left = [f"{root}/"]
        while left:
            url = left.pop()
            if url in seen:
                continue
            seen.add(url)
            answer = fetch(url)
            assert answer.status_code in (200, 302), url
            if answer.status_code == 302:
                left.append(urljoin(url, answer.headers["Location"]))
            elif answer.headers["Content-Type"].startswith("text/html"):
                links, forms = _leading_from(answer.text, url)
                left += [each for each in links if each.startswith(root)]
                searches.add(f"{forms[0]}?q=draw")
                assert f"GOPROXY={owner.packages_url}" in answer.text
        for url in searches:
            assert fetch(url).status_code == 200
        below = {each.removeprefix(root).partition("?")[0] for each in seen}
        path = path_of(owner)
        wanted = ("/", f"/{path}", f"/{path}/@versions", f"/{path}@v1.0.0", f"/{path}/@doc")
        assert set(wanted) <= below
        assert {each.partition("-")[0] for each in below if "@assets" in each} == {
            *("/@assets/style", "/@assets/pages", "/@assets/icon")
        }


def _leading_from(html: str, url: str) -> tuple[list[str], list[str]]:
    page = Page(html, url)
    links = [each.get("href") or each.get("src") for tag, each in page.tags if tag != "form"]
    forms = [urljoin(url, each["action"] or "") for tag, each in page.tags if tag == "form"]
    whole = [urljoin(url, link).partition("#")[0] for link in links if link]
    here = urlsplit(url).netloc
    # Whatever is on this server is below the prefix.
    for each in whole + forms:
        assert urlsplit(each).netloc != here or "/tools/go/" in each
    return whole, forms


def test_a_url_without_its_last_slash_leads_below_the_prefix(owner: Owner) -> None:
    answer = fetch(owner.content_url)
    assert answer.status_code == 302
    assert urljoin(owner.content_url, answer.headers["Location"]) == f"{owner.content_url}/"
    compared = f"{owner.packages_url}/{path_of(owner)}/@compare?old=v1.0.0&new=v1.1.0"
    answer = fetch(compared)
    assert read(urljoin(compared, answer.headers["Location"])).headings


def test_the_documentation_api_goes_on_below_the_prefix(owner: Owner) -> None:
    url = f"{owner.packages_url}/v1/versions/{path_of(owner)}?limit=1"
    first = get(url).json()
    second = get(f"{url}&token={first['nextPageToken']}").json()
    versions = [each["version"] for said in (first, second) for each in said["items"]]
    assert versions == ["v1.1.0", "v1.0.0"]
    described = f"{owner.packages_url}/v1/openapi.yaml"
    (server,) = re.findall(r"- url: (\S+)", get(described).text)
    assert get(urljoin(described, f"{server}/module/{path_of(owner)}")).status_code == 200


def test_go_is_sent_below_the_prefix(owner: Owner, tmp_path: Path) -> None:
    asked = get(f"{owner.packages_url}/x?go-get=1", headers={"Host": "go.example.com"})
    assert f" mod {owner.packages_url}" in asked.text
    variables = {
        "GOPROXY": owner.packages_url,
        "GONOSUMDB": "*",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw",
        "GOPATH": str(tmp_path),
    }
    got = subprocess.run(
        ["go", "mod", "download", "-json", f"{path_of(owner)}@latest"],
        env=os.environ | variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert '"Version": "v1.1.0"' in got.stdout, got.stderr
