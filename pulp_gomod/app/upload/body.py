"""Receiving the body of a publish: streamed to disk, hashed on the way, bounded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from pulp_gomod.app.publishing.problems import Problem
from pulp_gomod.app.upload.form import FormTooLarge, receive_form
from pulp_gomod.app.upload.received import ReceivedFile, receive_file

CHUNK = 1024 * 1024
# What the form around a file may take.
FORM_SLACK = 1024 * 1024
# Seconds for which a client may send nothing: nobody else is served by this worker meanwhile.
STALL = 30.0


@dataclass
class Body:
    """
    What was sent.

    Attributes:
        file: The zip, on disk, with its digests.
        fields: The form fields, if it came as a form.
    """

    file: ReceivedFile
    fields: dict[str, str] = field(default_factory=dict)


@contextmanager
def receive(request: HttpRequest, limit: int) -> Iterator[Body]:
    """
    Receive the body to its end; the file is gone when the context ends, unless it was moved.

    Args:
        request: The Django request, whose body nobody has read.
        limit: Bytes that the zip may have.

    Raises:
        Problem: 415, encoded; 413, too large; 400, broken off, or a form without a file; 408, nothing came for
            too long.
        OSError: The disk is full.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        text = "Content-Encoding is not supported: send the body as it is"
        raise Problem(415, text, {"Accept-Encoding": "identity"})
    with _bounded_silence(request.META):
        body = _receive(request, limit)
    try:
        body.file.complete()
        yield body
    finally:
        body.file.discard()


@contextmanager
def _bounded_silence(environ: dict[str, Any]) -> Iterator[None]:
    """Let reading from a client who sends nothing fail, where the WSGI server allows to."""
    socket = environ.get("gunicorn.socket")
    if socket is None:
        yield
        return
    before = socket.gettimeout()
    socket.settimeout(STALL)
    try:
        yield
    finally:
        socket.settimeout(before)


def _receive(request: HttpRequest, limit: int) -> Body:
    is_form = request.content_type == "multipart/form-data"
    chunks = _chunks(request.META, limit + FORM_SLACK if is_form else limit, limit)
    try:
        if is_form:
            return Body(*receive_form(request.META, request.encoding, chunks, limit))
        return Body(receive_file(chunks))
    except FormTooLarge:
        raise _too_large(limit) from None
    except OSError:
        # A client who is still sending does not read the answer.
        for _ in chunks:
            pass
        raise


def _chunks(environ: dict[str, Any], most: int, limit: int) -> Iterator[bytes]:
    """
    Read the body to its end.

    Django reads as much as Content-Length says, and nothing where there is none; the WSGI server
    knows where a chunked body ends.
    """
    announced = _announced(environ)
    if announced is not None and announced > most:
        raise _too_large(limit)
    if announced is None and not environ.get("wsgi.input_terminated"):
        raise Problem(411, "length required: send Content-Length")
    received = 0
    while announced is None or received < announced:
        chunk = _read(environ["wsgi.input"], announced and announced - received)
        if not chunk:
            break
        received += len(chunk)
        if received > most:
            raise _too_large(limit)
        yield chunk
    if announced is not None and received < announced:
        raise Problem(400, f"the body was cut off after {received} of {announced} bytes")


def _read(stream: Any, remaining: int | None) -> bytes:
    try:
        data: bytes = stream.read(min(CHUNK, remaining or CHUNK))
    except TimeoutError as error:
        raise Problem(408, f"nothing of the body arrived for {STALL:.0f} seconds") from error
    except OSError as error:
        raise Problem(400, f"the body was cut off: {error}") from error
    return data


def _announced(environ: dict[str, Any]) -> int | None:
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    try:
        return int(environ["CONTENT_LENGTH"])
    except (KeyError, ValueError):
        return None


def _too_large(limit: int) -> Problem:
    return Problem(
        413, f"module zip file is too large (limit is {limit} bytes, set by GOMOD_MAX_ZIP_SIZE)"
    )
