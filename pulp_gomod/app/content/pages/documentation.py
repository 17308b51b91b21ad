"""
The documentation of a package, in parts that are light enough for one page each.

A package may have twenty thousand symbols, and every page has its bound: so what is documented is a sequence of
blocks, a page shows as many as there is place for, and the index says on which page each symbol is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from markupsafe import Markup, escape

from pulp_gomod.app.content.pages.facts import Facts
from pulp_gomod.app.content.pages.origins import Origin
from pulp_gomod.app.content.pages.place import Place
from pulp_gomod.app.db.executors import compute

# Characters of the blocks of a page, of the index, and of one declaration.
_ROOM: Final = 32_000
_ROOM_OF_INDEX: Final = 9_000
_LONGEST: Final = 12_000
_UNREAD: Final = "<p>Not all of this file could be read as Go.</p>"
# What a block takes beside its texts.
_FRAME: Final = 260
# Standard packages have no dot in their first element; their documentation is public.
_STANDARD: Final = "https://pkg.go.dev/"
_LINK: Final = re.compile(r'href="(pkg:[^"#]*)?(?:#([^"]*))?"')


@dataclass(frozen=True, slots=True)
class Block:
    """
    A declaration with what is said of it.

    Attributes:
        heading: Its heading, "" for constants and variables.
        level: The level of the heading: 3, or 4 below a type.
        names: What it declares, as anchors.
        declaration: The Go text.
        html: The comment, as safe HTML.
        deprecated: Whether it says that of itself.
        source: The file and the line.
        source_url: Where these are to be seen, "" if that is not known.
        examples: Its examples.
        section: The section that it is in: Constants, Variables, Functions, Types or Source.
    """

    heading: str
    level: int
    names: Sequence[str]
    declaration: str
    html: str
    deprecated: bool
    source: str
    examples: Sequence["Example"]
    section: str
    source_url: str = ""

    @property
    def size(self) -> int:
        """Characters that it takes on a page, roughly."""
        shown = sum(
            len(escape(each.code)) + len(escape(each.output)) + len(each.html) + _FRAME
            for each in self.examples
        )
        names = sum(len(name) + 30 for name in self.names)
        return len(escape(self.declaration)) + len(self.html) + shown + names + _FRAME


@dataclass(frozen=True, slots=True)
class Example:
    """
    An example of how something is used.

    Attributes:
        title: What it shows, "" where there is nothing to tell.
        html: What is said of it, as safe HTML.
        code: The Go text.
        output: What it prints, "" if it does not say.
    """

    title: str
    html: str
    code: str
    output: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """
    A line of the index.

    Attributes:
        name: The symbol.
        text: How it is declared, in a line.
        level: How far it is indented.
        part: The page that it is on.
    """

    name: str
    text: str
    level: int
    part: int


@dataclass(frozen=True, slots=True)
class Documentation:
    """
    What one page shows of a package.

    Attributes:
        overview: What is said of the package as a whole, as safe HTML; on the first page only.
        examples: Those of the package as a whole; on the first page only.
        blocks: The declarations of this page.
        index: The symbols; where they are too many, those of this page only.
        is_whole_index: Whether these are all.
        part: The number of this page.
        parts: The first symbol of each page, or "".
        files: The Go files of the package.
    """

    overview: str
    examples: Sequence[Example]
    blocks: Sequence[Block]
    index: Sequence[IndexEntry]
    is_whole_index: bool
    part: int
    parts: Sequence[str]
    files: Sequence[dict[str, Any]] = field(default_factory=list)

    @property
    def sections(self) -> list[tuple[str, list[Block]]]:
        """The declarations of this page by their sections, in the order in which they are."""
        return [(name, list(group)) for name, group in groupby(self.blocks, attrgetter("section"))]


async def documentation_of(said: dict[str, Any], part: int, links: "Links") -> Documentation | None:
    """
    Read what a row says of a package, and take what one page shows of it; None if there is no such page.

    Args:
        said: What it says.
        part: The number of the page, from 1 on.
        links: Says where links lead.
    """
    count = sum(len(said.get(name, ())) for name in ("consts", "vars", "funcs", "types"))
    # A type has methods, and each of these a comment.
    return await compute(count * 20, _documentation, said, part, links)


def _documentation(said: dict[str, Any], part: int, links: "Links") -> Documentation | None:
    blocks = list(_blocks(said))
    # Below the heading of the page itself.
    overview = _html(said.get("doc")).replace("<h4", "<h3").replace("</h4>", "</h3>")
    examples = [_example(each) for each in said.get("examples", ())]
    first = len(overview) + sum(len(escape(each.code + each.output)) + _FRAME for each in examples)
    packed = list(_packed(blocks, min(first, _ROOM)))
    if not 1 <= part <= len(packed):
        return None
    part_of = {
        name: number
        for number, group in enumerate(packed, 1)
        for each in group
        for name in each.names
    }
    index = [_entry(each, part_of) for each in blocks if each.heading]
    is_whole = sum(2 * len(each.text) + 60 for each in index) <= _ROOM_OF_INDEX
    shown = [_linked(each, links, part_of, part) for each in packed[part - 1]]
    return Documentation(
        overview=links.rewrite(_bounded_html(overview), part_of, part) if part == 1 else "",
        examples=[_linked_example(each, links, part_of, part) for each in examples]
        if part == 1
        else [],
        blocks=shown,
        index=index if is_whole else [each for each in index if each.part == part],
        is_whole_index=is_whole,
        part=part,
        parts=[group[0].names[0] if group and group[0].names else "" for group in packed],
        files=said.get("files", [])[:100],
    )


def _packed(blocks: Sequence[Block], taken: int) -> Iterator[list[Block]]:
    """Divide blocks among pages, of which the first has other things, too."""
    group: list[Block] = []
    for block in blocks:
        size = block.size
        if taken + size > _ROOM and (group or taken):
            yield group
            group, taken = [], 0
        group.append(block)
        taken += size
    yield group


def _blocks(said: dict[str, Any]) -> Iterator[Block]:
    for name, section in (("consts", "Constants"), ("vars", "Variables")):
        for each in said.get(name, ()):
            yield _value(each, section)
    for each in said.get("funcs", ()):
        yield _function(each, "Functions", 3, "")
    for each in said.get("types", ()):
        yield _block(each, f"type {each['name']}", 3, [each["name"]], "Types")
        for value in (*each.get("consts", ()), *each.get("vars", ())):
            yield _value(value, "Types")
        for function in each.get("funcs", ()):
            yield _function(function, "Types", 4, "")
        for method in each.get("methods", ()):
            yield _function(method, "Types", 4, each["name"])
    for each in said.get("unread", ()):
        # Of what could not be read as Go, the text is shown.
        declaration = {"decl": each["text"], "doc": {"html": _UNREAD}}
        yield _block(declaration, each["name"][:120], 3, [f"file-{each['name']}"], "Source")


def _value(said: dict[str, Any], section: str) -> Block:
    return _block(said, "", 4, said.get("names", []), section)


def _function(said: dict[str, Any], section: str, level: int, type_name: str) -> Block:
    name = f"{type_name}.{said['name']}" if type_name else said["name"]
    receiver = f"({said.get('recv') or type_name}) " if type_name else ""
    return _block(said, f"func {receiver}{said['name']}", level, [name], section)


def _block(
    said: dict[str, Any], heading: str, level: int, names: Sequence[str], section: str
) -> Block:
    declaration = said.get("decl", "")
    if len(declaration) > _LONGEST:
        declaration = f"{declaration[:_LONGEST]}\n// ... the rest is in the source"
    return Block(
        heading=heading,
        level=level,
        names=list(names)[:200],
        declaration=declaration,
        html=_bounded_html(_html(said.get("doc"))),
        deprecated=bool(said.get("deprecated")),
        source=f"{said['file']}:{said['line']}" if said.get("file") else "",
        examples=[_example(each) for each in said.get("examples", ())][:20],
        section=section,
    )


def _example(said: dict[str, Any]) -> Example:
    return Example(
        title=said.get("suffix", ""),
        html=_bounded_html(_html(said.get("doc"))),
        code=said.get("code", "")[:_LONGEST],
        output=said.get("output", "")[:_LONGEST],
    )


def _html(doc: Any) -> str:
    return str((doc or {}).get("html", ""))


def _bounded_html(html: str) -> str:
    """Leave out a comment that is longer than a page: HTML cannot be cut anywhere."""
    if len(html) <= _ROOM:
        return html
    return "<p>This comment is longer than a page has place for; it is in the source.</p>"


def _entry(block: Block, part_of: dict[str, int]) -> IndexEntry:
    name = block.names[0] if block.names else ""
    text = block.heading
    if block.heading.startswith("func"):
        text = " ".join(block.declaration.split())[:200]
    return IndexEntry(name, text, block.level - 3, part_of.get(name, 1))


def _linked(block: Block, links: "Links", part_of: dict[str, int], part: int) -> Block:
    return Block(
        block.heading,
        block.level,
        block.names,
        block.declaration,
        links.rewrite(block.html, part_of, part),
        block.deprecated,
        block.source,
        [_linked_example(each, links, part_of, part) for each in block.examples],
        block.section,
        links.source(block.source),
    )


def _linked_example(
    example: Example, links: "Links", part_of: dict[str, int], part: int
) -> Example:
    return Example(
        example.title, links.rewrite(example.html, part_of, part), example.code, example.output
    )


@dataclass(frozen=True, slots=True)
class Links:
    """
    Where the links of comments lead.

    Attributes:
        place: Where the distribution is.
        module: The path of the module whose comments these are.
        version: Its version.
        origin: Where its source is.
        directory: The directory of the package, "" for the root.
        here: The paths of other modules that are here, as far as the comments are about these.
    """

    place: Place
    module: str
    version: str
    origin: Origin
    directory: str
    here: frozenset[str]

    def source(self, place: str) -> str:
        """
        Return where a line of a file of the package is to be seen, "" if that is not known.

        Args:
            place: The file and the line, or "".
        """
        name, _, line = place.rpartition(":")
        if not (name and line.isdigit()):
            return ""
        return self.origin.file(f"{self.directory}/{name}".lstrip("/"), int(line))

    def rewrite(self, html: str, part_of: dict[str, int], part: int) -> str:
        """
        Have the links of a comment lead to where their symbols are.

        Args:
            html: The comment, in which links to packages begin with `pkg:`.
            part_of: The page of each symbol of the package.
            part: The page on which the comment is.
        """

        def lead(found: re.Match[str]) -> str:
            package, name = found[1], found[2] or ""
            if package is not None:
                target = self.package(package.removeprefix("pkg:"))
                if not target:
                    return ""
                return f'href="{escape(target)}{f"#{name}" if name else ""}"'
            there = part_of.get(name, part)
            return f'href="?part={there}#{name}"' if there != part else found[0]

        return Markup(_LINK.sub(lead, html))

    def package(self, path: str) -> str:
        """
        Return where the documentation of a package is, "" if it is not here.

        Args:
            path: Its import path.
        """
        if path == self.module:
            return self.place.page(path, self.version, "doc")
        if path.startswith(f"{self.module}/"):
            return self.place.page(self.module, self.version, below=path[len(self.module) + 1 :])
        if "." not in path.partition("/")[0]:
            return f"{_STANDARD}{path}"
        known = any(f"{path}/".startswith(f"{each}/") for each in self.here)
        return self.place.path(path) if known else ""


def is_documented(facts: Facts) -> bool:
    """Say whether the documentation of a module version has been computed."""
    return facts.doc_state in ("complete", "cut")
