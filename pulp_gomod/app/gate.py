"""What a module zip has to be to be published here: what Go asks for, and what this server does."""

from os import PathLike
from typing import BinaryIO

from django.conf import settings

from pulp_gomod.app.models.module import zip_path
from pulp_gomod.golang import GoError
from pulp_gomod.golang.zip import SizeError, Upload, check_upload

MAX_PATH = 2200
"""Bytes of the path of a zip below a GOPROXY, escaped: what PostgreSQL's indexes take."""

_SETTINGS = {
    "module zip file": "GOMOD_MAX_ZIP_SIZE",
    "go.mod file": "GOMOD_MAX_GO_MOD_SIZE",
}


class Refused(GoError):
    """A module zip that Go would take, and this server does not."""


def judge(file: str | PathLike[str] | BinaryIO) -> Upload:
    """
    Judge a module zip by Go's rules and this server's settings, reading every byte once.

    Args:
        file: The path, or the file open for reading.

    Raises:
        GoError: It is refused; the text names the entry and the rule or the setting.
    """
    try:
        upload = check_upload(
            file,
            max_zip_size=settings.GOMOD_MAX_ZIP_SIZE,
            max_go_mod=settings.GOMOD_MAX_GO_MOD_SIZE,
        )
    except SizeError as error:
        raise Refused(_with_setting(str(error))) from error
    check_path(upload.module, upload.version)
    if settings.GOMOD_REQUIRE_MATCHING_MODULE_LINE and upload.module_line_differs:
        raise Refused(
            f"{upload.module}@{upload.version}/go.mod declares its path as {upload.module_line} "
            "(this server has GOMOD_REQUIRE_MATCHING_MODULE_LINE)"
        )
    return upload


def _with_setting(text: str) -> str:
    """Name the setting that a limit comes from, if it comes from one."""
    for beginning, name in _SETTINGS.items():
        if text.startswith(beginning):
            return f"{text.removesuffix(')')}, set by {name})"
    return text


def check_path(module: str, version: str) -> None:
    """
    Check that the names of a module version can be stored.

    Args:
        module: The module path.
        version: The version.

    Raises:
        Refused: They are too long for the database.
    """
    length = len(zip_path(module, version))
    if length > MAX_PATH:
        raise Refused(
            f"{module[:64]}...: module path and version too long ({length} bytes as a URL; this "
            f"server takes {MAX_PATH})"
        )
