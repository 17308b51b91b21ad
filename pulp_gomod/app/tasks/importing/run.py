"""Importing a tree: verify all of it, then make one version of the repository."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from io import BufferedReader
from typing import BinaryIO, TypedDict
from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import ProgressReport, UploadChunk
from pulpcore.plugin.models import Upload as ChunkedUpload
from pulpcore.plugin.util import get_domain, get_domain_pk

from pulp_gomod.app.exceptions import ImportRefusedError, StorageUnavailableError
from pulp_gomod.app.models import GoModFile, GoModule, GoRelease, GoRepository
from pulp_gomod.app.models.hiding import publish_names, report
from pulp_gomod.app.models.membership import held_in, named
from pulp_gomod.app.models.release import UNKNOWN_TIME
from pulp_gomod.app.models.repository import release_time
from pulp_gomod.app.remote.cache.info import Info
from pulp_gomod.app.storage.admission import Admission
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.mod_files import save_mod_files
from pulp_gomod.app.storage.modules import save_artifact, save_module
from pulp_gomod.app.storage.release_info import parse_time
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.importing.layout import Kind
from pulp_gomod.app.tasks.importing.records import TreeDatabase, databases_of
from pulp_gomod.app.tasks.importing.tree import Key, Parts, Span, Tree, open_tree
from pulp_gomod.app.tasks.importing.verifying import TreeVerifier
from pulp_gomod.golang import GoError, dirhash
from pulp_gomod.golang.quote import printable

# What was refused and is named; the rest is counted.
MOST_NAMED = 1000
# Characters that are told of why one was refused.
LONGEST_REASON = 2000
_BATCH = 500
# Bytes that are read ahead of a tar's headers.
_AHEAD = 1024 * 1024


class Report(TypedDict):
    """
    What came of an import: the result of the task.

    Attributes:
        added: Module versions that are new in the repository.
        held: Those that it held already.
        mod_files: go.mod files without a zip that are new in it.
        records: Records of checksum databases that were proven, and are kept.
        refused: How many module versions were refused.
        reasons: The first of these, and why.
        notes: What else people should know.
    """

    added: int
    held: int
    mod_files: int
    records: int
    refused: int
    reasons: dict[str, str]
    notes: list[str]


@unless_gone()
def import_tree(
    repository_pk: str,
    upload_pk: str,
    own: bool = False,
    sumdb: Sequence[str] = (),
    user_name: str = "",
    address: str | None = None,
) -> Report:
    """
    Take in all of a tree that Go and this server would take, in one new version of a repository.

    What is refused is reported and does not stop the rest. The upload is deleted in the end; if the task
    fails it stays, so that it can be tried again.

    Args:
        repository_pk: The GoRepository, reserved exclusively by the task.
        upload_pk: The chunked upload of an uncompressed tar.
        own: Whether the modules are published here from now on, so that no upstream is asked for them.
        sumdb: Keys of checksum databases that the tree has records of, as in GOSUMDB.
        user_name: Who imports.
        address: From which IP address.

    Raises:
        ImportRefusedError: It is no tar, or has no modules in it.
        QuotaExceededError: The repository would hold more than it may.
        StorageUnavailableError: The storage failed; nothing was added.
    """
    repository = GoRepository.objects.get(pk=repository_pk, pulp_domain=get_domain_pk())
    storage_of(get_domain())
    upload = ChunkedUpload.objects.get(pk=upload_pk, pulp_domain=get_domain_pk())
    tree = open_tree(_opened(upload))
    if not tree.modules:
        raise ImportRefusedError(
            "no module version was found in it. It has to be a tree as a GOPROXY serves it "
            "(example.com/mod/@v/v1.0.0.zip), a module cache, or the disk storage of Athens"
        )
    try:
        databases = databases_of(tree, get_domain_pk(), sumdb)
    except GoError as error:
        raise ImportRefusedError(str(error)) from error
    taken = _Import(repository, tree, databases).run()
    _add(repository, taken, own, user_name, address)
    _keep_records(databases, taken)
    upload.delete()
    return taken.report


def _opened(upload: ChunkedUpload) -> BinaryIO:
    chunks = list(UploadChunk.objects.filter(upload=upload).order_by("offset"))
    openers = [partial(chunk.file.storage.open, chunk.file.name) for chunk in chunks]
    return BufferedReader(Parts(openers, [chunk.size for chunk in chunks]), _AHEAD)


@dataclass
class _Taken:
    """What was verified and stored, and is to be added."""

    units: dict[Key, UUID] = field(default_factory=dict)
    h1s: dict[Key, str] = field(default_factory=dict)
    infos: dict[Key, Info] = field(default_factory=dict)
    mod_files: dict[Key, UUID] = field(default_factory=dict)
    held: list[Key] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    report: Report = field(
        default_factory=lambda: Report(
            added=0, held=0, mod_files=0, records=0, refused=0, reasons={}, notes=[]
        )
    )

    def refuse(self, key: Key, reason: object) -> None:
        self.report["refused"] += 1
        if len(self.report["reasons"]) < MOST_NAMED:
            self.report["reasons"][f"{key[0]}@{key[1]}"] = _told(str(reason))


class _Import:
    def __init__(
        self, repository: GoRepository, tree: Tree, databases: Sequence[TreeDatabase]
    ) -> None:
        self._repository = repository
        self._tree = tree
        self._verifier = TreeVerifier(tree, databases)
        self._admission = Admission(repository)
        self._taken = _Taken()

    def run(self) -> _Taken:
        """Store all that may be stored."""
        keys = sorted(self._tree.modules)
        with ProgressReport(
            message="Importing modules", code="gomod.importing", total=len(keys)
        ) as progress:
            for start in range(0, len(keys), _BATCH):
                batch = keys[start : start + _BATCH]
                self._admission.load(batch)
                mod_files = self._held_mod_files(batch)
                for key in progress.iter(batch):
                    self._take(key, mod_files.get(key))
        return self._taken

    def _held_mod_files(self, batch: Sequence[Key]) -> dict[Key, str]:
        units = GoModFile.objects.filter(named(batch), _pulp_domain=get_domain_pk())
        found = held_in(units, self._repository.latest_version())
        return {
            (path, version): h1
            for path, version, h1 in found.values_list("module", "version", "go_mod_h1")
        }

    def _take(self, key: Key, held_mod_file: str | None) -> None:
        files = self._tree.modules[key]
        take: Callable[[], None]
        if "zip" in files:
            take = lambda: self._take_zip(key, files)  # noqa: E731
        elif "mod" in files:
            take = lambda: self._take_go_mod(key, files, held_mod_file)  # noqa: E731
        else:
            # The go command looks at the .info of versions that it needs nothing else of.
            return
        try:
            take()
        except StorageUnavailableError:
            raise
        except (GoError, ImportRefusedError) as error:
            self._taken.refuse(key, getattr(error, "reason", error))

    def _take_zip(self, key: Key, files: dict[Kind, Span]) -> None:
        with self._verifier.zip(*key, files) as verified:
            if self._admission.taken(*key) == verified.upload.h1:
                self._taken.held.append(key)
                self._taken.paths.add(key[0])
                return
            refusal = self._admission.refusal(*key, verified.upload.h1)
            if refusal is not None:
                raise ImportRefusedError(str(refusal))
            unit = GoModule.from_upload(verified.upload)
            self._admission.admit(unit)
            over_quota = self._admission.over_quota()
            if over_quota:
                raise over_quota
            unit = save_module(unit, save_artifact(verified.path))
            self._taken.units[key], self._taken.h1s[key] = unit.pk, unit.h1
            self._taken.paths.add(key[0])
            if verified.info is not None:
                self._taken.infos[key] = verified.info

    def _take_go_mod(self, key: Key, files: dict[Kind, Span], held: str | None) -> None:
        data = self._verifier.go_mod(*key, files)
        h1 = dirhash.hash_go_mod(data)
        if held == h1 or self._admission.taken(*key) is not None:
            self._taken.held.append(key)
            return
        if held is not None:
            raise ImportRefusedError(f"its go.mod is {h1}, and the repository holds {held}")
        blocked = self._admission.blocked(*key)
        if blocked is not None:
            raise ImportRefusedError(str(blocked))
        self._taken.mod_files |= save_mod_files(get_domain_pk(), {key: data})


@transaction.atomic
def _add(
    repository: GoRepository, taken: _Taken, own: bool, user_name: str, address: str | None
) -> None:
    """Make the new version, if anything changes, and record how its modules came."""
    report_of = taken.report
    report_of["added"], report_of["mod_files"] = len(taken.units), len(taken.mod_files)
    report_of["held"] = len(taken.held)
    if own:
        # Also of what the repository holds already: who has forgotten to say so says it with the same tree.
        report(publish_names(repository, taken.paths))
    if not (taken.units or taken.mod_files):
        return
    admission = Admission(repository)
    for key in taken.units:
        admission.lift(*key)
    source = GoRelease.Source.UPLOADED if own else GoRelease.Source.SYNCED
    GoRelease.objects.bulk_create(
        [
            GoRelease(
                repository=repository,
                module=key[0],
                version=key[1],
                h1=h1,
                time=_time(key[1], taken.infos.get(key)),
                origin=taken.infos[key].origin if key in taken.infos else None,
                info=taken.infos[key].body if key in taken.infos else None,
                source=source,
                published_by=user_name,
                published_from=address,
            )
            for key, h1 in taken.h1s.items()
        ],
        batch_size=_BATCH,
        ignore_conflicts=True,
    )
    with repository.new_version() as new:
        for batch in _batches(list(taken.units)):
            superseded = GoModFile.objects.filter(named(batch), _pulp_domain=get_domain_pk())
            new.remove_content(held_in(superseded, repository.latest_version()))
        new.add_content(GoModule.objects.filter(pk__in=taken.units.values()))
        new.add_content(GoModFile.objects.filter(pk__in=taken.mod_files.values()))


def _keep_records(databases: Sequence[TreeDatabase], taken: _Taken) -> None:
    keys = [*taken.units, *taken.mod_files, *taken.held]
    for database in databases:
        if not database.key:
            taken.report["notes"].append(
                f"the records of {database.name} were not taken over: name its key in sumdb"
            )
            continue
        try:
            absorbed = database.absorb(get_domain_pk(), keys)
        except (GoError, ImportRefusedError) as error:
            reason = error.reason if isinstance(error, ImportRefusedError) else error
            taken.report["notes"].append(
                f"the records of {database.name} were not taken over: {reason}"
            )
            continue
        taken.report["records"] += absorbed.count
        if absorbed.refused:
            first = "; ".join(absorbed.reasons[:3])
            taken.report["notes"].append(
                f"{absorbed.refused} records of {database.name} were not proven, and not taken over: "
                f"{first}"
            )


def _told(reason: str) -> str:
    """Write a reason as a task can return it: it may have names of files in it, and lines of a go.mod."""
    short = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}..."
    return "\n".join(map(printable, short.split("\n")))


def _time(version: str, info: Info | None) -> datetime:
    if info is not None and info.time:
        return parse_time(info.time)
    return release_time(version, UNKNOWN_TIME)


def _batches(keys: Sequence[Key]) -> list[Sequence[Key]]:
    return [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
