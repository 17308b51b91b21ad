"""Having somebody told of what policies do, soon and by a worker."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from pulpcore.plugin.models import Domain, TaskSchedule

_NAME: Final = "gomod.events"
_TELL: Final = "pulp_gomod.app.tasks.telling.tell"


def tell_soon(delay: timedelta = timedelta(0)) -> None:
    """
    Have a worker tell GOMOD_EVENTS_URL what happened, if there is one.

    However many ask for it, it is done once; after a failure not before the time that was set then.

    Args:
        delay: How long to wait.
    """
    if not settings.GOMOD_EVENTS_URL:
        return
    when: datetime = timezone.now() + delay
    domain = Domain.objects.get(name="default")
    schedule, is_new = TaskSchedule.objects.get_or_create(
        name=_NAME, pulp_domain=domain, defaults={"next_dispatch": when, "task_name": _TELL}
    )
    if not is_new and (delay or schedule.next_dispatch is None):
        TaskSchedule.objects.filter(pk=schedule.pk).update(next_dispatch=when)
