"""The arguments of directives (parseString, parseVersion, parseVersionInterval and others)."""

import re
from typing import Final

from ..errors import GoError
from ..module import (
    InvalidVersionError,
    Version,
    canonical_version,
    check_path_major,
    split_path_version,
)
from ..quote import quote
from .quoting import unquote

GO_VERSION: Final = re.compile(r"([1-9][0-9]*)\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?([a-z]+[0-9]+)?")
LAX_GO_VERSION: Final = re.compile(r"v?([1-9][0-9]*\.(?:0|[1-9][0-9]*))[^0-9][^\n]*")
TOOLCHAIN: Final = re.compile(r"default|go1(?:\.(?s:.*))?")

_USAGE_REPLACE: Final = (
    "usage: replace module/path [v1.2.3] => other/module v1.4\n"
    "\t or replace module/path [v1.2.3] => ../local/directory"
)
_DIRECTORY: Final = re.compile(r"\.{1,2}(?:\Z|[/\\])|[/\\]|[A-Za-z]:")
_DEPRECATED: Final = re.compile(r"(?:\A|\n\n)Deprecated: *")


class BadArgument(Exception):
    """An argument that Go refuses: the reason, and what Error says besides."""

    def __init__(self, reason: str, *, verb: str = "", mod_path: str = "") -> None:
        self.reason = reason
        self.verb = verb
        self.mod_path = mod_path
        super().__init__(reason)


def _unquoted(token: str) -> str:
    if token.startswith('"'):
        return unquote(token)
    if '"' in token or "'" in token or "`" in token:
        raise GoError("unquoted string cannot contain quote")
    return token


def parse_string(token: str) -> str:
    """Return a token without its quotes."""
    try:
        return _unquoted(token)
    except GoError as error:
        raise BadArgument(f"invalid quoted string: {error}") from error


def parse_version(verb: str, path: str, token: str, *, canonical: bool = True) -> str:
    """Return the version that a token stands for, made canonical if asked to."""
    try:
        try:
            version = _unquoted(token)
        except GoError as error:
            raise InvalidVersionError(token, str(error)) from error
        if not canonical:
            return version
        found = canonical_version(version)
        if not found:
            raise InvalidVersionError(version, "must be of the form v1.2.3")
    except InvalidVersionError as error:
        raise BadArgument(str(error), verb=verb, mod_path=path) from error
    return found


def _path_major(path: str) -> str:
    try:
        return split_path_version(path).path_major
    except GoError as error:
        raise BadArgument("invalid module path") from error


def _check_major(verb: str, path: str, version: str, path_major: str) -> None:
    try:
        check_path_major(version, path_major)
    except InvalidVersionError as error:
        raise BadArgument(str(error), verb=verb, mod_path=path) from error


def parse_module_version(verb: str, args: list[str]) -> Version:
    """Return the module and version of a require or exclude directive."""
    if len(args) != 2:
        raise BadArgument(f"usage: {verb} module/path v1.2.3")
    path = parse_string(args[0])
    version = parse_version(verb, path, args[1])
    _check_major(verb, path, version, _path_major(path))
    return Version(path, version)


def parse_replace(args: list[str]) -> tuple[Version, Version]:
    """Return the old and the new module of a replace directive (parseReplace)."""
    arrow = 1 if args[1:2] == ["=>"] else 2
    if not arrow + 2 <= len(args) <= arrow + 3 or args[arrow] != "=>":
        raise BadArgument(_USAGE_REPLACE)
    old = _parse_replaced(args[:arrow])
    path = parse_string(args[arrow + 1])
    if len(args) == arrow + 2:
        _check_directory(path)
        return old, Version(path)
    version = parse_version("replace", path, args[arrow + 2])
    if is_directory_path(path):
        raise BadArgument(f"replacement module directory path {quote(path)} cannot have version")
    return old, Version(path, version)


def _parse_replaced(args: list[str]) -> Version:
    path = parse_string(args[0])
    try:
        path_major = _path_major(path)
    except BadArgument as error:
        raise BadArgument(error.reason, verb="replace", mod_path=path) from error
    if len(args) == 1:
        return Version(path)
    version = parse_version("replace", path, args[1])
    _check_major("replace", path, version, path_major)
    return Version(path, version)


def is_directory_path(path: str) -> bool:
    """Report whether a replacement is a directory, in Unix or Windows form (IsDirectoryPath)."""
    return _DIRECTORY.match(path) is not None


def _check_directory(path: str) -> None:
    if not is_directory_path(path):
        if "@" in path:
            raise BadArgument(
                "replacement module must match format 'path version', not 'path@version'"
            )
        raise BadArgument(
            "replacement module without version must be directory path "
            "(rooted or starting with . or ..)"
        )
    if "\\" in path:
        raise BadArgument(
            "replacement directory appears to be Windows path (on a non-windows system)"
        )


def parse_interval(args: list[str]) -> tuple[str, str, list[str]]:
    """Return low and high of a retract directive, and the tokens behind (parseVersionInterval)."""
    if not args or args[0] == "(":
        raise BadArgument("expected '[' or version")
    if args[0] != "[":
        version = parse_version("retract", "", args[0], canonical=False)
        return version, version, args[1:]
    low = _bound(args, 1, "'['")
    _expect(args, 2, ",")
    high = _bound(args, 3, "','")
    _expect(args, 4, "]")
    return low, high, args[5:]


def _bound(args: list[str], index: int, after: str) -> str:
    if len(args) <= index:
        raise BadArgument(f"expected version after {after}")
    return parse_version("retract", "", args[index], canonical=False)


def _expect(args: list[str], index: int, token: str) -> None:
    if args[index : index + 1] != [token]:
        raise BadArgument(f"expected '{token}' after version")


def find_deprecation(comment: str) -> str:
    """Return the message of the first paragraph that begins `Deprecated:` (parseDeprecation)."""
    match = _DEPRECATED.search(comment)
    if match is None:
        return ""
    end = comment.find("\n\n", match.end())
    return comment[match.end() : end] if end >= 0 else comment[match.end() :]
