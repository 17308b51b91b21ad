"""Trees of modules on their way to the server: a tar as it is, or a directory as one."""

import io
import os
import re
import tarfile
import typing as t
from pathlib import Path

from pulp_glue.common.context import PulpContext
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.core.context import PulpUploadContext
from pulp_glue.gomod.sending import PIECE, Progress

translation = get_translation(__package__)
_ = translation.gettext

_CACHE = Path("cache") / "download"
_MODULE_FILE = re.compile(r".+/@v/[^/]+\.(info|mod|zip|ziphash)")
_ATHENS_FILE = re.compile(r".+/(v[^/]+)/(source\.zip|go\.mod|\1\.info)")
_SUMDB_FILE = re.compile(r"(?:.+/)?sumdb/.+/(latest|lookup/.+|tile/8/.+)")
_ABOUT_FILE = re.compile(r"(?:.+/)?bundle/about\.json")
_END = 2 * tarfile.BLOCKSIZE


class _Member(t.NamedTuple):
    name: str
    path: Path
    size: int


class TarOfDirectory:
    """
    A directory as a tar, which is made while it is read.

    Only what belongs to a tree of modules is in it: neither what the go command has unpacked, nor its locks.

    Args:
        directory: The directory; in a module cache the files are below `cache/download`.

    Attributes:
        size: Bytes of the tar.
        files: How many files are in it.
    """

    def __init__(self, directory: Path) -> None:
        root = directory / _CACHE
        self._members = list(_members(root if root.is_dir() else directory))
        self.files = len(self._members)
        self.size = sum(len(_header(each)) + _padded(each.size) for each in self._members) + _END

    def blocks(self) -> t.Iterator[bytes]:
        """
        Make it.

        Raises:
            PulpException: A file has changed meanwhile, or cannot be read.
        """
        for member in self._members:
            yield _header(member)
            yield from _content(member)
        yield bytes(_END)


class TarFile:
    """
    A tar in a file.

    Args:
        path: The file.

    Attributes:
        size: Its bytes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    def blocks(self) -> t.Iterator[bytes]:
        """Read it."""
        with self._path.open("rb") as file:
            while block := file.read(PIECE):
                yield block


def send(
    pulp_ctx: PulpContext,
    tar: TarOfDirectory | TarFile,
    name: str,
    resumed: str | None = None,
    progress: Progress | None = None,
) -> str:
    """
    Upload a tar in chunks.

    Args:
        pulp_ctx: The server.
        name: What to call it.
        resumed: Href of an upload of the same tar that was interrupted.
        progress: Hears how far it is.

    Returns:
        The href of the upload.

    Raises:
        UploadInterrupted: It was not finished; it can be resumed.
        PulpException: It cannot be begun.
    """
    upload = PulpUploadContext(pulp_ctx, pulp_href=resumed)
    done = _done(upload, tar.size) if resumed else 0
    if resumed is None:
        upload.pulp_href = str(upload.create(body={"size": tar.size})["pulp_href"])
    try:
        for start, piece in _pieces(tar.blocks(), done):
            upload.upload_chunk(chunk=piece, size=tar.size, start=start)
            if progress is not None:
                progress(name, start + len(piece), tar.size)
    except (Exception, KeyboardInterrupt) as error:
        raise UploadInterrupted(upload.pulp_href, error) from error
    return upload.pulp_href


class UploadInterrupted(PulpException):
    """
    An upload was not finished.

    Args:
        href: What is there of it.
        cause: What was wrong.
    """

    def __init__(self, href: str, cause: BaseException) -> None:
        self.href = href
        reason = str(cause) or type(cause).__name__
        super().__init__(
            _("The upload was interrupted: {reason}. Continue it with --resume {href}").format(
                reason=reason, href=href
            )
        )


def _done(upload: PulpUploadContext, size: int) -> int:
    entity = upload.entity
    if entity["size"] != size:
        raise PulpException(
            _("That upload is one of {theirs} bytes, and this is a tree of {ours} bytes.").format(
                theirs=entity["size"], ours=size
            )
        )
    end = 0
    for chunk in sorted(entity.get("chunks", []), key=lambda each: int(each["offset"])):
        if int(chunk["offset"]) != end:
            break
        end += int(chunk["size"])
    return end


def _pieces(blocks: t.Iterable[bytes], skip: int) -> t.Iterator[tuple[int, bytes]]:
    """Gather blocks, but for the first bytes."""
    buffer, at = bytearray(), 0
    start = skip
    for block in blocks:
        at += len(block)
        if at <= skip:
            continue
        buffer += block[max(0, len(block) - (at - skip)) :] if at - len(block) < skip else block
        while len(buffer) >= PIECE:
            yield start, bytes(buffer[:PIECE])
            start += PIECE
            del buffer[:PIECE]
    if buffer:
        yield start, bytes(buffer)


def _members(root: Path) -> t.Iterator[_Member]:
    for directory, directories, names in os.walk(root):
        directories.sort()
        for name in sorted(names):
            path = Path(directory) / name
            relative = path.relative_to(root).as_posix()
            if _is_wanted(relative) and path.is_file():
                yield _Member(relative, path, path.stat().st_size)


def _is_wanted(name: str) -> bool:
    return any(
        each.fullmatch(name) for each in (_MODULE_FILE, _ATHENS_FILE, _SUMDB_FILE, _ABOUT_FILE)
    )


def _header(member: _Member) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size = member.size
    return info.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _content(member: _Member) -> t.Iterator[bytes]:
    left = member.size
    try:
        with member.path.open("rb") as file:
            while left and (block := file.read(min(left, PIECE))):
                left -= len(block)
                yield block
            has_more = bool(file.read(1))
    except OSError as error:
        raise PulpException(str(error)) from error
    if left or has_more:
        raise PulpException(_("{path} has changed meanwhile.").format(path=member.path))
    yield bytes(_padded(member.size) - member.size)


def open_tar(path: Path) -> TarOfDirectory | TarFile:
    """
    Make a tar of whatever a path is.

    Args:
        path: A directory or an uncompressed tar.

    Raises:
        PulpException: There is nothing to import in it.
    """
    if not path.is_dir():
        _refuse_compressed(path)
        return TarFile(path)
    tar = TarOfDirectory(path)
    if not tar.files:
        raise PulpException(
            _(
                "There are no modules below {path}: neither MODULE/@v/VERSION.zip, as a GOPROXY or a module "
                "cache has them, nor MODULE/VERSION/source.zip, as Athens does."
            ).format(path=path)
        )
    return tar


def _refuse_compressed(path: Path) -> None:
    try:
        with path.open("rb") as file:
            begin = io.BytesIO(file.read(tarfile.BLOCKSIZE))
        tarfile.TarInfo.frombuf(begin.getvalue(), "utf-8", "surrogateescape")
    except (OSError, tarfile.HeaderError) as error:
        raise PulpException(
            _("{path} is not an uncompressed tar: {error}").format(path=path, error=error)
        ) from error
