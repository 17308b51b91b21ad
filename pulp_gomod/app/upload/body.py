"""Receiving the body of a publish: streamed to disk, hashed on the way, bounded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from pulpcore.plugin.files import PulpTemporaryUploadedFile

from pulp_gomod.app.upload.problems import Problem

CHUNK = 1024 * 1024
# What the form around a file may take.
FORM_SLACK = 1024 * 1024


@dataclass
class Body:
    """
    What was sent.

    Attributes:
        file: The zip, on disk, with its digests.
        fields: The form fields, if it came as a form.
    """

    file: PulpTemporaryUploadedFile
    fields: dict[str, str] = field(default_factory=dict)


@contextmanager
def receive(request: HttpRequest, limit: int) -> Iterator[Body]:
    """
    Receive the body to its end; the file is gone when the context ends, unless it was moved.

    Args:
        request: The Django request, whose body nobody has read.
        limit: Bytes that the zip may have.

    Raises:
        Problem: 413, too large; 400, broken off, or a form without a file.
        OSError: The disk is full.
    """
    is_form = request.content_type == "multipart/form-data"
    most = limit + FORM_SLACK if is_form else limit
    raw = _new_file()
    try:
        _copy(_chunks(request, most), raw)
        if not is_form:
            yield Body(raw)
            return
        with _first_file(request, raw, limit) as body:
            yield body
    finally:
        _discard(raw)


def _new_file() -> PulpTemporaryUploadedFile:
    return PulpTemporaryUploadedFile("module.zip", "application/zip", 0, None)


def _discard(file: PulpTemporaryUploadedFile) -> None:
    try:
        file.close()
    except FileNotFoundError:
        # It has been moved to where artifacts are.
        pass


def _copy(chunks: Iterator[bytes], file: PulpTemporaryUploadedFile) -> None:
    size = 0
    for chunk in chunks:
        file.write(chunk)
        for hasher in file.hashers.values():
            hasher.update(chunk)
        size += len(chunk)
    file.flush()
    # What is acknowledged is to survive more than this process.
    os.fsync(file.fileno())
    file.size = size
    file.seek(0)


def _chunks(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """
    Read the body to its end.

    Django reads as much as Content-Length says, and nothing where there is none; the WSGI server
    knows where a chunked body ends.
    """
    environ: dict[str, Any] = request.META
    announced = _announced(environ)
    if announced is not None and announced > limit:
        raise _too_large(limit)
    if announced is None and not environ.get("wsgi.input_terminated"):
        raise Problem(411, "length required: send Content-Length")
    received = 0
    while announced is None or received < announced:
        chunk = _read(environ["wsgi.input"], announced and announced - received)
        if not chunk:
            break
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        yield chunk
    if announced is not None and received < announced:
        raise Problem(400, f"the body broke off after {received} of {announced} bytes")


def _read(stream: Any, remaining: int | None) -> bytes:
    try:
        data: bytes = stream.read(min(CHUNK, remaining or CHUNK))
    except OSError as error:
        raise Problem(400, f"the body broke off: {error}") from error
    return data


def _announced(environ: dict[str, Any]) -> int | None:
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    try:
        return int(environ["CONTENT_LENGTH"])
    except (KeyError, ValueError):
        return None


def _too_large(limit: int) -> Problem:
    return Problem(413, f"module zip file is too large (limit is {limit} bytes)")


class _FirstFile(TemporaryFileUploadHandler):
    """Keeps the first file of a form, hashed on the way, and nothing of the others."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.kept: PulpTemporaryUploadedFile | None = None
        self._is_first = False
        self._size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self._is_first = self.kept is None
        if self._is_first:
            self.kept = _new_file()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not self._is_first or self.kept is None:
            return
        self._size += len(raw_data)
        if self._size > self.limit:
            raise StopUpload(connection_reset=True)
        self.kept.write(raw_data)
        for hasher in self.kept.hashers.values():
            hasher.update(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None

    def upload_interrupted(self) -> None:
        return None


@contextmanager
def _first_file(request: HttpRequest, raw: Any, limit: int) -> Iterator[Body]:
    handler = _FirstFile(limit)
    meta = request.META | {"CONTENT_LENGTH": str(raw.size)}
    try:
        try:
            fields, _ = MultiPartParser(meta, raw, [handler], request.encoding).parse()
        except (MultiPartParserError, SuspiciousOperation) as error:
            raise Problem(400, f"malformed form: {error}") from error
        if handler.kept is None:
            raise Problem(400, "the form holds no file: send the module zip as its first file")
        if handler._size > limit:
            raise _too_large(limit)
        handler.kept.flush()
        os.fsync(handler.kept.fileno())
        handler.kept.size = handler._size
        handler.kept.seek(0)
        yield Body(handler.kept, {name: fields[name] for name in fields})
    finally:
        if handler.kept is not None:
            _discard(handler.kept)
