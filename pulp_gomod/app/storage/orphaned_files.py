"""
Deleting stored files while others store the same bytes, or begin to need them.

pulpcore's cleanup of orphans deletes an artifact's row, and its file once that is committed. Who published
the same bytes in between found the file in its place, made a new row for it, and was told that all is well; then
the file went. Now a file goes in a turn with those who store its bytes, if there is no row of it by then.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.signals import post_delete, pre_delete

from pulpcore.plugin.models import Artifact, ContentArtifact

from pulp_gomod.app.models import GoChange
from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.storage.modules import take_turns


def install() -> None:
    """Have a look at artifacts before and after they are deleted, each by itself, as pulpcore does it."""
    pre_delete.connect(_before, sender=Artifact, dispatch_uid="gomod.orphaned_files")
    post_delete.connect(_after, sender=Artifact, dispatch_uid="gomod.files_of_orphans")


def _before(sender: Any, instance: Artifact, origin: Any, **_: Any) -> None:
    """
    Hold the row.

    Raises:
        ProtectedError: It is needed again; pulpcore leaves it then.
    """
    if origin is not instance:
        return
    hold(instance)
    needed = (
        GoChange.objects.filter(artifact=instance.pk).exists()
        or ContentArtifact.objects.filter(artifact=instance.pk).exists()
    )
    if needed:
        raise ProtectedError(f"the artifact {instance.pk} is needed again", {instance})


def _after(sender: Any, instance: Artifact, origin: Any, **_: Any) -> None:
    """Have the file, which pulpcore is about to delete, deleted if it is nobody's by then."""
    if origin is instance:
        instance.file.delete = partial(_delete_file, instance, instance.file.delete)


def _delete_file(artifact: Artifact, delete: Callable[..., None], **how: Any) -> None:
    with transaction.atomic():
        take_turns([artifact.sha256], artifact.pulp_domain_id)
        same = Artifact.objects.filter(sha256=artifact.sha256, pulp_domain=artifact.pulp_domain_id)
        if not same.exists():
            delete(**how)
