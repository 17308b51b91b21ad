"""What can be wrong with a transparency log."""

from ...errors import GoError


class TlogError(GoError):
    """Something about a transparency log that Go would refuse."""


class MalformedHashError(TlogError):
    """The text is not the base64 of a hash."""


class MalformedTreeError(TlogError):
    """The text does not describe a tree."""


class MalformedRecordError(TlogError):
    """The bytes are not a record, or the text cannot be one."""


class MalformedTilePathError(TlogError):
    """The path does not name a tile."""


class ProofError(TlogError):
    """The proof does not prove what it should."""


class InconsistentTileError(TlogError):
    """Tile data that the tree head does not vouch for."""
