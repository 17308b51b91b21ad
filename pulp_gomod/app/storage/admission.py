"""
May this module version enter this repository? Asked by every way in.

Uploads ask before they store anything, syncs before they fetch, and GoRepository asks once more when it makes
a version, whatever the way.
"""

from django.db import IntegrityError, transaction

from pulp_gomod.app.exceptions import ModuleVersionBlockedError
from pulp_gomod.app.models import GoBlock, GoRepository
from pulp_gomod.app.models.block import MOST_BLOCKS, blocks_of, note_change


class TooManyBlocks(ValueError):
    """The repository has as many blocks as it may."""


class Admission:
    """What a repository takes in, as its blocks were at one time."""

    def __init__(self, repository: GoRepository) -> None:
        self._repository = repository
        self._blocks = blocks_of(repository.pk)

    def refusal(self, module: str, version: str) -> ModuleVersionBlockedError | None:
        """
        Say why a module version that somebody publishes is not taken.

        What came of a removal does not stop whoever means to have the version back, and says so by
        publishing it.
        """
        block = self._blocks.find(module, version)
        if block is None or block.yields:
            return None
        return ModuleVersionBlockedError(block.line(module, version))

    def lift(self, module: str, version: str) -> None:
        """Let a module version in that was removed before, in the transaction that publishes it."""
        if self._blocks.find(module, version) is None:
            return
        removed = self._repository.blocks.filter(
            module=module, versions=version, source=GoBlock.Source.REMOVED
        )
        if removed.delete()[0]:
            note_change(self._repository.pk)
            self._blocks = blocks_of(self._repository.pk)

    def keep_away(self, module: str, version: str, user_name: str) -> bool:
        """
        Block a module version that was removed, in the transaction that removes it.

        Args:
            module: The module path.
            version: The version.
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
        self._blocks = blocks_of(self._repository.pk)
        return True


def make_block(repository: GoRepository, **fields: str) -> GoBlock:
    """
    Block module versions, in a transaction.

    Args:
        repository: The repository.
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
