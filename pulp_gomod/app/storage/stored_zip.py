"""Where the zip of a module version is stored, as a value."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StoredZip:
    """
    The zip of a module version in the storage of its domain.

    Attributes:
        artifact: The artifact's pk.
        name: Its name in the storage.
        size: Bytes.
        sha256: Its digest, hexadecimal.
        created: When it came to Pulp.
        is_settled: Whether the repository version that is served holds it.
    """

    artifact: UUID
    name: str
    size: int
    sha256: str
    created: datetime
    is_settled: bool = True
