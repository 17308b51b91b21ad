"""Judging a zip that an upstream sent, and taking it in. Runs in threads."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.intake import save_artifact, save_module
from pulp_gomod.app.models import GoModule, GoRelease, GoRepository
from pulp_gomod.app.upstream import answers
from pulp_gomod.app.upstream.answers import Answer, Question
from pulp_gomod.app.upstream.results import one_line
from pulp_gomod.golang import GoError, dirhash, modfile
from pulp_gomod.golang.archive import open_archive
from pulp_gomod.golang.zip import Upload, check_upload, check_zip

log = logging.getLogger(__name__)

_GO_MOD = "go.mod"


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What is known of a zip.

    Attributes:
        h1: Go's checksum of it, or "" where Go could not read it.
        upload: What it holds, or None if Go would refuse it.
        reason: Why Go would.
    """

    h1: str
    upload: Upload | None
    reason: str = ""


def judge(path: str, module_path: str, version: str, vouched: bool) -> Judged:
    """
    Judge a zip.

    Args:
        path: The file.
        module_path: The module that it should be.
        version: The version that it should be.
        vouched: Whether a checksum database will be asked: then Go's own rules are enough, since all
            other clients use it, too. Otherwise it must be as good as an upload.
    """
    try:
        upload = check_upload(path)
    except GoError as error:
        if not vouched:
            return Judged("", None, str(error))
        return _judge_as_go(path, module_path, version, error)
    if (upload.module, upload.version) != (module_path, version):
        return Judged(upload.h1, None, f"it is {upload.module}@{upload.version}")
    return Judged(upload.h1, upload)


def _judge_as_go(path: str, module_path: str, version: str, refusal: GoError) -> Judged:
    h1 = ""
    try:
        h1 = dirhash.hash_zip(path)
        refused = check_zip(module_path, version, path).error()
        if refused is not None:
            return Judged(h1, None, str(refused))
        return Judged(h1, _describe(path, module_path, version, h1))
    except GoError as error:
        return Judged(h1, None, str(error))
    finally:
        why = one_line(str(refusal))
        log.info("%s@%s is no zip that could be uploaded: %s", module_path, version, why)


def _describe(path: str, module_path: str, version: str, h1: str) -> Upload:
    """Say of a zip that Go takes what can be said of it."""
    prefix = f"{module_path}@{version}/"
    go_mod, unpacked, count = None, 0, 0
    with open_archive(path) as archive:
        for entry in archive.entries():
            count += 1
            unpacked += entry.uncompressed_size
            if entry.name == prefix + _GO_MOD:
                go_mod = b"".join(archive.chunks(entry))
        size = archive.source.size
    text = modfile.legacy_go_mod(module_path) if go_mod is None else go_mod
    parsed = modfile.parse_lax(text)
    return Upload(
        module=module_path,
        version=version,
        h1=h1,
        go_mod=text,
        has_go_mod=go_mod is not None,
        go_mod_h1=dirhash.hash_go_mod(text),
        modfile=parsed,
        module_line=parsed.module.path if parsed.module else "",
        size=size,
        unpacked_size=unpacked,
        file_count=count,
        readme_file="",
        readme="",
        license_file="",
        license_text="",
    )


def take_in(
    path: str,
    judged: Upload,
    domain: UUID,
    repository: UUID | None,
    question: Question,
    answer: Answer,
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

    Raises:
        OSError: The storage did not take the file.
    """
    set_domain(_domain(domain))
    unit = GoModule.from_upload(judged)
    # The stored file may have other bytes than this one, where Go sees no difference.
    unit = save_module(unit, save_artifact(path))
    row = answers.write(question, answer, content=unit.pk)
    if repository is not None:
        answers.arrive([(repository, row)])


def h1_of(answer: UUID) -> str:
    """
    Return the checksum of a stored zip; "" if it is gone. Uses the ORM.

    Args:
        answer: The pk of the answer that brought it.
    """
    found = GoModule.objects.filter(gomod_answers=answer).values_list("h1", flat=True)
    return str(found.first() or "")


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
