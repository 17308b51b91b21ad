"""What is to be said of the versions of a module before anybody uses one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulp_gomod.app.models.stopping import Mode, Stop
from pulp_gomod.golang.latest import Candidate, latest_allowed, newest_read
from pulp_gomod.golang.retracted import is_retracted

# How the names of those conditions of policies begin that are worth a word even where they stop nothing.
_HARMFUL = ("vulnerable", "malicious")


@dataclass(frozen=True, slots=True)
class Mark:
    """
    Something that speaks against a version.

    Attributes:
        kind: retracted, stopped, or the like: what the stylesheet knows it by.
        label: One word or two.
        reason: Why, "" if nobody said.
    """

    kind: str
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    The versions of a module that are here and not blocked.

    Attributes:
        path: The module path.
        versions: All of them, in semver order.
        latest: The version that `@latest` is; "" if a policy stops all of them.
        newest: The one whose go.mod says what is deprecated and retracted.
        retracted: What it retracts (see golang.retracted).
        stops: Why a policy stops versions, or would if it went further.
    """

    path: str
    versions: list[str]
    latest: str
    newest: str
    retracted: str
    stops: Mapping[str, Sequence[Stop]]

    @property
    def default(self) -> str:
        """The version that is shown to whoever names none."""
        return self.latest or self.newest

    def marks(self, version: str) -> list[Mark]:
        """
        Return what speaks against a version.

        Args:
            version: One of them.
        """
        found = [mark for stop in self.stops.get(version, ()) if (mark := _mark(stop)) is not None]
        if self.retracted and is_retracted(self.retracted, version):
            found.append(Mark("retracted", "retracted"))
        return found


def _mark(stop: Stop) -> Mark | None:
    """Return what people should know of what a condition of a policy says."""
    if stop.condition.startswith(_HARMFUL):
        return Mark("vulnerable", stop.condition.partition("_")[0], stop.line)
    return Mark("stopped", "held back", stop.line) if stop.mode >= Mode.LISTS else None


def standing_of(
    path: str, candidates: Sequence[Candidate], stops: Mapping[str, Sequence[Stop]]
) -> Standing | None:
    """
    Find out how the versions of a module stand; None if there is none.

    Args:
        path: The module path.
        candidates: Its versions that are not blocked, in semver order.
        stops: Why a policy stops some of them.

    Raises:
        UnreadGoModError: A long list of retractions has not been read yet.
    """
    newest = chosen = newest_read(candidates)
    if newest is None:
        return None
    stopped = {version for version, reasons in stops.items() if is_stopped(reasons)}
    if stopped or newest.retracted:
        chosen = latest_allowed(candidates, lambda version: version not in stopped)
    return Standing(
        path,
        [each.version for each in candidates],
        chosen.version if chosen else "",
        newest.version,
        newest.retracted or "",
        stops,
    )


def is_stopped(stops: Sequence[Stop]) -> bool:
    """
    Say whether a version is never chosen.

    Args:
        stops: What stops it.
    """
    return any(stop.mode >= Mode.LISTS for stop in stops)
