"""Having the witnesses of a checksum database asked whenever it has given out a new head."""

import logging
from uuid import UUID

from django.db import DatabaseError
from django_guid import get_guid, set_guid
from django_guid.utils import generate_guid

from pulpcore.plugin.models import Task
from pulpcore.plugin.util import get_domain, set_domain

from pulp_gomod.app.models import GoSumdb
from pulp_gomod.app.storage.signing import signed

log = logging.getLogger(__name__)

COSIGN = "pulp_gomod.app.tasks.witnesses.cosign"


def ask_witnesses(sumdb_pk: UUID) -> None:
    """
    Dispatch a task that asks them, unless there are none, or one waits already.

    Tasks of one checksum database run one after the other, so that however fast it grows, a witness is asked
    by one of them at a time, and each asks about the newest head.

    Args:
        sumdb_pk: The GoSumdb.
    """
    # pulpcore's tasking needs the models of all plugins.
    from pulpcore.plugin.tasking import dispatch

    sumdb = GoSumdb.objects.select_related("pulp_domain").get(pk=sumdb_pk)
    resource = f"gomod:witnesses:{sumdb_pk}"
    waiting = Task.objects.filter(
        name=COSIGN, state="waiting", reserved_resources_record__contains=[resource]
    )
    if not sumdb.witnesses or waiting.exists():
        return
    if get_guid() is None:
        # Outside of any request, too, a task has to have an ID for the logs.
        set_guid(generate_guid())
    before = get_domain()
    set_domain(sumdb.pulp_domain)
    try:
        dispatch(COSIGN, exclusive_resources=[resource], kwargs={"sumdb_pk": str(sumdb_pk)})
    finally:
        set_domain(before)


def _ask(sender: type, sumdb: UUID, **more: object) -> None:
    try:
        ask_witnesses(sumdb)
    except DatabaseError as error:
        # The head is given out all the same; the next one has them asked again.
        log.warning("No task could be dispatched to ask witnesses: %s", error)


def install() -> None:
    """Have them asked."""
    signed.connect(_ask, GoSumdb, dispatch_uid="gomod_witnesses")
