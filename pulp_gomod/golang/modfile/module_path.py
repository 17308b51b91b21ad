"""The module path of a go.mod file that may be broken otherwise (modfile.ModulePath)."""

import re
from typing import Final

from ..errors import GoError
from .lexer import WHITE_SPACE
from .quoting import unquote

_SPACE: Final = "[" + WHITE_SPACE.replace("\n", "") + "]"
_MODULE_LINE: Final = re.compile(rf"^{_SPACE}*+module(?={_SPACE})([^\n]*)", re.MULTILINE)


def module_path(data: bytes) -> str:
    """
    Return the module path, or an empty string if there is none (modfile.ModulePath).

    This looks at single lines only: it takes backquoted strings, which `parse` refuses, and finds
    "(" where a block begins. Use `parse_lax` to learn what the go command takes for the path.
    """
    for match in _MODULE_LINE.finditer(data.decode("utf-8", "surrogateescape")):
        path = match[1].partition("//")[0].strip(WHITE_SPACE)
        if not path:
            continue
        if path[0] not in '"`':
            return path
        try:
            return unquote(path)
        except GoError:
            return ""
    return ""
