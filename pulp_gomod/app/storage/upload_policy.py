"""What a module zip has to be to be published here: what Go asks for, and what this server does."""

from os import PathLike
from typing import BinaryIO

from django.conf import settings

from pulp_gomod.app.models.module import zip_path
from pulp_gomod.golang import GoError
from pulp_gomod.golang.quote import printable
from pulp_gomod.golang.zip import Upload
from pulp_gomod.verifier import process
from pulp_gomod.verifier.checks import Finding, Publish, Refusal
from pulp_gomod.verifier.places import Places

MAX_PATH = 2200
"""Bytes of the path of a zip below a GOPROXY, escaped: what PostgreSQL's indexes take."""

_SETTINGS = {
    "module zip file": "GOMOD_MAX_ZIP_SIZE",
    "go.mod file": "GOMOD_MAX_GO_MOD_SIZE",
}


class Refused(GoError):
    """A module zip that Go would take, and this server does not."""


def verify(file: str | PathLike[str] | BinaryIO) -> Upload:
    """
    Verify a module zip by Go's rules and this server's settings, reading every byte once.

    Args:
        file: The path, or the file open for reading.

    Raises:
        GoError: It is refused; the text names the entry and the rule or the setting.
    """
    return _accept(_check()(file))


def verify_apart(descriptor: int) -> Upload:
    """
    Do what `verify` does in a process of its own, with limits.

    Args:
        descriptor: The zip, open for reading and complete; its position moves.

    Raises:
        GoError: As `verify`; and where it takes too long.
        VerifierFailed: The process failed.
    """
    return _accept(process.verify_apart(descriptor, _check(), settings.GOMOD_VERIFY_SECONDS))


def places(kind: str = "verify") -> Places:
    """
    Return the places for those who verify heavy zips on this machine.

    Args:
        kind: Those of uploads, by default; others have their own.
    """
    return Places(settings.WORKING_DIRECTORY, kind, max(1, settings.GOMOD_VERIFIERS))


def _check() -> Publish:
    return Publish(settings.GOMOD_MAX_ZIP_SIZE, settings.GOMOD_MAX_GO_MOD_SIZE)


def _accept(finding: Finding) -> Upload:
    if isinstance(finding, Refusal):
        raise Refused(_with_setting(finding.reason) if finding.is_size else finding.reason)
    assert isinstance(finding, Upload)
    upload = finding
    check_path(upload.module, upload.version)
    if settings.GOMOD_REQUIRE_MATCHING_MODULE_LINE and upload.module_line_differs:
        raise Refused(
            f"{upload.module}@{upload.version}/go.mod declares its path as {printable(upload.module_line)} "
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

    Raises:
        Refused: They are too long for the database.
    """
    length = len(zip_path(module, version))
    if length > MAX_PATH:
        raise Refused(
            f"{module[:64]}...: module path and version too long ({length} bytes as a URL; this "
            f"server accepts {MAX_PATH})"
        )
