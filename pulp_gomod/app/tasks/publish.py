"""Turning the changes that wait into one repository version."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from pulpcore.plugin.models import Task

from pulp_gomod.app.exceptions import (
    ChangeRefusedError,
    ModuleVersionChangedError,
    ModuleVersionLoggedError,
    SumdbRefusesError,
)
from pulp_gomod.app.models import GoChange, GoDistribution, GoModule, GoRepository
from pulp_gomod.app.models.hiding import hide_others
from pulp_gomod.app.publishing.queue import UNFINISHED
from pulp_gomod.app.publishing.replies import answer_to
from pulp_gomod.app.publishing.waiting import clear_away
from pulp_gomod.app.storage.admission import Admission
from pulp_gomod.app.storage.modules import record_release, save_module
from pulp_gomod.app.tasks.gone import unless_gone

log = logging.getLogger(__name__)

State = GoChange.State

# Of a module version: its path and its version.
_Name = tuple[str, str]

# Rows whose client never came to read the answer are kept this long.
FORGOTTEN = timedelta(minutes=10)

_KEPT_AWAY = (
    "blocked, so that no remote brings it back; to restore it, publish it again or lift the block"
)

# PostgreSQL's classes of errors that are of the moment: no connection, a deadlock, no room, a lock
# that cannot be had, a shutdown.
_PASSING = frozenset({"08", "40", "53", "55", "57", "58"})


@unless_gone()
def settle(repository_pk: str) -> None:
    """
    Take in all changes that wait for a repository, and make one version of them.

    Everything happens in one transaction: a crash at any moment leaves either the finished version
    with all rows settled, or nothing but the rows still waiting.

    Args:
        repository_pk: The repository, reserved exclusively by the task.

    Raises:
        ChangeRefusedError: The change that this task was dispatched for is refused.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    _forget(repository)
    try:
        _settle_together(repository)
    except Exception as error:
        if _is_passing(error):
            # Those who wait see to another task.
            raise
        log.exception("Changes to %s cannot be made together; trying each of them", repository.name)
        _settle_singly(repository)
    _report_own()


def _settle_together(repository: GoRepository) -> None:
    with transaction.atomic():
        changes = list(_waiting(repository).select_for_update(of=("self",)))
        if changes:
            _Batch(repository).settle(changes)


def _settle_singly(repository: GoRepository) -> None:
    """Make each change by itself, so that one that cannot be made stops no other."""
    for pk in list(_waiting(repository).values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                locked = _waiting(repository).select_for_update(of=("self",)).filter(pk=pk)
                if changes := list(locked):
                    _Batch(repository).settle(changes)
        except ModuleVersionLoggedError as error:
            # Another repository was faster.
            GoChange.objects.filter(pk=pk, state=State.WAITING).update(
                state=State.CONFLICT, detail=str(error)
            )
        except SumdbRefusesError as error:
            GoChange.objects.filter(pk=pk, state=State.WAITING).update(
                state=State.REFUSED, detail=error.reason
            )
        except Exception as error:
            if _is_passing(error):
                raise
            log.exception("The change %s cannot be made", pk)
            GoChange.objects.filter(pk=pk, state=State.WAITING).update(
                state=State.FAILED, detail=f"{type(error).__name__}, see the log of the task"
            )


def _is_passing(error: Exception) -> bool:
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "sqlstate", None) or "08"
    return code[:2] in _PASSING


def _waiting(repository: GoRepository) -> QuerySet:
    not_begun = Exists(Task.objects.filter(pk=OuterRef("pk"), state="waiting"))
    return (
        GoChange.objects.filter(
            Q(expires__gt=Now()) | (Q(expires=None) & (Q(pk=_own_pk()) | not_begun)),
            repository=repository,
            state=State.WAITING,
        )
        .select_related("artifact")
        .order_by("pulp_created", "pk")
    )


def _forget(repository: GoRepository) -> None:
    """Clear away what nobody waits for any more, neither a client nor a task."""
    task = Task.objects.filter(pk=OuterRef("pk"), state__in=UNFINISHED)
    left = GoChange.objects.filter(
        Q(expires__lt=Now() - FORGOTTEN) | (Q(expires=None) & ~Exists(task)), repository=repository
    )
    for change in left.select_related("artifact"):
        clear_away(change)


def _own_pk() -> UUID | None:
    """The pk of this task, and so of the change that it was dispatched for, if there is one."""
    task = Task.current()
    return task.pk if task else None


def _report_own() -> None:
    """Say in the task what became of the change that it was dispatched for, if there is one."""
    own = GoChange.objects.filter(pk=_own_pk())
    for change in own.select_related("repository", "artifact"):
        clear_away(change)
        if change.state != State.DONE:
            raise ChangeRefusedError(answer_to(change).line)


class _Batch:
    """What a set of changes makes of a repository, in the order in which they came."""

    def __init__(self, repository: GoRepository) -> None:
        self.repository = repository
        self.before: dict[_Name, GoModule] = {}
        self.after: dict[_Name, GoModule] = {}
        self.admission = Admission(repository)

    def settle(self, changes: Sequence[GoChange]) -> None:
        """Decide each change, make the version, and store what became of the changes."""
        self.before = self.admission.load({(each.module, each.version) for each in changes})
        self.after = dict(self.before)
        for change in _in_turn(changes):
            if change.kind == GoChange.Kind.PUBLISH:
                change.state = self._publish(change)
            else:
                change.state = self._remove(change)
        self._hide_others(changes)
        self._make_version()
        GoChange.objects.bulk_update(changes, ["state", "detail"])

    def _publish(self, change: GoChange) -> str:
        key = (change.module, change.version)
        if self.admission.taken(*key) is not None:
            return State.CONFLICT
        refused = self._refusal(change)
        if refused:
            return refused
        self.admission.lift(*key)
        unit = save_module(GoModule(**change.facts, go_mod=bytes(change.go_mod)), change.artifact)
        record_release(
            self.repository,
            unit,
            time=change.time,
            origin=change.origin,
            user_name=change.user_name,
            address=change.address,
        )
        self.admission.admit(unit)
        self.after[key] = unit
        return State.DONE

    def _refusal(self, change: GoChange) -> str | None:
        """Say which rule of the repository forbids to publish, if one does."""
        facts = change.facts
        error = self.admission.refusal(change.module, change.version, facts["h1"])
        error = error or self.admission.over_quota(facts["size"], 1)
        if error is None:
            return None
        change.detail = str(error)
        is_conflict = isinstance(error, ModuleVersionChangedError)
        return State.CONFLICT if is_conflict else State.REFUSED

    def _remove(self, change: GoChange) -> str:
        key = (change.module, change.version)
        if key in self.after:
            self.admission.remove(self.after.pop(key))
        elif not self.admission.call_off(*key):
            return State.MISSING
        is_asked = _comes_back(self.repository, change.module, change.version)
        if is_asked and self.admission.keep_away(*key, change.user_name):
            change.detail = _KEPT_AWAY
        return State.DONE

    def _hide_others(self, changes: Sequence[GoChange]) -> None:
        """Note all that is published at once, and tell its publishers what is not served any more."""
        published: dict[str, GoChange] = {}
        for each in changes:
            if each.kind == GoChange.Kind.PUBLISH and each.state == State.DONE:
                published.setdefault(each.module, each)
        for path, line in hide_others(self.repository, published.keys()):
            change = published[path]
            change.detail = "; ".join(filter(None, (change.detail, line)))

    def _make_version(self) -> None:
        before = {unit.pk for unit in self.before.values()}
        after = {unit.pk for unit in self.after.values()}
        if before == after:
            return
        with self.repository.new_version() as version:
            version.remove_content(GoModule.objects.filter(pk__in=before - after))
            version.add_content(GoModule.objects.filter(pk__in=after - before))


def _comes_back(repository: GoRepository, module: str, version: str) -> bool:
    """Say whether a remote may be asked for a module version, and would bring it back."""
    # The API imports this module, and must not have the content app with it.
    from pulp_gomod.app.remote.policy import refusal
    from pulp_gomod.app.remote.settings import read_settings

    distributions = GoDistribution.objects.filter(repository=repository, remote__isnull=False)
    # Own paths are not asked for; but who manages the remote can let them be, by its mix.
    remotes = map(read_settings, distributions.values_list("remote", flat=True).distinct())
    return any(each is not None and refusal(each, module, version) is None for each in remotes)


def _in_turn(changes: Sequence[GoChange]) -> list[GoChange]:
    """
    Put changes into the order in which to make them.

    They come one after the other; but of several that publish the same module version, he goes first
    whose lease is the freshest. The client of another may be gone, and trying again by that one.
    """
    best: dict[_Name, GoChange] = {}
    removed = {(each.module, each.version) for each in changes if each.kind == GoChange.Kind.REMOVE}
    for change in changes:
        key = (change.module, change.version)
        if key not in removed and _lease(change) > _lease(best.get(key)):
            best[key] = change
    first = list(best.values())
    chosen = {change.pk for change in first}
    return first + [change for change in changes if change.pk not in chosen]


def _lease(change: GoChange | None) -> datetime:
    if change is None:
        return datetime.min.replace(tzinfo=UTC)
    expires: datetime | None = change.expires
    return expires or datetime.max.replace(tzinfo=UTC)
