"""What Pulp's telemetry exports of policies, and of the protection of own names."""

from functools import lru_cache
from typing import Any, Final

from django.conf import settings

from pulp_gomod.app.content.repository.noted import Kind, Note
from pulp_gomod.app.models.stopping import Policy

_STOPPED: Final = (
    "gomod.policy.stopped",
    "Requests that a policy stopped or shortened, or would have.",
)
_PASSED: Final = (
    "gomod.policy.passed",
    "Requests that a policy would have stopped, but for a waiver or an exception.",
)
_OWN: Final = (
    "gomod.own.refused",
    "Requests for which no upstream was asked, since the name is one's own.",
)
_COUNTERS: Final = {Kind.WAIVED: _PASSED, Kind.PASSED: _PASSED, Kind.OWN: _OWN}


def count(policy: Policy, note: Note) -> None:
    """
    Count a request.

    Args:
        policy: The policy of the distribution.
        note: What became of the request.
    """
    if not _is_exported():
        return
    attributes: dict[str, str] = {"file": note.file}
    if note.kind != Kind.OWN:
        attributes |= {"policy": policy.name, "condition": note.condition, "mode": note.mode}
    _counter(*_COUNTERS.get(note.kind, _STOPPED)).add(1, attributes)


@lru_cache(maxsize=1)
def _is_exported() -> bool:
    # Reading a setting takes longer than all else that a request from memory does here.
    return bool(settings.OTEL_ENABLED)


@lru_cache(maxsize=8)
def _counter(name: str, description: str) -> Any:
    from pulpcore.metrics import init_otel_meter

    return init_otel_meter("pulp-content").create_counter(name, unit="1", description=description)
