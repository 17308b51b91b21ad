"""What can go wrong between us and a checksum database."""

from ..errors import GoError


class SumDBError(GoError):
    """The checksum database did not give an answer that can be trusted."""


class SecurityError(SumDBError):
    """The checksum database or the download contradicts what is already known."""


class ForkError(SecurityError):
    """
    Two tree heads signed by one checksum database do not lie on one timeline.

    Attributes:
        old_note: the signed note of the smaller tree.
        new_note: the signed note of the larger tree.
    """

    def __init__(self, text: str, old_note: bytes, new_note: bytes) -> None:
        super().__init__(text)
        self.old_note = old_note
        self.new_note = new_note


class ChecksumMismatchError(SecurityError):
    """
    The database has another checksum for this module version.

    Attributes:
        downloaded: the checksum that was asked about.
        recorded: the checksum that the database holds.
    """

    def __init__(self, text: str, downloaded: str, recorded: str) -> None:
        super().__init__(text)
        self.downloaded = downloaded
        self.recorded = recorded


class ChecksumMissingError(SecurityError):
    """The database answered, but its record says nothing of this module version."""


class SkippedError(SumDBError):
    """The module path matches a GONOSUMDB pattern: its name is not sent to the database."""


class WriteConflictError(SumDBError):
    """The stored tree head is no longer the one that a write meant to replace."""


class GoSumDBError(SumDBError):
    """The text is not a value that GOSUMDB can have."""
