"""
For how long content processes answer from memory, and so for how long writers wait.

Asking PostgreSQL for each request whether anything has changed costs more than all the rest of an
answer. So a content process trusts a look at the database for a moment, and whoever changes what is
served waits for that moment before he says that it is done. Whoever hears "done" therefore finds the
change in every process, on every machine: durations are compared, never clocks.
"""

import time
from functools import partial

from django.db import transaction

TRUSTED = 0.025
"""Seconds from the beginning of a look at the database for which it is trusted."""

SEEN_AFTER = TRUSTED + 0.002
"""Seconds after a commit from which on no process answers without it."""


_WAIT = partial(time.sleep, SEEN_AFTER)


def wait_until_seen() -> None:
    """Wait after the commit of the current transaction until every content process knows of it."""
    if not _is_waited_for():
        transaction.on_commit(_WAIT, robust=True)


def _is_waited_for() -> bool:
    """Say whether somebody asked for the same in this transaction, by what is not rolled back without it."""
    connection = transaction.get_connection()
    current = set(connection.savepoint_ids)
    return any(call is _WAIT and sids <= current for sids, call, _ in connection.run_on_commit)
