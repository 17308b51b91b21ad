"""Waiting until a change has become part of a repository version, and knowing what became of it."""

import logging
import time
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from pulpcore.plugin.util import set_domain

from pulp_gomod.app.models import GoChange
from pulp_gomod.app.models.visibility import SEEN_AFTER
from pulp_gomod.app.publishing.problems import as_line
from pulp_gomod.app.publishing.queue import RENEWAL, find_settled, renew
from pulp_gomod.app.publishing.replies import DELETED, UNCHANGED, UNKNOWN, Answer, answer_to
from pulp_gomod.app.storage.modules import discard_artifact

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.1

# Seconds for which a database that does not answer is asked again in the end.
_PATIENCE = 20.0


def wait_for(pk: UUID) -> Answer:
    """
    Wait until a change is settled; withdraw it if that takes longer than GOMOD_UPLOAD_WAIT.

    A database that goes away meanwhile is asked again: what it has acknowledged, it knows still.

    Args:
        pk: The change's key.

    Returns:
        What to tell the client; the row is gone.
    """
    _await_end(pk, time.monotonic() + settings.GOMOD_UPLOAD_WAIT)
    answer = _insist(pk)
    # Until every content process knows of it.
    time.sleep(SEEN_AFTER)
    return answer


def abandon(change: GoChange) -> Answer:
    """
    Withdraw a change of which it is not known whether it was stored.

    Args:
        change: The change.

    Returns:
        What to tell the client; the row is gone.
    """
    answer = _insist(change.pk)
    if answer is not DELETED:
        return answer
    if change.artifact_is_new:
        discard_artifact(change.artifact)
    return UNCHANGED


def _insist(pk: UUID) -> Answer:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return conclude(pk)
        except (InterfaceError, OperationalError) as error:
            if time.monotonic() > end:
                log.error("What became of the change %s cannot be found out: %s", pk, error)
                return UNKNOWN
            _reconnect(error)


def _await_end(pk: UUID, deadline: float) -> None:
    due = time.monotonic() + RENEWAL
    pause = _FIRST_PAUSE
    while (now := time.monotonic()) < deadline:
        try:
            if find_settled([pk]):
                return
            if now > due:
                renew([pk])
                due = now + RENEWAL
        except (InterfaceError, OperationalError) as error:
            _reconnect(error)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _reconnect(error: Exception) -> None:
    log.warning("The database does not answer: %s", error)
    connection.close()
    time.sleep(_LONGEST_PAUSE)


def conclude(pk: UUID) -> Answer:
    """
    Withdraw a change if it still waits, and say what became of it.

    Args:
        pk: Its key.

    Returns:
        What to tell the client; the row is gone.

    Raises:
        OperationalError: The database does not answer; nothing was lost, this may be called again.
    """
    # A task that has begun holds the row's lock until it commits: this waits for it, and then finds
    # the row settled.
    GoChange.objects.filter(pk=pk, state=GoChange.State.WAITING).update(
        state=GoChange.State.WITHDRAWN
    )
    change = GoChange.objects.select_related("repository", "artifact").filter(pk=pk).first()
    if change is None:
        return DELETED
    answer = answer_to(change)
    log.info("%s: %d %s", describe(change), answer.status, answer.line or "done")
    try:
        clear_away(change)
    except DatabaseError as error:
        # The next task in this repository clears it away.
        log.warning("The change %s is left behind: %s", pk, error)
    return answer


def describe(change: GoChange) -> str:
    """
    Say in a line who asks for what, for the log.

    Args:
        change: The change.
    """
    what = f"{change.kind} {change.module}@{change.version} in {change.repository.name}"
    return as_line(f"{what}, by {change.user_name} from {change.address or 'this machine'}")


def clear_away(change: GoChange) -> None:
    """
    Delete a change that is settled, and what was stored for it if it was not done.

    Args:
        change: The change.
    """
    GoChange.objects.filter(pk=change.pk).delete()
    if change.artifact_is_new and change.state != GoChange.State.DONE:
        set_domain(change.repository.pulp_domain)
        discard_artifact(change.artifact)
