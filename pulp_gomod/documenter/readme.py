"""
A README as HTML that is safe on a page of ours: no script, no style, no picture, nothing that is loaded from anywhere.

Links lead to other sites, or to headings of the README itself. Those to files beside it begin with `source:`, and the
path of the file in the module: who shows it knows where that is to be seen, if it is.
"""

import posixpath
import re
from functools import partial
from html import escape
from typing import Final
from urllib.parse import quote, unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

MOST_TEXT: Final = 64 << 10
"""Characters of a README that are kept."""

SOURCE: Final = "source:"
"""How links begin to files of the module."""

MOST_HTML: Final = 256 << 10
"""Characters of it as HTML; what becomes longer is shown as the text that it is."""

_PREFIX: Final = "readme-"
# So that the page keeps its own headings above them.
_SHIFT: Final = 2
_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_ATTRIBUTES: Final = {
    "a": {"href"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
# In what was cleaned, where text and values have no such sign.
_HEADING: Final = re.compile(r"(</?h)([1-6])(?=[ >])")
_MARKDOWN: Final = (".md", ".markdown")


def to_html(name: str, text: str) -> str:
    """
    Show a README.

    Args:
        name: Its path in the module: what does not end like Markdown is shown as it is.
    """
    if name.lower().endswith(_MARKDOWN):
        html = _clean(_rendered(text), name.rpartition("/")[0])
        if len(html) <= MOST_HTML:
            return html
    return f"<pre>{escape(text)}</pre>\n"


def _rendered(text: str) -> str:
    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": 20})
    markdown.enable(["table", "strikethrough"])
    tokens = markdown.parse(text)
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _PREFIX + _anchor(tokens[at + 1].content, taken))
        if token.children:
            token.children = [_without_picture(child) for child in token.children]
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return html


def _without_picture(token: Token) -> Token:
    """Put its description in the place of a picture."""
    if token.type != "image":
        return token
    return Token("text", "", 0, content=token.content)


def _anchor(text: str, taken: dict[str, int]) -> str:
    """
    Name a heading as GitHub does, where the links to it were tried.

    Args:
        taken: The names that others have, each with the last number behind it.
    """
    name = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")[:100]
    unique, number = name, taken.get(name, 0)
    while unique in taken:
        number += 1
        unique = f"{name}-{number}"
    taken[name] = number
    taken[unique] = taken.get(unique, 0)
    return unique


def _clean(html: str, directory: str) -> str:
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=partial(_attribute, directory, set()),
        # Only what the filter makes has ours.
        url_schemes={"http", "https", "mailto", SOURCE.rstrip(":")},
        link_rel="nofollow noopener",
        clean_content_tags={"script", "style", "title", "textarea", "svg", "math", "noscript"},
    )
    return _HEADING.sub(_below_ours, cleaned)


def _below_ours(tag: re.Match[str]) -> str:
    """Make of a heading, be it of Markdown or of HTML, one below those of the page."""
    return f"{tag[1]}{min(6, int(tag[2]) + _SHIFT)}"


def _attribute(directory: str, ids: set[str], tag: str, name: str, value: str) -> str | None:
    """
    Say what becomes of an attribute; None if it goes.

    Args:
        directory: Where in the module the README is.
        ids: Those that it has had so far: each is there once.
    """
    if name == "href":
        if value.startswith("#"):
            return f"#{_PREFIX}{value[1:].lower()}"
        if re.match(r"(?i)(?:https?://|mailto:)", value):
            return value
        return _beside(directory, value)
    if name == "id":
        if not value.startswith(_PREFIX) or value in ids:
            return None
        ids.add(value)
    return value


def _beside(directory: str, link: str) -> str | None:
    """Name the file of the module that a link leads to; None if it leads elsewhere."""
    path, _, fragment = link.partition("#")
    path = unquote(path.partition("?")[0])
    if not path or ":" in path or path.startswith("//") or not path.isprintable() or "\\" in path:
        return None
    whole = posixpath.normpath(posixpath.join("/", directory, path)) if path[0] != "/" else path
    if posixpath.normpath(f"{directory}/{path}").startswith("../"):
        return None
    at = f"#{quote(fragment)}" if fragment else ""
    return f"{SOURCE}{quote(posixpath.normpath(whole).lstrip('/'))}{at}"
