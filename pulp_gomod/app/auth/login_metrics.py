"""
What Pulp's telemetry exports of failed logins.

pulpcore keeps its meter outside of the plugin API; without it a plugin would need an exporter of its
own.
"""

import sys
from functools import lru_cache
from typing import Any

from django.conf import settings


def failed() -> None:
    """Count a login that failed."""
    _add("failed")


def refused(because_of: str) -> None:
    """
    Count a login that was not even tried.

    Args:
        because_of: "address", "user" or "queue": whose failures were too many, or that too many wait.
    """
    _add("refused", because_of=because_of)


_MEANING = {
    "failed": "Logins that failed.",
    "refused": "Logins that were refused unchecked: too many had failed, or too many were waiting.",
}


def _add(name: str, **attributes: Any) -> None:
    if settings.OTEL_ENABLED:
        _counters()[name].add(1, attributes)


@lru_cache(maxsize=1)
def _counters() -> dict[str, Any]:
    from pulpcore.metrics import init_otel_meter

    # As pulpcore's own metrics of the two apps have it.
    is_api = "pulpcore.app.wsgi" in sys.modules
    meter = init_otel_meter("pulp-api" if is_api else "pulp-content")
    return {
        name: meter.create_counter(f"gomod.logins.{name}", unit="1", description=text)
        for name, text in _MEANING.items()
    }
