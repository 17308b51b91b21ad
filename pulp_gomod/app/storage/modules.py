"""
Taking a verified module zip in: stored file, content unit, and the record of how it came here.

The PUT route, the REST upload and everything else that makes a GoModule go through here, so that
what is stored is stored the same way. All lookups stay inside the current domain.
"""

import errno
import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from os import PathLike, fspath
from typing import Any
from uuid import UUID
from zlib import crc32

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from pulpcore.plugin.files import PulpTemporaryUploadedFile
from pulpcore.plugin.models import Artifact, ContentArtifact
from pulpcore.plugin.util import get_domain, get_domain_pk

from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models import GoModule, GoRelease, GoRepository
from pulp_gomod.app.models.repository import release_time
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.calls import ask_first
from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls

log = logging.getLogger(__name__)

CHUNK = 1024 * 1024
ARTIFACT_LOCK = 0x676F6D6F  # "gomo": the class of our advisory locks on artifacts


def save_artifact(file: str | PathLike[str] | PulpTemporaryUploadedFile) -> Artifact:
    """
    Store a file as an artifact of the current domain, or find the artifact that has its bytes.

    Takes turns with others that store the same bytes. The turn lasts until the outermost transaction
    ends: call it outside of one, or in one that ends soon.

    Args:
        file: The file, complete on disk. It may be moved away.

    Returns:
        The saved artifact, safe from orphan cleanup for the protection time. Its file is in the
        storage: one that was lost there, or cut off by a crash, has been replaced.

    Raises:
        OSError: The disk of the storage is full. Nothing is left of the file there then.
        StorageUnavailableError: The storage failed. What may be left there is under the name of its
            bytes, and taken over or replaced by whoever stores these.
    """
    return save_or_find_artifact(file)[0]


def save_or_find_artifact(
    file: str | PathLike[str] | PulpTemporaryUploadedFile,
) -> tuple[Artifact, bool]:
    """
    Do what `save_artifact` does, and say whether the artifact is new.

    Args:
        file: The file, complete on disk. It may be moved away.
    """
    source = file if isinstance(file, PulpTemporaryUploadedFile) else fspath(file)
    return save_or_find(Artifact.init_and_validate(source), source)


def save_or_find(
    artifact: Artifact, source: str | PulpTemporaryUploadedFile
) -> tuple[Artifact, bool]:
    """
    Do what `save_or_find_artifact` does, for a file whose digests are known.

    Args:
        artifact: The unsaved artifact. Its file may be in its place already.
        source: The file where it was.
    """
    with transaction.atomic():
        take_turns([artifact.sha256])
        known = _known_artifact(artifact.sha256)
        if known is None:
            stored = _store(artifact)
            return stored, stored is artifact
        _restore_file(known, source)
        known.touch()
        return known, False


def take_turns(sha256s: Iterable[str], domain: UUID | None = None) -> None:
    """
    Let nobody else store the same bytes until the outermost transaction ends.

    Args:
        sha256s: Their digests. Whoever needs several turns takes all of them at once: then nobody waits
            for each other.
        domain: In which domain; by default in the current one.
    """
    domain = domain or get_domain_pk()
    keys = sorted({crc32(f"{domain}{sha256}".encode()) - 2**31 for sha256 in sha256s})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, key) FROM unnest(%s::integer[]) AS keys (key)",
            [ARTIFACT_LOCK, keys],
        )


def _known_artifact(sha256: str) -> Artifact | None:
    return Artifact.objects.filter(sha256=sha256, pulp_domain=get_domain_pk()).first()


def _store(artifact: Artifact) -> Artifact:
    """Save a new artifact whose bytes nobody else is storing at the moment."""
    storage = storage_of(get_domain())
    name = artifact.storage_path("")
    # pulpcore's storage keeps a file that is in place already. Without a row it may be what a
    # killed process left half written.
    is_there = ask_first(storage, name)
    try:
        if is_there and not _has_digest(storage, name, artifact.sha256):
            is_there = False
            with storage_calls("removing a partly stored file"):
                storage.delete(name)
        with transaction.atomic(), storage_calls("storing a zip"):
            artifact.save()
            _check_size(artifact, storage)
    except IntegrityError:
        # A sync does not take turns with us.
        known = _known_artifact(artifact.sha256)
        if known is None:
            raise
        return known
    except (OSError, StorageUnavailableError) as error:
        if not is_there:
            _remove_half(storage, name)
        if isinstance(error, DamagedFileError):
            raise StorageUnavailableError("storing a zip", str(error)) from error
        raise
    return artifact


def put_in_place(artifact: Artifact, storage: Any) -> None:
    """
    Bring the file of a new artifact to the storage, in its turn; what is to be saved is its row.

    Args:
        artifact: The unsaved artifact.
        storage: The storage of its domain, which has no file of this name.

    Raises:
        OSError: The disk of the storage is full. Nothing is left of the file there then.
        StorageUnavailableError: The storage failed.
    """
    try:
        with storage_calls("storing a zip"):
            try:
                # What saving the row begins with.
                Artifact._meta.get_field("file").pre_save(artifact, add=True)
            finally:
                artifact.file.close()
            _check_size(artifact, storage)
    except (OSError, StorageUnavailableError) as error:
        _remove_half(storage, artifact.storage_path(""))
        if isinstance(error, DamagedFileError):
            raise StorageUnavailableError("storing a zip", str(error)) from error
        raise


def _check_size(artifact: Artifact, storage: Any) -> None:
    # Django moves a file to another file system without a look at how much was written.
    if storage.size(artifact.storage_path("")) != artifact.size:
        raise OSError(errno.ENOSPC, "the storage accepted only a part of the file")


def _remove_half(storage: Any, name: str) -> None:
    """Remove what may have been stored of a file, if the storage answers."""
    try:
        if ask_first(storage, name):
            with storage_calls("removing a partly stored file"):
                storage.delete(name)
    except (OSError, StorageUnavailableError) as error:
        log.warning(
            "What may be left of %s will be replaced when it is stored again: %s", name, error
        )


def _has_digest(storage: Any, name: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    with storage_calls("reading a stored file"), storage.open(name, "rb") as stored:
        for chunk in stored.chunks(CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == sha256


def _restore_file(artifact: Artifact, source: str | PulpTemporaryUploadedFile) -> None:
    """Put the file of a known artifact back if the storage has lost it or holds only a part."""
    storage = storage_of(get_domain())
    name = artifact.file.name
    is_there = ask_first(storage, name)
    with storage_calls("putting a file back"):
        if is_there:
            if storage.size(name) == artifact.size:
                return
            storage.delete(name)
        # Only a changed `file` is stored by save().
        artifact.file = source
        artifact.save()


def discard_artifact(artifact: Artifact) -> None:
    """
    Leave no trace of an artifact that nothing refers to.

    The file goes while it is our turn: after that, another upload of the same bytes may count on it.

    Where the storage fails, the artifact stays: Pulp's cleanup of orphans removes both.

    Args:
        artifact: The artifact; one that something refers to stays.
    """
    try:
        with transaction.atomic():
            take_turns([artifact.sha256])
            Artifact.objects.filter(pk=artifact.pk).delete()
            if _known_artifact(artifact.sha256) is None:
                _delete_file(artifact.storage_path(""))
    except ProtectedError:
        pass
    except (OSError, StorageUnavailableError) as error:
        log.warning("Leaving an artifact to the orphan cleanup: %s", error)


def _delete_file(name: str) -> None:
    storage = storage_of(get_domain())
    if ask_first(storage, name):
        with storage_calls("deleting a file"):
            storage.delete(name)


def find_module(unit: GoModule) -> GoModule | None:
    """
    Look up the stored unit that Go calls equal to an unsaved one.

    Args:
        unit: A unit made by `GoModule.from_upload`.
    """
    stored: GoModule | None = GoModule.objects.filter(
        _pulp_domain=get_domain_pk(), module=unit.module, version=unit.version, h1=unit.h1
    ).first()
    return stored


def save_module(unit: GoModule, artifact: Artifact) -> GoModule:
    """
    Save a unit with its zip, or find and touch the unit that Go calls equal.

    A found unit keeps its zip, whose bytes may differ from the artifact's where Go does not look
    (compression, timestamps). If its zip was lost or reclaimed, it gets the artifact.

    Args:
        unit: A unit made by `GoModule.from_upload`, with labels if it is to have any when new.
        artifact: The stored zip, from `save_artifact`.
    """
    with transaction.atomic():
        saved = find_module(unit) or _insert_module(unit)
        if saved is not unit:
            saved.touch()
        if _link(saved, artifact, is_new=saved is unit) and saved.size != artifact.size:
            saved.size = artifact.size
            saved.save(update_fields=["size"])
    return saved


def _link(unit: GoModule, artifact: Artifact, *, is_new: bool) -> bool:
    """Say that an artifact is the zip of a unit, unless it has one; return whether that was said."""
    named = {"content": unit, "relative_path": unit.relative_path}
    if is_new:
        ContentArtifact.objects.create(**named, artifact=artifact)
        return True
    link, created = ContentArtifact.objects.get_or_create(**named, defaults={"artifact": artifact})
    if link.artifact_id is not None:
        return bool(created)
    ContentArtifact.objects.filter(pk=link.pk, artifact=None).update(artifact=artifact)
    return True


def _insert_module(unit: GoModule) -> GoModule:
    try:
        with transaction.atomic():
            unit.save()
    except IntegrityError:
        known = find_module(unit)
        if known is None:
            raise
        return known
    return unit


def record_release(
    repository: GoRepository,
    unit: GoModule,
    *,
    time: datetime | None = None,
    origin: dict[str, str] | None = None,
    user_name: str = "",
    address: str | None = None,
) -> GoRelease:
    """
    Record that a module version is published to a repository, by whom and from where.

    Call it before the repository version that adds the unit is finalized, in the same transaction,
    so that the repository does not make a record of its own; and only for units that the
    repository does not hold, since a record of what it holds is not to be changed.

    Args:
        unit: The saved unit.
        time: When the version was made, as the publisher says. A pseudo-version says it itself.
            None stands for an earlier record's time, or for now.
        origin: Where the version was made (VCS, URL, Hash, Ref), as the publisher says. None stands
            for an earlier record's origin.
        user_name: Who publishes, "" if unknown.
        address: The client's IP address, if known.
    """
    facts: dict[str, Any] = {
        "source": GoRelease.Source.UPLOADED,
        "info": None,
        "published_by": user_name,
        "published_from": address,
    }
    if time is not None:
        facts["time"] = release_time(unit.version, time)
    if origin is not None:
        facts["origin"] = origin
    release: GoRelease
    release, _created = GoRelease.objects.update_or_create(
        repository=repository,
        module=unit.module,
        version=unit.version,
        h1=unit.h1,
        defaults=facts,
        create_defaults={
            "time": release_time(unit.version, timezone.now().replace(microsecond=0)),
            **facts,
        },
    )
    return release
