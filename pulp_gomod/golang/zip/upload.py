"""The gate that a hosted module zip must pass, and what is known of the module afterwards."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import dirhash, modfile
from ..archive import Archive, Entry, Input, Source, open_source
from ..errors import GoError
from . import gate, texts
from .check import ZipChecker
from .layout import check_archive_end, read_in_order
from .limits import MAX_GO_MOD, MAX_ZIP_FILE
from .names import GO_MOD, check_module
from .report import FileError, SizeError, ZipError

MAX_FILES = 200_000
"""Files of a module: several times what the largest ones have, and bounded in memory."""

_ENOUGH_ERRORS = 100


@dataclass(frozen=True)
class Upload:
    """A module zip that every Go takes, and what it says about the module."""

    module: str
    """The module path, in its exact case."""
    version: str
    """The canonical version."""
    h1: str
    """Go's checksum of the zip, as in go.sum."""
    go_mod: bytes
    """The go.mod as it is in the zip, or as Go makes it up for a module without one."""
    has_go_mod: bool
    """Whether the zip holds a go.mod."""
    go_mod_h1: str
    """Go's checksum of go_mod, as in the /go.mod lines of go.sum."""
    modfile: modfile.File
    """The go.mod, parsed as that of a dependency."""
    module_line: str
    """The module path that the go.mod declares."""
    size: int
    """Bytes of the zip."""
    unpacked_size: int
    """Bytes of all files together."""
    file_count: int
    """How many files there are."""
    readme_file: str
    """Name of the README in the root, or ""."""
    readme: str
    """Its text, the first 64 KiB of it."""
    license_file: str
    """Name of the licence in the root, or ""."""
    license_text: str
    """Its text, the first 256 KiB of it."""

    @property
    def module_line_differs(self) -> bool:
        """Whether the go.mod declares another path: a fork that is used by `replace` only."""
        return self.module_line != self.module


def check_upload(
    file: Input,
    *,
    max_zip_size: int = MAX_ZIP_FILE,
    max_unpacked_size: int = MAX_ZIP_FILE,
    max_go_mod: int = MAX_GO_MOD,
    max_files: int = MAX_FILES,
) -> Upload:
    """
    Verify a module zip by everything that Go will ask of it, reading every byte once.

    Module and version are those of the zip itself. What passes is accepted by `go mod download`
    and `go mod verify` of every supported Go. Beyond zip.CheckZip the gate asks for: readable
    content of the declared size and checksum, stored or deflated; no directory entries; no symbolic
    links or other special files; no encryption; nothing in the file but the entries, the central
    directory and an archive comment, none overlapping; the same names in both places; names that
    file systems and older Go take; a go.mod that parses and has a module line, and none with a
    version marked +incompatible.

    Arguments: a path or a binary file that can seek, and limits: bytes of the zip, bytes of all
    files in it, bytes of the go.mod, number of files. Limits above Go's own have no effect.

    Raises GoError (SizeError, FileErrorList, FileError, ZipError, ArchiveError, or an error of
    modfile or module) whose text names the entry and the rule. Memory is bounded by the limits and
    time by the sizes, whatever the archive claims.
    """
    with open_source(file) as source:
        _check_size("module zip file is too large", source.size, min(max_zip_size, MAX_ZIP_FILE))
        archive = Archive(source)
        entries = _take_entries(archive, max_files)
        path, version = gate.find_module(entries[0])
        gate.check_is_version(version)
        check_module(path, version)
        gate.check_module_names(path, version)
        unpacked = _check_entries(path, version, entries, min(max_unpacked_size, MAX_ZIP_FILE))
        check_archive_end(archive)
        content = _Content(f"{path}@{version}/", entries, min(max_go_mod, MAX_GO_MOD))
        h1 = dirhash.summarize(content.read(archive, entries))
        return _describe(path, version, source, content, h1, unpacked, len(entries))


def _check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise SizeError(f"{what} ({size} bytes; limit is {limit} bytes)")


def _take_entries(archive: Archive, max_files: int) -> list[Entry]:
    entries: list[Entry] = []
    for entry in archive.entries():
        gate.check_name_length(entry.name)
        if len(entries) == max_files:
            raise SizeError(f"more than {max_files} files in the module")
        entries.append(entry)
    if not entries:
        raise ZipError("the archive is empty: a module zip holds at least one file")
    return entries


def _check_entries(path: str, version: str, entries: list[Entry], max_size: int) -> int:
    """Apply all rules about names and declared sizes; return the sum of the sizes."""
    checker = ZipChecker(path, version)
    start = len(path) + 1 + len(version) + 1
    invalid = checker.report.invalid
    for entry in entries:
        if len(invalid) == _ENOUGH_ERRORS:
            break
        known = len(invalid)
        checker.add(entry)
        if len(invalid) == known:
            try:
                gate.check_entry(entry.name[start:], entry)
            except GoError as error:
                invalid.append(FileError(entry.name, error))
    refusal = checker.report.error()
    if refusal is not None:
        raise refusal
    what = "total uncompressed size of module contents too large"
    _check_size(what, checker.size, max_size)
    return checker.size


class _Content:
    """Hashes all files and keeps the beginning of the few that say something about the module."""

    def __init__(self, prefix: str, entries: Iterable[Entry], max_go_mod: int) -> None:
        self._start = len(prefix)
        names = [entry.name[len(prefix) :] for entry in entries]
        root = [name for name in names if "/" not in name]
        self.has_go_mod = GO_MOD in root
        self.readme_file = texts.choose_readme(root)
        self.license_file = texts.choose_license(root)
        self._limits = {
            self.readme_file: texts.MAX_README,
            self.license_file: texts.MAX_LICENSE_TEXT,
            GO_MOD: max_go_mod,
        }
        self._kept: dict[str, bytes] = {}

    def read(self, archive: Archive, entries: list[Entry]) -> Iterator[tuple[bytes, str]]:
        for entry, chunks in read_in_order(archive, entries):
            name = entry.name[self._start :]
            limit = self._limits.get(name, 0)
            if name == GO_MOD:
                _check_size("go.mod file too large", entry.uncompressed_size, limit)
            digest = hashlib.sha256()
            kept = bytearray()
            for chunk in chunks:
                digest.update(chunk)
                if len(kept) < limit:
                    kept += chunk[: limit - len(kept)]
            if limit:
                self._kept[name] = bytes(kept)
            yield entry.raw_name, digest.hexdigest()

    def data(self, name: str) -> bytes:
        """Return what was kept of a file in the root, b"" if there is no such file."""
        return self._kept.get(name, b"")


def _describe(
    path: str, version: str, source: Source, content: _Content, h1: str, unpacked: int, files: int
) -> Upload:
    if content.has_go_mod:
        go_mod = content.data(GO_MOD)
        if version.endswith("+incompatible"):
            raise ZipError(f"go.mod: {path}@{version} has one, but +incompatible says it has none")
        gate.check_go_version(go_mod)
    else:
        go_mod = modfile.legacy_go_mod(path)
    parsed = modfile.parse_lax(go_mod)
    if parsed.module is None or not parsed.module.path:
        raise ZipError("go.mod: missing module line")
    return Upload(
        module=path,
        version=version,
        h1=h1,
        go_mod=go_mod,
        has_go_mod=content.has_go_mod,
        go_mod_h1=dirhash.hash_go_mod(go_mod),
        modfile=parsed,
        module_line=parsed.module.path,
        size=source.size,
        unpacked_size=unpacked,
        file_count=files,
        readme_file=content.readme_file,
        readme=texts.decode(content.data(content.readme_file)),
        license_file=content.license_file,
        license_text=texts.decode(content.data(content.license_file)),
    )
