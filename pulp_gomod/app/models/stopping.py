"""Which module versions a policy stops: its conditions, as values that are quickly asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from pulp_gomod.app.models.patterned import Patterned
from pulp_gomod.golang import GoError
from pulp_gomod.golang.ranges import Range, parse_range

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NOTHING = Range(())

CONDITIONS: Final = (
    "deny_mode",
    "deny",
    "allow_mode",
    "allow",
    "retract_mode",
    "retract",
    "vulnerable_mode",
    "vulnerable_db",
    "vulnerable_unreviewed",
    "vulnerable_severity",
    "malicious_mode",
    "malicious_db",
    "licenses_mode",
    "licenses",
    "hold_mode",
    "hold_days",
    "hold_exempt",
    "hold_own",
    "hold_clock",
    "hold_since",
)
"""Columns of a policy that say what it stops. That of a condition's mode is called like the condition, with `_mode`."""

# Of conditions that stop nothing where this column has no value.
_EMPTY_STOPS_NOTHING = ("deny", "retract", "licenses", "hold_days")

T = TypeVar("T", "Rule", "Waiver")

# Modules whose rules are remembered, for each policy and process.
_MOST_PATHS = 4096
# Days that whoever asks may add, for which a policy is remembered as it is then.
_MOST_LENGTHENED = 8


class Mode(IntEnum):
    """How far a condition goes; each mode does what those before it do, too."""

    OFF = 0
    OBSERVE = 1
    LISTS = 2
    ENFORCE = 3

    @classmethod
    def named(cls, name: str) -> "Mode":
        """Return the mode with a name, as REST has it."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Modules and versions of them.

    Attributes:
        pattern: A pattern of module paths as in GOPRIVATE.
        versions: A range of versions; "" for all.
        reason: Why, for people.
        since: The day on which it was made.
    """

    pattern: str
    versions: str
    reason: str
    since: str

    def covers(self, version: str) -> bool:
        """Say whether a version is in the range."""
        return version in _range(self.versions)


@dataclass(frozen=True, slots=True)
class Stop:
    """
    Why a module version is stopped.

    Attributes:
        condition: The condition, such as deny or allow.
        mode: How far the condition goes.
        line: Why, for people.
        until: When that ends by itself; None for never.
    """

    condition: str
    mode: Mode
    line: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """
    What conditions do not stop, for a while.

    Attributes:
        name: What it is called in records.
        pattern: A pattern of module paths as in GOPRIVATE.
        versions: A range of versions; "" for all.
        conditions: The conditions; none stands for all.
        until: When it ends; None for never.
    """

    name: str
    pattern: str
    versions: str
    conditions: frozenset[str] = frozenset()
    until: datetime | None = None

    def exempts(self, version: str, condition: str, now: datetime) -> bool:
        """
        Say whether a condition does not matter for a version of a module that the pattern covers.

        Args:
            now: The time.
        """
        return (
            (self.until is None or now < self.until)
            and (not self.conditions or condition in self.conditions)
            and version in _range(self.versions)
        )


class _About(NamedTuple):
    """What of a policy is about one module."""

    denied: list[Rule]
    allowed: list[Rule]
    retracted: list[Rule]
    waivers: list[Waiver]


class Policy:
    """
    The conditions of a policy at one time; the same if their revisions are.

    Attributes:
        revision: Changes whenever the policy does; b"" where there is none.
        name: Its name.
        changed: When it last changed.
        said: Its other columns, by name (see CONDITIONS).
        domain: Its domain's name, if a command has to say it.

    Args:
        revision: See above.
        name: See above.
        changed: See above.
        conditions: See above; and `waivers`, each as the fields of Waiver.
        domain: See above.
    """

    __slots__ = (
        "_about",
        "_allow",
        "_deny",
        "_longer",
        "_modes",
        "_retract",
        "_waivers",
        "_waivers_by_pattern",
        "changed",
        "domain",
        "name",
        "reach",
        "revision",
        "said",
    )

    def __init__(
        self,
        revision: bytes = b"",
        name: str = "",
        changed: datetime = _LONG_AGO,
        conditions: Mapping[str, Any] | None = None,
        domain: str = "",
    ) -> None:
        self.domain = domain
        self.said: Mapping[str, Any] = conditions or {}
        self.revision = revision
        self.name = name
        self.changed = changed
        self._deny = _by_pattern(_rules(self.said.get("deny") or ()))
        self._allow = _by_pattern(_rules(self.said.get("allow") or ()))
        self._retract = _by_pattern(_rules(self.said.get("retract") or ()))
        self._waivers = [_waiver(each) for each in self.said.get("waivers") or ()]
        self._waivers_by_pattern = _by_pattern(self._waivers)
        self._modes = _modes(self.said)
        #: The mode of the condition that goes the furthest.
        self.reach = max(self._modes.values(), default=Mode.OFF)
        self._about: dict[str, _About] = {}
        self._longer: dict[int, Policy] = {}

    def __eq__(self, other: object) -> bool:
        """Compare what they are, by their revisions."""
        return isinstance(other, Policy) and self.revision == other.revision

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self.revision)

    def __bool__(self) -> bool:
        """Whether it may stop anything, or at least count it."""
        return self.reach > Mode.OFF

    def mode(self, condition: str) -> Mode:
        """
        Say how far a condition goes.

        Args:
            condition: Its name.
        """
        return self._modes.get(condition, Mode.OFF)

    def lengthened(self, days: int) -> "Policy":
        """
        Return the same with at least so many days of hold, enforced.

        Args:
            days: How many.
        """
        known = self._longer.get(days)
        if known is None:
            if len(self._longer) >= _MOST_LENGTHENED:
                self._longer.clear()
            known = self._longer[days] = self._lengthened(days)
        return known

    def _lengthened(self, days: int) -> "Policy":
        settled = self.said.get("hold_days", 0) if self.mode("hold") >= Mode.LISTS else 0
        said = {
            **self.said,
            "hold_days": max(days, settled),
            "hold_mode": "enforce",
            "hold_asked": days if days > settled else 0,
        }
        revision = self.revision + f" hold/{days}d".encode()
        return Policy(revision, self.name, self.changed, said, self.domain)

    def stops(self, path: str, version: str) -> list[Stop]:
        """
        Say why the lists of a policy stop a module version; other conditions and waivers are not looked at.

        Args:
            path: The module path.
            version: The canonical version.
        """
        about = self._rules_about(path)
        found = []
        if self.mode("deny"):
            rule = next((rule for rule in about.denied if rule.covers(version)), None)
            if rule is not None:
                found.append(self._denied(path, version, rule))
        allow_mode = self.mode("allow")
        if allow_mode and not any(rule.covers(version) for rule in about.allowed):
            named = f"{path}@{version}"
            line = (
                f'{named} is not served here: it is not on the allow list of the policy "{self.name}" '
                f"of {self.changed.date()}; to ask for it, {self.whom(named)}"
            )
            found.append(Stop("allow", allow_mode, line))
        if self.mode("retract"):
            rule = next((rule for rule in about.retracted if rule.covers(version)), None)
            if rule is not None:
                found.append(self._retracted(path, version, rule))
        return found

    def waiver(self, path: str, version: str, condition: str, now: datetime) -> Waiver | None:
        """
        Return what exempts a module version from a condition; None if nothing does.

        Args:
            path: The module path.
            version: The canonical version.
            now: The time.
        """
        if not self._waivers:
            return None
        found = self._rules_about(path).waivers
        return next((each for each in found if each.exempts(version, condition, now)), None)

    def waived_until(self, now: datetime) -> datetime | None:
        """
        Return when the next waiver ends; None if none does.

        Args:
            now: The time.
        """
        ends = (each.until for each in self._waivers if each.until is not None and each.until > now)
        return min(ends, default=None)

    def _denied(self, path: str, version: str, rule: Rule) -> Stop:
        named = f"{path}@{version}"
        line = (
            f'{named} is denied here by the policy "{self.name}" since {rule.since}: '
            f"{rule.reason}; to ask for it, {self.whom(named)}"
        )
        return Stop("deny", self.mode("deny"), line)

    def _retracted(self, path: str, version: str, rule: Rule) -> Stop:
        line = (
            f'{path}@{version} counts as retracted by the policy "{self.name}" since {rule.since}: {rule.reason}; '
            "request it by its version if it is needed all the same"
        )
        return Stop("retract", self.mode("retract"), line)

    def whom(self, named: str) -> str:
        """
        Say what whoever is stopped can do about it, as the end of a sentence.

        Args:
            named: The module version, as `module@version`.
        """
        where = f" --domain {self.domain}" if self.domain else ""
        return (
            f'run pulp{where} gomod waiver request {named} --policy "{self.name}" --reason "...", or turn to '
            "those who manage the policy"
        )

    def _rules_about(self, path: str) -> _About:
        known = self._about.get(path)
        if known is None:
            known = _About(
                self._deny.of(path),
                self._allow.of(path),
                self._retract.of(path),
                self._waivers_by_pattern.of(path),
            )
            if len(self._about) >= _MOST_PATHS:
                self._about.clear()
            self._about[path] = known
        return known


def _modes(said: Mapping[str, Any]) -> dict[str, Mode]:
    """Read how far each condition goes."""
    found = {
        name.removesuffix("_mode"): Mode.named(value)
        for name, value in said.items()
        if name.endswith("_mode")
    }
    # What says nothing need not be asked.
    for name in _EMPTY_STOPS_NOTHING:
        if not said.get(name):
            found.pop(name.partition("_")[0], None)
    return found


def _waiver(said: Mapping[str, Any]) -> Waiver:
    until = said.get("until")
    return Waiver(
        said["name"],
        said["pattern"],
        said["versions"],
        frozenset(said.get("conditions") or ()),
        datetime.fromisoformat(until) if until else None,
    )


def _rules(entries: Iterable[Mapping[str, str]]) -> list[Rule]:
    return [
        Rule(each["module"], each["versions"], each["reason"], each["since"]) for each in entries
    ]


def _by_pattern(entries: Sequence[T]) -> Patterned[T]:
    return Patterned(entries, lambda entry: entry.pattern)


@lru_cache(maxsize=4096)
def _range(text: str) -> Range:
    try:
        return parse_range(text)
    except GoError:
        # Nobody could have stored it.
        return _NOTHING


NONE: Final = Policy()
"""Of a distribution that has no policy."""
