"""
What one Go file declares (go/parser, as far as documentation needs it).

tree-sitter makes the tree, in C, whatever a stranger has written: a file that Go would refuse gives what can be
recognized in it. Bodies of functions are not looked at, and only the types of what is exported are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import tree_sitter_go
from tree_sitter import Language, Node, Parser

from pulp_gomod.documenter.cutting import Edits, edit_values, take_out_unexported
from pulp_gomod.documenter.tree import (
    LONGEST_SYNOPSIS,
    MEMBERS,
    base_type,
    comment_text,
    is_exported,
    members,
    names_of,
    one_line,
    text_of,
    with_comments,
)

_PARSER: Final = Parser(Language(tree_sitter_go.language()))


@dataclass(slots=True)
class Func:
    """
    A function or method.

    Attributes:
        name: Its name.
        receiver: The type of its receiver as it is written, such as "*T"; "" for a function.
        owner: The name of that type.
        decl: Its declaration, without its body.
        doc: Its comment, without markers.
        line: Where it is in its file.
        file: The name of its file.
        results: Names of the types of this package that it returns, or slices of them.
        level: How deep the type is embedded that it comes from; 0 for the type itself.
        origin: The type that declares it.
    """

    name: str
    receiver: str
    owner: str
    decl: str
    doc: str
    line: int
    file: str
    results: list[str] = field(default_factory=list)
    level: int = 0
    origin: str = ""


@dataclass(slots=True)
class Value:
    """
    A declaration of constants or variables.

    Attributes:
        is_const: Which of the two.
        names: What of it is exported.
        synopses: A line for each of these.
        decl: The declaration, without what is not exported.
        doc: Its comment.
        line: Where it is.
        file: In which file.
        owner: The type that most of them have, or "".
        sort: By what it is sorted: its name, if it has but one.
    """

    is_const: bool
    names: list[str]
    synopses: list[str]
    decl: str
    doc: str
    line: int
    file: str
    owner: str
    sort: str


@dataclass(slots=True)
class Type:
    """
    A type.

    Attributes:
        name: Its name.
        decl: Its declaration, without fields and methods that are not exported.
        synopsis: The same in one line.
        doc: Its comment.
        line: Where it is.
        file: In which file.
        is_struct: Whether it is a struct.
        embedded: Names of the types of this package in it, and whether as pointers.
        fields: Names and declarations of its exported fields.
        methods: The same of the exported methods of an interface.
    """

    name: str
    decl: str
    synopsis: str
    doc: str
    line: int
    file: str
    is_struct: bool = False
    embedded: list[tuple[str, bool]] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    methods: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Example:
    """
    An example, from a test.

    Attributes:
        name: What follows "Example".
        doc: Its comment.
        code: Its body, or all of the file.
        output: What it prints.
        has_output: Whether it says so.
        unordered: Whether the lines of that may come in any order.
        suffix: What tells it from others of the same thing.
    """

    name: str
    doc: str
    code: str
    output: str
    has_output: bool
    unordered: bool
    suffix: str = ""


@dataclass(slots=True)
class Source:
    """
    A Go file.

    Attributes:
        name: Its name, without directories.
        package: What package it says it is of, or "".
        doc: The comment at its package clause.
        imports: (name, path) of what it imports; the name is "" where it has none.
        values, types, funcs: What it declares; of functions and values only what is exported.
        examples: Its examples, if it is a test.
        is_broken: Whether Go would not read all of it.
    """

    name: str
    package: str = ""
    doc: str = ""
    imports: list[tuple[str, str]] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    types: list[Type] = field(default_factory=list)
    funcs: list[Func] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    is_broken: bool = False


def read(name: str, text: bytes) -> Source:
    """
    Read a file.

    Args:
        name: Its name, without directories; that of a test ends in `_test.go`.
        text: The file.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    # PostgreSQL has no NUL.
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())
    root = _PARSER.parse(text).root_node
    source = Source(name, is_broken=root.has_error and _is_broken(root))
    if name.endswith("_test.go"):
        _read_test(source, text, root)
        return source
    for node, comments in with_comments(root.children):
        match node.type:
            case "package_clause":
                source.package = text_of(node.named_children[-1]) if node.named_children else ""
                source.doc = comment_text(comments)
            case "import_declaration":
                source.imports += _imports(node)
            case "const_declaration" | "var_declaration":
                value = _value(source, text, node, comments)
                if value is not None:
                    source.values.append(value)
            case "type_declaration":
                source.types += _types(source, text, node, comments)
            case "function_declaration" | "method_declaration":
                func = _func(source, text, node, comments)
                if func is not None:
                    source.funcs.append(func)
    return source


def _is_broken(root: Node) -> bool:
    """Say whether declarations could not be read; what is wrong in bodies of functions does not matter."""
    for node in root.children:
        if node.has_error or node.is_missing:
            body = node.child_by_field_name("body")
            parts = [node] if body is None else [each for each in node.children if each != body]
            if node.type == "ERROR" or any(each.has_error for each in parts):
                return True
    return False


def _imports(node: Node) -> Iterator[tuple[str, str]]:
    for each in node.named_children:
        specs = each.named_children if each.type == "import_spec_list" else [each]
        for spec in specs:
            if spec.type != "import_spec":
                continue
            path = _literal(text_of(spec.child_by_field_name("path")))
            if path:
                yield text_of(spec.child_by_field_name("name")), path


def _literal(text: str) -> str:
    if text.startswith("`"):
        return text.strip("`")
    return text[1:-1] if "\\" not in text else ""


# Functions


def _func(source: Source, text: bytes, node: Node, comments: list[Node]) -> Func | None:
    name = text_of(node.child_by_field_name("name"))
    if not is_exported(name):
        return None
    receiver, owner = "", ""
    if node.type == "method_declaration":
        receiver, owner = _receiver(node.child_by_field_name("receiver"))
        if not owner:
            return None
    return Func(
        name=name,
        receiver=receiver,
        owner=owner,
        decl=_signature(text, node),
        doc=comment_text(comments),
        line=node.start_point.row + 1,
        file=source.name,
        results=[] if owner else list(_results(node)),
        origin=owner,
    )


def _signature(text: bytes, node: Node) -> str:
    body = node.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    return text[node.start_byte : end].decode("utf-8", "replace").rstrip()


def _receiver(parameters: Node | None) -> tuple[str, str]:
    for each in parameters.named_children if parameters is not None else ():
        type_ = each.child_by_field_name("type")
        if type_ is not None:
            name, is_imported = base_type(type_)
            return text_of(type_).replace(" ", ""), "" if is_imported else name
    return "", ""


def _results(node: Node) -> Iterator[str]:
    result = node.child_by_field_name("result")
    if result is None:
        return
    parameters = _type_parameters(node)
    types = [result]
    if result.type == "parameter_list":
        types = [
            type_
            for each in result.named_children
            if (type_ := each.child_by_field_name("type")) is not None
        ]
    for type_ in types:
        if type_.type in ("slice_type", "array_type"):
            element = type_.child_by_field_name("element")
            name, is_imported = base_type(element)
        else:
            name, is_imported = base_type(type_)
        if name and not is_imported and name not in parameters:
            yield name


def _type_parameters(node: Node) -> set[str]:
    parameters = node.child_by_field_name("type_parameters")
    return {
        text_of(name)
        for each in (parameters.named_children if parameters is not None else ())
        for name in names_of(each)
    }


# Constants and variables


def _value(source: Source, text: bytes, node: Node, comments: list[Node]) -> Value | None:
    is_const = node.type == "const_declaration"
    kind = "const_spec" if is_const else "var_spec"
    holder = next((each for each in node.children if each.type == "var_spec_list"), node)
    is_group = any(each.type == "(" for each in holder.children)
    specs = [(spec, above) for spec, above in with_comments(holder.children) if spec.type == kind]
    edits = Edits(text, node)
    names: list[str] = []
    synopses: list[str] = []
    kept = []
    lost_type: Node | None = None
    for spec, above in specs:
        of_spec = names_of(spec)
        type_, value = spec.child_by_field_name("type"), spec.child_by_field_name("value")
        exported = [text_of(name) for name in of_spec if is_exported(text_of(name))]
        shown_type = type_
        if is_const and type_ is None and value is None:
            shown_type = lost_type
        if not exported:
            edits.remove(spec, above)
            lost_type = shown_type
            continue
        kept.append((spec, shown_type))
        lost_type = None
        names += exported
        synopses += _value_synopses(is_const, exported, shown_type, value)
        edit_values(edits, of_spec, exported, type_, value, shown_type)
    if not names:
        return None
    return Value(
        is_const=is_const,
        names=names,
        synopses=synopses,
        decl=edits.result() if is_group else edits.result().strip(),
        doc=comment_text(comments),
        line=node.start_point.row + 1,
        file=source.name,
        owner=_owner(is_const, kept),
        sort=text_of(kept[0][0].child_by_field_name("name")) if len(kept) == 1 else "",
    )


def _value_synopses(
    is_const: bool, names: Sequence[str], type_: Node | None, value: Node | None
) -> Iterator[str]:
    for name in names:
        if is_const:
            yield f"const {name}"
            continue
        line = f"var {name}"
        if type_ is not None:
            line += f" {text_of(type_)}"
        if value is not None:
            line += f" = {text_of(value)[:LONGEST_SYNOPSIS]}"
        yield one_line(line)


def _owner(is_const: bool, specs: Sequence[tuple[Node, Node | None]]) -> str:
    """Return the type of all that have one, if three quarters do (go/doc, reader.readValue)."""
    owner, count, before = "", 0, ""
    for spec, type_ in specs:
        name = ""
        if type_ is not None:
            name, is_imported = base_type(type_)
            name = "" if is_imported else name
        elif is_const and spec.child_by_field_name("value") is None:
            name = before
        if name:
            if owner and owner != name:
                return ""
            owner, count = name, count + 1
        before = name
    return owner if count >= int(len(specs) * 0.75) else ""


# Types


def _types(source: Source, text: bytes, node: Node, comments: list[Node]) -> Iterator[Type]:
    is_group = any(each.type == "(" for each in node.children)
    for spec, above in with_comments(node.children):
        if spec.type not in ("type_spec", "type_alias"):
            continue
        name = text_of(spec.child_by_field_name("name"))
        if not name or name == "_":
            continue
        found = Type(
            name=name,
            decl="",
            synopsis="",
            doc=comment_text(above or comments),
            line=(spec if is_group else node).start_point.row + 1,
            file=source.name,
        )
        body = spec.child_by_field_name("type")
        edits = Edits(text, spec)
        if body is not None:
            _read_members(found, body)
            if is_exported(name):
                take_out_unexported(edits, body, 0)
        if is_exported(name):
            shown = edits.result()
            if is_group:
                shown = re.sub(r"^\t", "", shown, flags=re.MULTILINE)
            found.decl = f"type {shown}"
            found.synopsis = _type_synopsis(text, spec, body)
        yield found


def _read_members(found: Type, body: Node) -> None:
    found.is_struct = body.type == "struct_type"
    if body.type not in MEMBERS:
        return
    for member, _ in members(body):
        names = list(map(text_of, names_of(member)))
        type_ = member.child_by_field_name("type")
        if member.type == "field_declaration":
            if not names:
                name, is_imported = base_type(type_)
                if name and not is_imported:
                    is_pointer = any(each.type == "*" for each in member.children)
                    found.embedded.append((name, is_pointer))
            elif any(map(is_exported, names)):
                shown = one_line(text_of(type_)[: 4 * LONGEST_SYNOPSIS])
                found.fields += ((name, f"{name} {shown}") for name in names if is_exported(name))
        elif names and is_exported(names[0]):
            found.methods.append((names[0], one_line(text_of(member)[: 4 * LONGEST_SYNOPSIS])))


def _type_synopsis(text: bytes, spec: Node, body: Node | None) -> str:
    if body is not None and body.type in MEMBERS:
        head = text[spec.start_byte : body.start_byte].decode("utf-8", "replace")
        kind = body.type.removesuffix("_type")
        has_members = any(True for _ in members(body))
        return one_line(f"type {head}{kind}{{ ... }}" if has_members else f"type {head}{kind}{{}}")
    return one_line(f"type {text_of(spec)[: 4 * LONGEST_SYNOPSIS]}")


# Examples


def _read_test(source: Source, text: bytes, root: Node) -> None:
    has_tests, declared = False, 0
    for node, comments in with_comments(root.children):
        match node.type:
            case "package_clause":
                source.package = text_of(node.named_children[-1]) if node.named_children else ""
            case "const_declaration" | "var_declaration" | "type_declaration":
                declared += 1
            case "function_declaration":
                declared += 1
                name = text_of(node.child_by_field_name("name"))
                if any(_is_test(name, kind) for kind in ("Test", "Benchmark", "Fuzz")):
                    has_tests = True
                elif _is_test(name, "Example") and (example := _example(text, node, comments)):
                    source.examples.append(example)
    if not has_tests and declared > 1 and len(source.examples) == 1:
        source.examples[0].code = _whole_file(text, root)


def _is_test(name: str, kind: str) -> bool:
    return name.startswith(kind) and not name[len(kind) : len(kind) + 1].islower()


def _whole_file(text: bytes, root: Node) -> str:
    clause = next((each for each in root.children if each.type == "package_clause"), root)
    return text[clause.start_byte :].decode("utf-8", "replace").strip()


_OUTPUT: Final = re.compile(r"\s*(unordered )?output:", re.IGNORECASE)


def _example(text: bytes, node: Node, comments: list[Node]) -> Example | None:
    parameters = node.child_by_field_name("parameters")
    body = node.child_by_field_name("body")
    if body is None or (parameters is not None and parameters.named_child_count):
        return None
    if node.child_by_field_name("result") is not None:
        return None
    start, end = body.start_byte + 1, body.end_byte - 1
    output, found = "", None
    last = _last_comments(body)
    if last and (found := _OUTPUT.match(said := comment_text(last))):
        output = said[found.end() :].lstrip(" ").removeprefix("\n")
        after = text[last[-1].end_byte : end]
        code = text[start : last[0].start_byte] + (after if after.strip() else b"")
    else:
        code = text[start:end]
    shown = code.decode("utf-8", "replace").strip("\n").rstrip()
    return Example(
        name=text_of(node.child_by_field_name("name"))[len("Example") :],
        doc=comment_text(comments),
        code=re.sub(r"^\t", "", shown, flags=re.MULTILINE),
        output=output,
        has_output=found is not None,
        unordered=found is not None and found[1] is not None,
    )


def _last_comments(body: Node) -> list[Node]:
    """Return the comments that stand together as the last ones in a body, however deep."""
    holders, last = [body], None
    while last is None and holders:
        holder = holders.pop()
        if holder.type == "comment":
            last = holder
        elif b"//" in (holder.text or b"") or b"/*" in (holder.text or b""):
            holders += holder.children
    group: list[Node] = []
    while last is not None and last.type == "comment":
        if group and last.end_point.row + 1 < group[-1].start_point.row:
            break
        group.append(last)
        last = last.prev_sibling
    return group[::-1]
