"""
Go's documentation comments: what they mean, and how they are shown.

comment -> a comment as a tree of blocks; render -> that as HTML, Markdown or text; wrap -> how lines of text are
broken; synopsis -> the one sentence; constraints -> for which systems a file is

Source of the rules: go/doc, go/doc/comment and go/build of Go's standard library. Pure: it knows no files.
"""

from .comment import Code, Doc, DocLink, Heading, Link, Linked, List, ListItem, Paragraph, parse
from .render import PACKAGE, to_html, to_markdown, to_text
from .synopsis import synopsis

__all__ = [
    "PACKAGE",
    "Code",
    "Doc",
    "DocLink",
    "Heading",
    "Link",
    "Linked",
    "List",
    "ListItem",
    "Paragraph",
    "parse",
    "synopsis",
    "to_html",
    "to_markdown",
    "to_text",
]
