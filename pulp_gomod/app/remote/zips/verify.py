"""Judging a zip that an upstream sent, and taking it in. Runs in threads."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from pulpcore.plugin.models import Artifact, Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.remote.cache import entries, generations
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.http.results import UpstreamFault, one_line
from pulp_gomod.app.remote.zips.agreeing import Small
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.storage.many_modules import Parcel, save_zips
from pulp_gomod.app.storage.stored_zip import StoredZip
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


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    A verified zip that is to be stored.

    Attributes:
        path: The file; it is moved away.
        upload: What it holds.
        repository: The pk of the repository that it is added to; None if it is added to none by itself.
        question: What the upstream was asked.
        answer: What it said.
        small: The files that are kept with it.
    """

    path: str
    upload: Upload
    repository: UUID | None
    question: CacheKey
    answer: CacheEntry
    small: Small

    @property
    def weight(self) -> int:
        """Bytes of it that storing it holds in memory."""
        texts = sum(len(answer.body) for _, answer in self.small)
        return len(self.upload.go_mod) + len(self.upload.readme) + len(self.answer.body) + texts


def take_in(domain: UUID, arrivals: Sequence[Arrival]) -> list[CacheEntry | Exception]:
    """
    Store zips, so that they are served from now on, and have them added to repositories.

    Args:
        domain: The pk of the domain.
        arrivals: The zips.

    Returns:
        For each what is kept of it, without where it is if its bytes or its unit had been there; or why the storage
        did not take the file. Nothing is kept of what a remote said that was deleted meanwhile: then where the zip
        is, and no row.
    """
    set_domain(_domain(domain))
    parcels = [Parcel(each.path, each.upload) for each in arrivals]
    # The stored file may have other bytes than this one, where Go sees no difference.
    save_zips(parcels)
    kept = [
        generations.Whole(each.question, each.answer, parcel.unit.pk, each.small)
        for each, parcel in zip(arrivals, parcels, strict=True)
        if parcel.unit is not None
    ]
    try:
        generations.write_whole(kept)
    except IntegrityError as error:
        # Those who wait for the zips get them all the same.
        log.info("The remote is gone; its zips are not cached: %s", one_line(str(error)))
        return [
            parcel.error or replace(each.answer, zip=_where(parcel) or _found(parcel))
            for each, parcel in zip(arrivals, parcels, strict=True)
        ]
    stored = {whole.question.key for whole in kept}
    entries.add_pending(
        [
            (each.repository, each.question.pk)
            for each in arrivals
            if each.repository is not None and each.question.key in stored
        ]
    )
    return [
        parcel.error or replace(each.answer, pk=each.question.pk, zip=_where(parcel))
        for each, parcel in zip(arrivals, parcels, strict=True)
    ]


def _where(parcel: Parcel) -> StoredZip | None:
    """Say where a zip is that was stored just now."""
    return None if parcel.artifact is None else _place(parcel.artifact)


def _found(parcel: Parcel) -> StoredZip | None:
    """Say where the zip is of a unit that had been there."""
    artifact = Artifact.objects.filter(content_memberships__content=parcel.unit).first()
    return None if artifact is None else _place(artifact)


def _place(artifact: Artifact) -> StoredZip:
    name = artifact.file.name
    return StoredZip(artifact.pk, name, artifact.size, artifact.sha256, artifact.pulp_created)


# Seconds for which the settings of a domain are remembered.
_DOMAIN_TTL = 5.0
_domains: dict[UUID, tuple[Domain, float]] = {}


def _domain(pk: UUID) -> Domain:
    known = _domains.get(pk)
    if known is None or time.monotonic() - known[1] > _DOMAIN_TTL:
        known = (Domain.objects.get(pk=pk), time.monotonic())
        _domains[pk] = known
    return known[0]
