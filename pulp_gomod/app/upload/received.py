"""A file that is being received: without a name, so that a process that ends leaves nothing."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from pulpcore.plugin.files import PulpTemporaryUploadedFile
from pulpcore.plugin.models import Artifact

_DESCRIPTION = ("module.zip", "application/zip", 0, None)


class ReceivedFile(PulpTemporaryUploadedFile):
    """
    A file on disk with its digests.

    It gets its name when the storage asks for it, in order to move the file to where it belongs.
    Where the system has no files without a name, it has one from the beginning.
    """

    file: Any

    def __init__(self) -> None:
        self._path: str | None = None
        descriptor = _open_nameless(settings.FILE_UPLOAD_TEMP_DIR)
        if descriptor is None:
            super().__init__(*_DESCRIPTION)
            self._path = self.file.name
            return
        # What the classes between this one and UploadedFile do, but for making a file with a name.
        self.hashers = {
            name: hashlib.new(name, usedforsecurity=False) for name in Artifact.DIGEST_FIELDS
        }
        UploadedFile.__init__(self, os.fdopen(descriptor, "w+b"), *_DESCRIPTION)

    def append(self, data: bytes) -> None:
        """Write and hash what comes next."""
        self.file.write(data)
        for hasher in self.hashers.values():
            hasher.update(data)
        self.size += len(data)

    def complete(self) -> None:
        """
        Bring everything to disk: what is acknowledged is to survive more than this process.

        Raises:
            OSError: The disk is full.
        """
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.seek(0)

    def temporary_file_path(self) -> str:
        """Return the path, for the storage to move the file away."""
        if self._path is None:
            path = os.path.join(settings.FILE_UPLOAD_TEMP_DIR, f"{uuid.uuid4()}.upload")
            _give_name(self.file.fileno(), path)
            self._path = path
        return self._path

    def discard(self) -> None:
        """Close it; it is gone then, unless it was moved away."""
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
        self.close()


def receive_file(chunks: Iterator[bytes]) -> ReceivedFile:
    """
    Receive a body that is the file itself.

    Args:
        chunks: The body.

    Raises:
        OSError: The disk is full; nothing is left of the file.
    """
    file = ReceivedFile()
    try:
        for chunk in chunks:
            file.append(chunk)
    except BaseException:
        file.discard()
        raise
    return file


def _open_nameless(directory: str | None) -> int | None:
    """Open a file without a name that can be given one; None where that is not possible."""
    if not hasattr(os, "O_TMPFILE") or not directory:
        return None
    try:
        descriptor = os.open(directory, os.O_RDWR | os.O_TMPFILE, 0o600)
    except OSError:
        return None
    if os.path.exists(f"/proc/self/fd/{descriptor}"):
        return descriptor
    os.close(descriptor)
    return None


def _give_name(descriptor: int, path: str) -> None:
    directory, name = os.path.split(path)
    target = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Only with a descriptor for the directory does Python follow the link in /proc.
        os.link(f"/proc/self/fd/{descriptor}", name, dst_dir_fd=target, follow_symlinks=True)
    finally:
        os.close(target)
