"""
The storage of a domain, with an end to its patience.

botocore waits for a connection for a minute, for each byte of an answer as long, and does so five times: a
storage that hangs would hold a thread for ten minutes, and an API worker until it is killed.
"""

import os
from typing import Any

from django.conf import settings

# Seconds for which a connection may take to come about.
_CONNECT = 5
# How often a request is sent that fails.
_ATTEMPTS = 2


def storage_of(domain: Any) -> Any:
    """Return the storage of a domain. Uses the ORM where the domain has settings of its own."""
    storage = domain.get_storage()
    _bound(storage)
    return storage


def _bound(storage: Any) -> None:
    """Shorten what botocore's configuration leaves at the defaults; what an administrator chose, stands."""
    known = getattr(storage, "client_config", None)
    if known is None or not hasattr(known, "read_timeout"):
        return
    default = type(known)()
    wanted: dict[str, Any] = {}
    if known.connect_timeout == default.connect_timeout:
        wanted["connect_timeout"] = _CONNECT
    if known.read_timeout == default.read_timeout:
        wanted["read_timeout"] = settings.GOMOD_STORAGE_TIMEOUT
    if known.retries is None and "AWS_MAX_ATTEMPTS" not in os.environ:
        wanted["retries"] = {"total_max_attempts": _ATTEMPTS, "mode": "standard"}
    if wanted:
        storage.client_config = known.merge(type(known)(**wanted))
