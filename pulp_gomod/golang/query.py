"""
What is meant by a version query, as in `go get example.com/m@v1.2`: one version of a module.

Source of the rule: cmd/go/internal/modload/query.go (newQueryMatcher, filterVersions, queryProxy).
Which versions there are, and what a branch is, an upstream says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from . import module, semver
from .errors import GoError
from .latest import Version, compatible, latest, retracted_by_newest
from .quote import quote
from .ranges import holds
from .retracted import is_retracted

__all__ = ["LATEST", "Kind", "Query", "choose", "parse_query"]

V = TypeVar("V", bound=Version)

LATEST = "latest"

# The longer operators first: `<=` begins with `<`.
_OPERATORS = ("<=", ">=", "<", ">")


class Kind(Enum):
    """How a query is answered."""

    VERSION = "the version itself"
    LATEST = "the latest of all"
    PREFIX = "the highest that begins like it"
    COMPARISON = "the one that is closest to it"
    REVISION = "what the upstream says: a branch, a tag, a commit"


@dataclass(frozen=True, slots=True)
class Query:
    """
    A version query for one module.

    Attributes:
        text: As it was asked for.
        kind: How it is answered.
        operator: Of a comparison.
        version: What versions are compared with: a version, or the beginning of one.
        prefers_incompatible: Whether +incompatible versions count like all others.
    """

    text: str
    kind: Kind
    operator: str = ""
    version: str = ""
    prefers_incompatible: bool = False

    def matches(self, version: str) -> bool:
        """Say whether a version fulfils a prefix or a comparison."""
        if self.operator:
            return holds(version, self.operator, self.version)
        # v1.2 does not mean what comes before v1.2.0.
        return version.startswith(f"{self.version}.") and semver.compare(version, self.version) >= 0


def parse_query(path: str, text: str) -> Query:
    """
    Read a version query: what may follow the @ in `go get path@text`.

    Args:
        path: The module path.

    Raises:
        GoError: It means nothing, or nothing without a version that is used already.
    """
    operator = next((each for each in _OPERATORS if text.startswith(each)), "")
    if operator:
        return _comparison(path, text, operator)
    match text:
        case "":
            raise GoError(f"{quote(path)}: a version is missing behind the @")
        case "latest" | "upgrade":
            # To upgrade what is not used yet is to take the latest.
            return Query(text, Kind.LATEST)
        case "patch":
            raise GoError(
                f"{path}@patch depends on the version that is used; write its minor version, such as @v1.2"
            )
        case "none":
            raise GoError(f"{path}@none is no version: go get removes a requirement with it")
    if semver.is_valid(text):
        if _is_prefix(text):
            return Query(text, Kind.PREFIX, "", text, not _is_of(path, text))
        if module.canonical_version(text) == text and _is_of(path, text):
            return Query(text, Kind.VERSION, "", text)
    try:
        module.escape_version(text)
    except GoError as error:
        raise GoError(f"{path}@{text[:200]}: no proxy can be asked for it: {error}") from error
    return Query(text, Kind.REVISION)


def choose(query: Query, candidates: Sequence[V]) -> V | None:
    """
    Choose the version that the go command would choose; None if it would choose none.

    Args:
        query: A query for the latest, a prefix or a comparison.
        candidates: All versions of the module, in semver order.

    Raises:
        UnreadGoModError: It depends on a go.mod that has not been read yet.
    """
    if query.kind is Kind.LATEST:
        return latest(candidates)
    if not any(query.matches(each.version) for each in candidates):
        return None
    retracted = retracted_by_newest(candidates)

    def usable(candidate: V) -> bool:
        version = candidate.version
        return query.matches(version) and not is_retracted(retracted, version)

    found = list(compatible(candidates, usable, query.prefers_incompatible))
    releases = [each for each in found if not semver.prerelease(each.version)]
    ordered = releases or found
    if not ordered:
        return None
    return ordered[0] if query.operator.startswith(">") else ordered[-1]


def _comparison(path: str, text: str, operator: str) -> Query:
    version = text.removeprefix(operator)
    if not semver.is_valid(version):
        raise GoError(f"invalid semantic version {quote(version)} in range {quote(text)}")
    if _is_prefix(version) and operator in (">", "<="):
        # Whether it has v1.2.3 nobody can say: @v1.2 might mean just that.
        raise GoError(f"ambiguous semantic version {quote(version)} in range {quote(text)}")
    return Query(text, Kind.COMPARISON, operator, version, not _is_of(path, version))


def _is_prefix(version: str) -> bool:
    return version.count(".") < 2 and semver.canonical(version) != version


def _is_of(path: str, version: str) -> bool:
    try:
        path_major = module.split_path_version(path).path_major
        module.check_path_major(version, path_major)
    except GoError:
        return False
    return True
