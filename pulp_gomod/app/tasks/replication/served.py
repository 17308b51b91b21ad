"""What a policy of the other server stops: its distribution gives the zips of none of that away."""

from uuid import UUID

from pulpcore.plugin.models import ProgressReport, Task

from pulp_gomod.app.exceptions import ReplicationFailedError
from pulp_gomod.app.models import blocking, ownership
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.tasks.opening import opened
from pulp_gomod.app.tasks.replication.told import Told
from pulp_gomod.app.tasks.sync.failures import SyncError
from pulp_gomod.app.tasks.sync.source import SyncSource
from pulp_gomod.golang.index import MOST
from pulp_gomod.golang.module import Version

CODE = "gomod.replica.stopped"

# What was stopped and is named.
_NAMED = 5


async def served_by(settings: RemoteSettings, repository: UUID) -> set[Version]:
    """
    Return all module versions whose zips a distribution of another server serves: those in its index.

    Args:
        settings: The remote, whose URL is that of the distribution.
        repository: The pk of the repository that is made like it.

    Raises:
        ReplicationFailedError: It does not say.
    """
    found: set[Version] = set()
    since = 0
    async with opened(settings) as through:
        source = SyncSource(through, repository, blocking.NONE, ownership.NONE)
        while True:
            try:
                page = await source.index(since)
            except SyncError as error:
                raise ReplicationFailedError(
                    f"what the policy of {settings.url} lets pass is unknown: {error}"
                ) from error
            found.update(Version(entry.path, entry.version) for entry in page)
            if len(page) < MOST:
                return found
            # No two have the same time.
            since = max(since, page[-1].time) + 1


def leave_out(told: Told, served: set[Version]) -> None:
    """
    Want no zip that is not served, and say so in the task.

    Args:
        told: What the other server holds.
        served: What it serves.
    """
    zips = [Version(line.path, line.version) for line in told.sums if not line.is_go_mod]
    told.stopped = {version for version in zips if version not in served}
    told.sums = [
        line
        for line in told.sums
        if line.is_go_mod or Version(line.path, line.version) not in told.stopped
    ]
    if not told.stopped:
        return
    names = [f"{path}@{version}" for path, version in sorted(told.stopped)[:_NAMED]]
    count = len(told.stopped)
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    ProgressReport.objects.create(
        message=f"stopped by the policy of the other server: {count} ({', '.join(names)}{more}). Only their go.mod "
        "files are here",
        code=CODE,
        state="completed",
        total=count,
        done=count,
        task=Task.current(),
    )
