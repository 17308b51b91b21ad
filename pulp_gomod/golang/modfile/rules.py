"""What the directives of a go.mod file mean (rule.go of golang.org/x/mod/modfile)."""

from typing import Final

from ..quote import quote
from .arguments import (
    GO_VERSION,
    LAX_GO_VERSION,
    TOOLCHAIN,
    BadArgument,
    find_deprecation,
    parse_interval,
    parse_module_version,
    parse_replace,
    parse_string,
)
from .errors import Error, ErrorList
from .file import (
    Exclude,
    File,
    Go,
    Godebug,
    Ignore,
    Module,
    Replace,
    Require,
    Retract,
    Tool,
    Toolchain,
)
from .lexer import WHITE_SPACE, skip_blanks
from .syntax import Block, Line, read_statements

MAX_ERRORS: Final = 1000
"""Mistakes that are described; Go describes them all, which takes gigabytes for hostile files."""

_BLOCK_VERBS: Final = frozenset(
    ("module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore")
)
_LAX_VERBS: Final = frozenset(("go", "module", "retract", "require", "ignore"))


def parse(data: bytes) -> File:
    """
    Parse the go.mod file of a main module (modfile.Parse without a VersionFixer).

    Versions become canonical, except in retract directives, as in Go.

    Raises:
        ErrorList: Go would refuse the file. Its text has a line `go.mod:LINE:COLUMN: reason` for
            each mistake.
    """
    return Reader(File(), strict=True).read(data)


def parse_lax(data: bytes) -> File:
    """
    Parse the go.mod file of a dependency (modfile.ParseLax without a VersionFixer).

    This is how the go command reads what a proxy serves: directives that only matter in a main
    module (toolchain, godebug, exclude, replace, tool) and unknown ones are ignored.

    Raises:
        ErrorList: Go would refuse the file.
    """
    return read_lax(data, File())


def read_lax(data: bytes, file: File) -> File:
    """
    Do what parse_lax does, into a File whose lists may keep less than all.

    Raises:
        ErrorList: Go would refuse the file.
    """
    return Reader(file, strict=False).read(data)


class Reader:
    """
    Reads the directives of a file, one after the other.

    Attributes:
        block_verbs: Directives that may stand in parentheses.
    """

    block_verbs = _BLOCK_VERBS

    def __init__(self, file: File, *, strict: bool) -> None:
        self._strict = strict
        self._text = ""
        self._file = file
        self._errors: list[Error] = []
        self._omitted = 0
        self._directives = {
            "go": self._add_go,
            "toolchain": self._add_toolchain,
            "module": self._add_module,
            "godebug": self._add_godebug,
            "require": self._add_require,
            "exclude": self._add_exclude,
            "replace": self._add_replace,
            "retract": self._add_retract,
            "tool": self._add_tool,
            "ignore": self._add_ignore,
        }

    def read(self, data: bytes) -> File:
        """
        Read a whole file.

        Raises:
            ErrorList: Go would refuse it.
        """
        self._text = data.decode("utf-8", "surrogateescape")
        read_statements(self._text, self)
        if self._errors:
            raise ErrorList(self._errors, self._omitted)
        return self._file

    def _report(self, where: Line | Block, error: BadArgument) -> None:
        if len(self._errors) == MAX_ERRORS:
            self._omitted += 1
            return
        column = skip_blanks(self._text, where.start) - where.start + 1
        self._errors.append(
            Error(error.reason, where.line, column, verb=error.verb, mod_path=error.mod_path)
        )

    def wants(self, verb: str) -> bool:
        """Say whether the lines of a block matter."""
        return self._strict or verb in _LAX_VERBS

    def open_block(self, block: Block) -> bool:
        """Begin a block, and say whether its lines matter."""
        verb = block.tokens[0]
        if len(block.tokens) > 1 or verb not in self.block_verbs:
            if self._strict:
                self._report(block, BadArgument(f"unknown block type: {' '.join(block.tokens)}"))
            return False
        return self.wants(verb)

    def add_line(self, line: Line) -> None:
        """Take a line."""
        if line.block is None:
            verb, args = line.tokens[0], line.tokens[1:]
        else:
            verb, args = line.block.tokens[0], line.tokens
        try:
            add = self._directives.get(verb)
            if add is None:
                raise BadArgument(f"unknown directive: {verb}")
            add(line, args)
        except BadArgument as error:
            self._report(line, error)

    def _add_go(self, line: Line, args: list[str]) -> None:
        if self._file.go is not None:
            raise BadArgument("repeated go statement")
        if len(args) != 1:
            raise BadArgument("go directive expects exactly one argument")
        version = args[0]
        if GO_VERSION.fullmatch(version) is None:
            repaired = None if self._strict else LAX_GO_VERSION.fullmatch(version)
            if repaired is None:
                raise BadArgument(f"invalid go version '{version}': must match format 1.23.0")
            version = repaired[1]
        self._file.go = Go(version, line.line)

    def _add_toolchain(self, line: Line, args: list[str]) -> None:
        if self._file.toolchain is not None:
            raise BadArgument("repeated toolchain statement")
        if len(args) != 1:
            raise BadArgument("toolchain directive expects exactly one argument")
        if TOOLCHAIN.fullmatch(args[0]) is None:
            raise BadArgument(
                f"invalid toolchain version '{args[0]}': must match format go1.23.0 or default"
            )
        self._file.toolchain = Toolchain(args[0], line.line)

    def _add_module(self, line: Line, args: list[str]) -> None:
        if self._file.module is not None:
            raise BadArgument("repeated module statement")
        # Go counts a malformed module directive, too: the next one is a repeated one.
        module = self._file.module = Module("", find_deprecation(line.comment), line.line)
        if len(args) != 1:
            raise BadArgument("usage: module module/path")
        module.path = parse_string(args[0])

    def _add_godebug(self, line: Line, args: list[str]) -> None:
        usage = BadArgument("usage: godebug key=value")
        if len(args) != 1 or any(char in args[0] for char in "\"`',"):
            raise usage
        key, equals, value = args[0].partition("=")
        if not equals:
            raise usage
        self._file.godebug.append(Godebug(key, value, line.line))

    def _add_require(self, line: Line, args: list[str]) -> None:
        path, version = parse_module_version("require", args)
        self._file.require.append(Require(path, version, _is_indirect(line), line.line))

    def _add_exclude(self, line: Line, args: list[str]) -> None:
        path, version = parse_module_version("exclude", args)
        self._file.exclude.append(Exclude(path, version, line.line))

    def _add_replace(self, line: Line, args: list[str]) -> None:
        old, new = parse_replace(args)
        self._file.replace.append(Replace(old, new, line.line))

    def _add_retract(self, line: Line, args: list[str]) -> None:
        try:
            low, high, rest = parse_interval(args)
        except BadArgument:
            if self._strict:
                raise
            return  # Intervals of a form that only newer Go knows must not break dependencies.
        if rest and self._strict:
            raise BadArgument(f"unexpected token after version: {quote(rest[0])}")
        self._file.retract.append(Retract(low, high, line.comment, line.line))

    def _add_tool(self, line: Line, args: list[str]) -> None:
        if len(args) != 1:
            raise BadArgument("tool directive expects exactly one argument")
        self._file.tool.append(Tool(parse_string(args[0]), line.line))

    def _add_ignore(self, line: Line, args: list[str]) -> None:
        if len(args) != 1:
            raise BadArgument("ignore directive expects exactly one argument")
        self._file.ignore.append(Ignore(parse_string(args[0]), line.line))


def _is_indirect(line: Line) -> bool:
    if not line.suffix:
        return False
    comment = line.suffix[0][2:].strip(WHITE_SPACE)
    if comment == "indirect":
        return True
    return comment.startswith("indirect;") and comment[9:10] in tuple(WHITE_SPACE)
