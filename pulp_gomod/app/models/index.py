"""When a module version came into a repository, and how far a repository follows the index of an upstream."""

import time

from django.db import connection, models
from django.db.models import F, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from pulpcore.plugin.models import RepositoryContent, RepositoryVersion

from pulp_gomod.app.models.module import GoModule


class GoIndexEntry(models.Model):
    """
    A stay of a module version in a repository: the versions of the repository that hold it, and since when.

    pulpcore's own rows do not say it for good: when an old repository version is deleted, what that one added
    counts as added by the next one. Who follows an index would be told all of it again.

    No two entries of a repository have the same time, and whatever a later repository version adds has a later
    one than all that came before, whatever the clock says: so nobody misses anything who goes on where the last
    answer ended.

    Fields:
        time (int): Nanoseconds since 1970.
        added (int): The number of the repository version that added it.
        removed (int): The number of the one that removed it, or null.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "GoRepository", related_name="index_entries", on_delete=models.CASCADE, db_index=False
    )
    # With the module version, which is no repository version's by then, its entries go.
    unit = models.ForeignKey(GoModule, related_name="index_entries", on_delete=models.CASCADE)
    time = models.BigIntegerField()
    added = models.BigIntegerField()
    removed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["repository", "time"],
                condition=models.Q(removed=None),
                name="gomod_index_present",
            ),
            models.Index(
                fields=["repository", "removed"],
                condition=models.Q(removed__isnull=False),
                name="gomod_index_removed",
            ),
            models.Index(fields=["repository", "added", "time"], name="gomod_index_added"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} in {self.repository_id} since version {self.added}"


class GoIndexPosition(models.Model):
    """
    How far a repository has followed the index of a remote.

    Fields:
        url (str): The index: that of another URL is followed from its beginning.
        time (int): The last time that it told, in nanoseconds since 1970.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "GoRepository", related_name="index_positions", on_delete=models.CASCADE
    )
    remote = models.ForeignKey("GoRemote", related_name="index_positions", on_delete=models.CASCADE)
    url = models.TextField()
    time = models.BigIntegerField()

    class Meta:
        unique_together = ("repository", "remote")

    def __str__(self) -> str:
        return f"{self.url} since {self.time}"


def record_index(version: RepositoryVersion) -> None:
    """
    Note what a repository version in the making adds and removes.

    Args:
        version: The incomplete version, all of whose content is there.
    """
    entries = GoIndexEntry.objects.filter(repository=version.repository_id)
    _forget_unmade(entries, version)
    removed = RepositoryContent.objects.filter(version_removed=version).values("content_id")
    entries.filter(removed=None, unit__in=removed).update(removed=version.number)
    _insert_added(entries, version)


def _forget_unmade(entries: QuerySet, version: RepositoryVersion) -> None:
    """Undo what was noted of versions that failed, or were deleted when they were the newest."""
    complete = version.repository.versions.complete()
    last = complete.aggregate(models.Max("number"))["number__max"]
    if last is not None:
        entries.filter(added__gt=last).delete()
        entries.filter(removed__gt=last).update(removed=None)


def _insert_added(entries: QuerySet, version: RepositoryVersion) -> None:
    last = entries.order_by("-added", "-time").values_list("time", flat=True).first() or 0
    # The clock's microseconds; what comes at once is told apart by nanoseconds.
    before = max(time.time_ns() // 1000 * 1000 - 1, last)
    place = Window(RowNumber(), order_by=[F("module"), F("version_key")])
    added = GoModule.objects.filter(version_memberships__version_added=version).values_list(
        Value(version.repository_id, models.UUIDField()),
        "pk",
        place + Value(before, models.BigIntegerField()),
        Value(version.number, models.BigIntegerField()),
    )
    # Thousands of rows, of which Python need not know.
    sql, parameters = added.query.sql_with_params()
    columns = ", ".join(
        GoIndexEntry._meta.get_field(name).column
        for name in ("repository", "unit", "time", "added")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {GoIndexEntry._meta.db_table} ({columns}) {sql}", parameters)
