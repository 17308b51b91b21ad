"""Doc comments, held to the standard library's own test data (go/doc/comment/testdata)."""

import re
from typing import Any

import pytest

from pulp_gomod.golang import doc
from pulp_gomod.golang.doc.wrap import wrap
from tests.unit.golang.vectors import load

CASES = load("doc_comments")


def _linked() -> doc.Linked:
    """Know what the test of Go knows."""
    known = {("Parser", "Parse"), ("", "Doc"), ("", "NoURL")}
    return doc.Linked(
        lambda name: "go/doc/comment" if name == "comment" else None,
        lambda receiver, name: (receiver, name) in known,
    )


def _as_go(html: str) -> str:
    """Take out what only ours has: ends of elements, and what it says of links."""
    html = html.replace("</p>", "").replace("</li>\n", "").replace(' rel="nofollow"', "")
    return html.replace("&#x27;", "&apos;")


def _urls(text: str, printer: dict[str, Any]) -> str:
    """Put the place of packages that a case names where ours has its own."""
    base = printer.get("DocLinkBaseURL", "")
    if base.endswith("/"):
        text = re.sub(rf"{doc.PACKAGE}([^#\")]+)", rf"{doc.PACKAGE}\1/", text)
        base = base[:-1]
    return text.replace(doc.PACKAGE, f"{base}/")


def _shown(case: dict[str, Any], kind: str) -> str:
    parsed, printer = doc.parse(case["input"], _linked()), case["printer"]
    match kind:
        case "text":
            prefix = printer.get("TextPrefix", "")
            code = printer.get("TextCodePrefix") or f"{prefix}\t"
            return doc.to_text(parsed, prefix, code, printer.get("TextWidth", 0))
        case "html":
            return _as_go(_urls(doc.to_html(parsed, printer.get("HeadingLevel", 3)), printer))
        case _:
            level = printer.get("HeadingLevel", 3)
            return _urls(doc.to_markdown(parsed, level), printer)


# Numbers of items are cut where no browser could show them.
_OTHERWISE = {("list5.txt", "html")}


@pytest.mark.parametrize("kind", ["text", "html", "markdown"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_comments_are_shown_as_go_shows_them(case: dict[str, Any], kind: str) -> None:
    if kind not in case or (case["name"], kind) in _OTHERWISE:
        pytest.skip("Go's test data says nothing of it")
    assert _shown(case, kind).rstrip("\n") == case[kind].rstrip("\n")


def test_enough_of_gos_cases_are_there() -> None:
    assert len(CASES) > 50 and sum("html" in case for case in CASES) > 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("foo", "foo"),
        ("foo.", "foo."),
        ("foo.bar", "foo.bar"),
        ("  foo.  ", "foo."),
        ("  foo\t  bar.\n", "foo bar."),
        ("a  b\n\nc\r\rd\t\t", "a b"),
        ("a  b\n\nc\r\rd\t\t  . BLA", "a b"),
        ("Package poems by T.S.Eliot. To rhyme...", "Package poems by T.S.Eliot."),
        ("Package poems by T. S. Eliot. To rhyme...", "Package poems by T. S. Eliot."),
        ("foo implements the foo ABI. The foo ABI is...", "foo implements the foo ABI."),
        ("Package\nfoo. ..", "Package foo."),
        ("P . Q.", "P ."),
        ("P. Q.   ", "P. Q."),
        ("Package Καλημέρα κόσμε.", "Package Καλημέρα κόσμε."),
        ("Package こんにちは 世界\n", "Package こんにちは 世界"),
        ("Package こんにちは。世界", "Package こんにちは。"),
        ("Package 안녕．世界", "Package 안녕．"),
        ("Package foo does bar.", "Package foo does bar."),
        ("Copyright 2012 Google, Inc. Package foo does bar.", ""),
        ("All Rights reserved. Package foo does bar.", ""),
        ("Authors: foo@bar.com. Package foo does bar.", ""),
        ("typically invoked as ``go tool asm'',", "typically invoked as “go tool asm”,"),
    ],
)
def test_the_synopsis_is_that_of_go(text: str, expected: str) -> None:
    assert doc.synopsis(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x]: javascript:alert(1)\n\n[x]",
        "[x]: javascript://%0aalert(1)\n\nSee [x].",
        '[x]: https://a/"onmouseover="alert(1)\n\nSee [x].',
        "# <img src=x onerror=alert(1)>",
        " 1. <b>\n 2. </li><script>",
        "\t<script>",
        'https://example.com/"><script>',
        '[encoding/json"><script>.X]',
    ],
)
def test_nothing_of_a_comment_gets_out_of_its_text(text: str) -> None:
    html = doc.to_html(doc.parse(text))
    tags = re.findall(r"<([^>]*)>", html)
    harmless = r'/?(?:p|h4|pre|ol|ul|li|a)|h4 id="[\w-]*"|li value="\d+"|a href="[^"<>]*"(?: rel="nofollow")?'
    assert [tag for tag in tags if not re.fullmatch(harmless, tag)] == []
    assert "javascript:" not in "".join(re.findall('href="[^"]*"', html))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "[]" * 100_000,
        "``" * 100_000,
        "https://" * 50_000,
        "http://a" + "(" * 200_000,
        " - x\n" * 50_000,
        "a\n\n" * 50_000,
        "x " * 100_000,
        ("{\n\tx\n") * 30_000,
        "[a]: http://x\n" * 20_000,
        "a/" * 100_000,
        "[" + "a/" * 100_000 + "]",
    ],
    ids=lambda text: text[:6].replace("\n", " "),
)
def test_no_comment_takes_more_than_its_length(text: str) -> None:
    # Of a comment twice as long, it would be twice as much: else this would not end.
    parsed = doc.parse(text)
    assert doc.to_html(parsed) is not None and doc.to_markdown(parsed) is not None


def test_lines_are_broken_where_least_is_left() -> None:
    words = ["a", "bb", "ccc", "dddd", "eeeee.", "ff", "g"]
    starts = wrap(words, 10)
    lines = [" ".join(words[a:b]) for a, b in zip(starts, starts[1:], strict=False)]
    assert all(len(line) <= 10 for line in lines) and " ".join(lines) == " ".join(words)


def test_brackets_in_urls_nest_only_so_deep() -> None:
    def url(text: str) -> str:
        (paragraph,) = doc.parse(text).content
        assert isinstance(paragraph, doc.Paragraph) and isinstance(paragraph.text[0], doc.Link)
        return paragraph.text[0].url

    deep = "http://a/" + "(" * 32 + ")" * 32
    assert url(f"{deep}x y") == f"{deep}x"
    # Each of them would be read to the end, and the next one again.
    assert url("http://a/" + "(" * 33 + ")" * 33) == "http://a/"
    (paragraph,) = doc.parse("http://a(" * 20_000).content
    assert isinstance(paragraph, doc.Paragraph) and len(paragraph.text) == 40_000
