"""
What a go.mod file says (the types of golang.org/x/mod/modfile).

`line` is always the line of the file, counted from 1.
"""

from dataclasses import dataclass, field

from ..module import Version


@dataclass(slots=True)
class Module:
    """The module directive. `deprecated` is the message of a deprecation, or an empty string."""

    path: str
    deprecated: str
    line: int


@dataclass(slots=True)
class Go:
    """The go directive, like `1.23` or `1.24rc1`."""

    version: str
    line: int


@dataclass(slots=True)
class Toolchain:
    """The toolchain directive, like `go1.23.4`."""

    name: str
    line: int


@dataclass(slots=True)
class Godebug:
    """One godebug directive, `key=value`."""

    key: str
    value: str
    line: int


@dataclass(slots=True)
class Require:
    """One requirement. `indirect` tells whether it carries the comment `// indirect`."""

    path: str
    version: str
    indirect: bool
    line: int


@dataclass(slots=True)
class Exclude:
    """One version that the main module does not want."""

    path: str
    version: str
    line: int


@dataclass(slots=True)
class Replace:
    """One replacement. `old` may have no version, `new` has none if it is a directory."""

    old: Version
    new: Version
    line: int


@dataclass(slots=True)
class Retract:
    """
    A closed interval of versions that should not be used, and why.

    The versions are as written, not made canonical.
    """

    low: str
    high: str
    rationale: str
    line: int


@dataclass(slots=True)
class Tool:
    """One package that is a tool of the main module."""

    path: str
    line: int


@dataclass(slots=True)
class Ignore:
    """One directory that package patterns leave out."""

    path: str
    line: int


@dataclass(slots=True)
class File:
    """A go.mod file. Directives that it does not have are None or empty lists."""

    module: Module | None = None
    go: Go | None = None
    toolchain: Toolchain | None = None
    godebug: list[Godebug] = field(default_factory=list)
    require: list[Require] = field(default_factory=list)
    exclude: list[Exclude] = field(default_factory=list)
    replace: list[Replace] = field(default_factory=list)
    retract: list[Retract] = field(default_factory=list)
    tool: list[Tool] = field(default_factory=list)
    ignore: list[Ignore] = field(default_factory=list)
