"""GoChange: a change of a repository that a client is waiting for."""

from django.db import models

from pulpcore.plugin.models import Artifact, BaseModel


class GoChange(BaseModel):
    """
    A publish or a removal that has been accepted and waits to become a repository version.

    The row is the truth about the request: the task that makes the repository version settles all
    rows that wait in the same transaction, and a client that stops waiting withdraws its row, so
    that it is told either "done" or "not done", never "maybe".

    Fields:
        kind (str): publish or remove.
        state (str): waiting, done, conflict (the module version is held already), missing (nothing
            to remove), refused (see detail), failed (the server could not do it) or withdrawn.
        detail (str): For people: why it was refused, or what failed.
        module (str): The module path.
        version (str): The canonical version.
        facts (dict): For publish: everything of the GoModule but go_mod.
        go_mod (bytes): For publish: go.mod.
        artifact (Artifact): For publish: the stored zip.
        artifact_is_new (bool): Whether it was stored for this change, and goes if this is refused.
        time (datetime): For publish: when the version was made, if the client said so.
        origin (dict): For publish: where it was made, if the client said so.
        user_name (str): Who asks.
        address (str): From where.
        expires (datetime): After this nobody waits any more and no task may take it in; whoever
            waits puts it off as long as he is there. Null for a request that nobody waits for: it
            has the pk of a task of its own, and lives and dies with that.
    """

    class Kind(models.TextChoices):
        PUBLISH = "publish"
        REMOVE = "remove"

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        CONFLICT = "conflict"
        MISSING = "missing"
        REFUSED = "refused"
        FAILED = "failed"
        WITHDRAWN = "withdrawn"

    repository = models.ForeignKey("GoRepository", related_name="changes", on_delete=models.CASCADE)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    detail = models.TextField(default="")
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    facts = models.JSONField(default=dict)
    go_mod = models.BinaryField(default=b"")
    artifact = models.ForeignKey(
        Artifact, null=True, related_name="gomod_changes", on_delete=models.PROTECT
    )
    artifact_is_new = models.BooleanField(default=False)
    time = models.DateTimeField(null=True)
    origin = models.JSONField(null=True)
    user_name = models.TextField(default="")
    address = models.GenericIPAddressField(null=True)
    expires = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["repository", "state"])]
