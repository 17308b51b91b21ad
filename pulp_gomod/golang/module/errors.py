"""The errors of Go's package golang.org/x/mod/module."""

from ..errors import GoError
from ..quote import printable, quote

__all__ = ["InvalidPathError", "InvalidVersionError", "ModuleError"]


class InvalidPathError(GoError):
    """
    A module, import or file path that breaks a naming rule.

    Attributes: `kind` ("module", "import", "file"), `path`, and `reason` in Go's own words.
    """

    def __init__(self, kind: str, path: str, reason: str) -> None:
        """Name the path of this kind and say why it is malformed."""
        self.kind = kind
        self.path = path
        self.reason = reason
        super().__init__(f"malformed {kind} path {quote(path)}: {reason}")


class InvalidVersionError(GoError):
    """
    A version that is wrong by itself.

    Attributes: `version`, `reason` in Go's own words, and `pseudo`, true when the version was to
    be a pseudo-version.
    """

    def __init__(self, version: str, reason: str, *, pseudo: bool = False) -> None:
        """Name the version and say why it is invalid."""
        self.version = version
        self.reason = reason
        self.pseudo = pseudo
        super().__init__(f"{self.noun} {quote(version)} invalid: {reason}")

    @property
    def noun(self) -> str:
        """What the version was to be."""
        return "pseudo-version" if self.pseudo else "version"


class ModuleError(GoError):
    """
    A version that is wrong for this module path.

    Attributes: `path`, `version`, and `error`, what is wrong with the version.
    """

    def __init__(self, path: str, error: InvalidVersionError) -> None:
        """Name the module and the version."""
        self.path = path
        self.version = error.version
        self.error = error
        super().__init__(
            f"{printable(path)}@{printable(error.version)}: invalid {error.noun}: {error.reason}"
        )
