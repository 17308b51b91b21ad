"""
The go.mod file as Go reads it (package golang.org/x/mod/modfile).

`parse` reads the file of a main module, `parse_lax` that of a dependency, which is what a server
has to do. Files are bytes; bytes that are not UTF-8 come out as Python's surrogate escapes.
"""

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
from .module_path import module_path
from .quoting import auto_quote, legacy_go_mod, must_quote
from .rules import parse, parse_lax
from .work import Work, parse_work

__all__ = [
    "Error",
    "ErrorList",
    "Exclude",
    "File",
    "Go",
    "Godebug",
    "Ignore",
    "Module",
    "Replace",
    "Require",
    "Retract",
    "Tool",
    "Toolchain",
    "Work",
    "auto_quote",
    "legacy_go_mod",
    "module_path",
    "must_quote",
    "parse",
    "parse_lax",
    "parse_work",
]
