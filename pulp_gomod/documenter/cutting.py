"""Declarations without what they do not export, cut out of the source as it is written (go/doc does that with trees)."""

import re
from collections.abc import Sequence
from typing import Final

from tree_sitter import Node

from pulp_gomod.documenter.tree import MEMBERS, base_type, is_exported, members, names_of, text_of

# Characters of the value of a variable that are shown.
_LONGEST_VALUE: Final = 1000
# How deep types are looked into for fields that are not exported.
_DEEPEST: Final = 20
_PREDECLARED: Final = frozenset(
    [
        "any",
        "bool",
        "byte",
        "comparable",
        "complex64",
        "complex128",
        "error",
        "float32",
        "float64",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "rune",
        "string",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
    ]
)


_HAS_MEMBERS: Final = re.compile(rb"\b(?:struct|interface)\b")


class Edits:
    """What is changed of a piece of source."""

    def __init__(self, text: bytes, node: Node) -> None:
        self._text = text
        self._start, self._end = node.start_byte, node.end_byte
        self._edits: list[tuple[int, int, str]] = []

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of what is between two bytes of the file."""
        self._edits.append((start, end, text))

    def remove(self, node: Node, above: Sequence[Node]) -> None:
        """Take something out, with its comments and its line, if that has nothing else."""
        start = above[0].start_byte if above else node.start_byte
        end = node.end_byte
        line_end = self._text.find(b"\n", end)
        line_end = len(self._text) if line_end < 0 else line_end
        rest = self._text[end:line_end].strip()
        if rest.startswith(b";"):
            rest = rest[1:].strip()
        line_start = self._text.rfind(b"\n", 0, start) + 1
        if (not rest or rest.startswith((b"//", b"/*"))) and not self._text[
            line_start:start
        ].strip():
            self._edits.append((line_start, line_end + 1, ""))
        else:
            self._edits.append((start, end, ""))

    def note(self, at: int, comment: str) -> None:
        """Put a comment in a line of its own before a closing brace."""
        line_start = self._text.rfind(b"\n", 0, at) + 1
        indent = self._text[line_start:at]
        if indent.strip():
            self._edits.append((at, at, f" {comment.replace('// ', '/* ', 1)} */ "))
        else:
            self._edits.append((line_start, line_start, f"{indent.decode()}\t{comment}\n"))

    def result(self) -> str:
        """Return the piece with all changes."""
        if not self._edits:
            return self._text[self._start : self._end].decode("utf-8", "replace")
        parts: list[str] = []
        at = self._start
        for start, end, text in sorted(self._edits, key=lambda edit: (edit[0], edit[1])):
            if start < at or end > self._end:
                continue
            parts += (self._text[at:start].decode("utf-8", "replace"), text)
            at = end
        parts.append(self._text[at : self._end].decode("utf-8", "replace"))
        whole = "".join(parts)
        return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", whole)


def take_out_unexported(edits: Edits, node: Node, depth: int) -> None:
    """Take out of a type what is not exported, in types within it, too."""
    if depth > _DEEPEST or not node.text or not _HAS_MEMBERS.search(node.text):
        return
    if node.type not in MEMBERS:
        for each in node.named_children:
            take_out_unexported(edits, each, depth + 1)
        return
    is_struct = node.type == "struct_type"
    removed = False
    for member, above in members(node):
        names = names_of(member)
        exported = [text_of(name) for name in names if is_exported(text_of(name))]
        if names:
            keep = bool(exported)
            if keep and len(exported) < len(names):
                removed = True
                edits.replace(names[0].start_byte, names[-1].end_byte, ", ".join(exported))
        else:
            keep = _keeps_embedded(member, is_struct)
        if keep:
            _filter_kept(edits, member, depth)
        else:
            removed = True
            edits.remove(member, above)
    if removed:
        what = "fields" if is_struct else "methods"
        edits.note(node.end_byte - 1, f"// contains filtered or unexported {what}")


def _filter_kept(edits: Edits, member: Node, depth: int) -> None:
    for each in member.named_children:
        take_out_unexported(edits, each, depth + 1)


def _keeps_embedded(member: Node, is_struct: bool) -> bool:
    type_ = member.child_by_field_name("type") if is_struct else member
    name, _ = base_type(type_)
    if not name:
        return not is_struct
    return is_exported(name) or (not is_struct and name in _PREDECLARED)


def edit_values(
    edits: Edits,
    names: Sequence[Node],
    exported: Sequence[str],
    type_: Node | None,
    value: Node | None,
    shown_type: Node | None,
) -> None:
    """
    Take out of a line of constants or variables what is not exported.

    Args:
        edits: What is changed of the declaration.
        names: The names of the line.
        exported: Those that are exported.
        type_: Its type, if it has one.
        value: Its value, likewise.
        shown_type: The type that it has by a line before, which may be taken out.
    """
    if len(exported) < len(names):
        # What stands for something by its place keeps it.
        in_place = value is not None or type_ is None
        shown = [
            name if is_exported(name) else "_"
            for name in map(text_of, names)
            if in_place or is_exported(name)
        ]
        edits.replace(names[0].start_byte, names[-1].end_byte, ", ".join(shown))
    if type_ is None and shown_type is not None:
        edits.replace(names[-1].end_byte, names[-1].end_byte, f" {text_of(shown_type)}")
    if value is not None and value.end_byte - value.start_byte > _LONGEST_VALUE:
        first = text_of(value).partition("\n")[0][:_LONGEST_VALUE]
        edits.replace(
            value.start_byte, value.end_byte, f"{first} … }}" if "{" in first else f"{first} …"
        )
