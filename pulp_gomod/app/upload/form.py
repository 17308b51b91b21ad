"""Receiving a form: its first file is the zip, its fields say more about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from pulp_gomod.app.publishing.problems import Problem
from pulp_gomod.app.upload.received import ReceivedFile


class FormTooLarge(Exception):
    """The file in the form is larger than the caller takes."""


def receive_form(
    meta: Mapping[str, Any], encoding: str | None, chunks: Iterator[bytes], limit: int
) -> tuple[ReceivedFile, dict[str, str]]:
    """
    Read a form to its end.

    Args:
        meta: The WSGI environment.
        encoding: The encoding of its fields, None for Django's default.
        chunks: The body.
        limit: Bytes that the file may have.

    Returns:
        The first file, and the fields.

    Raises:
        Problem: It is malformed, or holds no file.
        FormTooLarge: The file is larger than the limit.
        OSError: The disk is full.
    """
    handler = _FirstFile(limit)
    try:
        # The parser wants a length, and does nothing with it.
        parser = MultiPartParser(
            {**meta, "CONTENT_LENGTH": "1"}, _Stream(chunks), [handler], encoding
        )
        fields, _ = parser.parse()
        if handler.is_too_large:
            raise FormTooLarge
        if handler.kept is None:
            raise Problem(400, "the form contains no file: send the module zip as its first file")
    except BaseException as error:
        if handler.kept is not None:
            handler.kept.discard()
        if isinstance(error, MultiPartParserError | SuspiciousOperation):
            raise Problem(400, f"malformed form: {error}") from error
        raise
    return handler.kept, {name: fields[name] for name in fields}


class _Stream:
    """What the parser reads from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int) -> bytes:
        return next(self._chunks, b"")


class _FirstFile(TemporaryFileUploadHandler):
    """Keeps the first file of a form, hashed on the way, and nothing of the others."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.kept: ReceivedFile | None = None
        self.is_too_large = False
        self._limit = limit
        self._is_first = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self._is_first = self.kept is None
        if self._is_first:
            self.kept = ReceivedFile()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not self._is_first or self.kept is None:
            return
        if self.kept.size + len(raw_data) > self._limit:
            self.is_too_large = True
            raise StopUpload(connection_reset=True)
        self.kept.append(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None

    def upload_interrupted(self) -> None:
        return None
