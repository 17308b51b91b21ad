"""
What Pulp's telemetry exports of the pull-through: hits, misses, upstream errors, bytes.

pulpcore keeps its meter outside of the plugin API; without it a plugin would need an exporter of its
own.
"""

from functools import lru_cache
from typing import Any

from django.conf import settings

from pulp_gomod.app.remote.settings import RemoteSettings


def hit(remote: RemoteSettings, file: str) -> None:
    """
    Count a request that was answered without asking the upstream.

    Responses that are sent again from memory do not come here.
    """
    _add("hits", 1, remote, file=file)


def missed(remote: RemoteSettings, file: str) -> None:
    """Count a request that the upstream was asked for."""
    _add("misses", 1, remote, file=file)


def failed(remote: RemoteSettings, status: int) -> None:
    """Count a fault of the upstream, by what our client is told."""
    _add("upstream_errors", 1, remote, status=status)


def refused(remote: RemoteSettings) -> None:
    """Count something that contradicts the checksum database."""
    _add("checksum_mismatches", 1, remote)


def received(remote: RemoteSettings, size: int) -> None:
    """Count bytes that came from the upstream."""
    _add("upstream_bytes", size, remote)


_MEANING = {
    "hits": (
        "1",
        "Requests answered without asking the upstream, but for responses sent again from memory.",
    ),
    "misses": ("1", "Requests that were sent to the upstream."),
    "upstream_errors": ("1", "Faults of the upstream."),
    "checksum_mismatches": ("1", "Downloads that the checksum database contradicts."),
    "upstream_bytes": ("By", "Bytes received from the upstream."),
}


def _add(name: str, amount: int, remote: RemoteSettings, **attributes: Any) -> None:
    if settings.OTEL_ENABLED:
        _counters()[name].add(amount, {"remote": remote.name, **attributes})


@lru_cache(maxsize=1)
def _counters() -> dict[str, Any]:
    from pulpcore.metrics import init_otel_meter

    meter = init_otel_meter("pulp-content")
    return {
        name: meter.create_counter(f"gomod.pull_through.{name}", unit=unit, description=text)
        for name, (unit, text) in _MEANING.items()
    }
