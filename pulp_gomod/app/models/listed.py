"""Which module paths a repository holds, for lists of modules: a version of it may hold a million module versions."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value

from pulpcore.plugin.models import RepositoryContent, RepositoryVersion

from pulp_gomod.app.models.module import GoModule


class GoListedModule(models.Model):
    """
    The time for which a repository holds some version of a module, in numbers of repository versions.

    To find the next thirty modules among their versions, all of these would have to be read.

    Fields:
        module (str): The module path.
        added (int): The number of the repository version with which the first one came.
        removed (int): The number of the one with which the last one went, or null.
        told (UUID): The unit of the version that the words are of, or null.
        words: What people find it by, see `found_by`; null until a version of it was documented.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "GoRepository", related_name="listed_modules", on_delete=models.CASCADE, db_index=False
    )
    module = models.TextField(db_collation="C")
    added = models.BigIntegerField()
    removed = models.BigIntegerField(null=True)
    told = models.UUIDField(null=True)
    words = SearchVectorField(null=True)

    class Meta:
        # All that lists read is in the index.
        indexes = [
            models.Index(
                fields=["repository", "module"], include=["added", "removed"], name="gomod_listed"
            ),
            # What is written shall not have to be merged by whoever reads.
            GinIndex(fields=["words"], name="gomod_listed_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.module} in {self.repository_id} since version {self.added}"


def listed_at(number: object) -> Q:
    """
    Make the condition that a repository version holds some version of a module.

    Args:
        number: The number of the repository version, which is complete.
    """
    return Q(removed=None, added__lte=number) | Q(removed__gt=number, added__lte=number)


def record_listed(version: RepositoryVersion) -> None:
    """
    Note which modules come and go with a repository version in the making.

    Args:
        version: The incomplete version, all of whose content is there.
    """
    listed = GoListedModule.objects.filter(repository=version.repository_id)
    _forget_unmade(listed, version)
    _insert_new(listed, version)
    # Of what is removed now, the row says so already.
    left = GoModule.objects.filter(
        Exists(
            RepositoryContent.objects.filter(
                content_id=OuterRef("pk"), repository=version.repository_id, version_removed=None
            )
        ),
        _pulp_domain=version.repository.pulp_domain_id,
        module=OuterRef("module"),
    )
    removed = GoModule.objects.filter(version_memberships__version_removed=version)
    gone = listed.filter(~Exists(left), removed=None, module__in=removed.values("module"))
    gone.update(removed=version.number)


def _forget_unmade(listed: QuerySet, version: RepositoryVersion) -> None:
    """Undo what was noted of versions that failed, or were deleted when they were the newest."""
    complete = version.repository.versions.complete()
    last = complete.aggregate(models.Max("number"))["number__max"]
    if last is not None:
        listed.filter(added__gt=last).delete()
        listed.filter(removed__gt=last).update(removed=None)


def _insert_new(listed: QuerySet, version: RepositoryVersion) -> None:
    known = listed.filter(module=OuterRef("module"), removed=None)
    added = (
        GoModule.objects.filter(~Exists(known), version_memberships__version_added=version)
        .annotate(
            of=Value(version.repository_id, models.UUIDField()),
            since=Value(version.number, models.BigIntegerField()),
        )
        .values_list("of", F("module"), "since")
        .distinct()
    )
    # Thousands of rows, of which Python need not know.
    sql, parameters = added.query.sql_with_params()
    columns = ", ".join(
        GoListedModule._meta.get_field(name).column for name in ("repository", "module", "added")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {GoListedModule._meta.db_table} ({columns}) {sql}", parameters)
