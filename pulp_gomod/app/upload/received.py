"""A file that the API receives, with its digests, in the form in which Pulp's artifacts take one."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from io import BufferedReader

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from pulpcore.plugin.files import PulpTemporaryUploadedFile
from pulpcore.plugin.models import Artifact

from pulp_gomod.app.storage.spool import SpooledFile


class ReceivedFile(PulpTemporaryUploadedFile):
    """
    A file on disk with its digests.

    It gets its name when the storage asks for it, in order to move the file to where it belongs.
    """

    file: BufferedReader

    def __init__(self) -> None:
        self._spooled = SpooledFile(
            settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir(), suffix=".upload"
        )
        # What the classes between this one and UploadedFile do, but for making a file with a name.
        self.hashers = {
            name: hashlib.new(name, usedforsecurity=False) for name in Artifact.DIGEST_FIELDS
        }
        UploadedFile.__init__(
            self, BufferedReader(self._spooled.raw), "module.zip", "application/zip", 0, None
        )

    def append(self, data: bytes) -> None:
        """Write and hash what comes next."""
        self._spooled.write(data)
        for hasher in self.hashers.values():
            hasher.update(data)
        self.size += len(data)

    def complete(self) -> None:
        """
        Bring everything to disk: what is acknowledged is to survive more than this process.

        Raises:
            OSError: The disk is full.
        """
        os.fsync(self.file.fileno())
        self.file.seek(0)

    def temporary_file_path(self) -> str:
        """Return the path, for the storage to move the file away."""
        return self._spooled.name()

    def discard(self) -> None:
        """Close it; it is gone then, unless it was moved away."""
        self._spooled.close()


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
