"""
Signing the head of a checksum database of one's own: after what it covers was committed and noted elsewhere.

It is signed when it is asked for, and by a content process a few seconds after it has grown.

A signature cannot be taken back. So nothing is signed that PostgreSQL may still undo, and nothing that
contradicts the newest head that was given out, which is kept outside of PostgreSQL.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.dispatch import Signal
from django.utils import timezone

from pulpcore.plugin.models import Domain

from pulp_gomod.app.exceptions import StorageUnavailableError, SumdbRefusesError
from pulp_gomod.app.models import GoLogRecord, GoLogTile, GoSumdb, GoSumdbHead
from pulp_gomod.app.models.feeding import about_to_grow
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.kept_heads import (
    KeptHead,
    directory,
    read_head,
    write_bundle,
    write_head,
)
from pulp_gomod.golang.sumdb import note, tlog
from pulp_gomod.golang.sumdb.checkpoint import add_signatures, origin_signer, sign_checkpoint
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT
from pulp_gomod.golang.sumdb.growing import TILE_WIDTH, GrowingTree, edge_tiles

log = logging.getLogger(__name__)

signed = Signal()
"""Sent with `sumdb` (its pk) after a new head was signed and committed."""

# Tiles that a statement reads.
_TILES = 256


class LogHashes:
    """
    The stored hashes of a checksum database of one's own.

    Args:
        sumdb_pk: The GoSumdb.
    """

    def __init__(self, sumdb_pk: UUID) -> None:
        self._sumdb = sumdb_pk

    def read_hashes(self, indexes: Sequence[int], /) -> list[tlog.Hash]:
        """
        Read hashes by their stored hash indexes.

        Raises:
            TlogError: One is not there.
        """
        tiles = [tlog.tile_for_index(TILE_HEIGHT, index) for index in indexes]
        known = read_tiles(self._sumdb, {(tile.l, tile.n) for tile in tiles})
        return [
            tlog.hash_from_tile(
                tile._replace(w=len(known.get((tile.l, tile.n), b"")) // tlog.HASH_SIZE or 1),
                known.get((tile.l, tile.n), b""),
                index,
            )
            for tile, index in zip(tiles, indexes, strict=True)
        ]


def read_tiles(sumdb_pk: UUID, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """
    Read tiles as wide as they are stored.

    Args:
        sumdb_pk: The GoSumdb.
        places: Their levels and numbers.
    """
    levels: dict[int, list[int]] = {}
    for level, number in places:
        levels.setdefault(level, []).append(number)
    condition = Q(pk__in=[])
    for level, numbers in levels.items():
        condition |= Q(level=level, number__in=numbers)
    rows = GoLogTile.objects.filter(condition, sumdb=sumdb_pk)
    found = rows.values_list("level", "number", "hashes")
    return {(level, number): bytes(hashes) for level, number, hashes in found}


def tree_at(sumdb_pk: UUID, size: int) -> tlog.Tree:
    """
    Return the tree as it was with so many records.

    Args:
        sumdb_pk: The GoSumdb.
        size: How many.

    Raises:
        TlogError: A tile of it is missing.
    """
    places = {(tile.l, tile.n) for tile in edge_tiles(size)}
    return GrowingTree(size, read_tiles(sumdb_pk, places)).tree()


def contradiction(sumdb: GoSumdb, given_out: int, kept: KeptHead | None) -> str:
    """
    Say why nothing may be signed; "" if all is well.

    Args:
        sumdb: The checksum database, read after the kept head was.
        given_out: Records in the head that PostgreSQL knows to be given out.
        kept: What is kept outside of PostgreSQL.
    """
    new_name = "or begin a new checksum database under another name, and have clients use its key"
    if kept is None:
        if not given_out:
            return ""
        return (
            f"the storage has no kept head of the checksum database {sumdb.name}, which has given out one of "
            f"{given_out} records: bring back {directory(sumdb.pk)}/ from a backup of the storage, {new_name}"
        )
    if kept.key not in (sumdb.verifier_key, sumdb.retiring_key):
        return (
            f"the checksum database {sumdb.name} has been signing with the key {kept.key} since, which this "
            f"PostgreSQL does not know: restore a newer backup, {new_name}"
        )
    if kept.size > sumdb.size:
        return (
            f"the checksum database {sumdb.name} has given out a head of {kept.size} records, and PostgreSQL "
            f"has {sumdb.size}, as after a restore from an older backup: recover the records (pulp gomod "
            f"sumdb recover), {new_name}"
        )
    try:
        root = sumdb.root if kept.size == sumdb.size else tree_at(sumdb.pk, kept.size).hash
    except tlog.TlogError as error:
        return (
            f"the checksum database {sumdb.name} is damaged: {error}; restore a backup, {new_name}"
        )
    if bytes(root) != kept.root:
        return (
            f"the checksum database {sumdb.name} has given out another tree of {kept.size} records than "
            f"PostgreSQL has: restore the newest backup and recover the records, {new_name}"
        )
    return ""


def check_kept(sumdb_pk: UUID) -> None:
    """
    Check that a checksum database goes on from what it has given out.

    Args:
        sumdb_pk: The GoSumdb.

    Raises:
        SumdbRefusesError: It does not.
        StorageUnavailableError: That cannot be found out.
    """
    refused = find_contradiction(sumdb_pk)
    if refused:
        raise SumdbRefusesError(refused)


def find_contradiction(sumdb_pk: UUID) -> str:
    """
    Say why a checksum database signs nothing, and note it; "" if all is well.

    Args:
        sumdb_pk: The GoSumdb.

    Raises:
        StorageUnavailableError: That cannot be found out.
    """
    sumdb = GoSumdb.objects.select_related("pulp_domain").get(pk=sumdb_pk)
    kept = read_head(storage_of(sumdb.pulp_domain), sumdb_pk)
    # Whatever was kept had been committed before.
    given_out = GoSumdbHead.objects.values_list("size", flat=True).get(sumdb=sumdb_pk)
    sumdb = GoSumdb.objects.get(pk=sumdb_pk)
    refused = contradiction(sumdb, given_out, kept)
    if refused != sumdb.refused:
        GoSumdb.objects.filter(pk=sumdb_pk).update(refused=refused)
    return refused


def make_sumdb(sumdb: GoSumdb) -> None:
    """
    Give a new checksum database its key and its first head.

    Args:
        sumdb: The unsaved row, with a name.
    """
    sumdb.signing_key, sumdb.verifier_key = note.generate_key(sumdb.name)
    with transaction.atomic():
        sumdb.save()
        head = GoSumdbHead(sumdb=sumdb, size=0, root=tlog.EMPTY_HASH)
        _sign(sumdb, head, tlog.EMPTY_TREE, timezone.now())
        head.save(force_insert=True)


def rotate(sumdb_pk: UUID, until: datetime) -> None:
    """
    Give a checksum database a new key, beside which the one before goes on signing for a while.

    Args:
        sumdb_pk: The GoSumdb.
        until: For how long.

    Raises:
        SumdbRefusesError: It signs nothing at all, or there is a key that retires already.
        StorageUnavailableError: What was signed last cannot be noted outside of PostgreSQL; it keeps its key.
    """
    check_kept(sumdb_pk)
    # The key before this one may be that of the kept head, if that could not be noted since.
    seal(sumdb_pk)
    with transaction.atomic():
        head = GoSumdbHead.objects.select_for_update().get(sumdb=sumdb_pk)
        sumdb = GoSumdb.objects.select_for_update().get(pk=sumdb_pk)
        if sumdb.retiring_until is not None and sumdb.retiring_until > timezone.now():
            raise SumdbRefusesError(
                f"the key before the present one signs until {sumdb.retiring_until:%Y-%m-%d %H:%M} UTC: "
                "rotate again after that"
            )
        sumdb.retiring_key, sumdb.retiring_signing_key = sumdb.verifier_key, sumdb.signing_key
        sumdb.retiring_until = until
        sumdb.signing_key, sumdb.verifier_key = note.generate_key(sumdb.name)
        sumdb.save()
        head.resign = timezone.now()
        head.save(update_fields=["resign"])
    try:
        seal(sumdb_pk)
    except StorageUnavailableError as error:
        # It has its key, and a content process signs with it once that can be noted.
        log.warning("The head of a checksum database was not signed: %s", error)


def seal(sumdb_pk: UUID) -> None:
    """
    Sign the tree as it is committed, if that was not done; everybody who asks for the same waits.

    Args:
        sumdb_pk: The GoSumdb.

    Raises:
        SumdbRefusesError: That would contradict what was given out.
        StorageUnavailableError: The head cannot be noted outside of PostgreSQL, and so is not given out.
    """
    refused, is_new = "", False
    with transaction.atomic():
        head = GoSumdbHead.objects.select_for_update().get(sumdb=sumdb_pk)
        sumdb = GoSumdb.objects.select_related("pulp_domain").get(pk=sumdb_pk)
        now = timezone.now()
        if sumdb.size != head.size or (head.resign is not None and head.resign <= now):
            refused = _move(sumdb, head, now)
            is_new = not refused
    if refused:
        GoSumdb.objects.filter(pk=sumdb_pk).update(refused=refused)
        raise SumdbRefusesError(refused)
    if is_new:
        if sumdb.refused:
            GoSumdb.objects.filter(pk=sumdb_pk).update(refused="")
        signed.send_robust(GoSumdb, sumdb=sumdb_pk)


def _move(sumdb: GoSumdb, head: GoSumdbHead, now: datetime) -> str:
    """Note the head elsewhere, then sign it; or say why not. The head's row is locked."""
    storage = storage_of(sumdb.pulp_domain)
    kept = read_head(storage, sumdb.pk)
    refused = contradiction(sumdb, head.size, kept)
    if refused:
        return refused
    tree = tlog.Tree(sumdb.size, bytes(sumdb.root))
    complete = sumdb.size // TILE_WIDTH
    for number in range((kept.size if kept else 0) // TILE_WIDTH, complete):
        write_bundle(storage, sumdb.pk, number, _texts(sumdb, number, sumdb.size))
    rest = _texts(sumdb, complete, sumdb.size)
    write_head(storage, sumdb.pk, KeptHead(sumdb.verifier_key, *tree, rest), kept)
    _sign(sumdb, head, tree, now)
    head.save()
    return ""


def _texts(sumdb: GoSumdb, bundle: int, size: int) -> list[str]:
    first = bundle * TILE_WIDTH
    rows = GoLogRecord.objects.filter(
        sumdb=sumdb, number__gte=first, number__lt=min(first + TILE_WIDTH, size)
    )
    return list(rows.order_by("number").values_list("text", flat=True))


def _sign(sumdb: GoSumdb, head: GoSumdbHead, tree: tlog.Tree, now: datetime) -> None:
    """Sign with the key, and with the one that retires until its time is over."""
    keys = [sumdb.signing_key]
    head.resign = None
    if sumdb.retiring_until is not None and sumdb.retiring_until > now:
        keys.insert(0, sumdb.retiring_signing_key)
        head.resign = sumdb.retiring_until
    text = note.Note(tlog.format_tree(tree).decode("ascii"))
    head.message = note.sign(text, *map(note.new_signer, keys))
    signers = [origin_signer(key, sumdb.origin) for key in keys]
    head.checkpoint = sign_checkpoint(sumdb.origin, tree, *signers)
    head.size, head.root, head.signed = tree.n, tree.hash, now


def with_cosignatures(
    checkpoint: bytes, size: int, witnesses: Iterable[dict[str, object]]
) -> bytes:
    """
    Put on a checkpoint what witnesses have signed of it.

    Args:
        size: Records in its tree.
        witnesses: As GoSumdb has them.
    """
    lines = [
        str(each["line"]).encode()
        for each in witnesses
        if each.get("line") and each.get("signed_size") == size
    ]
    return add_signatures(checkpoint, lines)


def seal_if_behind(sumdb_pk: UUID) -> None:
    """
    Sign what was appended since the head was signed, if that can be: for those who show or prove it.

    Args:
        sumdb_pk: The GoSumdb.
    """
    if (
        not GoSumdb.objects.filter(pk=sumdb_pk, refused="")
        .exclude(size=F("signed_head__size"))
        .exists()
    ):
        return
    try:
        seal(sumdb_pk)
    except (SumdbRefusesError, StorageUnavailableError) as error:
        # The head that is there stays right.
        log.warning("The head of a checksum database was not signed: %s", error)


def _check_before(
    sender: type, sumdb: UUID, domain: Domain, **more: object
) -> Callable[[GoSumdb], None]:
    """Read what was given out; whoever has locked the row is told whether that goes on from it."""
    kept = read_head(storage_of(domain), sumdb)

    def check(log: GoSumdb) -> None:
        if kept is not None and kept.size < log.size and kept.key == log.verifier_key:
            # Not all was signed yet. Whoever signs it looks whether it is the same tree.
            return
        refused = contradiction(log, log.signed_head.size, kept)
        if refused:
            raise SumdbRefusesError(refused)

    return check


def install() -> None:
    """Let no checksum database grow that contradicts what it has given out."""
    about_to_grow.connect(_check_before, GoSumdb, dispatch_uid="gomod_signing")
