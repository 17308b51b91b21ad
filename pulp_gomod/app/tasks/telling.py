"""Telling a URL of the administrator what policies did."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from pulp_gomod.app.models import GoPolicyEvent
from pulp_gomod.app.models.telling import tell_soon
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.webhook import WebhookFault, post

log = logging.getLogger(__name__)

# Events of one message, and messages of one task.
BATCH = 100
MOST_MESSAGES = 10
# After which time an event is no news any more, and how long a receiver that fails is left alone.
NEWS = timedelta(days=1)
PAUSE = timedelta(minutes=5)


def tell() -> None:
    """
    Tell GOMOD_EVENTS_URL what it was not told yet.

    Whatever becomes of it, the task succeeds: what could not be told is told later.
    """
    url = str(settings.GOMOD_EVENTS_URL)
    if not url:
        return
    for _ in range(MOST_MESSAGES):
        rows = _news()
        if not rows:
            return
        try:
            asyncio.run(_post(url, rows))
        except WebhookFault as fault:
            log.warning("Events of policies were not told to GOMOD_EVENTS_URL: %s.", fault)
            tell_soon(PAUSE)
            return
        GoPolicyEvent.objects.filter(pk__in=[row.pk for row in rows]).update(is_told=True)
    tell_soon()


def _news() -> list[GoPolicyEvent]:
    rows = GoPolicyEvent.objects.filter(is_told=False)
    since = timezone.now() - NEWS
    rows.filter(last_seen__lt=since).update(is_told=True)
    return list(rows.select_related("pulp_domain").order_by("last_seen", "pk")[:BATCH])


async def _post(url: str, rows: Sequence[GoPolicyEvent]) -> None:
    body = json.dumps({"events": [_said(row) for row in rows]}).encode()
    identity = hashlib.sha256(" ".join(str(row.pk) for row in rows).encode()).hexdigest()[:32]
    threads = Threads()
    try:
        await post(url, f"msg_{identity}", body, str(settings.GOMOD_EVENTS_SECRET), threads)
    finally:
        threads.close()


def _said(row: GoPolicyEvent) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "domain": row.pulp_domain.name,
        "policy": row.policy_name,
        "distribution": row.distribution_name,
        "condition": row.condition,
        "module": row.module,
        "version": row.version,
        "detail": row.detail,
        "made_by": row.made_by,
        "requests": row.requests,
        "first_seen": row.first_seen.isoformat(),
        "last_seen": row.last_seen.isoformat(),
    }
