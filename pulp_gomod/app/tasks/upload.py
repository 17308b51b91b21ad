"""The REST upload of module zips."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, TypedDict

from django.db import transaction

from pulpcore.plugin.models import (
    Artifact,
    CreatedResource,
    ProgressReport,
    PulpTemporaryFile,
    UploadChunk,
)
from pulpcore.plugin.models import Upload as ChunkedUpload
from pulpcore.plugin.util import get_domain, get_domain_pk

from pulp_gomod.app.exceptions import (
    InvalidModuleError,
    LostFileError,
    StorageUnavailableError,
)
from pulp_gomod.app.models import GoModule, GoRepository
from pulp_gomod.app.models.hiding import publish_names, report
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.storage.admission import Admission
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls
from pulp_gomod.app.storage.modules import record_release, save_artifact, save_module
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.golang import GoError
from pulp_gomod.golang.zip import Upload

log = logging.getLogger(__name__)


class Source(TypedDict):
    """
    Where a zip is.

    Attributes:
        kind: file (a temporary file, which belongs to the task), upload (a chunked upload) or
            artifact.
        pk: Its pk.
        name: What to call it when it is refused.
    """

    kind: str
    pk: str
    name: str


def verify(file: str | BinaryIO, name: str) -> Upload:
    """
    Verify a module zip by Go's rules and this server's settings.

    Args:
        file: The path, or the file open for reading.
        name: What to call it when it is refused.

    Raises:
        InvalidModuleError: It is refused; the error says which zip and why.
    """
    try:
        return upload_policy.verify(file)
    except GoError as error:
        raise InvalidModuleError(f"{name}: {error}") from error


@unless_gone()
def upload_modules(
    sources: list[Source],
    repository_pk: str | None = None,
    time: str | None = None,
    origin: dict[str, str] | None = None,
    pulp_labels: dict[str, str] | None = None,
    user_name: str = "",
    address: str | None = None,
) -> list[dict[str, str]]:
    """
    Store module zips, and add them to a repository in one new version: all of them or none.

    Args:
        sources: Where the zips are.
        repository_pk: The GoRepository to add them to; the task has it to itself.
        time: When the versions were made (ISO 8601), as the publisher says.
        origin: Where the versions were made, as the publisher says.
        pulp_labels: Labels for the units that are new.
        user_name: Who uploads.
        address: From which IP address.

    Returns:
        The `module`, `version` and `h1` of each zip, in the order of the sources.

    Raises:
        InvalidModuleError: A zip is refused.
        ModuleVersionHeldError: The repository holds other bytes for one of the versions, or held
            them and is immutable.
        ModuleVersionBlockedError: A version is kept out of the repository.
        QuotaExceededError: The repository would hold more than it may.
        StorageUnavailableError: The storage failed, or has lost a file; nothing was added.
    """
    # From here on, what hangs ends.
    storage_of(get_domain())
    try:
        repository = GoRepository.objects.get(pk=repository_pk) if repository_pk else None
        with at_hand(sources) as files:
            verified = _verify_all(sources, files)
            if repository:
                _refuse_early(repository, verified)
            units = [
                _store(unit, file, pulp_labels or {})
                for unit, file in zip(verified, files, strict=True)
            ]
        if repository:
            claims: dict[str, Any] = {
                "time": datetime.fromisoformat(time) if time else None,
                "origin": origin,
                "user_name": user_name,
                "address": address,
            }
            _add(repository, units, claims)
        for unit in units:
            CreatedResource.objects.create(content_object=unit)
        discard_uploads(sources)
    finally:
        discard_files(sources)
    return [{"module": unit.module, "version": unit.version, "h1": unit.h1} for unit in units]


@contextmanager
def at_hand(sources: list[Source]) -> Iterator[list[str | Artifact]]:
    """
    Copy files out of the temporary storage to this task's disk; artifacts stay where they are.

    Args:
        sources: Where they are.
    """
    with tempfile.TemporaryDirectory(dir=".") as folder:
        yield [_fetch(source, folder) for source in sources]


def _fetch(source: Source, folder: str) -> str | Artifact:
    if source["kind"] == "artifact":
        return Artifact.objects.get(pk=source["pk"], pulp_domain=get_domain_pk())
    path = os.path.join(os.path.abspath(folder), f"{source['pk']}.zip")
    with open(path, "wb") as copy:
        for part in _parts(source):
            with _reading(source["name"]), part.open("rb") as stored:
                shutil.copyfileobj(stored, copy, 1024 * 1024)
    return path


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        with storage_calls(f"reading {name}"):
            yield
    except DamagedFileError as error:
        raise LostFileError(name) from error


def _parts(source: Source) -> list[Any]:
    """The stored files that make up a zip."""
    if source["kind"] == "file":
        stored = PulpTemporaryFile.objects.get(pk=source["pk"], pulp_domain=get_domain_pk())
        return [stored.file]
    upload = ChunkedUpload.objects.get(pk=source["pk"], pulp_domain=get_domain_pk())
    return [chunk.file for chunk in UploadChunk.objects.filter(upload=upload).order_by("offset")]


def _verify_all(sources: list[Source], files: list[str | Artifact]) -> list[GoModule]:
    """Verify each zip, and make the unsaved unit for it."""
    units = []
    with ProgressReport(
        message="Checking modules", code="gomod.checking", total=len(sources)
    ) as progress:
        for source, file in progress.iter(zip(sources, files, strict=True)):
            if isinstance(file, Artifact):
                with _reading(source["name"]):
                    stored = file.file.open("rb")
                    # Some backends bring an object only when it is used.
                    stored.seek(0)
                with stored:
                    verified = verify(stored, source["name"])
            else:
                verified = verify(file, source["name"])
            units.append(GoModule.from_upload(verified))
    return units


def _refuse_early(repository: GoRepository, units: list[GoModule]) -> None:
    """Refuse what the repository would refuse in the end, before anything is stored."""
    admission = Admission(repository)
    admission.load({(unit.module, unit.version) for unit in units})
    for unit in units:
        refusal = admission.refusal(unit.module, unit.version, unit.h1)
        if refusal:
            raise refusal
        admission.admit(unit)
    over_quota = admission.over_quota()
    if over_quota:
        raise over_quota


def _store(unit: GoModule, file: str | Artifact, labels: dict[str, str]) -> GoModule:
    unit.pulp_labels = labels
    return save_module(unit, file if isinstance(file, Artifact) else save_artifact(file))


def _add(repository: GoRepository, units: list[GoModule], claims: dict[str, Any]) -> None:
    """Make one repository version with the units, and record how those that are new came in."""
    wanted = GoModule.objects.filter(pk__in=[unit.pk for unit in units])
    held = set(held_in(wanted, repository.latest_version()).values_list("pk", flat=True))
    with transaction.atomic():
        admission = Admission(repository)
        for unit in units:
            if unit.pk not in held:
                admission.lift(unit.module, unit.version)
                record_release(repository, unit, **claims)
        new = {unit.module for unit in units if unit.pk not in held}
        report(publish_names(repository, new))
        with repository.new_version() as version:
            version.add_content(wanted)


def discard_uploads(sources: list[Source]) -> None:
    """
    Delete the chunked uploads among them.

    Args:
        sources: Where files were.
    """
    uploads = [source["pk"] for source in sources if source["kind"] == "upload"]
    for upload in ChunkedUpload.objects.filter(pk__in=uploads):
        with _later(f"upload {upload.pk}"):
            # In one transaction: the row stays as long as the file does.
            upload.delete()


def discard_files(sources: list[Source]) -> None:
    """
    Delete the temporary files among them.

    Args:
        sources: Where files were.
    """
    files = [source["pk"] for source in sources if source["kind"] == "file"]
    for stored in PulpTemporaryFile.objects.filter(pk__in=files):
        discard_file(stored)


def discard_file(stored: PulpTemporaryFile) -> None:
    """
    Delete a temporary file.

    Args:
        stored: The file; where the storage fails it stays, and Pulp's own cleanup removes it.
    """
    with _later(f"temporary file {stored.pk}"):
        # pulpcore would delete the row first, and then nobody knew of the file.
        stored.file.delete(save=False)
        stored.delete()


@contextmanager
def _later(what: str) -> Iterator[None]:
    """Let nothing fail because what is not needed any more cannot be deleted."""
    try:
        with storage_calls(f"deleting {what}"):
            yield
    except (OSError, StorageUnavailableError) as error:
        log.warning("Leaving the %s to the cleanup of old files: %s", what, error)
