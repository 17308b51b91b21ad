"""What a bundle is of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from pulp_gomod.app.models import stopping
from pulp_gomod.app.models.blocking import NONE, Blocks
from pulp_gomod.app.models.stopping import Mode, Policy


def _never(path: str, version: str) -> Mode:
    return Mode.OFF


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A repository version, or what it has that an older one did not have.

    Attributes:
        domain: The domain's pk.
        repository: The repository's pk.
        number: The number of the version, which is complete.
        since: The number of the older one; None for everything.
        blocks: What is blocked.
        policy: What else is not served.
        mode: Says how far the policy stops a module version, always the same for one scope.
        reports: The revision of the vulnerability database that the distribution serves: a hold lets pass what fixes
            a report of it.
    """

    domain: UUID
    repository: UUID
    number: int
    since: int | None = None
    blocks: Blocks = NONE
    policy: Policy = stopping.NONE
    mode: Callable[[str, str], Mode] = field(default=_never, compare=False)
    reports: bytes = b""

    @property
    def revision(self) -> bytes:
        """Change whenever what is not served does."""
        return self.blocks.revision + self.policy.revision + self.reports

    def may_stop(self, path: str) -> bool:
        """Say whether versions of a module may not be served, or be on no list."""
        return self.policy.reach >= Mode.LISTS or bool(self.blocks.of(path))

    def is_blocked(self, path: str) -> Callable[[str], bool]:
        """Return what says whether a version of a module is blocked."""
        blocks = self.blocks.of(path)
        return lambda version: any(block.covers(version) for block in blocks)

    def stops(self, path: str) -> Callable[[str], bool]:
        """Return what says whether a version of a module is not served."""
        is_blocked = self.is_blocked(path)

        def is_stopped(version: str) -> bool:
            return is_blocked(version) or self.mode(path, version) is Mode.ENFORCE

        return is_stopped
