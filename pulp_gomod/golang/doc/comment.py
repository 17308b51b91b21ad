"""
A documentation comment as a tree (go/doc/comment, parse.go).

Comments are written by strangers: every step takes time in proportion to the text, and nothing nests
deeper than a link in an item of a list.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

_SCHEMES: Final = ("file", "ftp", "gopher", "http", "https", "mailto", "nntp")
STANDARD: Final = frozenset(
    [
        "bufio",
        "bytes",
        "cmp",
        "context",
        "crypto",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "hash",
        "html",
        "image",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "plugin",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strconv",
        "strings",
        "structs",
        "sync",
        "syscall",
        "testing",
        "time",
        "unicode",
        "unique",
        "unsafe",
        "weak",
    ]
)
"""Packages of the standard library whose import path is one word, which a comment may name as such."""


@dataclass(frozen=True, slots=True)
class Link:
    """
    A link to a URL.

    Attributes:
        text: What is to be read.
        url: Where it leads; its scheme is one of a few, or "//" is in it.
        auto: Whether the text is the URL itself.
    """

    text: str
    url: str
    auto: bool = False


@dataclass(frozen=True, slots=True)
class DocLink:
    """
    A link to the documentation of something.

    Attributes:
        text: What is to be read.
        import_path: The package; "" for the one that the comment is in.
        receiver: The type, if it is a method.
        name: What it is called; "" for the package itself.
    """

    text: str
    import_path: str
    receiver: str
    name: str


Text = list[str | Link | DocLink]


@dataclass(slots=True)
class Paragraph:
    """A paragraph; until the links are known its text is one string."""

    text: Text


@dataclass(slots=True)
class Heading:
    """A heading."""

    text: str


@dataclass(slots=True)
class Code:
    """Preformatted text: whole lines, neither the first nor the last of them blank."""

    text: str


@dataclass(slots=True)
class ListItem:
    """
    An item of a list.

    Attributes:
        number: As it is written; "" for a bullet.
        content: Its paragraphs.
    """

    number: str
    content: list[Paragraph] = field(default_factory=list)


@dataclass(slots=True)
class List:
    """
    A list.

    Attributes:
        items: One or more.
        blank_before: Whether a blank line stands before it.
        blank_between: Whether some stand between its items.
    """

    items: list[ListItem]
    blank_before: bool = False
    blank_between: bool = False

    @property
    def is_loose(self) -> bool:
        """Whether its items are apart from each other."""
        return self.blank_between or any(len(item.content) != 1 for item in self.items)


Block = Paragraph | Heading | Code | List


@dataclass(slots=True)
class Doc:
    """
    A comment.

    Attributes:
        content: Its blocks.
        links: URLs that it defines, as (text, URL), in its order.
        used: The texts of those that it uses.
    """

    content: list[Block] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def _no_package(name: str) -> str | None:
    return None


def _no_symbol(receiver: str, name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Linked:
    """
    What the names in brackets may mean where a comment stands.

    Attributes:
        package: Returns the import path of a package by its name, "" for the package itself; None for none.
        symbol: Says whether the package has something of that name, or a type such a method.
    """

    package: Callable[[str], str | None] = _no_package
    symbol: Callable[[str, str], bool] = _no_symbol


_NOTHING: Final = Linked()


def parse(text: str, linked: Linked = _NOTHING) -> Doc:
    """
    Parse the text of a comment, without its markers.

    Args:
        linked: What names in brackets may mean.
    """
    lines = _unindent(text.split("\n"))
    doc = Doc()
    by_text: dict[str, str] = {}
    end = 0
    for start, stop, kind in _spans(lines):
        block = _block(doc, by_text, lines[start:stop], kind, end < start)
        if block is not None:
            doc.content.append(block)
        end = stop
    for each in doc.content:
        for paragraph in _paragraphs(each):
            (plain,) = paragraph.text
            assert isinstance(plain, str)
            paragraph.text = _linked_text(plain, by_text, doc.used, linked)
    return doc


def _paragraphs(block: Block) -> Iterator[Paragraph]:
    if isinstance(block, Paragraph):
        yield block
    elif isinstance(block, List):
        for item in block.items:
            yield from item.content


_Kind = Literal["code", "heading", "old heading", "list", "paragraph"]


def _block(
    doc: Doc, by_text: dict[str, str], lines: list[str], kind: _Kind, blank_before: bool
) -> Block | None:
    match kind:
        case "code":
            return Code("\n".join([*_unindent(lines), ""]))
        case "heading":
            return Heading(lines[0][1:].strip())
        case "old heading":
            return Heading(lines[0].strip())
        case "list":
            return _list(doc, by_text, lines, blank_before)
        case "paragraph":
            return _paragraph(doc, by_text, lines)


def _paragraph(doc: Doc, by_text: dict[str, str], lines: list[str]) -> Paragraph | None:
    """Make a paragraph, unless all its lines define links."""
    defined = [_definition(line) for line in lines]
    if all(defined):
        for each in defined:
            assert each is not None
            doc.links.append(each)
            by_text.setdefault(*each)
        return None
    return Paragraph(["\n".join(lines)])


def _definition(line: str) -> tuple[str, str] | None:
    if not line.startswith("["):
        return None
    end = line.find("]:")
    if end < 0 or end + 3 >= len(line) or line[end + 2] not in " \t":
        return None
    url = line[end + 3 :].strip()
    scheme, separator, _ = url.partition("://")
    return (line[1:end], url) if separator and scheme in _SCHEMES else None


def _list(doc: Doc, by_text: dict[str, str], lines: list[str], blank_before: bool) -> List:
    found = List([], blank_before)
    first = _marker(lines[0])
    assert first is not None
    text: list[str] = []

    def flush() -> None:
        if found.items:
            paragraph = _paragraph(doc, by_text, text) if text else Paragraph([""])
            if paragraph is not None:
                found.items[-1].content.append(paragraph)
        text.clear()

    for line in lines:
        marker = _marker(line)
        if marker is not None and bool(marker[0]) == bool(first[0]):
            flush()
            found.items.append(ListItem(marker[0]))
            line = marker[1]
        line = line.strip()
        if not line:
            found.blank_between = True
            flush()
            continue
        text.append(line)
    flush()
    for item in found.items:
        item.content = [each for each in item.content if each.text != [""]]
    return found


_MARKER: Final = re.compile(r"\s*(?:[•*+-]|([0-9]+)[.)])([ \t].*)", re.DOTALL)


def _marker(line: str) -> tuple[str, str] | None:
    """Return the number of an item ("" for a bullet) and what follows it; None if none begins here."""
    found = _MARKER.fullmatch(line)
    if found is None or not found[2].strip():
        return None
    return found[1] or "", found[2].rstrip()


def _spans(lines: list[str]) -> Iterator[tuple[int, int, _Kind]]:
    """Divide lines into blocks: where each begins and ends, and what it is."""
    at, forced, count = 0, 0, len(lines)
    while True:
        while at < count and not lines[at]:
            at += 1
        if at >= count:
            return
        if at < forced or _is_indented(lines[at]):
            start, at = at, _indented_end(lines, at, forced)
            end = at
            while end > start and not lines[end - 1]:
                end -= 1
            # A function that was pasted in with its brace not indented.
            if end < count and lines[end].startswith("}"):
                end += 1
            yield start, end, "list" if _marker(lines[start]) else "code"
            at = end
            continue
        start, at = at, at + 1
        while at < count and lines[at] and not _is_indented(lines[at]):
            at += 1
        end, forces = _unindented_end(lines, start, at)
        if forces:
            forced = at
            if end == start:
                at = start
                continue
        if end - start == 1 and _is_heading(lines[start]):
            yield start, end, "heading"
        elif end - start == 1 and _is_old_heading(lines, start):
            yield start, end, "old heading"
        else:
            yield start, end, "paragraph"
        at = end


def _indented_end(lines: list[str], at: int, forced: int) -> int:
    items = at < forced and _marker(lines[at]) is not None
    at += 1
    while at < len(lines):
        line = lines[at]
        if not line:
            items = False
        elif not (at < forced or _is_indented(line) or (items and _marker(line) is not None)):
            break
        at += 1
    return at


def _unindented_end(lines: list[str], start: int, at: int) -> tuple[int, bool]:
    """Leave the last lines to the indented ones that follow, where they obviously belong to them."""
    if at < len(lines) and lines[at] and _marker(lines[at]) is None:
        end = at - 1
        if _marker(lines[end]) is not None:
            while end > start and _marker(lines[end - 1]) is not None:
                end -= 1
            return end, True
        if lines[end].endswith(("{", "\\")):
            return end, True
    return at, False


def _is_indented(line: str) -> bool:
    return line.startswith((" ", "\t"))


_BLANKS: Final = " \t"


def _unindent(lines: list[str]) -> list[str]:
    """Take away what all lines begin with of spaces and tabs, and the blank lines around them."""
    first = next((at for at, line in enumerate(lines) if line), None)
    if first is None:
        return []
    last = next(at for at in range(len(lines) - 1, -1, -1) if lines[at])
    lines = lines[first : last + 1]
    prefix = lines[0][: len(lines[0]) - len(lines[0].lstrip(_BLANKS))]
    for line in lines[1:]:
        if not prefix:
            break
        if line:
            prefix = _common(prefix, line)
    out = [line.removeprefix(prefix) for line in lines]
    out = [line if line.strip() else "" for line in out]
    while out and not out[0]:
        out.pop(0)
    while out and not out[-1]:
        out.pop()
    return out


def _common(prefix: str, line: str) -> str:
    for at, character in enumerate(prefix):
        if at >= len(line) or line[at] != character:
            return prefix[:at]
    return prefix


def _is_heading(line: str) -> bool:
    return line.startswith(("# ", "#\t")) and line.strip() != "#"


_NOT_IN_HEADINGS: Final = re.compile(r"[;:!?+*/=\[\]{}_^°&§~%#@<\">\\]|'(?!s(?: |$))|\.(?: |$)")


def _is_old_heading(lines: list[str], at: int) -> bool:
    """Say whether a line is a heading by its looks: alone, capitalized, without punctuation."""
    if at <= 0 or lines[at - 1] or at + 2 >= len(lines) or lines[at + 1]:
        return False
    if lines[at + 2].startswith((" ", "\t")):
        return False
    line = lines[at].strip()
    if not (line[:1].isalpha() and unicodedata.category(line[0]) == "Lu"):
        return False
    if not (line[-1].isalpha() or unicodedata.category(line[-1]) == "Nd"):
        return False
    return _NOT_IN_HEADINGS.search(line) is None


_BRACKETS: Final = re.compile(r"[\[\]]")


def _linked_text(text: str, links: dict[str, str], used: set[str], linked: Linked) -> Text:
    out: Text = []
    wrote, start, read = 0, -1, 0
    between: list[str] = []
    for bracket in _BRACKETS.finditer(text):
        at = bracket.start()
        if start >= 0:
            between.append(text[read:at])
        read = at + 1
        if bracket[0] == "[":
            start = at
            continue
        if start >= 0:
            key = "".join(between).replace("\n", " ").replace("\t", " ")
            found = _bracketed(text, start, at, key, links, linked)
            if found is not None:
                if isinstance(found, Link):
                    used.add(key)
                _add_text(out, text[wrote:start])
                out.append(found)
                wrote = at + 1
        start = -1
        between.clear()
    _add_text(out, text[wrote:])
    return out


def _bracketed(
    text: str, start: int, end: int, key: str, links: dict[str, str], linked: Linked
) -> Link | DocLink | None:
    shown = _quoted(text[start + 1 : end])
    if key in links:
        return Link(shown, links[key])
    if not (_ends_well(text[start - 1 : start]) and _ends_well(text[end + 1 : end + 2])):
        return None
    target = _target(text[start + 1 : end].removeprefix("*"), linked)
    return None if target is None else DocLink(shown, *target)


def _ends_well(character: str) -> bool:
    """Say whether a link to documentation may stand beside a character, or beside the end of the text."""
    return not character or character in " \t\n" or unicodedata.category(character).startswith("P")


def _target(text: str, linked: Linked) -> tuple[str, str, str] | None:
    package, name = _split_name(text)
    receiver = ""
    if name:
        package, receiver = _split_name(package)
    if not package:
        return ("", receiver, name) if linked.symbol(receiver, name) else None
    path = _import_path(package, linked)
    return None if path is None else (path, receiver, name)


_NAME: Final = re.compile(r"[^\W\d]\w*")


def _split_name(text: str) -> tuple[str, str]:
    """Split `before.Name`; a name begins with an upper-case letter."""
    before, _, name = text.rpartition(".")
    if _NAME.fullmatch(name) and unicodedata.category(name[0]) == "Lu":
        return before, name
    return text, ""


_IMPORT_PATH: Final = re.compile(r"(?![-])(?:(?!\.)[A-Za-z0-9_.~+-]*[A-Za-z0-9_~+-](?:/|$))+(?<!/)")


def _import_path(package: str, linked: Linked) -> str | None:
    if "/" in package:
        return package if _IMPORT_PATH.fullmatch(package) else None
    path = linked.package(package)
    if path is None and package in STANDARD:
        return package
    return path


_WORDS: Final = re.compile(
    rf"(?:{'|'.join(sorted(_SCHEMES, key=len, reverse=True))})://|[^\W\d]\w*|`{{2,}}|''"
)
_QUOTES: Final = re.compile(r"`{2,}|''")


def _add_text(out: Text, text: str) -> None:
    """Add text, in which URLs are links."""
    if not text:
        return
    parts: list[str] = []
    wrote = at = 0
    while (found := _WORDS.search(text, at)) is not None:
        at = found.end()
        if found[0].endswith("://"):
            end = _url_end(text, at)
            if end is None:
                continue
            parts.append(text[wrote : found.start()])
            if "".join(parts):
                out.append("".join(parts))
            parts = []
            url = text[found.start() : end]
            out.append(Link(url, url, auto=True))
            wrote = at = end
        elif found[0] in _SIGNS:
            parts += (text[wrote : found.start()], _SIGNS[found[0]])
            wrote = at
    parts.append(text[wrote:])
    if "".join(parts):
        out.append("".join(parts))


_SIGNS: Final = {"``": "“", "''": "”"}


def _quoted(text: str) -> str:
    return _QUOTES.sub(lambda found: _SIGNS.get(found[0], found[0]), text)


_HOST: Final = re.compile(r"[A-Za-z0-9_@\-\[\]](?:[A-Za-z0-9_@\-.\[\]:]*[A-Za-z0-9_@\-\[\]])?")
_PATH: Final = re.compile(r"[A-Za-z0-9_$'()*+&#=@~/\-\[\]{}%.,:;?!]")
_CLOSING: Final = {"(": ")", "{": "}", "[": "]"}
# Brackets within each other in a URL: without a bound, thousands of URLs that open one each would all be read to the end.
_DEEPEST: Final = 32


def _url_end(text: str, at: int) -> int | None:
    """Say where a URL ends whose host begins somewhere; None if there is no host."""
    host = _HOST.match(text, at)
    if host is None:
        return None
    end = at = host.end()
    open_: list[str] = []
    while at < len(text) and _PATH.match(text, at):
        character = text[at]
        at += 1
        if character in ".,:;?!":
            continue
        if character in _CLOSING:
            if len(open_) == _DEEPEST:
                break
            open_.append(_CLOSING[character])
        elif character in ")}]":
            if not open_ or open_[-1] != character:
                break
            open_.pop()
        if not open_:
            end = at
    return end
