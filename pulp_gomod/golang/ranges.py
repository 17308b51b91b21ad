"""Ranges of versions: one version, or comparisons that all have to hold."""

from dataclasses import dataclass

from . import semver
from .errors import GoError
from .quote import quote

MAX_COMPARISONS = 4

# The longer operators first: `<=` begins with `<`.
_OPERATORS = ("<=", ">=", "<", ">")


class RangeError(GoError):
    """A text that is no range of versions."""


@dataclass(frozen=True, slots=True)
class Range:
    """
    Versions that fulfil all comparisons; without any, all versions.

    Attributes:
        comparisons: Pairs of an operator, "=" among them, and a version.
    """

    comparisons: tuple[tuple[str, str], ...]

    def __contains__(self, version: str) -> bool:
        """Say whether a version is in the range, in Go's order of versions."""
        return all(holds(version, *comparison) for comparison in self.comparisons)

    def __str__(self) -> str:
        """Write it as `parse_range` reads it."""
        return " ".join(
            f"{operator.lstrip('=')}{version}" for operator, version in self.comparisons
        )


def parse_range(text: str) -> Range:
    """
    Read a range such as `v1.9.1`, `<v1.9.2` or `>=v1.2.0 <v1.9.2`; "" is all versions.

    Args:
        text: Comparisons, separated by spaces or commas.

    Raises:
        RangeError: It is none.
    """
    words = text.replace(",", " ").split()
    if len(words) > MAX_COMPARISONS:
        raise RangeError(f"a range of versions has {MAX_COMPARISONS} comparisons at most")
    comparisons = tuple(_comparison(word) for word in words)
    if len(comparisons) > 1 and any(operator == "=" for operator, _ in comparisons):
        raise RangeError(
            f"{quote(text)} combines a version with something else; a range is one version, or "
            "comparisons such as >=v1.2.0 <v1.9.2"
        )
    return Range(comparisons)


def _comparison(word: str) -> tuple[str, str]:
    operator = next((each for each in _OPERATORS if word.startswith(each)), "=")
    version = word.removeprefix(operator)
    if not semver.is_valid(version):
        raise RangeError(
            f"{quote(word)} is neither a version such as v1.9.1 nor a comparison such as <v1.9.2"
        )
    canonical = semver.canonical(version)
    if canonical == version.partition("+")[0]:
        return operator, version
    if operator in ("<", ">="):
        return operator, canonical
    # Whether v1.2.3 is beyond v1.2 nobody can say: v1.2 may mean just that.
    raise RangeError(f"{quote(version)} is not a full version such as v1.9.1")


def holds(version: str, operator: str, other: str) -> bool:
    """Say whether a version is on the side of another one that an operator names."""
    order = semver.compare(version, other)
    match operator:
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case ">=":
            return order >= 0
    return order == 0
