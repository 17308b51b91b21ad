"""What is shown of module versions: their documentation, READMEs and licences, computed from zips in a task."""

from contextlib import suppress
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import IntegrityError, models, transaction
from django_guid import get_guid, set_guid
from django_guid.utils import generate_guid

from pulpcore.plugin.models import Repository, RepositoryVersion, Task

from pulp_gomod.app.models.module import GoModule

PROGRAM = 2
"""What computes documentation, by number: a task computes anew what an earlier one has computed."""

DOCUMENT = "pulp_gomod.app.tasks.documentation.document_modules"
OFF = "off"

LONGEST_PATH = 1000
"""Bytes of an import path that is found by: PostgreSQL's indexes take no more than twice that."""


class GoDocumentation(models.Model):
    """
    What is shown of a module version as a whole, whatever repositories hold it.

    It is computed from the zip and from nothing else, once: all that hold the same zip share it. Who may
    see it is decided by membership in the repository version that a distribution serves, always.

    Fields:
        unit (GoModule): The module version; it has no such row until its zip was looked at.
        state (str): Whether everything is there ("complete"), or some was too much ("cut"), or it failed.
        program (int): The PROGRAM that computed it.
        computed (datetime): When.
        error (str): For people: why there is nothing, or what is missing of it; "" for nothing.
        cut (list): For people: what was left out, a line each; at most some dozens.
        synopsis (str): One sentence about it: that of the root package, or of its only package.
        packages_count (int): How many packages it has.
        readme_file (str): Name of the README in the root, or "".
        readme_text (str): Its text as it is, bounded.
        readme_html (str): The same as safe HTML, of which nothing is loaded from elsewhere.
        licences (list): The licence files, as {file, ids, text}; `file` is their path in the module.
        licence_ids (list): SPDX identifiers of the licences in the root, sorted; none if there is no
            licence file, "" in it for one that nobody knows.
        redistributable (bool): Whether all of these allow it to be passed on.
    """

    class State(models.TextChoices):
        COMPLETE = "complete"
        CUT = "cut"
        FAILED = "failed"

    unit = models.OneToOneField(
        GoModule, primary_key=True, related_name="documentation", on_delete=models.CASCADE
    )
    state = models.CharField(max_length=8, choices=State.choices)
    program = models.PositiveSmallIntegerField(default=PROGRAM)
    computed = models.DateTimeField()
    error = models.TextField(default="")
    cut = models.JSONField(default=list)
    synopsis = models.TextField(default="")
    packages_count = models.PositiveIntegerField(default=0)
    readme_file = models.TextField(default="")
    readme_text = models.TextField(default="")
    readme_html = models.TextField(default="")
    licences = models.JSONField(default=list)
    licence_ids = ArrayField(models.TextField(), default=list)
    redistributable = models.BooleanField(default=False)

    class Meta:
        indexes = [GinIndex(fields=["licence_ids"], name="gomod_doc_licences")]

    def __str__(self) -> str:
        return f"documentation of {self.unit_id}"


class GoLicences(models.Model):
    """
    Which licences a module version has, where a policy had to know it before there was a documentation.

    Fields:
        unit (GoModule): The module version.
        ids (list): As GoDocumentation.licence_ids.
    """

    unit = models.OneToOneField(
        GoModule, primary_key=True, related_name="known_licences", on_delete=models.CASCADE
    )
    ids = ArrayField(models.TextField(), default=list)

    def __str__(self) -> str:
        return f"licences of {self.unit_id}"


def keep_licences(artifact: UUID, ids: list[str]) -> None:
    """
    Note which licences a module version has.

    Args:
        artifact: The pk of its zip, from which they are.
        ids: As GoLicences.
    """
    units = GoModule.objects.filter(contentartifact__artifact=artifact)
    rows = [GoLicences(unit_id=pk, ids=ids) for pk in units.values_list("pk", flat=True)]
    # The unit may go at this moment, and the caller has what it wants to know.
    with suppress(IntegrityError), transaction.atomic():
        GoLicences.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["unit"],
            update_fields=["ids"],
        )


class GoPackage(models.Model):
    """
    A package of a module version: a directory with Go files.

    Fields:
        unit (GoModule): The module version.
        import_path (str): How it is imported.
        name (str): What it calls itself; "main" for a command, "" if no file says it.
        synopsis (str): The first sentence of its documentation, as `go list` and pkg.go.dev have it.
        internal (bool): Whether only the module itself may import it.
        goos (str): For which system the documentation is, "" if all files are for all.
        goarch (str): For which processor.
        documentation (dict): All that is shown of it; its form is told in docs/dev/documentation.md.
        symbols (list): What it exports, as [name, kind, declaration, parent]; kinds and names as in
            the API of pkg.go.dev ("T.Method", "Method", ..., "T").
        names (list): The names of these in lower case, to find a package by what it has.
        imports (list): Import paths of what its files import; those of its tests are left out.
        readme_file (str): Path of the README in its directory, or ""; that of the root is the module's.
        readme_text (str): Its text as it is, bounded.
        readme_html (str): The same as safe HTML.
        words: What people find it by: parts of its path and its name first, then its synopsis.
    """

    id = models.BigAutoField(primary_key=True)
    unit = models.ForeignKey(
        GoModule, related_name="packages", on_delete=models.CASCADE, db_index=False
    )
    import_path = models.TextField(db_collation="C")
    name = models.TextField(default="", db_collation="C")
    synopsis = models.TextField(default="")
    internal = models.BooleanField(default=False)
    goos = models.TextField(default="")
    goarch = models.TextField(default="")
    documentation = models.JSONField(default=dict)
    symbols = models.JSONField(default=list)
    names = ArrayField(models.TextField(db_collation="C"), default=list)
    imports = ArrayField(models.TextField(db_collation="C"), default=list)
    readme_file = models.TextField(default="")
    readme_text = models.TextField(default="")
    readme_html = models.TextField(default="")
    words = SearchVectorField(null=True)

    class Meta:
        unique_together = ("unit", "import_path")
        indexes = [
            models.Index(fields=["import_path"], name="gomod_package_path"),
            GinIndex(fields=["imports"], name="gomod_package_imports"),
            GinIndex(fields=["names"], name="gomod_package_names"),
            GinIndex(fields=["words"], name="gomod_package_words"),
        ]

    def __str__(self) -> str:
        return str(self.import_path)


def document_when_committed(version: RepositoryVersion) -> None:
    """
    Have the documentation of what a repository version adds computed, after it was committed.

    A task that has not begun yet serves for whatever was added since it was dispatched. It has neither
    the repository to itself nor anybody wait for it.

    Args:
        version: The version that was completed.
    """
    if settings.GOMOD_DOCUMENTATION == OFF:
        return
    if GoModule.objects.filter(version_memberships__version_added=version).exists():
        transaction.on_commit(partial(_dispatch, version), robust=True)


def _dispatch(version: RepositoryVersion) -> None:
    repository = version.repository
    waiting = Task.objects.filter(
        name=DOCUMENT, state="waiting", reserved_resources_record__contains=_turns(repository)
    )
    if not waiting.exists():
        dispatch_documenting(repository, version.number)


def dispatch_documenting(repository: Repository, since: int, anew: str | None = None) -> Task:
    """
    Dispatch the task that documents what a repository holds.

    Args:
        repository: The repository, in the current domain.
        since: The number of the first version whose additions are looked at; 0 for all that is held.
        anew: A time: what was computed before it is computed again, though it is there.
    """
    # pulpcore's tasking needs the models of all plugins.
    from pulpcore.plugin.tasking import dispatch

    if get_guid() is None:
        # Outside of any request, too, a task has to have an ID for the logs.
        set_guid(generate_guid())
    task: Task = dispatch(
        DOCUMENT,
        # Not the repository: a publish must not wait for this. One at a time leaves workers for others.
        exclusive_resources=_turns(repository),
        kwargs={"repository_pk": str(repository.pk), "since": since, "anew": anew},
    )
    return task


def _turns(repository: Repository) -> list[str]:
    return ["gomod:documentation", f"gomod:documentation:{repository.pk}"]
