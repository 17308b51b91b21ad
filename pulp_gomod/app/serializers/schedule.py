"""Syncs that are repeated, over REST."""

from gettext import gettext as _
from typing import Any

from rest_framework import serializers

from pulpcore.plugin.models import TaskSchedule

from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.serializers.sync import GoSyncSerializer
from pulp_gomod.app.tasks.sync.scheduling import (
    DEFAULT,
    MOST_SCHEDULES,
    format_interval,
    name_of,
    parse_interval,
    schedules_of,
)
from pulp_gomod.golang import GoError


def _schedule() -> serializers.RegexField:
    return serializers.RegexField(
        r"^[A-Za-z0-9._-]+\Z",
        help_text=_("The name of the schedule, of which a repository may have several."),
        required=False,
        default=DEFAULT,
        max_length=64,
    )


class GoScheduleSerializer(GoSyncSerializer):
    """Which modules to fetch from a remote, and how often."""

    schedule = _schedule()
    every = serializers.CharField(
        help_text=_("How often: a number of minutes, hours or days, such as 30m, 6h or 1d."),
        max_length=16,
    )
    begin = serializers.DateTimeField(
        help_text=_("When to sync for the first time; now by default."), required=False
    )

    def validate_every(self, value: str) -> str:
        """
        Check the interval.

        Raises:
            ValidationError: It is none.
        """
        try:
            parse_interval(value)
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error
        return value

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check what is to be synced, and that there are not too many schedules.

        Raises:
            ValidationError: There are, or nothing is to be synced.
        """
        data = super().validate(data)
        repository = GoRepository.objects.get(pk=self.context["repository_pk"])
        names = {name_of(schedule) for schedule in schedules_of(repository)}
        if len(names | {data["schedule"]}) > MOST_SCHEDULES:
            raise serializers.ValidationError(
                _("A repository has at most {most} schedules.").format(most=MOST_SCHEDULES)
            )
        return data


class GoUnscheduleSerializer(serializers.Serializer):
    """Which schedule to remove."""

    schedule = _schedule()


class GoScheduledSyncSerializer(serializers.Serializer):
    """A sync that is repeated."""

    schedule = serializers.SerializerMethodField(help_text=_("The name of the schedule."))
    every = serializers.SerializerMethodField(help_text=_("How often it is repeated."))
    next = serializers.DateTimeField(
        source="next_dispatch", help_text=_("When it is due."), read_only=True
    )
    wanted = serializers.SerializerMethodField(help_text=_("What is synced."))

    def get_schedule(self, schedule: TaskSchedule) -> str:
        """Return the name that it has in the repository."""
        return name_of(schedule)

    def get_every(self, schedule: TaskSchedule) -> str:
        """Return the interval as it was given, or an equal one."""
        return format_interval(schedule.dispatch_interval)

    def get_wanted(self, schedule: TaskSchedule) -> dict[str, Any]:
        """Return what `sync/` was told."""
        wanted: dict[str, Any] = schedule.task_kwargs["wanted"]
        return wanted
