"""The lines and blocks of a go.mod file with their comments (read.go of golang.org/x/mod/modfile).

Go builds a syntax tree and then hands out the comments. Here the lines come one after the other, so
that a hostile file of millions of lines needs no more memory than what it declares.
"""

from collections.abc import Iterator
from functools import cached_property

from pulp_gomod.golang.modfile.lexer import (
    BLANKS,
    MAX_TOKENS,
    WHITE_SPACE,
    Row,
    fail,
    read_row,
    read_token,
    skip_blanks,
)


class Block:
    """The head of a block of lines, like `require (`."""

    def __init__(self, tokens: list[str], line: int, column: int, before: str) -> None:
        self.tokens = tokens
        self.line = line
        self.column = column
        self.before = before

    @cached_property
    def comment(self) -> str:
        """The text of the comments above the block."""
        return comment_text(self.before, [])


class Line:
    """A line of tokens, alone or in a block.

    Attributes:
        before: source of the comment lines above it (and of blank lines between them, in a block).
        suffix: sources of the comments at its end.
    """

    __slots__ = ("before", "block", "column", "line", "suffix", "tokens")

    def __init__(
        self, tokens: list[str], line: int, column: int, before: str, block: Block | None
    ) -> None:
        self.tokens = tokens
        self.line = line
        self.column = column
        self.before = before
        self.suffix: list[str] | None = None
        self.block = block

    @property
    def comment(self) -> str:
        """The text of the comments on the line; a line without any inherits those of its block."""
        if self.block is not None and not self.before and not self.suffix:
            return self.block.comment
        return comment_text(self.before, self.suffix or [])


def comment_text(before: str, suffix: list[str]) -> str:
    """Return the text of comments without slashes and white space around, one per line."""
    above = (line.lstrip(BLANKS) for line in before.split("\n")) if before else ()
    return "\n".join(
        comment[2:].strip(WHITE_SPACE)
        for comments in (above, suffix)
        for comment in comments
        if comment
    )


def read_statements(text: str) -> Iterator[Line | Block]:
    """Yield the lines and the heads of blocks of a file, a head before the lines in its block.

    The tokens at the end of a line that make it the head of a block are left out.

    Raises:
        ErrorList: the text cannot be read as a go.mod file at all. It has one error, the first.
    """
    return _Reader(text).read_file()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._line = 1
        # A comment at the end of a line belongs to the last thing before it that fits on one line.
        # So a line is complete when the next such thing begins. A line with a string that goes on
        # behind an escaped newline leaves its comment to what was before.
        self._held: list[Line] = []
        self._owner: Line | None = None

    def read_file(self) -> Iterator[Line | Block]:
        text = self._text
        above = -1  # where the comment begins that stands directly above
        while self._offset < len(text):
            start, line = self._offset, self._line
            row = self._next_row()
            if not row.tokens:
                if row.comment < 0 <= above:
                    yield from self._own(None)
                    above = -1
                elif above < 0 <= row.comment:
                    above = start
                continue
            before = text[above:start] if above >= 0 else ""
            above = -1
            head = row.code[:-1].rstrip(BLANKS) if row.code[-1] in "()" else ""
            is_empty = row.code[-1] == ")" and len(head) > 1 and head[-1] == "("
            if not head or (row.code[-1] == ")" and not is_empty):
                yield from self._add_line(row, Line(row.tokens, line, row.indent + 1, before, None))
                continue
            yield from self._own(None)
            tokens = row.tokens
            if len(tokens) < MAX_TOKENS:
                tokens = tokens[: -2 if is_empty else -1]
            block = Block(tokens, line, row.indent + 1, before)
            yield block
            if not is_empty:
                yield from self._read_block(block)
        yield from self._held

    def _read_block(self, block: Block) -> Iterator[Line]:
        text = self._text
        above = -1
        is_first = True
        while self._offset < len(text):
            start, line = self._offset, self._line
            offset = skip_blanks(text, start)
            if text.startswith(")", offset):
                yield from self._own(None)
                self._close_block(offset)
                return
            row = self._next_row()
            if row.tokens:
                before = text[above:start] if above >= 0 else ""
                above = -1
                is_first = False
                yield from self._add_line(row, Line(row.tokens, line, row.indent + 1, before, block))
            elif above < 0 and (row.comment >= 0 or not is_first):
                above = start
        where = f"go.mod:{block.line}:{block.column}"
        fail(text, len(text), f"syntax error (unterminated block started at {where})")

    def _close_block(self, offset: int) -> None:
        text = self._text
        offset = skip_blanks(text, offset + 1)
        if offset < len(text) and text[offset] != "\n" and not text.startswith("//", offset):
            fail(
                text,
                read_token(text, offset),
                "syntax error (expected newline after closing paren)",
            )
        end = text.find("\n", offset)
        self._offset = len(text) if end < 0 else end + 1
        self._line += 1

    def _next_row(self) -> Row:
        row = read_row(self._text, self._offset)
        self._offset = row.end
        self._line += row.lines
        return row

    def _own(self, line: Line | None) -> Iterator[Line]:
        yield from self._held
        self._held = [] if line is None else [line]
        self._owner = line

    def _add_line(self, row: Row, line: Line) -> Iterator[Line]:
        if row.lines == 1:
            yield from self._own(line)
        else:
            self._held.append(line)
        if row.comment >= 0 and self._owner is not None:
            comment = self._text[row.comment : row.end - 1]
            if self._owner.suffix is None:
                self._owner.suffix = [comment]
            else:
                self._owner.suffix.append(comment)
