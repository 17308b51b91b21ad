"""What a check of files found: golang.org/x/mod/zip's CheckedFiles and its errors."""

from dataclasses import dataclass, field

from ..errors import GoError
from ..quote import printable

_SHOWN = 20


class ZipError(GoError):
    """A module zip, or what should become one, breaks a rule."""


class SizeError(ZipError):
    """The archive or its content is too large."""


class FileError(ZipError):
    """
    One file breaks a rule, or is left out because of one (zip.FileError).

    Arguments: the path of the file; which rule.
    """

    def __init__(self, path: str, error: GoError) -> None:
        super().__init__(path, error)
        self.path = path
        self.error = error

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.error}"


class FileErrorList(ZipError):
    """
    Several files break rules (zip.FileErrorList). The text shows the first ones.

    Arguments: the errors, one or more.
    """

    def __init__(self, errors: list[FileError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors[:_SHOWN]]
        if len(self.errors) > _SHOWN:
            lines.append(f"and {len(self.errors) - _SHOWN} more")
        return "\n".join(lines)


@dataclass
class CheckedFiles:
    """
    Which files satisfy the rules of module zips (zip.CheckedFiles).

    `valid` are the paths that belong in the zip; `omitted` the files that are left out, and
    `invalid` those that must not be there, each with the reason; `size_error` says that all valid
    files together, or the archive itself, are too large.
    """

    valid: list[str] = field(default_factory=list)
    omitted: list[FileError] = field(default_factory=list)
    invalid: list[FileError] = field(default_factory=list)
    size_error: SizeError | None = None

    def error(self) -> ZipError | None:
        """Return what makes this no valid module zip: size first, then files; None if nothing."""
        if self.size_error is not None:
            return self.size_error
        return FileErrorList(self.invalid) if self.invalid else None
