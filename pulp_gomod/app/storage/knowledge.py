"""What another server's repository knows of its modules, taken in by one of ours: releases and blocks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulp_gomod.app.models import GoBlock, GoRelease, GoRepository
from pulp_gomod.app.models.block import MOST_BLOCKS, note_change
from pulp_gomod.app.models.hiding import publish_names
from pulp_gomod.app.models.membership import named
from pulp_gomod.app.storage.admission import TooManyBlocks

BLOCK_FIELDS = ("module", "versions", "reason", "created_by")
"""What is told of a block."""

# Rows that are compared at a time, each of which may have an `.info`.
_BATCH = 200

# What `.info` is made of, and who published.
_SAID = ("time", "origin", "info")
_PUBLISHED = ("source", "published_by", "published_from")

_Key = tuple[str, str, str]


def absorb_releases(repository: GoRepository, releases: Sequence[GoRelease]) -> list[str]:
    """
    Know of module versions, in a transaction, what another server's repository knows of them.

    `.info` then says the same word for word.

    What was published here stays published by whom it was published here.

    Args:
        repository: The repository, reserved exclusively.
        releases: Unsaved releases without a repository.

    Returns:
        list: As of `publish_names`: what is no longer served of upstreams.
    """
    is_changed = False
    for batch in _batches(releases):
        is_changed |= _absorb(repository, batch)
    if is_changed:
        # What is remembered of a version is forgotten with the revision of the blocks.
        note_change(repository.pk)
    uploaded = {each.module for each in releases if each.source == GoRelease.Source.UPLOADED}
    return publish_names(repository, uploaded)


def _absorb(repository: GoRepository, batch: Sequence[GoRelease]) -> bool:
    """Store what is new or other than what is known; say whether an `.info` is another one now."""
    rows = GoRelease.objects.filter(
        named({(each.module, each.version) for each in batch}), repository=repository
    )
    known = {_key(each): each for each in rows}
    wanted, is_changed = [], False
    for release in batch:
        before = known.get(_key(release))
        if before is not None and before.source == GoRelease.Source.UPLOADED:
            for name in _PUBLISHED:
                setattr(release, name, getattr(before, name))
        if before is None or _differs(before, release, (*_SAID, *_PUBLISHED)):
            release.repository = repository
            wanted.append(release)
        is_changed |= before is not None and _differs(before, release, _SAID)
    GoRelease.objects.bulk_create(
        wanted,
        update_conflicts=True,
        unique_fields=["repository", "module", "version", "h1"],
        update_fields=[*_SAID, *_PUBLISHED],
    )
    return is_changed


def _key(release: GoRelease) -> _Key:
    return release.module, release.version, release.h1


def _differs(before: GoRelease, after: GoRelease, names: Iterable[str]) -> bool:
    return any(_plain(getattr(before, name)) != _plain(getattr(after, name)) for name in names)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def absorb_blocks(repository: GoRepository, blocks: Sequence[Mapping[str, str]]) -> None:
    """
    Keep out of a repository, in a transaction, what another server's keeps out, and nothing that it has let in again.

    What somebody blocked here stays blocked.

    Args:
        repository: The repository, reserved exclusively.
        blocks: BLOCK_FIELDS of each.

    Raises:
        TooManyBlocks: With them the repository would have more than it may.
    """
    wanted = {(each["module"], each["versions"]): each for each in blocks}
    rows = GoBlock.objects.filter(repository=repository)
    known = {(each.module, each.versions): each for each in rows}
    gone, new = [], []
    for key, block in known.items():
        if block.source == GoBlock.Source.IMPORTED and not _is_as(block, wanted.get(key)):
            gone.append(block.pk)
    for key, fields in wanted.items():
        block = known.get(key)
        if block is None or block.pk in gone:
            chosen = {name: fields[name] for name in BLOCK_FIELDS}
            source = GoBlock.Source.IMPORTED
            new.append(GoBlock(repository=repository, source=source, **chosen))
    if not gone and not new:
        return
    note_change(repository.pk)
    if len(known) - len(gone) + len(new) > MOST_BLOCKS:
        raise TooManyBlocks(
            f"A repository may have {MOST_BLOCKS} blocks; with those of the other "
            f"server this one would have more."
        )
    GoBlock.objects.filter(pk__in=gone).delete()
    GoBlock.objects.bulk_create(new)


def _is_as(block: GoBlock, fields: Mapping[str, str] | None) -> bool:
    return fields is not None and all(getattr(block, name) == fields[name] for name in BLOCK_FIELDS)


def _batches(releases: Sequence[GoRelease]) -> Iterator[Sequence[GoRelease]]:
    return (releases[start : start + _BATCH] for start in range(0, len(releases), _BATCH))
