"""
What a storage that fails looks like to the rest of the plugin.

A backend raises whatever its library does: botocore, azure.core and google.api_core share no class with each
other, and a file system raises OSError. So it counts where something was raised, and not what.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import Error as DatabaseError

from pulpcore.plugin.exceptions import PulpException

from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.storage.spool import FULL

log = logging.getLogger(__name__)

# Seconds after which a client is told to try again.
RETRY_AFTER: Final = "5"
UNAVAILABLE: Final = "unavailable: this server's file storage is not responding; try again"
DAMAGED: Final = "the stored zip is damaged; ask the administrator to repair it"

# A mistake of ours, which shall look like one.
_MISTAKES = (TypeError, AttributeError, NameError, LookupError, AssertionError, ImportError)
# What a URL has after its path may be a signature, and before its host a password.
_QUERY = re.compile(r"\?[^\s\"')]+")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_LONGEST = 300


class DamagedFileError(OSError):
    """A stored file is not there, or is not what was stored."""


@contextmanager
def storage_calls(doing: str) -> Iterator[None]:
    """
    Turn what a storage backend raises into an error that names the storage.

    Args:
        doing: What is being done, for the log and for people who read a task's error.

    Raises:
        StorageUnavailableError: The storage failed.
        DamagedFileError: It does not have the file.
        OSError: It has no room (ENOSPC, EDQUOT).
    """
    try:
        yield
    except (DatabaseError, PulpException, DamagedFileError, *_MISTAKES):
        raise
    except FileNotFoundError as error:
        raise DamagedFileError(error.errno, describe(error)) from error
    except OSError as error:
        if error.errno in FULL:
            raise
        raise _unavailable(doing, error) from error
    except Exception as error:
        raise _unavailable(doing, error) from error


def _unavailable(doing: str, error: Exception) -> StorageUnavailableError:
    reason = describe(error)
    log.error("The storage failed while %s: %s", doing, reason)
    return StorageUnavailableError(doing, reason)


def describe(error: BaseException) -> str:
    """
    Say in one line what a backend raised, without the secrets that its URLs may have.

    Args:
        error: What it raised.
    """
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = _CREDENTIALS.sub("//", _QUERY.sub("?...", text))[:_LONGEST]
    return "".join(char if char.isprintable() else "?" for char in text)
