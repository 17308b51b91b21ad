"""Judging a zip that an upstream sent, and taking it in. Runs in threads."""

import logging
import time
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.models import GoModule
from pulp_gomod.app.remote.cache import entries, generations
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.http.results import UpstreamFault, one_line
from pulp_gomod.app.remote.zips.agreeing import Small
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.storage.modules import save_artifact, save_module
from pulp_gomod.golang.zip import Upload, is_heavy
from pulp_gomod.verifier import process
from pulp_gomod.verifier.checks import Fetched, Verified
from pulp_gomod.verifier.places import NoPlace
from pulp_gomod.verifier.process import VerifierFailed

log = logging.getLogger(__name__)

# Seconds to wait for those that are verified already.
_PATIENCE = 600.0


def verify(path: str, check: Fetched) -> Verified | None:
    """
    Verify a zip, if that takes little time.

    Args:
        path: The file.
        check: What it should be.

    Returns:
        What is known of it; None if it takes long.
    """
    if is_heavy(path):
        return None
    return _logged(check(path), check)


def verify_apart(path: str, check: Fetched) -> Verified:
    """
    Verify a zip in a process of its own, one after the other. No thread of this process is held up.

    Args:
        path: The file.
        check: What it should be.

    Raises:
        UpstreamFault: It could not be found out.
    """
    try:
        with open(path, "rb") as file, upload_policy.places("fetched").take(_PATIENCE):
            seconds = settings.GOMOD_VERIFY_SECONDS
            finding = process.verify_apart(file.fileno(), check, seconds)
    except (NoPlace, VerifierFailed) as error:
        log.error("%s@%s could not be checked: %s", check.module, check.version, error)
        reason = f"{check.module}@{check.version} could not be checked now, try again"
        raise UpstreamFault(reason, status=503) from error
    assert isinstance(finding, Verified)
    return _logged(finding, check)


def _logged(verified: Verified, check: Fetched) -> Verified:
    if verified.not_an_upload:
        why = one_line(verified.not_an_upload)
        log.info("%s@%s is not a zip that could be uploaded: %s", check.module, check.version, why)
    return verified


def take_in(
    path: str,
    upload: Upload,
    domain: UUID,
    repository: UUID | None,
    question: CacheKey,
    answer: CacheEntry,
    small: Small,
) -> None:
    """
    Store a zip, so that it is served from now on, and have it added to a repository.

    Args:
        path: The file; it is moved away.
        upload: What it holds.
        domain: The pk of the domain.
        repository: The pk of the repository; None if it is added to none by itself.
        question: What the upstream was asked.
        answer: What it said.
        small: The files that are kept with it.

    Raises:
        OSError: The storage did not take the file.
    """
    set_domain(_domain(domain))
    unit = GoModule.from_upload(upload)
    # The stored file may have other bytes than this one, where Go sees no difference.
    unit = save_module(unit, save_artifact(path))
    row = generations.write_whole(question, answer, unit.pk, small)
    if repository is not None:
        entries.add_pending([(repository, row)])


# Seconds for which the settings of a domain are remembered.
_DOMAIN_TTL = 5.0
_domains: dict[UUID, tuple[Domain, float]] = {}


def _domain(pk: UUID) -> Domain:
    known = _domains.get(pk)
    if known is None or time.monotonic() - known[1] > _DOMAIN_TTL:
        known = (Domain.objects.get(pk=pk), time.monotonic())
        _domains[pk] = known
    return known[0]
