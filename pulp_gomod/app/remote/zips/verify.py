"""Judging a zip that an upstream sent, and taking it in. Runs in threads."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.models import GoModFile, GoModule, GoRelease, GoRepository
from pulp_gomod.app.models.cached import cached_mod_files
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.remote.cache import entries, generations
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.http.results import UpstreamFault, one_line
from pulp_gomod.app.remote.zips.agreeing import Small
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.storage.modules import save_artifact, save_module
from pulp_gomod.golang.zip import Upload, is_heavy
from pulp_gomod.verifier.checks import Fetched, Verified
from pulp_gomod.verifier.places import NoPlace
from pulp_gomod.verifier.process import VerifierFailed, verify_apart

log = logging.getLogger(__name__)

# Seconds to wait for those who are judged already.
_PATIENCE = 600.0


def judge(path: str, check: Fetched) -> Verified | None:
    """
    Judge a zip, if that is soon done.

    Args:
        path: The file.
        check: What it should be.

    Returns:
        What is known of it; None if it takes long.
    """
    if is_heavy(path):
        return None
    return _logged(check(path), check)


def judge_apart(path: str, check: Fetched) -> Verified:
    """
    Judge a zip in a process of its own, one after the other. No thread of this process is held up.

    Args:
        path: The file.
        check: What it should be.

    Raises:
        UpstreamFault: It could not be found out.
    """
    try:
        with open(path, "rb") as file, upload_policy.places("fetched").take(_PATIENCE):
            seconds = settings.GOMOD_VERIFY_SECONDS
            finding = verify_apart(file.fileno(), check, seconds)
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
    judged: Upload,
    domain: UUID,
    repository: UUID | None,
    question: CacheKey,
    answer: CacheEntry,
    small: Small,
) -> None:
    """
    Store a zip, so that it is served from now on, and let it join a repository.

    Args:
        path: The file; it is moved away.
        judged: What it holds.
        domain: The pk of the domain.
        repository: The pk of the repository; None if it joins none by itself.
        question: What the upstream was asked.
        answer: What it said.
        small: The files that are kept with it.

    Raises:
        OSError: The storage did not take the file.
    """
    set_domain(_domain(domain))
    unit = GoModule.from_upload(judged)
    # The stored file may have other bytes than this one, where Go sees no difference.
    unit = save_module(unit, save_artifact(path))
    row = generations.write_whole(question, answer, unit.pk, small)
    if repository is not None:
        entries.arrive([(repository, row)])


def checksums_of(answer: UUID) -> tuple[str, str]:
    """
    Return the checksums of a stored zip and of its go.mod; "" if it is gone. Uses the ORM.

    Args:
        answer: The pk of the answer that brought it.
    """
    found = GoModule.objects.filter(gomod_answers=answer).values_list("h1", "go_mod_h1")
    return found.first() or ("", "")


@dataclass(frozen=True, slots=True)
class Past:
    """
    What a repository knows of a module version.

    Attributes:
        recorded: The checksums that its zip may have; none for any.
        go_mod_h1: The checksum of the go.mod that it holds without a zip, or "".
        vouched: Whether somebody vouches for that go.mod: it was synced, not only cached.
    """

    recorded: frozenset[str] = frozenset()
    go_mod_h1: str = ""
    vouched: bool = False


def past_of(repository: UUID, path: str, version: str) -> Past:
    """
    Return what a repository knows of a module version. Uses the ORM.

    Args:
        repository: The repository's pk.
        path: The module path.
        version: The version.
    """
    owner = GoRepository.objects.filter(pk=repository).first()
    if owner is None:
        return Past()
    known = frozenset(recorded(repository, path, version))
    files = GoModFile.objects.filter(
        module=path, version=version, _pulp_domain=owner.pulp_domain_id
    )
    alone = held_in(files, owner.latest_version()).values_list("pk", "go_mod_h1").first()
    if alone is None:
        return Past(known)
    is_cached = cached_mod_files(owner).filter(pk=alone[0]).exists()
    return Past(known, alone[1], not is_cached)


def recorded(repository: UUID, path: str, version: str) -> set[str]:
    """
    Return the checksums that a module version may have by what a repository remembers; none for any.

    Args:
        repository: The repository's pk.
        path: The module path.
        version: The version.
    """
    known = GoRelease.objects.filter(repository=repository, module=path, version=version)
    sources = dict(known.values_list("h1", "source"))
    if {GoRelease.Source.CACHED, GoRelease.Source.SYNCED} & set(sources.values()):
        return set(sources)
    immutable = GoRepository.objects.filter(pk=repository, immutable=True).exists()
    return set(sources) if immutable else set()


# Seconds for which the settings of a domain are remembered.
_DOMAIN_TTL = 5.0
_domains: dict[UUID, tuple[Domain, float]] = {}


def _domain(pk: UUID) -> Domain:
    known = _domains.get(pk)
    if known is None or time.monotonic() - known[1] > _DOMAIN_TTL:
        known = (Domain.objects.get(pk=pk), time.monotonic())
        _domains[pk] = known
    return known[0]
