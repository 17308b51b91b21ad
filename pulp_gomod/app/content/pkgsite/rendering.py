"""The documentation of a package as one text, as the API of pkg.go.dev gives it (x/pkgsite, internal/api/render.go)."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Literal

from pulp_gomod.golang.doc import PACKAGE, Doc, Linked, parse, to_html, to_markdown, to_text

Json = dict[str, Any]
Format = Literal["text", "md", "html"]

FORMATS: dict[str, Format] = {"text": "text", "md": "md", "markdown": "md", "html": "html"}

_SITE = "https://pkg.go.dev/"
_SECTIONS = (("consts", "constants"), ("vars", "variables"), ("funcs", "functions"))


def render(name: str, documentation: Json, format_: Format, with_examples: bool) -> str:
    """
    Show the documentation of a package.

    Args:
        name: The name of the package.
        documentation: As it is stored, see docs/dev/documentation.md.
        format_: As what.
        with_examples: Whether examples are wanted, too.
    """
    linked = _linked(documentation)
    kinds: dict[Format, type[_Text | _Markdown | _Html]]
    kinds = {"text": _Text, "md": _Markdown, "html": _Html}
    return "".join(_parts(kinds[format_](linked), name, documentation, with_examples))


def _linked(documentation: Json) -> Linked:
    """Know what names in brackets mean within the package; packages are told by their whole paths only."""
    known: set[str] = set()
    for values in (documentation.get("consts", ()), documentation.get("vars", ())):
        known.update(name for value in values for name in value["names"])
    known.update(func["name"] for func in documentation.get("funcs", ()))
    for type_ in documentation.get("types", ()):
        known.add(type_["name"])
        known.update(name for value in type_["consts"] + type_["vars"] for name in value["names"])
        known.update(func["name"] for func in type_["funcs"])
        known.update(f"{type_['name']}.{method['name']}" for method in type_["methods"])

    def has(receiver: str, name: str) -> bool:
        return (f"{receiver}.{name}" if receiver else name) in known

    return Linked(symbol=has)


def _parts(
    show: "_Text | _Markdown | _Html", name: str, documentation: Json, with_examples: bool
) -> Iterator[str]:
    yield show.package(name, documentation.get("doc", {}).get("text", ""))
    if with_examples:
        yield from map(show.example, documentation.get("examples", ()))
    for key, section in _SECTIONS:
        entries = documentation.get(key, ())
        if entries:
            yield show.section(section)
            yield from _entries(show, entries, with_examples)
    types = documentation.get("types", ())
    if types:
        yield show.section("types")
    for type_ in types:
        yield from _entries(show, [type_], with_examples)
        for key in ("consts", "vars", "funcs", "methods"):
            yield from _entries(show, type_[key], with_examples)


def _entries(
    show: "_Text | _Markdown | _Html", entries: Sequence[Json], with_examples: bool
) -> Iterator[str]:
    for entry in entries:
        yield show.entry(entry["decl"], entry["doc"]["text"])
        if with_examples:
            yield from map(show.example, entry.get("examples", ()))


class _Text:
    def __init__(self, linked: Linked) -> None:
        self._linked = linked

    def _comment(self, text: str) -> str:
        return to_text(parse(text, self._linked), "\t", "\t\t") if text else ""

    def package(self, name: str, doc: str) -> str:
        shown = to_text(parse(doc, self._linked)) if doc else ""
        return f"package {name}\n" + (f"\n{shown}" if shown else "") + "\n"

    def section(self, name: str) -> str:
        return f"{name.upper()}\n\n"

    def entry(self, decl: str, doc: str) -> str:
        return f"{decl}\n{self._comment(doc)}\n"

    def example(self, example: Json) -> str:
        suffix = f" ({example['suffix']})" if example["suffix"] else ""
        doc = self._comment(example["doc"]["text"])
        lines = ["{", *(f"\t{line}" if line else "" for line in example["code"].split("\n")), "}"]
        code = "".join(f"\t{line}\n" for line in lines)
        output = example["output"].strip()
        if output:
            code += "\n\tOutput:\n" + "".join(f"\t{line}\n" for line in output.split("\n"))
        return f"Example{suffix}:\n" + (f"{doc}\n" if doc else "") + f"{code}\n"


class _Markdown:
    def __init__(self, linked: Linked) -> None:
        self._linked = linked

    def _comment(self, text: str) -> str:
        shown = to_markdown(parse(text, self._linked)) if text else ""
        return shown.replace(f"]({PACKAGE}", f"]({_SITE}")

    def package(self, name: str, doc: str) -> str:
        shown = self._comment(doc)
        return f"# package {name}\n" + (f"\n{shown}" if shown else "") + "\n"

    def section(self, name: str) -> str:
        return f"## {name.title()}\n\n"

    def entry(self, decl: str, doc: str) -> str:
        return f"{_fenced(decl)}{self._comment(doc)}\n"

    def example(self, example: Json) -> str:
        suffix = f" ({example['suffix']})" if example["suffix"] else ""
        doc = self._comment(example["doc"]["text"])
        shown = f"#### Example{suffix}\n\n" + (f"{doc}\n" if doc else "") + _fenced(example["code"])
        if example["output"]:
            shown += f"Output:\n\n{_fenced(example['output'], '')}"
        return f"{shown}\n"


def _fenced(text: str, language: str = "go") -> str:
    """Put code between fences that are longer than any within it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}\n"


class _Html:
    def __init__(self, linked: Linked) -> None:
        self._linked = linked

    def _comment(self, text: str) -> str:
        if not text:
            return ""
        doc: Doc = parse(text, self._linked)
        return to_html(doc, 3).replace(f'href="{PACKAGE}', f'href="{_SITE}')

    def package(self, name: str, doc: str) -> str:
        shown = self._comment(doc)
        return f"<h1>package {escape(name)}</h1>\n" + (f"\n{shown}" if shown else "") + "\n"

    def section(self, name: str) -> str:
        return f"<h2>{name.title()}</h2>\n\n"

    def entry(self, decl: str, doc: str) -> str:
        return f"<pre><code>{escape(decl)}</code></pre>\n{self._comment(doc)}\n"

    def example(self, example: Json) -> str:
        suffix = f" ({escape(example['suffix'])})" if example["suffix"] else ""
        doc = self._comment(example["doc"]["text"])
        shown = f"<h4>Example{suffix}</h4>\n\n{doc}<pre><code>\n{escape(example['code'])}\n</code></pre>\n"
        if example["output"]:
            shown += f"Output:\n\n<pre><code>\n{escape(example['output'])}\n</code></pre>\n"
        return f"{shown}\n"
