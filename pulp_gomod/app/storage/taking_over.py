"""
Taking records over from another checksum database, for whoever asks for a public module that is not on record.

Whoever may read a distribution can ask for all public modules that there are, and what is on record stays
there for ever. So only so many are taken over in an hour.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pulp_gomod.app.models import GoSumdb
from pulp_gomod.app.models.feeding import Entry, append
from pulp_gomod.app.storage.signing import check_kept

WINDOW = timedelta(hours=1)
"""How long GOMOD_SUMDB_RECORDS_PER_HOUR is counted for."""


def take_over(sumdb_pk: UUID, entries: Sequence[Entry]) -> tuple[int, float]:
    """
    Append as many of some records as may be taken over now.

    Args:
        sumdb_pk: The GoSumdb.
        entries: What another checksum database has proven.

    Returns:
        How many of them are on record now, and after how many seconds there may be more.

    Raises:
        ModuleVersionLoggedError: There is another checksum on record for one of them.
        SumdbRefusesError: Nothing may be appended.
    """
    check_kept(sumdb_pk)
    most = int(settings.GOMOD_SUMDB_RECORDS_PER_HOUR)
    if most <= 0:
        append(sumdb_pk, entries)
        return len(entries), 0.0
    with transaction.atomic():
        now = timezone.now()
        sumdb = GoSumdb.objects.select_for_update(of=("self",)).get(pk=sumdb_pk)
        begun, count = sumdb.taken_since, sumdb.taken
        if begun is None or not begun <= now < begun + WINDOW:
            begun, count = now, 0
        taken = min(len(entries), max(most - count, 0))
        # Some may have come in meanwhile by another way.
        appended = append(sumdb_pk, entries[:taken]) if taken else 0
        if appended:
            GoSumdb.objects.filter(pk=sumdb_pk).update(taken_since=begun, taken=count + appended)
    return taken, (begun + WINDOW - now).total_seconds()
