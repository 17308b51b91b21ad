"""A package's documentation from its files: what belongs to what, and in which order (go/doc)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pulp_gomod.documenter.source import Example, Func, Source, Type, Value
from pulp_gomod.documenter.tree import is_exported, one_line
from pulp_gomod.golang.doc import Linked, parse, synopsis, to_html

MOST_BYTES: Final = 2 << 20
"""Characters of comments, declarations and examples of a package that are kept."""

MOST_SYMBOLS: Final = 20_000
"""Names that a package may export of which it is told."""

LONGEST_SYNOPSIS: Final = 500
"""Characters of the synopsis of a package."""

_LONGEST_DECL: Final = 128 << 10
_LONGEST_NAME: Final = 200
_MOST_IMPORTS: Final = 2000

Json = dict[str, Any]


@dataclass(slots=True)
class Package:
    """
    The documentation of a package, as it is stored.

    Attributes:
        name: What it calls itself.
        synopsis: Its first sentence.
        documentation: What is shown of it, see docs/dev/documentation.md.
        symbols: [name, kind, declaration, parent] of what it exports.
        imports: Import paths, sorted.
        cut: For people: what was left out.
    """

    name: str
    synopsis: str
    documentation: Json
    symbols: list[list[str]]
    imports: list[str]
    cut: list[str]


def document(files: Sequence[Source], tests: Sequence[Source]) -> Package:
    """
    Document a package.

    Args:
        files: Its files, those of one package, sorted by their names.
        tests: Its tests that may have examples.
    """
    return _Documenter(files, tests).package()


class _Documenter:
    def __init__(self, files: Sequence[Source], tests: Sequence[Source]) -> None:
        self._files = files
        self._name = next((file.package for file in files if file.package), "")
        self._values: list[Value] = []
        self._of_types: dict[str, list[Value]] = {}
        self._types: dict[str, Type] = {}
        self._funcs: dict[str, Func] = {}
        self._constructors: dict[str, dict[str, Func]] = {}
        self._methods: dict[str, dict[str, Func | None]] = {}
        self._examples = sorted(
            (each for test in tests for each in test.examples), key=lambda each: each.name
        )
        self._budget = MOST_BYTES
        self._cut: list[str] = []
        self._collect()
        self._by_name = self._import_names()
        self._known = self._symbols_known()
        self._linked = Linked(self._package_named, self._has_symbol)

    # What belongs to what.

    def _collect(self) -> None:
        for file in self._files:
            for type_ in file.types:
                self._types[type_.name] = type_
        for file in self._files:
            for value in file.values:
                owned = value.owner in self._types and is_exported(value.owner)
                (self._of_types.setdefault(value.owner, []) if owned else self._values).append(
                    value
                )
        for file in self._files:
            for func in file.funcs:
                self._place(func)
        own = {name: dict(methods) for name, methods in self._methods.items()}
        for name, type_ in self._types.items():
            if type_.is_struct and type_.embedded:
                self._promote(name, name, False, 1, set(), own)

    def _place(self, func: Func) -> None:
        if func.owner:
            place = self._methods.setdefault(func.owner, {})
        else:
            owners = [name for name in func.results if is_exported(name) and name in self._types]
            if len(owners) == 1:
                place = self._constructors.setdefault(owners[0], {})  # type: ignore[assignment]
            else:
                place = self._funcs  # type: ignore[assignment]
        known = place.get(func.name)
        if known is None or not known.doc:
            place[func.name] = func

    def _promote(
        self,
        target: str,
        name: str,
        by_pointer: bool,
        level: int,
        visited: set[str],
        own: dict[str, dict[str, Func | None]],
    ) -> None:
        """Add the methods of embedded types (go/doc, reader.collectEmbeddedMethods)."""
        type_ = self._types.get(name)
        if type_ is None or level > 20 or len(visited) > 50:
            return
        visited.add(name)
        methods = self._methods.setdefault(target, {})
        for embedded, is_pointer in type_.embedded:
            by_this = by_pointer or is_pointer
            for method in own.get(embedded, {}).values():
                if method is not None:
                    _add_promoted(methods, _promoted(method, target, by_this, level))
            # Of types that are not exported, go/doc does not know what they embed.
            if embedded not in visited and is_exported(embedded):
                self._promote(target, embedded, by_this, level + 1, visited, own)
        visited.discard(name)

    def _shown_methods(self, name: str) -> list[Func]:
        shown = [
            method
            for method in self._methods.get(name, {}).values()
            if method is not None and (method.level == 0 or not is_exported(method.origin))
        ]
        return sorted(shown, key=lambda each: each.name)

    # What names in comments mean.

    def _import_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for file in self._files:
            for name, path in file.imports:
                if name == ".":
                    continue
                name = name or _assumed_name(path)
                if names.setdefault(name, path) != path:
                    names[name] = ""
        return names

    def _symbols_known(self) -> set[str]:
        known = set(self._funcs)
        for value in self._values:
            known.update(value.names)
        for name in self._types:
            if is_exported(name):
                known.add(name)
                for value in self._of_types.get(name, ()):
                    known.update(value.names)
                known.update(self._constructors.get(name, ()))
                known.update(f"{name}.{method.name}" for method in self._shown_methods(name))
                type_ = self._types[name]
                known.update(f"{name}.{each}" for each, _ in type_.fields + type_.methods)
        return known

    def _package_named(self, name: str) -> str | None:
        if name in self._by_name:
            return self._by_name[name] or None
        return "" if name == self._name else None

    def _has_symbol(self, receiver: str, name: str) -> bool:
        return (f"{receiver}.{name}" if receiver else name) in self._known

    # What is shown.

    def package(self) -> Package:
        doc = "\n".join(file.doc for file in self._files if file.doc)
        examples = self._classified()
        documentation: Json = {
            "doc": self._comment(doc),
            "consts": self._value_group(self._values, True),
            "vars": self._value_group(self._values, False),
            "funcs": [
                self._func(self._funcs[name], examples.get(name, ()))
                for name in sorted(self._funcs)
            ],
            "types": [
                self._type(self._types[name], examples)
                for name in sorted(self._types)
                if is_exported(name)
            ],
            "examples": [self._example(each) for each in examples.get("", ())],
        }
        symbols = self._symbols()
        if len(symbols) > MOST_SYMBOLS:
            self._cut.append(f"{len(symbols) - MOST_SYMBOLS} of its {len(symbols)} exported names")
            symbols = symbols[:MOST_SYMBOLS]
        if self._budget < 0:
            self._cut.append(f"comments, declarations and examples beyond {MOST_BYTES} characters")
        imports = sorted({path for file in self._files for _, path in file.imports})
        return Package(
            name=self._name,
            synopsis=synopsis(doc, self._linked)[:LONGEST_SYNOPSIS],
            documentation=documentation,
            symbols=symbols,
            imports=imports[:_MOST_IMPORTS],
            cut=self._cut,
        )

    def _kept(self, text: str, longest: int = MOST_BYTES) -> str:
        """Return a text as long as the package has room for it, else ""."""
        if len(text) > longest:
            text = f"{text[:longest]}…"
        self._budget -= len(text)
        return text if self._budget >= 0 else ""

    def _comment(self, text: str) -> Json:
        text = self._kept(text)
        if not text:
            return {"text": "", "html": ""}
        html = to_html(parse(text, self._linked))
        return {"text": text, "html": html}

    def _entry(self, each: Func | Type | Value) -> Json:
        entry = {
            "decl": self._kept(each.decl, _LONGEST_DECL),
            "doc": self._comment(each.doc),
            "file": each.file,
            "line": each.line,
        }
        if _DEPRECATED.search(each.doc):
            entry["deprecated"] = True
        return entry

    def _value_group(self, values: Iterable[Value], is_const: bool) -> list[Json]:
        chosen = [value for value in values if value.is_const == is_const]
        chosen.sort(key=lambda value: value.sort)
        return [{"names": value.names, **self._entry(value)} for value in chosen]

    def _func(self, func: Func, examples: Iterable[Example]) -> Json:
        shown = {"name": func.name, **self._entry(func)}
        if func.receiver:
            shown["recv"] = func.receiver
        if func.level:
            shown["from"] = func.origin
        if examples:
            shown["examples"] = [self._example(each) for each in examples]
        return shown

    def _type(self, type_: Type, examples: dict[str, list[Example]]) -> Json:
        name = type_.name
        constructors = self._constructors.get(name, {})
        return {
            "name": name,
            **self._entry(type_),
            "consts": self._value_group(self._of_types.get(name, ()), True),
            "vars": self._value_group(self._of_types.get(name, ()), False),
            "funcs": [
                self._func(constructors[each], examples.get(each, ()))
                for each in sorted(constructors)
            ],
            "methods": [
                self._func(each, examples.get(f"{name}_{each.name}", ()))
                for each in self._shown_methods(name)
            ],
            "examples": [self._example(each) for each in examples.get(name, ())],
        }

    def _example(self, example: Example) -> Json:
        return {
            "suffix": example.suffix,
            "doc": self._comment(example.doc),
            "code": self._kept(example.code),
            "output": self._kept(example.output),
            **({"unordered": True} if example.unordered else {}),
        }

    def _classified(self) -> dict[str, list[Example]]:
        """Say what each example is of (go/doc, classifyExamples)."""
        ids = {"", *self._funcs}
        for name in self._types:
            if is_exported(name):
                ids.add(name)
                ids.update(self._constructors.get(name, ()))
                ids.update(f"{name}_{method.name}" for method in self._shown_methods(name))
        found: dict[str, list[Example]] = {}
        for example in self._examples:
            at = len(example.name)
            while at >= 0:
                whole = at == len(example.name)
                prefix, suffix = example.name[:at], "" if whole else example.name[at + 1 :]
                if (whole or suffix[:1].islower()) and prefix in ids:
                    found.setdefault(prefix, []).append(replace(example, suffix=suffix))
                    break
                at = example.name.rfind("_", 0, at)
        for examples in found.values():
            examples.sort(key=lambda each: each.suffix)
        return found

    def _symbols(self) -> list[list[str]]:
        symbols: list[list[str]] = []

        def add(name: str, kind: str, line: str, parent: str = "") -> None:
            if len(name) <= _LONGEST_NAME:
                symbols.append([name, kind, line, parent])

        def add_values(values: Iterable[Value], parent: str = "") -> None:
            for is_const, kind in ((True, "Constant"), (False, "Variable")):
                chosen = [value for value in values if value.is_const == is_const]
                for value in sorted(chosen, key=lambda value: value.sort):
                    for name, line in zip(value.names, value.synopses, strict=True):
                        add(name, kind, line, parent)

        add_values(self._values)
        for name in sorted(self._funcs):
            add(name, "Function", one_line(self._funcs[name].decl))
        for name in sorted(self._types):
            type_ = self._types[name]
            if not is_exported(name):
                continue
            add(name, "Type", type_.synopsis)
            add_values(self._of_types.get(name, ()), name)
            for each, func in sorted(self._constructors.get(name, {}).items()):
                add(each, "Function", one_line(func.decl), name)
            for field, line in type_.fields:
                add(f"{name}.{field}", "Field", line, name)
            for method in self._shown_methods(name):
                add(f"{name}.{method.name}", "Method", one_line(method.decl), name)
            for each, line in type_.methods:
                add(f"{name}.{each}", "Method", line, name)
        return symbols


_DEPRECATED: Final = re.compile(r"(?:\A|\n\n)Deprecated: ")


def _add_promoted(methods: dict[str, Func | None], method: Func) -> None:
    known = methods.get(method.name)
    if method.name not in methods or (known is not None and method.level < known.level):
        methods[method.name] = method
    elif known is not None and known.level == method.level:
        # Two of the same depth hide each other.
        methods[method.name] = None


def _promoted(method: Func, target: str, by_pointer: bool, level: int) -> Func:
    star = "*" if method.receiver.startswith("*") and not by_pointer else ""
    receiver = f"{star}{target}"
    decl = re.sub(
        r"^(func\s*\(\s*(?:[^\W\d]\w*\s+)?)[^)]*\)", rf"\g<1>{receiver})", method.decl, count=1
    )
    return replace(method, receiver=receiver, decl=decl, level=level)


def _assumed_name(path: str) -> str:
    """Guess the name of a package by its path (go/doc, assumedPackageName)."""
    directory, _, base = path.rpartition("/")
    if re.fullmatch(r"v[0-9]+", base) and directory:
        base = directory.rpartition("/")[2]
    base = base.removeprefix("go-")
    found = re.search(r"[^\w]", base)
    return base[: found.start()] if found else base
