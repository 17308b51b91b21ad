"""
Checking the zip of a publish without keeping the API from all others.

A worker of the API answers one request at a time. So what takes long is checked in a process of its
own, for so many at a time as have a place. Behind the front door that is where one waits for it. An
API that is asked directly has nobody else to wait: one of its workers does, if others remain.
"""

import logging
import socket
from typing import Any, BinaryIO

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

from pulp_gomod.app.publishing.problems import Problem
from pulp_gomod.app.publishing.replies import RETRY_AFTER
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.upload.handover import PLACE, WAITER
from pulp_gomod.golang.zip import Upload, is_heavy
from pulp_gomod.verifier.places import NoPlace, Places
from pulp_gomod.verifier.process import VerifierFailed

log = logging.getLogger(__name__)


class NeedsPlace(Exception):
    """The front door has to wait for a place first; nothing was done."""


def verify(file: BinaryIO, request: HttpRequest) -> Upload:
    """
    Check a zip.

    Args:
        file: The zip, on disk and complete.
        request: Which brought it.

    Raises:
        GoError: It is refused.
        NeedsPlace: It takes long, and the front door can wait.
        Problem: 503, too many wait already, or what checks it has failed.
    """
    if not is_heavy(file):
        return upload_policy.verify(file)
    if request.headers.get(PLACE):
        return _apart(file)
    if request.headers.get(WAITER):
        raise NeedsPlace
    try:
        # Waiting takes a worker, too, so there are only so many places for that.
        with _waiting_room().take(0), upload_policy.places().take(settings.GOMOD_UPLOAD_WAIT):
            return _apart(file)
    except NoPlace:
        raise _busy("other large modules are being checked") from None


def _apart(file: BinaryIO) -> Upload:
    try:
        return upload_policy.verify_apart(file.fileno())
    except VerifierFailed as error:
        log.error("A zip could not be checked: %s", error)
        raise _busy("the module could not be checked now") from error


def _waiting_room() -> Places:
    """Return the places of those who wait or are checked: one worker is left for all others."""
    return Places(settings.WORKING_DIRECTORY, "upload", max(1, _api_workers() - 1))


def _api_workers() -> int:
    """Count the workers of the API on this machine."""
    status: Any = apps.get_model("core", "AppStatus")
    online = status.objects.online().filter(
        app_type="api", name__contains=f"@{socket.gethostname()}"
    )
    count: int = online.count()
    return count


def _busy(why: str) -> Problem:
    return Problem(
        503, f"busy: {why}; nothing was changed, try again", {"Retry-After": RETRY_AFTER}
    )
