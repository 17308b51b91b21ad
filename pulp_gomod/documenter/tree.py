"""What is to be read of a tree of Go source: names, comments, the members of types."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tree_sitter import Node

LONGEST_SYNOPSIS: Final = 200
"""Characters of a declaration in one line."""

MEMBERS: Final = frozenset({"struct_type", "interface_type"})
"""The types of nodes that have members."""


def is_exported(name: str) -> bool:
    """Say whether a name is exported: it begins with an upper-case letter."""
    return name[:1].isupper()


def text_of(node: Node | None) -> str:
    """Return the source of a node, "" if there is none."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def with_comments(nodes: Sequence[Node]) -> Iterator[tuple[Node, list[Node]]]:
    """Yield what is no comment, with the comments that stand right above it."""
    group: list[Node] = []
    last_row = -1
    for node in nodes:
        if node.type == "comment":
            row = node.start_point.row
            if row == last_row:
                # It stands behind something.
                group = []
                continue
            if group and group[-1].end_point.row + 1 < row:
                group = []
            group.append(node)
            continue
        if not node.is_named:
            if node.type != "\n":
                last_row = node.end_point.row
            continue
        is_above = bool(group) and group[-1].end_point.row + 1 == node.start_point.row
        yield node, group if is_above else []
        group = []
        last_row = node.end_point.row


_DIRECTIVE: Final = re.compile(r"(?:line |extern |export |[a-z0-9]+:[a-z0-9])")


def comment_text(comments: Sequence[Node]) -> str:
    """Return the text of comments, without markers and directives (ast.CommentGroup.Text)."""
    lines: list[str] = []
    for comment in comments:
        text = text_of(comment)
        if text.startswith("/*"):
            lines += text[2:-2].split("\n")
        elif text[2:3] == " ":
            lines.append(text[3:])
        elif not _DIRECTIVE.match(text[2:]):
            lines.append(text[2:])
    out: list[str] = []
    for line in lines:
        line = line.rstrip(" \t\n\r")
        if line or (out and out[-1]):
            out.append(line)
    if out and out[-1]:
        out.append("")
    return "\n".join(out)


def base_type(node: Node | None) -> tuple[str, bool]:
    """Return the name of the type that a type is made of, and whether it is of another package."""
    while node is not None:
        match node.type:
            case "type_identifier" | "identifier":
                return text_of(node), False
            case "qualified_type":
                return text_of(node.child_by_field_name("name")), True
            case "generic_type":
                node = node.child_by_field_name("type")
            case "pointer_type" | "parenthesized_type" | "type_elem":
                named = [each for each in node.named_children if each.type != "comment"]
                node = named[0] if len(named) == 1 else None
            case _:
                return "", False
    return "", False


def names_of(node: Node) -> list[Node]:
    """Return the names that something declares, without the commas between them."""
    return [name for name in node.children_by_field_name("name") if name.is_named]


def members(node: Node) -> Iterator[tuple[Node, list[Node]]]:
    """Yield the fields of a struct, or the methods and embedded types of an interface."""
    holder: Node | None = node
    if node.type == "struct_type":
        holder = next(
            (each for each in node.children if each.type == "field_declaration_list"), None
        )
    if holder is not None:
        yield from with_comments(holder.children)


def one_line(text: str) -> str:
    """Return a declaration in one line, cut where it is long."""
    line = " ".join(text.split())
    line = line.replace("( ", "(").replace(", )", ")")
    return line if len(line) <= LONGEST_SYNOPSIS else f"{line[:LONGEST_SYNOPSIS]}..."
