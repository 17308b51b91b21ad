"""
Whatever strangers write, what is made of it is safe, and nothing breaks.

Seeded, so that a finding can be had again. By hand, for long: GOMOD_HOSTILE=40000 (so many inputs of each kind).
"""

import json
import os
import random
import re
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest

from pulp_gomod.documenter import licences, readme
from pulp_gomod.documenter.module import document_module
from pulp_gomod.golang import GoError, doc, modfile
from pulp_gomod.golang.modfile import summary
from pulp_gomod.golang.zip import texts
from tests.gomods import pack

COUNT = int(os.environ.get("GOMOD_HOSTILE", "120"))
EVIL = (
    *(
        "<script>evil()</script>",
        "<img src=x onerror=evil()>",
        "[a](javascript:evil())",
        "](http://",
    ),
    *(
        "<a href='jAvAsCrIpT:evil()'>x</a>",
        "<svg/onload=evil()>",
        "<iframe src=//e>",
        "<!--",
        "-->",
    ),
    *("<![CDATA[", "<?php", "<math><mtext></p><style>", "<style>*{}</style>", "<base href=//e>"),
    *(
        "<form action=//e>",
        "<details open ontoggle=evil()>",
        "\0",
        "\ud800",
        "\u202e",
        "&#106;avascript:",
    ),
    *("<h1 id=readme-x onclick=evil()>", "<table><tr><td background=x>", "[x]: javascript:evil()"),
    *(
        "<a\nhref\n=\n'vbscript:x'>",
        "<p style=x>",
        "<plaintext>",
        "<select><template><style>",
        "<xmp>",
    ),
    '<noscript><p title="</noscript><img src=x onerror=evil()>">',
)
MARKDOWN = (
    *(
        "# ",
        "## ",
        "- ",
        "1. ",
        "> ",
        "```",
        "~~~",
        "    ",
        "\t",
        "*",
        "_",
        "**",
        "`",
        "[",
        "]",
        "(",
        ")",
    ),
    *(
        "![",
        "](",
        "|",
        "|-|\n",
        "\n",
        "\n\n",
        "---",
        "<div>",
        "</div>",
        "<br>",
        "https://ok.example/a?b=c&d",
    ),
    *(
        "\\",
        "&amp;",
        "~~",
        "word ",
        "é",
        "<kbd>",
        "</",
        "<a ",
        "x@y.z",
        "./a/b.go",
        "../x",
        "#frag",
        "//h/p",
    ),
)
GO = (
    *(
        "package x\n",
        "// Package x is.\n",
        "/* c */",
        "func F",
        "(",
        "){",
        "}",
        "{",
        "type T",
        "struct",
        "[",
    ),
    *(
        "interface",
        "]",
        "const",
        "var",
        "=",
        "\n",
        ";",
        "iota",
        "// Deprecated: no.\n",
        "func (t *T[K, V]) M",
    ),
    *(
        "[T any]",
        "`",
        '"',
        "'",
        "...",
        'import "C"\n',
        "//go:build linux\n",
        "// [fmt.Println]\n",
        "*/",
    ),
    *(
        "// # Head\n",
        "//   - item\n",
        "//\tcode\n",
        "func ExampleF() {\n// Output:\n// x\n}\n",
        "A",
        "a",
    ),
)
GO_MOD = (
    *(
        "module example.com/x\n",
        "require (",
        "\n",
        ")",
        "require a.b/c v1.0.0 // indirect\n",
        "retract (",
        "//",
    ),
    *(
        "// Deprecated: <script>evil()</script>\n",
        "retract [v1.0.0, v2.0.0] // <b>\n",
        "go 1.21\n",
        '"',
        "`",
    ),
    *(
        "replace a.b => ../x\n",
        "exclude a.b v1\n",
        "ignore ./x\n",
        "\\",
        "\0",
        "=>",
        "[",
        "]",
        ",",
        "é",
    ),
)
LICENCES = (
    *(
        "MIT License",
        "Permission is hereby granted",
        "Apache License Version 2.0",
        "BSD",
        "\n",
        "(",
    ),
    *("SPDX-License-Identifier: ", "MIT OR ", "AND ", "<script>", "\0", "Copyright (c) ", " " * 50),
)
_EMPTY = frozenset({"br", "hr"})
_LINK = re.compile(r"(?i)https?://|mailto:|ftp://|#|source:|pkg:")
_ATTRIBUTES = frozenset({"href", "rel", "id", "align", "start", "value", "title", "lang"})


class Checked(HTMLParser):
    """HTML that has nothing but what it may have, each element closed."""

    def __init__(self, html: str, tags: frozenset[str]) -> None:
        super().__init__()
        self._tags = tags
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self._tags
        for name, value in attrs:
            assert name in _ATTRIBUTES
            assert name != "href" or _LINK.match(value or "")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = handle_comment


def texts_of(parts: tuple[str, ...], seed: str) -> list[str]:
    """Make texts of parts, some of them the same again and again, some with anything between."""
    chosen = random.Random(seed)
    found = []
    for number in range(COUNT):
        some = [chosen.choice(parts + EVIL) for _ in range(chosen.randint(1, 60))]
        if number % 4 == 0:
            some = some[: chosen.randint(1, 3)] * chosen.randint(1, 2000)
        elif number % 4 == 1:
            some += map(chr, (chosen.randint(0, 0x10FFFF) for _ in range(5)))
            chosen.shuffle(some)
        found.append("".join(some)[:60_000])
    return found


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def test_a_readme_is_safe() -> None:
    for text in texts_of(MARKDOWN, "readme"):
        html = readme.to_html("README.md", texts.decode(encoded(text)))
        Checked(html, readme._TAGS)


def test_a_comment_is_safe() -> None:
    tags = frozenset({"p", "h4", "pre", "ul", "ol", "li", "a"})
    for text in texts_of((*MARKDOWN, "[T.M]", "[fmt.Println]", "[x]: http://y", "  - "), "comment"):
        parsed = doc.parse(text)
        Checked(doc.to_html(parsed), tags)
        assert isinstance(doc.to_markdown(parsed) + doc.to_text(parsed, "", "\t", 80), str)
        assert "\n" not in doc.synopsis(text)


def test_a_go_mod_is_read_or_refused() -> None:
    for text in texts_of(GO_MOD, "go.mod"):
        for read in (modfile.parse_lax, summary.summarize):
            try:
                found = read(encoded(text))
            except GoError:
                continue
            assert found is not None


def test_a_licence_has_names_or_none() -> None:
    for text in texts_of(LICENCES, "licence"):
        assert all(re.fullmatch(r"[\w.+-]+", name) for name in licences.find(text))


@pytest.mark.parametrize("name", ["x.go", "a/x_test.go", "b/README.md", "LICENSE", "go.mod"])
def test_a_module_is_documented(name: str) -> None:
    parts = {"README.md": MARKDOWN, "LICENSE": LICENCES, "go.mod": GO_MOD}
    path, version = "example.com/m", "v1.0.0"
    for text in texts_of(parts.get(name.rpartition("/")[2], GO), name):
        files = {"m.go": b"package m\n", "a/a.go": b"package a\n", "b/b.go": b"package b\n"}
        zip_file = pack(f"{path}@{version}/", list((files | {name: encoded(text)}).items()))
        found = list(document_module(BytesIO(zip_file), path, version, 1e9))
        assert json.dumps(found) and "module" in found[0] and "end" in found[-1]
        for html in _html_in(found):
            Checked(html, readme._TAGS)


def _html_in(found: Any) -> list[str]:
    """Return all HTML in what is said of a module."""
    if isinstance(found, list):
        return [html for each in found for html in _html_in(each)]
    if not isinstance(found, dict):
        return []
    own = [value for key, value in found.items() if key in ("html", "readme_html")]
    return own + [html for value in found.values() for html in _html_in(value)]
