"""Reading pages as a browser does, and holding them to what all of them promise."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
#: Bytes of a page, without a README or documentation.
MOST = 60 * 1024
_EMPTY = frozenset({"meta", "link", "input", "wbr", "br", "hr", "img"})
# What makes a browser load or run something.
_LOADING = frozenset(
    {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "svg"}
)


class Page(HTMLParser):
    """
    A page, parsed.

    Attributes:
        tags: Its start tags with their attributes.
        text: All text in it.
        headings: The levels of its headings, in order.
        rows: The text of each row of its tables, but for their heads.
    """

    def __init__(self, html: str, url: str = "") -> None:
        super().__init__()
        self._url = url
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.headings: list[int] = []
        self.rows: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag == "tr" and "tbody" in self._open:
            self.rows.append("")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" and "p" not in self._open:
            raise AssertionError("a paragraph is closed that was not open")
        while self._open and self._open.pop() != tag:
            raise AssertionError(f"{tag} is closed out of order")

    def handle_data(self, data: str) -> None:
        self.text += data
        if "tr" in self._open and "tbody" in self._open:
            self.rows[-1] = " ".join(f"{self.rows[-1]} {data}".split())

    def links(self) -> list[str]:
        """Where its links lead: the path, for those that stay on the same server."""
        links = [each["href"] or "" for tag, each in self.tags if tag == "a" and "href" in each]
        return [self._whole(link) for link in links]

    def _whole(self, link: str) -> str:
        # Those within the page stay as they are.
        return urljoin(urlsplit(self._url).path, link) if link.startswith(".") else link


def fetch(url: str, **kwargs: Any) -> requests.Response:
    """Ask for a page as a browser does, and follow nothing."""
    headers = HTML | kwargs.pop("headers", {})
    return requests.get(url, headers=headers, timeout=60, allow_redirects=False, **kwargs)


def read(url: str, status: int = 200, **kwargs: Any) -> Page:
    """Ask for a page, and hold it to what all pages promise."""
    answer = fetch(url, **kwargs)
    assert answer.status_code == status, (url, answer.status_code, answer.text[:500])
    check_headers(answer)
    page = Page(answer.text, url)
    check(page, url)
    return page


def check_headers(answer: requests.Response) -> None:
    """Hold a page's headers to what keeps everything out that is not its own."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert len(answer.content) < MOST, len(answer.content)


def check(page: Page, url: str) -> None:
    """Nothing of others runs or is loaded, and what assistive technology goes by is there."""
    here = urlsplit(url).netloc
    names = [tag for tag, _ in page.tags]
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        for name in ("src", "href", "action", "formaction", "data", "xlink:href", "srcset"):
            value = attributes.get(name)
            if value is None:
                continue
            whole = urlsplit(urljoin(url, value))
            assert whole.scheme in ("http", "https"), (tag, value)
            # Not even from the root of the server: a proxy may have put something before it.
            assert not value.startswith("/"), (tag, value)
            if tag in _LOADING or tag == "form":
                assert whole.netloc == here, (tag, value)
    assert names.count("script") == 1 and "style" not in names and "iframe" not in names
    for landmark in ("header", "main", "footer", "h1"):
        assert names.count(landmark) == 1, landmark
    assert page.headings[0] == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps), page.headings
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids)), ids
    labelled = {each.get("for") for tag, each in page.tags if tag == "label"}
    fields = [each for tag, each in page.tags if tag in ("input", "select")]
    assert all(each.get("id") in labelled for each in fields)
