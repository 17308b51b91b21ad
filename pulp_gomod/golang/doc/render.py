"""
A documentation comment as HTML, Markdown or text (go/doc/comment, html.go, markdown.go and text.go).

The HTML is safe as it is: all text is escaped, and a link has a scheme that does no harm, or leads to documentation.
"""

import re
from html import escape
from typing import Final

from .comment import Block, Code, Doc, DocLink, Heading, Link, List, Paragraph, Text
from .wrap import wrap

PACKAGE: Final = "pkg:"
"""What a link to the documentation of another package begins with; its import path, and perhaps `#Name`, follows."""

_SAFE: Final = ("http://", "https://", "mailto://", "ftp://")


def to_html(doc: Doc, level: int = 4) -> str:
    """
    Show a comment as HTML.

    Args:
        doc: The comment.
        level: The level of its headings.
    """
    out: list[str] = []
    for block in doc.content:
        _html_block(out, block, level)
    return "".join(out)


def _html_block(out: list[str], block: Block, level: int) -> None:
    match block:
        case Paragraph(text):
            out += ("<p>", _html_text(text), "</p>\n")
        case Heading(text):
            out.append(f'<h{level} id="{heading_id(text)}">{escape(text)}</h{level}>\n')
        case Code(text):
            out += ("<pre>", escape(text), "</pre>\n")
        case List():
            _html_list(out, block)


def _html_list(out: list[str], block: List) -> None:
    kind = "ol" if block.items[0].number else "ul"
    out.append(f"<{kind}>\n")
    following = 1
    for item in block.items:
        number = int(item.number[:9]) if item.number else 0
        out.append(f'<li value="{number}">' if item.number and number != following else "<li>")
        following = number + 1
        for paragraph in item.content:
            text = _html_text(paragraph.text)
            out.append(f"<p>{text}</p>\n" if block.is_loose else f"{text}\n")
        out.append("</li>\n")
    out.append(f"</{kind}>\n")


def _html_text(text: Text) -> str:
    out: list[str] = []
    for part in text:
        if isinstance(part, str):
            out.append(escape(part))
        elif isinstance(part, DocLink):
            out.append(f'<a href="{escape(doc_url(part))}">{escape(part.text)}</a>')
        elif part.url.startswith(_SAFE):
            out.append(f'<a href="{escape(part.url)}" rel="nofollow">{escape(part.text)}</a>')
        else:
            out.append(escape(part.text))
    return "".join(out)


def doc_url(link: DocLink) -> str:
    """Say where a link to documentation leads: `#Name` in the same package, and else see PACKAGE."""
    name = f"{link.receiver}.{link.name}" if link.receiver else link.name
    anchor = f"#{name}" if name else ""
    return f"{PACKAGE}{link.import_path}{anchor}" if link.import_path else anchor


def heading_id(text: str) -> str:
    """Return the anchor of a heading."""
    return "hdr-" + re.sub(r"[^A-Za-z0-9_]", "_", text.strip())


def to_markdown(doc: Doc, level: int = 3) -> str:
    """
    Show a comment as Markdown.

    Args:
        doc: The comment.
        level: The level of its headings.
    """
    blocks = (_markdown_block(block, "#" * level) for block in doc.content)
    return "\n".join(blocks)


def _markdown_block(block: Block, heading: str) -> str:
    match block:
        case Paragraph(text):
            return _markdown_text(text) + "\n"
        case Heading(text):
            return f"{heading} {_markdown_text([text])} {{#{heading_id(text)}}}\n"
        case Code(text):
            return "".join(f"\t{line}\n" if line else "\n" for line in text.split("\n")[:-1])
        case List(items):
            shown = []
            for item in items:
                marker = f" {item.number}. " if item.number else "  - "
                texts = [_markdown_text(paragraph.text) + "\n" for paragraph in item.content]
                shown.append(marker + "\n    ".join(texts))
            return ("\n" if block.is_loose else "").join(shown)


_LINE_START: Final = re.compile(r"[+\-*#]|[0-9]+(?=[.)])")


def _markdown_text(text: Text) -> str:
    line = _markdown_raw(text).strip()
    found = _LINE_START.match(line)
    if found is None:
        return line
    if found[0].isdigit():
        return f"{found[0]}\\{line[found.end() :]}"
    return f"\\{line}"


def _markdown_raw(text: Text) -> str:
    out: list[str] = []
    for part in text:
        if isinstance(part, str):
            out.append(_markdown_escape(part))
        elif isinstance(part, Link):
            out.append(f"[{_markdown_escape(part.text)}]({part.url})")
        else:
            url = doc_url(part).replace("(", "%28").replace(")", "%29")
            out.append(f"[{_markdown_escape(part.text)}]({url})")
    return "".join(out)


def _markdown_escape(text: str) -> str:
    return re.sub(r"([`_*\[<\\])", r"\\\1", text.replace("\n", " "))


def to_text(doc: Doc, prefix: str = "", code_prefix: str = "\t", width: int = 0) -> str:
    """
    Show a comment as text.

    Args:
        doc: The comment.
        prefix: What lines begin with.
        code_prefix: What lines of code begin with.
        width: Characters of a line without its prefix; 0 for 80 with it, less for no end.
    """
    width = width or 80 - len(prefix)
    out: list[str] = []
    for at, block in enumerate(doc.content):
        if at and not (isinstance(block, List) and not (block.blank_before or block.is_loose)):
            out.append(prefix.rstrip(" \t") + "\n")
        match block:
            case Paragraph(text):
                out += (prefix, *_text_lines(text, prefix, "", width))
            case Heading(heading):
                out += (prefix, "# ", *_text_lines([heading], prefix, "", width))
            case Code(code):
                lines = code.split("\n")[:-1]
                out += (
                    (code_prefix + line).rstrip(" \t") + "\n" if line else "\n" for line in lines
                )
            case List():
                _text_list(out, block, prefix, width)
    if doc.used:
        out.append("\n")
        # The first definition of a text counts.
        links = {text: url for text, url in reversed(doc.links) if text in doc.used}
        out += (f"[{text}]: {links.pop(text)}\n" for text, _ in doc.links if text in links)
    return "".join(out)


def _text_list(out: list[str], block: List, prefix: str, width: int) -> None:
    for at, item in enumerate(block.items):
        if at and block.is_loose:
            out.append(prefix.rstrip(" \t") + "\n")
        out.append(f"{prefix} {item.number}. " if item.number else f"{prefix}  - ")
        for number, paragraph in enumerate(item.content):
            if number:
                out += ("\n", prefix, "    ")
            out += _text_lines(paragraph.text, prefix, "    ", width)


def _text_lines(text: Text, prefix: str, indent: str, width: int) -> list[str]:
    words = plain(text).split()
    if width < 0 or not words:
        return [" ".join(words) + "\n"]
    starts = wrap(words, width - len(indent))
    lines = [" ".join(words[start:end]) for start, end in zip(starts, starts[1:], strict=False)]
    return [f"\n{prefix}{indent}".join(lines) + "\n"]


def plain(text: Text) -> str:
    """Return what is to be read of a text, without links."""
    return "".join(part if isinstance(part, str) else part.text for part in text)
