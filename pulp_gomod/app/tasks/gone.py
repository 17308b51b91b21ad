"""Tasks whose object is deleted before they can do what they were dispatched for."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist

from pulp_gomod.app.exceptions import GoneError

log = logging.getLogger(__name__)

_NAMES = {
    "GoRepository": "repository",
    "RepositoryVersion": "repository version",
    "GoRemote": "remote",
    "GoSumdb": "checksum database",
    "GoSumdbHead": "checksum database",
    "GoVulndb": "vulnerability database",
    "Upload": "upload",
    "Artifact": "artifact",
    "PulpTemporaryFile": "uploaded file",
    "UpstreamPulp": "other server",
}


@contextmanager
def unless_gone(*, quietly: bool = False) -> Iterator[None]:
    """
    Say in a sentence that a task cannot be done any more, since somebody has deleted what it is about.

    Args:
        quietly: Whether nobody has asked for the task, so that it ends well: there is nothing left to do.

    Raises:
        GoneError: It is gone, and somebody has asked.
    """
    try:
        yield
    except ObjectDoesNotExist as error:
        model = type(error).__qualname__.partition(".")[0]
        if model not in _NAMES:
            raise
        if not quietly:
            raise GoneError(_NAMES[model]) from error
        log.info("There is nothing left to do: the %s is gone.", _NAMES[model])
