"""Syncs that are repeated: actions of the viewset of repositories."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from pulp_gomod.app.serializers import (
    GoScheduledSyncSerializer,
    GoScheduleSerializer,
    GoUnscheduleSerializer,
)
from pulp_gomod.app.tasks.sync.scheduling import parse_interval, schedules_of, set_schedule
from pulp_gomod.app.viewsets.asked import asked_of


class SchedulesMixin:
    """Has syncs repeated."""

    @extend_schema(
        summary="Repeat a sync",
        description="Sync at regular intervals, with the fields of sync/. A schedule of the same name is replaced.",
        responses={201: GoScheduledSyncSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoScheduleSerializer)
    def schedule(self: Any, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Make a schedule, or replace it.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        repository = self.get_object()
        wanted = asked_of(self, repository)
        name, every = wanted.pop("schedule"), wanted.pop("every")
        begin, remote = wanted.pop("begin", None), wanted.pop("remote", None)
        made = set_schedule(
            repository, name, parse_interval(every), begin, remote and remote.cast(), wanted
        )
        return Response(GoScheduledSyncSerializer(made).data, status=201)

    @extend_schema(
        summary="List the syncs that are repeated",
        responses={200: GoScheduledSyncSerializer(many=True)},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def schedules(self: Any, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        List the schedules of a repository.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        found = schedules_of(self.get_object())
        return Response(GoScheduledSyncSerializer(found, many=True).data)

    @extend_schema(summary="Stop repeating a sync", responses={204: None})
    @action(detail=True, methods=["post"], serializer_class=GoUnscheduleSerializer)
    def unschedule(self: Any, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Remove a schedule.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: There is none of that name.
        """
        repository = self.get_object()
        name = asked_of(self, repository)["schedule"]
        gone, _ = schedules_of(repository).filter(name__endswith=f"/{name}").delete()
        if not gone:
            raise serializers.ValidationError(
                {"schedule": [f"The repository has no schedule named {name}."]}
            )
        return Response(status=204)
