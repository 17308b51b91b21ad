"""How module zips are sent: in the request itself, or before it as chunked uploads."""

import io
import typing as t
from contextlib import ExitStack, suppress
from pathlib import Path

from pulp_glue.common.context import PulpContext
from pulp_glue.common.exceptions import PulpException, PulpNotAutorized
from pulp_glue.common.i18n import get_translation
from pulp_glue.core.context import PulpUploadContext

translation = get_translation(__package__)
_ = translation.gettext

ZipFile = str | Path | io.BufferedReader
"""A module zip: its path, or the file open for reading."""

REQUEST_SIZE = 64 * 1024 * 1024
"""Bytes of zips that go into one request, unless a chunk size says otherwise."""

REQUEST_FILES = 100
"""Files that go into one request: Django takes no more."""

Progress = t.Callable[[str, int, int], None]
"""Hears the name of a file, the bytes that were sent of it, and those that it has."""

PIECE = 16 * 1024 * 1024
"""Bytes that are sent at once where somebody watches."""

CALL_FILES = 900
"""Zips that one call may bring: Django takes at most 1000 fields."""


class _Field(str):
    """
    A name of a form field that a body may have more than once.

    An array in a form is its field repeated. glue keeps a body as a dictionary, and would write a
    list of files as JSON.
    """

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Parcel:
    """
    Module zips on their way to the server.

    Small ones travel in the request that creates the content. The others are uploaded in chunks
    before, where the user has the right to create uploads.

    Args:
        pulp_ctx: The server to send them to.
        chunk_size: Bytes that one request may have at most. `None` for `REQUEST_SIZE`.
        progress: Hears how far each file is that is uploaded in chunks.
    """

    def __init__(
        self,
        pulp_ctx: PulpContext,
        chunk_size: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._progress = progress
        self._pulp_ctx = pulp_ctx
        self._limit = chunk_size or REQUEST_SIZE
        # Who named a size knows of a limit on the way; the usual one is no more than a good habit.
        self._may_exceed = chunk_size is None
        self._room = self._limit
        self._opened = ExitStack()
        self._files: dict[int, io.BufferedReader] = {}
        self._uploads: dict[int, str] = {}
        self._names: dict[str, str] = {}

    def __enter__(self) -> "Parcel":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._opened.close()

    def add(self, files: t.Sequence[ZipFile]) -> None:
        """
        Add zips, and upload those that are too large for the request.

        Args:
            files: The zips.

        Raises:
            PulpException: They are too many, one cannot be read, or an upload failed.
        """
        if len(files) > CALL_FILES:
            raise PulpException(
                _("{count} module zips are too many for one call; the limit is {limit}.").format(
                    count=len(files), limit=CALL_FILES
                )
            )
        try:
            for number, file in enumerate(files):
                self._add(number, file)
        except OSError as error:
            self.discard()
            raise PulpException(str(error)) from error
        except PulpException:
            self.discard()
            raise

    def _add(self, number: int, file: ZipFile) -> None:
        path = Path(file.name if isinstance(file, io.BufferedReader) else file)
        size = path.stat().st_size
        is_small = size <= self._room and len(self._files) < REQUEST_FILES
        if is_small or not self._upload(number, file, path.name):
            self._room -= size
            self._files[number] = self._open(file, self._opened)

    def _upload(self, number: int, file: ZipFile, name: str) -> bool:
        """
        Upload one zip in chunks.

        Returns:
            Whether the user may; who may publish only sends everything in the request.
        """
        try:
            with ExitStack() as opened:
                upload = PulpUploadContext(self._pulp_ctx)
                href = self._send(upload, self._open(file, opened), name)
        except PulpNotAutorized:
            if not self._may_exceed or len(self._files) >= REQUEST_FILES:
                raise
            return False
        self._uploads[number] = href
        self._names[href.rstrip("/").rpartition("/")[2]] = name
        return True

    def _send(self, upload: PulpUploadContext, file: io.BufferedReader, name: str) -> str:
        if self._progress is None:
            return str(upload.upload_file(file, self._limit))
        size = Path(file.name).stat().st_size
        href = str(upload.create(body={"size": size})["pulp_href"])
        upload.pulp_href = href
        try:
            sent = 0
            self._progress(name, sent, size)
            while chunk := file.read(min(self._limit, PIECE)):
                upload.upload_chunk(chunk=chunk, size=size, start=sent)
                sent += len(chunk)
                self._progress(name, sent, size)
        except BaseException:
            with suppress(PulpException):
                PulpUploadContext(self._pulp_ctx, pulp_href=href).delete()
            raise
        return href

    @staticmethod
    def _open(file: ZipFile, opened: ExitStack) -> io.BufferedReader:
        if isinstance(file, io.BufferedReader):
            return file
        return opened.enter_context(Path(file).open("rb"))

    @property
    def fields(self) -> dict[str, t.Any]:
        """What the body of the request needs to have."""
        return {
            **{_Field("files"): file for file in self._files.values()},
            **{_Field("uploads"): href for href in self._uploads.values()},
        }

    def in_order(self, results: t.Sequence[t.Any]) -> list[t.Any]:
        """
        Sort what the server says of each zip into the order in which they were added.

        Args:
            results: Files in the request first, then uploads, as the server takes them in.
        """
        added = [*self._files, *self._uploads]
        return [result for _number, result in sorted(zip(added, results, strict=True), key=_first)]

    def with_names(self, message: str) -> str:
        """
        Put the names of files into a message that names uploads.

        Args:
            message: What the server says.
        """
        for upload, name in self._names.items():
            message = message.replace(f"upload {upload}", name)
        return message

    def discard(self) -> None:
        """Delete the uploads, which a refused request leaves behind."""
        for href in self._uploads.values():
            with suppress(PulpException):
                PulpUploadContext(self._pulp_ctx, pulp_href=href).delete()
        self._uploads = {}


def _first(pair: tuple[int, t.Any]) -> int:
    return pair[0]
