"""GoRepository: a versioned set of Go modules."""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from pulpcore.plugin.models import (
    AutoAddObjPermsMixin,
    Repository,
    RepositoryContent,
    RepositoryVersion,
)

from pulp_gomod.app.exceptions import (
    ModuleVersionBlockedError,
    ModuleVersionChangedError,
    ModuleVersionHeldError,
    ModuleVersionTwiceError,
    QuotaExceededError,
)
from pulp_gomod.app.models.block import blocks_of
from pulp_gomod.app.models.discarding import discard, hold
from pulp_gomod.app.models.dispatching import ensure_task
from pulp_gomod.app.models.documentation import document_when_committed
from pulp_gomod.app.models.exported import bases
from pulp_gomod.app.models.feeding import feed_when_complete
from pulp_gomod.app.models.hiding import publish_names, report
from pulp_gomod.app.models.imported import bring_home, is_carried
from pulp_gomod.app.models.index import record_index
from pulp_gomod.app.models.listed import record_listed
from pulp_gomod.app.models.missing import report_added
from pulp_gomod.app.models.modfile import GoModFile
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.remote import GoRemote
from pulp_gomod.app.models.sumdb_own import GoSumdb
from pulp_gomod.app.models.usage import Usage, record_usage, usage_of
from pulp_gomod.app.models.visibility import wait_until_seen
from pulp_gomod.app.models.vulndb import GoVulndb
from pulp_gomod.golang import GoError, module

RELEASE_BATCH = 1000
TRIM = "pulp_gomod.app.tasks.retention.trim_versions"


class GoRepository(Repository, AutoAddObjPermsMixin):
    """
    A versioned set of Go modules, with at most one zip for a module version.

    Fields:
        immutable (bool): Whether other bytes are refused for every module version that the
            repository ever held, and not only for those that it holds.
        max_size (int): Bytes that the zips of a version of it may have together; null for no limit.
        max_modules (int): Module versions that a version of it may hold; null for no limit.
        sumdb (GoSumdb): The checksum database in which every module version gets a record; null for none.
        vulndb (GoVulndb): With what its newest version is scanned whenever that changes; null for nothing.
    """

    TYPE = "gomod"
    CONTENT_TYPES = [GoModule, GoModFile]
    REMOTE_TYPES = [GoRemote]

    immutable = models.BooleanField(default=False)
    max_size = models.BigIntegerField(null=True)
    max_modules = models.BigIntegerField(null=True)
    sumdb = models.ForeignKey(
        GoSumdb, null=True, related_name="repositories", on_delete=models.PROTECT
    )

    vulndb = models.ForeignKey(
        GoVulndb, null=True, related_name="repositories", on_delete=models.SET_NULL
    )

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [
            ("modify_gorepository", "Can modify content of the repository"),
            ("publish_gorepository", "Can publish modules to the repository"),
            ("unpublish_gorepository", "Can remove modules from the repository"),
            ("sync_gorepository", "Can sync modules into the repository"),
            ("block_gorepository", "Can keep module versions out of the repository"),
            ("repair_gorepository", "Can repair repository versions"),
            ("manage_roles_gorepository", "Can manage roles on Go repositories"),
        ]

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the repository; what may have a row for each module version is not read before."""
        hold(self)
        for rows in (self.releases, self.pending_entries, self.cached_mod_files):
            discard(rows.all())
        deleted: tuple[int, dict[str, int]] = super().delete(*args, **kwargs)
        return deleted

    def finalize_new_version(self, new_version: RepositoryVersion) -> None:
        """
        Refuse a second zip for a held module version, and record how the added ones came here.

        Args:
            new_version: The incomplete repository version.

        Raises:
            ModuleVersionHeldError: Other bytes would replace those of a held module version, or in
                an immutable repository those of one that was ever held.
            ModuleVersionBlockedError: A module version is kept out of the repository.
            QuotaExceededError: The version would be larger than the repository may be.
        """
        added = GoModule.objects.filter(version_memberships__version_added=new_version)
        self._refuse_blocked(added)
        self._refuse_other_bytes(added)
        usage = record_usage(new_version)
        if self.max_modules is not None or self.max_size is not None:
            self.check_quota(usage, usage_of(self.latest_version()))
        self._record_releases(added)
        bring_home(new_version)
        report_added(new_version)
        if self.sumdb_id is not None:
            feed_when_complete(new_version, self.sumdb_id)
        record_listed(new_version)
        # At last, so that as little time as can be passes until the times are to be seen.
        record_index(new_version)

    def _refuse_blocked(self, added: QuerySet) -> None:
        # Another server may hold what it blocks, and does not serve it either.
        blocks = blocks_of(self.pk, imported=not is_carried())
        if not blocks:
            return
        for path, version in added.values_list("module", "version").iterator():
            block = blocks.find(path, version)
            if block:
                raise ModuleVersionBlockedError(block.line(path, version))

    def check_quota(self, usage: Usage, before: Usage) -> None:
        """
        Check that the repository may be so large.

        What makes it smaller is always allowed: lowering a limit must not forbid removing.

        Args:
            usage: What it would hold.
            before: What it holds.

        Raises:
            QuotaExceededError: It may not.
        """
        if self.max_modules is not None and usage.modules > max(self.max_modules, before.modules):
            raise QuotaExceededError("module versions", usage.modules, self.max_modules)
        if self.max_size is not None and usage.size > max(self.max_size, before.size):
            raise QuotaExceededError("bytes", usage.size, self.max_size)

    def ever_held(self, path: str, version: str, h1: str) -> str | None:
        """
        Return the checksum that an immutable repository has on record, if other bytes are offered.

        Args:
            path: The module path.
            h1: The checksum of what is offered.
        """
        if not self.immutable:
            return None
        others = self.releases.filter(module=path, version=version).exclude(h1=h1)
        other: str | None = others.values_list("h1", flat=True).first()
        return other

    def _refuse_other_bytes(self, added: QuerySet) -> None:
        # The newest version is the one in the making, so "not removed" is "held by it".
        present = RepositoryContent.objects.filter(
            repository=self, version_removed=None, content_id=OuterRef("pk")
        )
        rival = (
            GoModule.objects.filter(
                Exists(present),
                _pulp_domain=OuterRef("_pulp_domain"),
                module=OuterRef("module"),
                version=OuterRef("version"),
            )
            .exclude(pk=OuterRef("pk"))
            .values("h1")[:1]
        )
        conflict = added.annotate(rival=rival).filter(rival__isnull=False).first()
        if conflict:
            twice = added.filter(
                module=conflict.module, version=conflict.version, h1=conflict.rival
            ).exists()
            error = ModuleVersionTwiceError if twice else ModuleVersionHeldError
            raise error(conflict.module, conflict.version, conflict.rival, conflict.h1)
        if self.immutable:
            self._refuse_bytes_other_than_ever(added)

    def _refuse_bytes_other_than_ever(self, added: QuerySet) -> None:
        earlier = (
            self.releases.filter(module=OuterRef("module"), version=OuterRef("version"))
            .exclude(h1=OuterRef("h1"))
            .values("h1")[:1]
        )
        conflict = added.annotate(rival=earlier).filter(rival__isnull=False).first()
        if conflict:
            raise ModuleVersionChangedError(
                conflict.module, conflict.version, conflict.rival, conflict.h1
            )

    def _record_releases(self, added: QuerySet) -> None:
        """Give each added module version a GoRelease, copied where another repository has one."""
        known = GoRelease.objects.filter(
            repository=self,
            module=OuterRef("module"),
            version=OuterRef("version"),
            h1=OuterRef("h1"),
        )
        # Without the type, pulpcore would ask for that of each unit by itself.
        missing = added.filter(~Exists(known)).only(
            "pulp_type", "module", "version", "h1", "pulp_created"
        )
        batch: list[GoModule] = []
        lines: list[str] = []
        for unit in missing.iterator(chunk_size=RELEASE_BATCH):
            batch.append(unit)
            if len(batch) == RELEASE_BATCH:
                lines += self._record_batch(batch)
                batch = []
        report(lines + self._record_batch(batch))

    def _record_batch(self, units: list[GoModule]) -> list[str]:
        """Record them, and return a line for each path that becomes the repository's own with them."""
        if not units:
            return []
        elsewhere = {
            (release.module, release.version, release.h1): release
            for release in GoRelease.objects.filter(
                repository__pulp_domain_id=self.pulp_domain_id,
                module__in={unit.module for unit in units},
                h1__in=[unit.h1 for unit in units],
            ).order_by("-first_seen")
        }
        releases = [
            self._release_of(unit, elsewhere.get((unit.module, unit.version, unit.h1)))
            for unit in units
        ]
        GoRelease.objects.bulk_create(releases, ignore_conflicts=True)
        uploaded = {each.module for each in releases if each.source == GoRelease.Source.UPLOADED}
        return publish_names(self, uploaded)

    def _release_of(self, unit: GoModule, known: GoRelease | None) -> GoRelease:
        if known:
            return GoRelease(
                repository=self,
                module=unit.module,
                version=unit.version,
                h1=unit.h1,
                time=known.time,
                origin=known.origin,
                info=known.info,
                source=known.source,
                published_by=known.published_by,
                published_from=known.published_from,
            )
        return GoRelease(
            repository=self,
            module=unit.module,
            version=unit.version,
            h1=unit.h1,
            time=release_time(unit.version, unit.pulp_created),
        )

    def on_new_version(self, version: RepositoryVersion) -> None:
        """
        Let no task end before its version is served, and have what it adds documented.

        Args:
            version: The version that was completed.
        """
        super().on_new_version(version)
        wait_until_seen()
        document_when_committed(version)

    def cleanup_old_versions(self) -> None:
        """
        Leave old versions to a task of its own.

        pulpcore calls this inside the making of a version, and deletes the finished version when it
        fails: retention must never undo a publish.
        """
        if self.retain_repo_versions:
            # Once it is committed, nothing that goes wrong here is the publisher's business.
            transaction.on_commit(self._dispatch_trim, robust=True)

    def _dispatch_trim(self) -> None:
        ensure_task(self, TRIM)

    def protected_versions(self) -> QuerySet:
        """Keep, beside what is served, the versions that the next incremental exports start from."""
        served = super().protected_versions()
        return self.versions.filter(Q(pk__in=served.values("pk")) | Q(pk__in=bases(self.pk)))

    def trim_old_versions(self) -> None:
        """Delete the versions beyond `retain_repo_versions`; for the retention task."""
        super().cleanup_old_versions()


def release_time(version: str, default: datetime) -> datetime:
    """
    Say when a version was made: as its pseudo-version says, or the default.

    Args:
        version: The canonical version.
        default: For tagged versions, and for pseudo-versions with an impossible date.
    """
    if module.is_pseudo_version(version):
        try:
            return module.pseudo_version_time(version)
        except GoError:
            pass
    return default
