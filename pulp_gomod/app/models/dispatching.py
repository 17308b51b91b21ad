"""Having tasks work on a repository: one that has not begun serves all who ask for the same."""

from typing import Any

from django.db.models import QuerySet
from django_guid import get_guid, set_guid
from django_guid.utils import generate_guid

from pulpcore.plugin.models import Repository, Task
from pulpcore.plugin.util import get_prn


def tasks_of(repository: Repository, name: str) -> "QuerySet[Task]":
    """
    Select the tasks of a name that work on a repository, or did.

    Args:
        name: The dotted name of what they call.
    """
    return Task.objects.filter(name=name, reserved_resources_record__contains=[get_prn(repository)])


def is_unfinished(name: str, resource: str) -> bool:
    """
    Say whether a task of a name still waits or runs that has a resource to itself.

    Args:
        name: The dotted name of what it calls.
        resource: The PRN of the resource.
    """
    waiting = Task.objects.filter(name=name, reserved_resources_record__contains=[resource])
    return bool(waiting.filter(state__in=("waiting", "running", "canceling")).exists())


def dispatch_for(repository: Repository, name: str, **arguments: Any) -> Task:
    """
    Dispatch a task that has a repository to itself.

    Args:
        repository: The repository, in the current domain.
        name: The dotted name of what it calls, with the repository's pk.
        arguments: What it is told beside that.
    """
    # pulpcore's tasking needs the models of all plugins.
    from pulpcore.plugin.tasking import dispatch

    if get_guid() is None:
        # Outside of any request, too, a task has to have an ID for the logs.
        set_guid(generate_guid())
    task: Task = dispatch(
        name,
        exclusive_resources=[repository],
        kwargs={"repository_pk": str(repository.pk), **arguments},
    )
    return task


def ensure_task(repository: Repository, name: str, **arguments: Any) -> None:
    """
    Do what `dispatch_for` does, unless such a task waits already: it will see all that there is by now.

    Args:
        repository: The repository, in the current domain.
        name: The dotted name of what it calls.
        arguments: What it is told beside the repository.
    """
    if not tasks_of(repository, name).filter(state="waiting").exists():
        dispatch_for(repository, name, **arguments)
