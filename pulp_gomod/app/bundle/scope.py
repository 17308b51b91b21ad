"""What a bundle is of."""

from dataclasses import dataclass
from uuid import UUID

from pulp_gomod.app.models.blocking import NONE, Blocks


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A repository version, or what it has that an older one did not have.

    Attributes:
        domain: The domain's pk.
        repository: The repository's pk.
        number: The number of the version, which is complete.
        since: The number of the older one; None for everything.
        blocks: What is not served.
    """

    domain: UUID
    repository: UUID
    number: int
    since: int | None = None
    blocks: Blocks = NONE
