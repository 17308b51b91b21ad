"""
May this module version enter this repository? Asked by every way in.

Uploads ask before they store anything and again when they are published, and so does what was cached before it
is added. Whatever the way, GoRepository asks once more of all that a version adds, in SQL.
"""

from collections.abc import Collection
from functools import cached_property

from django.db import IntegrityError, transaction

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.exceptions import (
    ModuleVersionBlockedError,
    ModuleVersionChangedError,
    ModuleVersionHeldError,
    ModuleVersionLoggedError,
    ModuleVersionTwiceError,
    QuotaExceededError,
)
from pulp_gomod.app.models import GoBlock, GoModule, GoPendingEntry, GoRepository
from pulp_gomod.app.models.block import MOST_BLOCKS, blocks_of, note_change
from pulp_gomod.app.models.blocking import Blocks
from pulp_gomod.app.models.cached import waiting_h1
from pulp_gomod.app.models.feeding import logged_h1
from pulp_gomod.app.models.membership import held_in, named
from pulp_gomod.app.models.usage import Usage, usage_of

Refusal = (
    ModuleVersionBlockedError
    | ModuleVersionChangedError
    | ModuleVersionHeldError
    | QuotaExceededError
)


class TooManyBlocks(ValueError):
    """The repository has as many blocks as it may."""


class Admission:
    """What a repository takes in beside its newest version, and beside what was admitted here before."""

    def __init__(self, repository: GoRepository) -> None:
        self._repository = repository
        self._known_blocks: Blocks | None = None
        self._held: dict[tuple[str, str], str | None] = {}
        self._admitted: set[tuple[str, str]] = set()
        self._waiting: dict[tuple[str, str], str | None] = {}
        self._more = Usage()

    def refusal(self, module: str, version: str, h1: str) -> Refusal | None:
        """Say why bytes that somebody publishes are not taken, whatever their size is."""
        blocked = self.blocked(module, version)
        if blocked is not None:
            return blocked
        taken = self.taken(module, version)
        if taken not in (None, h1):
            twice = (module, version) in self._admitted
            error = ModuleVersionTwiceError if twice else ModuleVersionHeldError
            return error(module, version, taken, h1)
        return self.changed(module, version, h1)

    def blocked(
        self, module: str, version: str, *, published: bool = True
    ) -> ModuleVersionBlockedError | None:
        """
        Say whether a module version is kept out.

        What came of a removal does not stop whoever means to have the version back, and says so by
        publishing it: `published`.
        """
        block = self._blocks.find(module, version)
        if block is None or (published and block.yields):
            return None
        return ModuleVersionBlockedError(block.line(module, version))

    def taken(self, module: str, version: str) -> str | None:
        """
        Return the checksum of a module version that the repository has, or is about to have.

        Clients have the latter already: publishing another one would break them.
        """
        key = (module, version)
        if key not in self._held:
            self.load([key])
        if self._held[key] is not None:
            return self._held[key]
        if key not in self._waiting:
            self._waiting[key] = waiting_h1(self._repository, module, version)
        return self._waiting[key]

    def changed(self, module: str, version: str, h1: str) -> ModuleVersionChangedError | None:
        """Say whether the repository is immutable and ever had other bytes, or others are on record."""
        other = self._repository.ever_held(module, version, h1)
        if other:
            return ModuleVersionChangedError(module, version, other, h1)
        sumdb_pk = self._repository.sumdb_id
        other = logged_h1(sumdb_pk, module, version) if sumdb_pk else None
        if other in (None, h1):
            return None
        return ModuleVersionLoggedError(self._repository.sumdb.name, module, version, other, h1)

    def over_quota(self, size: int = 0, modules: int = 0) -> QuotaExceededError | None:
        """
        Say whether the repository would hold more than it may, with what was admitted here.

        Args:
            size: Bytes of more zips.
            modules: How many these are.
        """
        try:
            self._repository.check_quota(
                self._usage + self._more + Usage(size, modules), self._usage
            )
        except QuotaExceededError as error:
            return error
        return None

    def load(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], GoModule]:
        """Look up together what is asked about next, and return what of it is held."""
        # Without the type, pulpcore would ask for that of each unit by itself.
        units = GoModule.objects.filter(
            named(keys), _pulp_domain=self._repository.pulp_domain_id
        ).only("pulp_type", "module", "version", "h1", "size")
        held = held_in(units, self._version) if keys else ()
        found = {(unit.module, unit.version): unit for unit in held}
        self._held |= {key: found[key].h1 if key in found else None for key in keys}
        return found

    def admit(self, unit: GoModule) -> None:
        """Count a module in, if the repository does not have it anyway."""
        if self.taken(unit.module, unit.version) is None:
            self._held[unit.module, unit.version] = unit.h1
            self._admitted.add((unit.module, unit.version))
            self._more += Usage(unit.size, 1)

    def remove(self, unit: GoModule) -> None:
        """Count out a module that is held, or was admitted."""
        self._held[unit.module, unit.version] = None
        self._admitted.discard((unit.module, unit.version))
        self._more -= Usage(unit.size, 1)

    @property
    def _blocks(self) -> Blocks:
        if self._known_blocks is None:
            self._known_blocks = blocks_of(self._repository.pk)
        return self._known_blocks

    @cached_property
    def _version(self) -> RepositoryVersion:
        return self._repository.latest_version()

    @cached_property
    def _usage(self) -> Usage:
        return usage_of(self._version)

    def call_off(self, module: str, version: str) -> bool:
        """Drop what was cached and not added yet; say whether there was any."""
        if self.taken(module, version) is None:
            return False
        GoPendingEntry.objects.filter(
            repository=self._repository, entry__module=module, entry__version=version
        ).delete()
        self._waiting.pop((module, version), None)
        return True

    def lift(self, module: str, version: str) -> None:
        """Let a module version in that was removed before, in the transaction that publishes it."""
        if self._blocks.find(module, version) is None:
            return
        removed = self._repository.blocks.filter(
            module=module, versions=version, source=GoBlock.Source.REMOVED
        )
        if removed.delete()[0]:
            note_change(self._repository.pk)
            self._known_blocks = None

    def keep_away(self, module: str, version: str, user_name: str) -> bool:
        """
        Block a module version that was removed, in the transaction that removes it.

        Args:
            module: The module path.
            user_name: Who removed it.

        Returns:
            Whether it is blocked now; not if there are too many blocks already.
        """
        try:
            with transaction.atomic():
                make_block(
                    self._repository,
                    module=module,
                    versions=version,
                    reason="it was removed",
                    created_by=user_name,
                    source=GoBlock.Source.REMOVED,
                )
        except IntegrityError:
            # It was blocked before.
            return True
        except TooManyBlocks:
            return False
        self._known_blocks = None
        return True


def make_block(repository: GoRepository, **fields: str) -> GoBlock:
    """
    Block module versions, in a transaction.

    Args:
        fields: Those of the GoBlock.

    Raises:
        TooManyBlocks: The repository has as many as it may.
        IntegrityError: It has this one.
    """
    note_change(repository.pk)
    if repository.blocks.count() >= MOST_BLOCKS:
        raise TooManyBlocks(
            f"A repository may have {MOST_BLOCKS} blocks, and this one already has that many."
        )
    block: GoBlock = GoBlock.objects.create(repository=repository, **fields)
    return block
