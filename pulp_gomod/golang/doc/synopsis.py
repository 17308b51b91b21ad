"""The one sentence that tells what a package is for (go/doc, synopsis.go)."""

import re
from typing import Final

from .comment import Linked, Paragraph, parse
from .render import plain

_ENDS: Final = re.compile(r"[。．]|\.(?=[ \n\r\t])")
_NO_DOCUMENTATION: Final = ("copyright", "all rights", "author")


def synopsis(text: str, linked: Linked | None = None) -> str:
    """
    Return the first sentence of a comment, without markup; "" if it is a copyright notice or the like.

    Args:
        text: The comment, without its markers.
        linked: What names in brackets mean; without it only those of well-known packages mean anything.
    """
    text = _first_sentence(text)
    if text.lower().startswith(_NO_DOCUMENTATION):
        return ""
    doc = parse(text, linked or Linked())
    if not (doc.content and isinstance(doc.content[0], Paragraph)):
        return ""
    return " ".join(plain(doc.content[0].text).split())


def _first_sentence(text: str) -> str:
    """Cut after the first period that a space follows, unless exactly one capital stands before it."""
    for found in _ENDS.finditer(text):
        at = found.start()
        before = text[at - 1 : at]
        if found[0] != "." or not before.isupper() or text[at - 2 : at - 1].isupper():
            return text[: at + 1]
    return text
