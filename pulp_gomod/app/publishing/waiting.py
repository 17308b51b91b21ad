"""Waiting until changes have become part of a repository version, and knowing what became of them."""

import contextvars
import logging
import math
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from pulpcore.plugin.util import set_domain

from pulp_gomod.app.models import GoChange
from pulp_gomod.app.models.visibility import SEEN_AFTER
from pulp_gomod.app.publishing.problems import as_line
from pulp_gomod.app.publishing.queue import RENEWAL, find_settled, renew
from pulp_gomod.app.publishing.replies import DELETED, UNCHANGED, UNKNOWN, Reply, answer_to
from pulp_gomod.app.storage.modules import discard_artifact

log = logging.getLogger(__name__)

_PAUSE = 0.025
_LONG_PAUSE = 0.2
# Seconds for which a change is looked at often: most take less.
_FRESH = 5.0
# Seconds for which a database that does not answer is asked again in the end.
_PATIENCE = 20.0


class Watch:
    """The changes that one process waits for: one thread looks at all of them, by one statement."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, Callable[[], object]] = {}
        self._newest = 0.0

    def __bool__(self) -> bool:
        """Whether anything is waited for."""
        return bool(self._waiting)

    def add(self, pk: UUID, settled: Callable[[], object] = lambda: None) -> None:
        """
        Wait for a change.

        Args:
            pk: Its key.
            settled: Called once it does not wait any more, in the thread that looks.
        """
        self._waiting[pk] = settled
        self._newest = time.monotonic()

    def discard(self, pk: UUID) -> None:
        """
        Wait for a change no more; any thread may say so.

        Args:
            pk: Its key.
        """
        self._waiting.pop(pk, None)

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._waiting = {}

    def run(self, deadline: float = math.inf) -> None:
        """
        Look until nothing is waited for, and renew the leases of all that is.

        A database that goes away meanwhile is asked again: what it has acknowledged, it knows still.

        Args:
            deadline: When to stop in any case, by time.monotonic().
        """
        due = time.monotonic() + RENEWAL
        while self._waiting and (now := time.monotonic()) < deadline:
            time.sleep(_PAUSE if now - self._newest < _FRESH else _LONG_PAUSE)
            try:
                self._look()
                if now > due:
                    # Each time what it dispatches is in another request's name, or in none.
                    contextvars.copy_context().run(renew, list(self._waiting))
                    due = now + RENEWAL
            except (InterfaceError, OperationalError) as error:
                _reconnect(error)

    def _look(self) -> None:
        for pk in find_settled(list(self._waiting)):
            if (settled := self._waiting.pop(pk, None)) is not None:
                settled()


def wait_for(pk: UUID) -> Reply:
    """
    Wait until a change is settled; withdraw it if that takes longer than GOMOD_UPLOAD_WAIT.

    Args:
        pk: The change's key.

    Returns:
        What to tell the client; the row is gone.
    """
    watch = Watch()
    watch.add(pk)
    watch.run(time.monotonic() + settings.GOMOD_UPLOAD_WAIT)
    answer = find_out(pk)
    # Until every content process knows of it.
    time.sleep(SEEN_AFTER)
    return answer


def abandon(change: GoChange) -> Reply:
    """
    Withdraw a change of which it is not known whether it was stored.

    Returns:
        What to tell the client; the row is gone.
    """
    answer = find_out(change.pk)
    if answer is not DELETED:
        return answer
    if change.artifact_is_new:
        discard_artifact(change.artifact)
    return UNCHANGED


def find_out(pk: UUID, since: float | None = None) -> Reply:
    """
    Withdraw a change if it still waits, and say what became of it, as soon as the database answers.

    Args:
        pk: Its key.
        since: When this was asked for, by time.monotonic(), if that was not now.

    Returns:
        What to tell the client; the row is gone.
    """
    end = (time.monotonic() if since is None else since) + _PATIENCE
    while True:
        try:
            return _conclude(pk)
        except (InterfaceError, OperationalError) as error:
            if time.monotonic() > end:
                log.error("Cannot find out what became of the change %s: %s", pk, error)
                return UNKNOWN
            _reconnect(error)


def _reconnect(error: Exception) -> None:
    log.warning("The database is not responding: %s", error)
    connection.close()
    time.sleep(_LONG_PAUSE)


def _conclude(pk: UUID) -> Reply:
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
    """Say in a line who asks for what, for the log."""
    what = f"{change.kind} {change.module}@{change.version} in {change.repository.name}"
    return as_line(f"{what}, by {change.user_name} from {change.address or 'this machine'}")


def clear_away(change: GoChange) -> None:
    """Delete a change that is settled, and what was stored for it if it was not done."""
    GoChange.objects.filter(pk=change.pk).delete()
    if change.artifact_is_new and change.state != GoChange.State.DONE:
        set_domain(change.repository.pulp_domain)
        discard_artifact(change.artifact)
