"""Turning the changes that wait into one repository version."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pulp_gomod.app.exceptions import ModuleVersionChangedError, QuotaExceededError
from pulp_gomod.app.intake import record_release, save_module
from pulp_gomod.app.models import GoChange, GoModule, GoRepository
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.usage import Usage, usage_of

# Rows whose client never came to read the answer are kept this long.
FORGOTTEN = timedelta(hours=1)


def settle(repository_pk):
    """
    Take in all changes that wait for a repository, and make one version of them.

    Everything happens in one transaction: a crash at any moment leaves either the finished version
    with all rows settled, or nothing but the rows still waiting.

    Args:
        repository_pk (str): The repository, reserved exclusively by the task.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    _forget(repository)
    with transaction.atomic():
        changes = list(_waiting(repository))
        if changes:
            _Batch(repository).settle(changes)


def _waiting(repository):
    return (
        GoChange.objects.select_for_update(of=("self",))
        .filter(
            Q(expires=None) | Q(expires__gt=timezone.now()),
            repository=repository,
            state=GoChange.State.WAITING,
        )
        .select_related("artifact")
        .order_by("pulp_created", "pk")
    )


def _forget(repository):
    old = timezone.now() - FORGOTTEN
    GoChange.objects.filter(
        Q(expires__lt=old) | (Q(expires=None) & ~Q(state=GoChange.State.WAITING)),
        repository=repository,
        pulp_created__lt=old,
    ).delete()


class _Batch:
    """What a set of changes makes of a repository, in the order in which they came."""

    def __init__(self, repository):
        self.repository = repository
        self.before = {}
        self.after = {}
        self.sizes = {}
        self.usage_before = self.usage = usage_of(repository.latest_version())

    def settle(self, changes):
        self._load_held(changes)
        for change in changes:
            if change.kind == GoChange.Kind.PUBLISH:
                change.state = self._publish(change)
            else:
                change.state = self._remove(change)
        self._make_version()
        GoChange.objects.bulk_update(changes, ["state", "detail"])

    def _load_held(self, changes):
        """Look up what the newest version holds of the module versions in question."""
        asked = Q()
        for module, version in {(c.module, c.version) for c in changes}:
            asked |= Q(module=module, version=version)
        units = held_in(
            GoModule.objects.filter(asked, _pulp_domain=self.repository.pulp_domain),
            self.repository.latest_version(),
        )
        for unit in units.only("module", "version", "size"):
            self.before[unit.module, unit.version] = unit.pk
            self.sizes[unit.pk] = unit.size
        self.after = dict(self.before)

    def _publish(self, change):
        key = (change.module, change.version)
        if key in self.after:
            return GoChange.State.CONFLICT
        refused = self._refusal(change)
        if refused:
            return refused
        unit = save_module(GoModule(**change.facts, go_mod=bytes(change.go_mod)), change.artifact)
        record_release(
            self.repository,
            unit,
            time=change.time,
            origin=change.origin,
            user_name=change.user_name,
            address=change.address,
        )
        self.after[key] = unit.pk
        self.sizes[unit.pk] = unit.size
        self.usage += Usage(unit.size, 1)
        return GoChange.State.DONE

    def _refusal(self, change):
        """Say which rule of the repository forbids to publish, if one does."""
        h1 = change.facts["h1"]
        held = self.repository.ever_held(change.module, change.version, h1)
        if held:
            error = ModuleVersionChangedError(change.module, change.version, held, h1)
            change.detail = str(error)
            return GoChange.State.CONFLICT
        try:
            wanted = self.usage + Usage(change.facts["size"], 1)
            self.repository.check_quota(wanted, self.usage_before)
        except QuotaExceededError as error:
            change.detail = str(error)
            return GoChange.State.REFUSED
        return None

    def _remove(self, change):
        key = (change.module, change.version)
        if key not in self.after:
            return GoChange.State.MISSING
        self.usage -= Usage(self.sizes[self.after.pop(key)], 1)
        return GoChange.State.DONE

    def _make_version(self):
        before, after = set(self.before.values()), set(self.after.values())
        if before == after:
            return
        with self.repository.new_version() as version:
            version.remove_content(GoModule.objects.filter(pk__in=before - after))
            version.add_content(GoModule.objects.filter(pk__in=after - before))
