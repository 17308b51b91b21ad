"""Unpacking a bundle: as a tree for GOPROXY=file://, or as a module cache."""

import io
import json
import os
import shutil
import stat
import tarfile
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.golang import GoError, dirhash, module
from pulp_glue.gomod.golang.zip import check_zip

translation = get_translation(__package__)
_ = translation.gettext

ABOUT = "bundle/about.json"
"""Where a bundle says what it is."""

DOWNLOADS = "cache/download"
"""Where a module cache has what it has downloaded."""

_TOOLCHAIN = "golang.org/toolchain"
# What of it the go command runs: see cmd/go/internal/toolchain/select.go.
_EXECUTABLE = ("pkg/tool/**/*", "lib/**/go_?*_?*_exec", "bin/*")

About = dict[str, t.Any]


def check_base(directory: Path, since: int | None) -> None:
    """
    See that a bundle may be unpacked over the one that a directory has, if it has one.

    Args:
        directory: Where to.
        since: The number of the repository version after which the bundle begins; None for a whole one.

    Raises:
        PulpException: What came between the two would be missing.
    """
    there = _about_in(directory).get("version")
    if since is not None and isinstance(there, int) and there < since:
        raise PulpException(
            _(
                "{directory} has a bundle of version {there}, and would lack what came between that and version "
                "{since}. Begin with --since {there}, or name an empty directory."
            ).format(directory=directory, there=there, since=since)
        )


def _check_repository(directory: Path, about: About) -> None:
    """See that a bundle does not replace the lists of versions that one of another repository has brought."""
    there = _about_in(directory).get("repository")
    if isinstance(there, str) and there != about.get("repository"):
        raise PulpException(
            _(
                "{directory} has a bundle of the repository {there}, whose lists of versions would be replaced. "
                "Name an empty directory."
            ).format(directory=directory, there=ascii(there))
        )


def _about_in(directory: Path) -> About:
    """Return what the bundle in a directory says of itself; nothing if there is none, or it says nothing."""
    try:
        about = json.loads((directory / ABOUT).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def unpack(stream: t.IO[bytes] | t.Any, directory: Path) -> About:
    """
    Unpack a bundle over what is there: older files of the same name are replaced.

    What it says of itself is written last of all. Whoever goes on from the version that it names would
    otherwise never get what an interrupted one has not brought.

    Args:
        stream: The tar.
        directory: Where to; it is made if there is none.

    Returns:
        dict: What the bundle says of itself.

    Raises:
        PulpException: It is no bundle, or would write elsewhere, or the directory has a bundle of another
            repository.
        OSError: A file cannot be written.
    """
    about: About = {}
    for member, body in _members(stream):
        if member.name == ABOUT:
            # The first file of all.
            about = _about(body.read())
            _check_repository(directory, about)
        else:
            _write(directory / member.name, directory, body)
    if about:
        said = io.BytesIO(json.dumps(about, indent=2).encode() + b"\n")
        _write(directory / ABOUT, directory, said)
    return about


def unpack_modcache(stream: t.IO[bytes] | t.Any, directory: Path) -> About:
    """
    Make a module cache of a bundle, or add to one: what go would have there after downloading all of it.

    Modules are extracted and read-only, so that the cache works where nothing can be written.

    Args:
        stream: The tar.
        directory: The GOMODCACHE; it is made if there is none.

    Returns:
        dict: What the bundle says of itself.

    Raises:
        PulpException: It is no bundle, a zip is damaged, or it would write elsewhere.
        OSError: A file cannot be written.
    """
    about: About = {}
    downloads = directory / DOWNLOADS
    for member, body in _members(stream):
        name = PurePosixPath(member.name)
        if member.name == ABOUT:
            about = _about(body.read())
            continue
        if name.name == "@latest" or (name.parts[0] == "sumdb" and _is_server_only(name)):
            # A cache has no use for what only a proxy says.
            continue
        file = downloads / name
        _write(file, downloads, body)
        if file.suffix == ".zip":
            _extract(file, name, directory)
    return about


def _is_server_only(name: PurePosixPath) -> bool:
    return name.name in ("supported", "latest")


def _members(stream: t.Any) -> Iterator[tuple[tarfile.TarInfo, t.IO[bytes]]]:
    """Read the files of a tar; refuse all that is no file below the directory."""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                parts = PurePosixPath(member.name).parts
                if not member.isreg() or member.name.startswith("/") or ".." in parts:
                    raise PulpException(
                        _("This is no bundle: {name} in it is not a plain file.").format(
                            name=ascii(member.name)
                        )
                    )
                body = tar.extractfile(member)
                assert body is not None
                yield member, body
    except tarfile.TarError as error:
        raise PulpException(_("This is no bundle: {error}").format(error=error)) from error


def _about(body: bytes) -> About:
    try:
        about = json.loads(body)
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise PulpException(_("This is no bundle: {name} is not JSON.").format(name=ABOUT))
    return about


def _write(file: Path, root: Path, body: t.IO[bytes]) -> None:
    """Write a file beside its name, and then under it; through no link that leads out of the root."""
    parent = file.parent
    parent.mkdir(parents=True, exist_ok=True)
    if not parent.resolve().is_relative_to(root.resolve()):
        raise PulpException(
            _("{parent} leads out of {root}; nothing is written there.").format(
                parent=parent, root=root
            )
        )
    # No name of a module ends like this.
    beside = parent / f".{file.name}.new"
    beside.unlink(missing_ok=True)
    with beside.open("xb") as out:
        shutil.copyfileobj(body, out, 1024 * 1024)
    beside.replace(file)


def _extract(file: Path, name: PurePosixPath, directory: Path) -> None:
    """Extract a downloaded zip where the go command would, and note its checksum where that looks."""
    escaped = str(name.parent.parent)
    escaped_version = name.stem
    try:
        path, version = module.unescape_path(escaped), module.unescape_version(escaped_version)
        checked = check_zip(path, version, file)
        if (error := checked.error()) is not None:
            raise error
        h1 = dirhash.hash_zip(file)
    except (GoError, BadZipFile, OSError) as error:
        raise PulpException(
            _("{name} is not a module that go would take: {error}").format(name=name, error=error)
        ) from error
    place = directory / f"{escaped}@{escaped_version}"
    checksum = file.with_suffix(".ziphash")
    if place.exists() and not (checksum.is_file() and checksum.read_text() == h1):
        # Other bytes have taken the place of those that were extracted: go would build those, and say it were these.
        checksum.unlink(missing_ok=True)
        _remove(place)
    if not place.exists():
        with _made_beside(place) as new, ZipFile(file) as archive:
            prefix = f"{path}@{version}/"
            for info in archive.infolist():
                if not info.is_dir():
                    _extract_file(archive, info, new / info.filename.removeprefix(prefix))
            if path == _TOOLCHAIN:
                _finish_toolchain(new)
    checksum.write_text(h1)


@contextmanager
def _made_beside(place: Path) -> Iterator[Path]:
    """Make a directory that appears under its name only when it is complete, and read-only."""
    new = place.with_name(f"{place.name}.new")
    _remove(new)
    new.mkdir(parents=True)
    yield new
    for root, _directories, _files in os.walk(new, topdown=False):
        os.chmod(root, 0o755 if Path(root) == new else 0o555)
    new.rename(place)
    os.chmod(place, 0o555)


def _remove(directory: Path) -> None:
    """Remove what an interrupted run has left, which may be read-only."""
    for root, _directories, _files in os.walk(directory):
        os.chmod(root, 0o755)
    shutil.rmtree(directory, ignore_errors=True)


def _extract_file(archive: ZipFile, info: ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as source, target.open("xb") as out:
        shutil.copyfileobj(source, out, 1024 * 1024)
    target.chmod(0o444)


def _finish_toolchain(directory: Path) -> None:
    """Do what the go command does to a toolchain before it runs it, which needs a cache to write to."""
    for pattern in _EXECUTABLE:
        for file in directory.glob(pattern):
            if file.is_file():
                file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    for file in list(directory.rglob("_go.mod")):
        target = file.with_name("go.mod")
        if not target.exists():
            shutil.copyfile(file, target)
            target.chmod(0o444)
