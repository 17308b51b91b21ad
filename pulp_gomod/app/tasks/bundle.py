"""Writing a bundle to a directory of the server."""

from typing import cast

from pulpcore.plugin.models import Domain, ProgressReport, RepositoryVersion
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.bundle.directory import Method, NotABundleError, write_tree
from pulp_gomod.app.bundle.entries import Entry
from pulp_gomod.app.bundle.places import resolve
from pulp_gomod.app.bundle.plan import Plan, UnknownVersionError, make_plan
from pulp_gomod.app.bundle.rows import ChangedError
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.exceptions import BundleRefusedError
from pulp_gomod.app.models.block import blocks_of
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.tasks.gone import unless_gone

_CODE = "gomod.bundle"


@unless_gone()
def write_bundle(
    repository_version_pk: str, path: str, method: str = "write", since: int | None = None
) -> dict[str, int | str]:
    """
    Write the bundle of a repository version.

    Args:
        path: The directory; it is checked once more, since links may have changed.
        method: How zips get there.
        since: The number of an older version, or None for everything.

    Returns:
        dict: What was written.

    Raises:
        BundleRefusedError: It cannot be written there.
    """
    version = RepositoryVersion.objects.get(
        pk=repository_version_pk, repository__pulp_domain=get_domain_pk()
    )
    repository = version.repository_id
    domain = Domain.objects.get(pk=get_domain_pk())
    zips = ZipReader(storage_of(domain))
    scope = Scope(domain.pk, repository, version.number, since, blocks_of(repository))
    try:
        root = resolve(path)
        plan = make_plan(scope, zips.check)
        with ProgressReport(
            message="Writing module zips", code=_CODE, total=plan.counts.versions
        ) as progress:

            def wrote(entry: Entry) -> None:
                if entry.zip is not None:
                    progress.increment()

            write_tree(plan, root, cast(Method, method), zips, wrote)
        _report_missing(plan)
    except NotABundleError as error:
        raise BundleRefusedError(error.line) from error
    except UnknownVersionError as error:
        raise BundleRefusedError(error.line) from error
    except ChangedError as error:
        raise BundleRefusedError(str(error)) from error
    except OSError as error:
        # pulpcore tells nobody of what it does not know.
        raise BundleRefusedError(str(error)) from error
    counts = plan.counts
    return {
        "path": str(root),
        "versions": counts.versions,
        "go_mod_only": counts.go_mod_only,
        "missing_zips": counts.missing,
    }


def _report_missing(plan: Plan) -> None:
    """Say which zips are not in the bundle because they are not here."""
    counts = plan.counts
    if not counts.missing:
        return
    names = ", ".join(counts.missing_names)
    ProgressReport.objects.create(
        message=f"zips missing: {counts.missing} ({names}). To have them, sync with policy immediate",
        code="gomod.zips_missing",
        state="completed",
        total=counts.missing,
        done=counts.missing,
    )
