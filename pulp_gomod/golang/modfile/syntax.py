"""
The lines and blocks of a go.mod file with their comments (read.go of golang.org/x/mod/modfile).

Go builds a syntax tree and then hands out the comments. Here the lines are handed over one after
the other, so that a hostile file of millions of lines needs no more memory than what it declares.
"""

from functools import cached_property
from typing import Protocol

from .lexer import (
    BLANKS,
    MAX_TOKENS,
    WHITE_SPACE,
    Row,
    fail,
    line_and_column,
    read_row,
    read_token,
    skip_blanks,
)


class Block:
    """
    The head of a block of lines, like `require (`.

    Attributes:
        tokens: what stands before the parenthesis.
        start: offset of the line in the file.
        line: number of the line.
        before: source of the comment lines above it.
        is_wanted: whether the lines in it are.
    """

    def __init__(self, tokens: list[str], start: int, line: int, before: str) -> None:
        self.tokens = tokens
        self.start = start
        self.line = line
        self.before = before
        self.is_wanted = False

    @cached_property
    def comment(self) -> str:
        """The text of the comments above the block."""
        return comment_text(self.before, [])


class Line:
    """
    A line of tokens, alone or in a block.

    Attributes:
        tokens, start, line: as those of a block.
        before: source of the comment lines above it (and of blank lines between them, in a block).
        suffix: sources of the comments at its end.
    """

    __slots__ = ("before", "block", "line", "start", "suffix", "tokens")

    def __init__(
        self, tokens: list[str], start: int, line: int, before: str, block: Block | None
    ) -> None:
        self.tokens = tokens
        self.start = start
        self.line = line
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


class Statements(Protocol):
    """Whoever wants to know what a file says."""

    def wants(self, verb: str) -> bool:
        """Report whether lines that begin with the verb, outside of blocks, are wanted."""

    def open_block(self, block: Block) -> bool:
        """Take note of the head of a block and report whether the lines in it are wanted."""

    def add_line(self, line: Line) -> None:
        """Take a line."""


def read_statements(text: str, statements: Statements) -> None:
    """
    Hand over the heads of blocks and the wanted lines of a file, in the order of the file.

    Raises:
        ErrorList: the text cannot be read as a go.mod file at all. It has one error, the first.
    """
    _Reader(text, statements).read_file()


class _Reader:
    def __init__(self, text: str, statements: Statements) -> None:
        self._text = text
        self._statements = statements
        self._offset = 0
        self._line = 1
        # A comment at the end of a line belongs to the last thing before it that fits on one line.
        # So a line is complete when the next such thing begins. A line with a string that goes on
        # behind an escaped newline leaves its comment to what was before, and waits as well.
        self._owner: Line | None = None
        self._waiting: list[Line] = []

    def read_file(self) -> None:
        text = self._text
        above = -1  # where the comment begins that stands directly above
        while self._offset < len(text):
            start, line = self._offset, self._line
            row = self._next_row()
            tokens, code, comment, _ = row
            if not tokens:
                if comment < 0 <= above:
                    self._own(None)
                    above = -1
                elif above < 0 <= comment:
                    above = start
                continue
            before = text[above:start] if above >= 0 else ""
            above = -1
            brackets = _block_brackets(code) if code[-1] in "()" else 0
            if brackets:
                tokens = tokens[:-brackets] if len(tokens) < MAX_TOKENS else tokens
                self._read_block(Block(tokens, start, line, before), is_empty=brackets > 1)
            elif self._statements.wants(tokens[0]):
                self._add(row, Line(tokens, start, line, before, None))
            else:
                self._add(row, None)
        self._own(None)

    def _read_block(self, block: Block, *, is_empty: bool) -> None:
        self._own(None)
        block.is_wanted = self._statements.open_block(block)
        if is_empty:
            return
        text = self._text
        above = -1
        is_first = True
        while self._offset < len(text):
            start, line = self._offset, self._line
            offset = skip_blanks(text, start)
            if text.startswith(")", offset):
                self._own(None)
                self._close_block(offset)
                return
            row = self._next_row()
            if row[0]:
                is_first = False
                before = text[above:start] if above >= 0 else ""
                above = -1
                self._add(
                    row, Line(row[0], start, line, before, block) if block.is_wanted else None
                )
            elif above < 0 and (row[2] >= 0 or not is_first):
                above = start
        place = line_and_column(text, skip_blanks(text, block.start))
        where = f"go.mod:{place[0]}:{place[1]}"
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
        start = self._offset
        row = read_row(self._text, start)
        tokens, code, comment, self._offset = row
        if tokens:
            self._line += code.count("\n") + 1
        else:
            self._line += 1 if comment >= 0 else self._text.count("\n", start, self._offset)
        return row

    def _own(self, line: Line | None) -> None:
        if self._owner is not None:
            self._statements.add_line(self._owner)
        if self._waiting:
            for waiting in self._waiting:
                self._statements.add_line(waiting)
            self._waiting = []
        self._owner = line

    def _add(self, row: Row, line: Line | None) -> None:
        _, code, comment, end = row
        if "\n" not in code:
            self._own(line)
        elif line is not None:
            self._waiting.append(line)
        owner = self._owner
        if comment >= 0 and owner is not None:
            source = self._text[comment : end - 1]
            if owner.suffix is None:
                owner.suffix = [source]
            else:
                owner.suffix.append(source)


def _block_brackets(code: str) -> int:
    """Return how many brackets end a line that is the head of a block: 1, 2 if empty, or 0."""
    head = code[:-1].rstrip(BLANKS)
    if code[-1] == "(":
        return 1 if head else 0
    return 2 if len(head) > 1 and head[-1] == "(" else 0
