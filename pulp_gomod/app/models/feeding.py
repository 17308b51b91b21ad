"""
How a checksum database of one's own gets its records: with the repository version that has the modules.

Whatever the way into a repository, pulpcore makes a version visible by saving it as complete. The records are
appended right then, in the same transaction: there is never a served module without one, nor one of a module
that came to nothing. Nobody who publishes waits for a signature: whoever is asked for the head next signs it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.signals import post_save
from django.dispatch import Signal

from pulpcore.plugin.models import Domain, RepositoryContent, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_gomod.app.exceptions import ModuleVersionLoggedError
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.sumdb import GoSumdbRecord
from pulp_gomod.app.models.sumdb_own import GoLogRecord, GoLogTile, GoSumdb
from pulp_gomod.golang.sumdb.growing import GrowingTree, edge_tiles

T = TypeVar("T")

BATCH = 500
"""Module versions that a statement asks about or inserts."""

LONGEST_RECORD = 8192
"""Bytes of a record that is taken over from another checksum database; more say nothing that a client reads."""

about_to_grow = Signal()
"""
Sent with `sumdb` (its pk) and `domain` before the modules of a repository are appended. What a receiver returns
is called with the locked row, and raises to forbid it.
"""

_FEEDS = "gomod_feeds"


class Entry(NamedTuple):
    """
    A record to append.

    Attributes:
        module: The module path.
        version: The canonical version.
        h1: Go's checksum of the zip, as in the text.
        text: Lines of go.sum, with the final line feed.
    """

    module: str
    version: str
    h1: str
    text: str


def logged_h1(sumdb_pk: UUID, path: str, version: str) -> str | None:
    """
    Return the checksum that a checksum database has on record for a module version.

    Args:
        sumdb_pk: The GoSumdb.
        path: The module path.
        version: The canonical version.
    """
    records = GoLogRecord.objects.filter(sumdb=sumdb_pk, module=path, version=version)
    known: str | None = records.values_list("h1", flat=True).first()
    return known


def feed_when_complete(version: RepositoryVersion, sumdb_pk: UUID) -> None:
    """
    Have what a version in the making adds appended when it becomes visible.

    Args:
        version: The incomplete RepositoryVersion.
        sumdb_pk: The GoSumdb.
    """
    # From what the version adds: whoever begins with the modules looks at all that there are.
    added = RepositoryContent.objects.filter(
        version_added=version, content__pulp_type=GoModule.get_pulp_type()
    )
    pks = list(added.values_list("content_id", flat=True)[: BATCH + 1])
    if pks:
        setattr(version, _FEEDS, (sumdb_pk, pks))


def _feed(sender: type, instance: RepositoryVersion, **more: object) -> None:
    feeds = instance.__dict__.get(_FEEDS)
    if feeds is None or not instance.complete:
        return
    sumdb_pk, pks = feeds
    added = GoModule.objects.filter(pk__in=pks)
    if len(pks) > BATCH:
        added = GoModule.objects.filter(version_memberships__version_added=instance)
    try:
        _grow(sumdb_pk, instance.repository.pulp_domain_id, added)
    except BaseException:
        # The transaction is undone with it, and pulpcore removes what is incomplete: so whoever wanted the
        # version is told why there is none, such as that another repository was faster.
        instance.complete = False
        raise
    delattr(instance, _FEEDS)


def install() -> None:
    """Append whenever a repository version becomes visible."""
    post_save.connect(_feed, RepositoryVersion, dispatch_uid="gomod_feeding")


def feed_held(version: RepositoryVersion, sumdb_pk: UUID) -> None:
    """
    Append all modules that a complete repository version holds, or none of them.

    Args:
        version: The RepositoryVersion.
        sumdb_pk: The GoSumdb.

    Raises:
        ModuleVersionLoggedError: It has another checksum for one of them.
    """
    held = held_in(GoModule.objects.all(), version)
    if held.exists():
        _grow(sumdb_pk, version.repository.pulp_domain_id, held)


def _grow(sumdb_pk: UUID, domain_pk: UUID, modules: QuerySet) -> None:
    """Append those of some modules that are not on record, in the transaction that is under way."""
    domain = get_domain()
    if domain.pk != domain_pk:
        domain = Domain.objects.get(pk=domain_pk)
    checks = [check for _, check in about_to_grow.send(GoSumdb, sumdb=sumdb_pk, domain=domain)]
    with transaction.atomic(savepoint=False):
        log = _locked(sumdb_pk)
        for check in filter(None, checks):
            check(log)
        _append(log, _entries_of(log, domain_pk, modules))


def _entries_of(log: GoSumdb, domain_pk: UUID, modules: QuerySet) -> Iterator[Entry]:
    """
    Write the records of those modules that have none, while the row is locked.

    They are written as they stand in another checksum database, if that has proven them.
    """
    ordered = modules.order_by("module", "version_key")
    # Most versions add a single module.
    some = list(_with_records(ordered, log, domain_pk)[:BATCH])
    yield from _new_entries(log, some)
    if len(some) < BATCH:
        return
    # A statement for each batch: one for all would be planned for the log as it is now, without these records.
    for pks in _batches(ordered.values_list("pk", flat=True)[BATCH:].iterator(chunk_size=BATCH)):
        batch = GoModule.objects.filter(pk__in=pks).order_by("module", "version_key")
        yield from _new_entries(log, _with_records(batch, log, domain_pk))


def _with_records(modules: QuerySet, log: GoSumdb, domain_pk: UUID) -> QuerySet:
    """Read modules with what is on record of them here, and what others have proven."""
    named = {"module": OuterRef("module"), "version": OuterRef("version")}
    logged = GoLogRecord.objects.filter(sumdb=log.pk, **named).values("h1")[:1]
    proven = GoSumdbRecord.objects.filter(tree__pulp_domain=domain_pk, **named)
    return modules.annotate(
        logged=Subquery(logged),
        proven=ArraySubquery(proven.order_by("tree__pulp_created").values("text")),
    ).values_list("module", "version", "h1", "go_mod_h1", "logged", "proven")


def _new_entries(log: GoSumdb, rows: Iterable[tuple[Any, ...]]) -> Iterator[Entry]:
    """Write the records of what has none, of rows as of `_with_records`."""
    for path, version, h1, go_mod_h1, known, texts in rows:
        if known not in (None, h1):
            raise ModuleVersionLoggedError(log.name, path, version, known, h1)
        if known is None:
            lines = (f"{path} {version} {h1}", f"{path} {version}/go.mod {go_mod_h1}")
            proven_texts = (text for text in texts if _says(text, lines))
            own = "".join(f"{line}\n" for line in lines)
            yield Entry(path, version, h1, next(proven_texts, own))


def _says(text: str, lines: Sequence[str]) -> bool:
    said = text.split("\n")
    return len(text.encode()) <= LONGEST_RECORD and all(line in said for line in lines)


@transaction.atomic(savepoint=False)
def append(sumdb_pk: UUID, entries: Iterable[Entry]) -> int:
    """
    Append what is not on record yet; part of the transaction that is under way.

    Args:
        sumdb_pk: The GoSumdb, whose row is locked until the transaction ends.
        entries: The records.

    Returns:
        How many were appended.

    Raises:
        ModuleVersionLoggedError: There is another checksum on record for one of them.
    """
    log = _locked(sumdb_pk)
    return _append(log, _without_known(log, entries))


def _locked(sumdb_pk: UUID) -> GoSumdb:
    """Lock the row, and read of it what appending needs: no secrets."""
    rows = GoSumdb.objects.select_for_update(of=("self",)).select_related("signed_head")
    columns = ("name", "size", "root", "verifier_key", "retiring_key", "signed_head__size")
    found: GoSumdb = rows.only(*columns).get(pk=sumdb_pk)
    return found


def _without_known(log: GoSumdb, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Leave out what is on record, and what comes a second time."""
    known: dict[tuple[str, str], str] = {}
    for batch in _batches(entries):
        rows = GoLogRecord.objects.filter(
            sumdb=log.pk,
            module__in={entry.module for entry in batch},
            version__in={entry.version for entry in batch},
        )
        known |= {(path, v): h1 for path, v, h1 in rows.values_list("module", "version", "h1")}
        for entry in batch:
            key = (entry.module, entry.version)
            if key not in known:
                known[key] = entry.h1
                yield entry
            elif known[key] != entry.h1:
                raise ModuleVersionLoggedError(log.name, *key, known[key], entry.h1)


def _append(log: GoSumdb, entries: Iterable[Entry]) -> int:
    tree: GrowingTree | None = None
    for batch in _batches(entries):
        tree = tree or GrowingTree(log.size, _edge_of(log))
        GoLogRecord.objects.bulk_create(
            [
                GoLogRecord(
                    sumdb_id=log.pk, number=tree.append(entry.text.encode()), **entry._asdict()
                )
                for entry in batch
            ]
        )
    if tree is None:
        return 0
    appended: int = tree.size - log.size
    _write_tiles(log, tree)
    log.size, log.root = tree.tree()
    log.save(update_fields=["size", "root", "pulp_last_updated"])
    return appended


def _edge_of(log: GoSumdb) -> dict[tuple[int, int], bytes]:
    places = Q(pk__in=[])
    for tile in edge_tiles(log.size):
        places |= Q(level=tile.l, number=tile.n)
    rows = GoLogTile.objects.filter(places, sumdb=log).values_list("level", "number", "hashes")
    return {(level, number): bytes(hashes) for level, number, hashes in rows}


def _write_tiles(log: GoSumdb, tree: GrowingTree) -> None:
    for batch in _batches(tree.changed()):
        GoLogTile.objects.bulk_create(
            [
                GoLogTile(sumdb=log, level=tile.l, number=tile.n, hashes=hashes)
                for tile, hashes in batch
            ],
            update_conflicts=True,
            unique_fields=["sumdb", "level", "number"],
            update_fields=["hashes"],
        )


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
