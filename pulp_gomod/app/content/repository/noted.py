"""What policies and the protection of own names did with a request, for the record."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pulp_gomod.app.content.repository.judge import Judged
from pulp_gomod.app.models.event import GoPolicyEvent
from pulp_gomod.app.models.stopping import Mode, Stop

Kind = GoPolicyEvent.Kind

_LEFT_OUT: Final = "its list has fewer versions for it, or would have"


class Note(NamedTuple):
    """
    What happened to a request.

    Attributes:
        kind: As of GoPolicyEvent.
        condition: The condition; `own` for the protection of own names.
        mode: How far the condition goes.
        file: What was asked for: list, latest, query, info or zip.
        module: The module path.
        version: The version; "" if it is about several.
        detail: Why, for people.
    """

    kind: str
    condition: str
    mode: str
    file: str
    module: str
    version: str
    detail: str


def stopped(path: str, stops: Mapping[str, Sequence[Stop]], file: str, mode: Mode) -> list[Note]:
    """
    Say what conditions did with a request.

    Args:
        path: The module path.
        stops: What conditions have against versions.
        file: What was asked for.
        mode: The mode from which on a condition has a say in that.
    """
    if file == "list":
        # One for each condition, not one for each of a thousand versions.
        said = {(stop.condition, stop.mode): stop for found in stops.values() for stop in found}
        return [
            Note(kind, stop.condition, stop.mode.name.lower(), file, path, "", _LEFT_OUT)
            for stop in said.values()
            if (kind := _kind(stop, file, mode))
        ]
    return [
        Note(kind, stop.condition, stop.mode.name.lower(), file, path, version, stop.line)
        for version, found in stops.items()
        for stop in found
        if (kind := _kind(stop, file, mode))
    ]


def _kind(stop: Stop, file: str, mode: Mode) -> str | None:
    if stop.mode is Mode.OBSERVE:
        return Kind.OBSERVED
    if stop.mode < mode:
        return None
    return Kind.STOPPED if file in ("info", "zip") else Kind.HIDDEN


def passed(path: str, judged: Judged, file: str) -> list[Note]:
    """
    Say what passes by a waiver, or by an exception that a condition makes.

    Args:
        path: The module path.
        judged: What the policy says.
        file: What was asked for.
    """
    if file == "list":
        return []
    return [
        Note(kind, stop.condition, stop.mode.name.lower(), file, path, version, stop.line)
        for kind, found in ((Kind.WAIVED, judged.waived), (Kind.PASSED, judged.passed))
        for version, stop in found
    ]


def own(path: str, file: str, detail: str) -> Note:
    """
    Say that an upstream was not asked for a name, since it is one's own.

    Args:
        path: The module path.
        file: What was asked for.
        detail: Why, for people.
    """
    return Note(Kind.OWN, "own", "enforce", file, path, "", detail)
