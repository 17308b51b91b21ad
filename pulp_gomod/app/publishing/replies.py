"""What a client is told about the end of a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulp_gomod.app.models import GoChange
from pulp_gomod.app.publishing.published import Published
from pulp_gomod.golang.quote import printable

RETRY_AFTER = "5"
# The header of the answer to a removal that says that no remote brings it back, and what would.
KEPT_AWAY = "Gomod-Kept-Away"

# The header of the answer to a publish that says what is not served any more since then.
NOTE = "Gomod-Note"

# Characters of a module path that a note quotes: a go.mod may have one as long as a file.
_LONGEST_PATH = 200

State = GoChange.State


@dataclass(frozen=True)
class Reply:
    """
    An HTTP answer.

    Attributes:
        status: The status.
        line: For people, "" for none.
        headers: More headers.
        published: What is there now, for a publish that was done.
    """

    status: int
    line: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    published: Published | None = None


DELETED = Reply(404, "not found: the repository was deleted")
UNCHANGED = Reply(
    503,
    "the database is not responding; nothing was changed, try again",
    {"Retry-After": RETRY_AFTER},
)
UNSTORED = Reply(
    503,
    "unavailable: this server's file storage is not responding; nothing was changed, try again",
    {"Retry-After": RETRY_AFTER},
)
BROKEN_DISK = Reply(
    503,
    "unavailable: the server cannot write to its disk; nothing was changed, try again",
    {"Retry-After": RETRY_AFTER},
)
UNKNOWN = Reply(
    503,
    "the database is not responding, so it is not known whether this was done; try again: if it "
    "was, the answer is a conflict",
    {"Retry-After": RETRY_AFTER},
)


def answer_to(change: GoChange) -> Reply:
    """
    Say what became of a change.

    Args:
        change: The change, settled or withdrawn.
    """
    match change.state:
        case State.DONE:
            return _done(change)
        case State.CONFLICT:
            return already_held(change)
        case State.MISSING:
            return not_held(change)
        case State.REFUSED:
            return Reply(403, f"forbidden: {change.detail}")
        case State.FAILED:
            return Reply(500, f"the server failed; nothing was changed: {change.detail}")
    return Reply(
        503,
        f"the repository {change.repository.name} is busy with another task; nothing was changed, "
        "try again later",
        {"Retry-After": RETRY_AFTER},
    )


def _done(change: GoChange) -> Reply:
    if change.kind == GoChange.Kind.REMOVE:
        return Reply(204, headers={KEPT_AWAY: change.detail} if change.detail else {})
    replacement = _as_replacement(change)
    note = "; ".join(filter(None, (replacement, change.detail)))
    published = Published(
        change.module, change.version, change.facts.get("h1", ""), note, bool(replacement)
    )
    headers = {NOTE: note.encode("ascii", "replace").decode()} if note else {}
    return Reply(201, headers=headers, published=published)


def _as_replacement(change: GoChange) -> str:
    """Say that go refuses what was published where no replace directive names it; "" for any other module."""
    declared = change.facts.get("module_line", "")
    if not declared or declared == change.module:
        return ""
    return (
        f"its go.mod declares another path, {printable(declared[:_LONGEST_PATH])}, so go accepts it only by a "
        "replace directive; if that is not intended, correct the module line and publish a new version"
    )


def already_held(change: GoChange) -> Reply:
    """
    Say that a module version cannot be published again.

    Args:
        change: The publish.
    """
    if change.detail:
        return Reply(409, f"conflict: {change.detail}")
    return Reply(
        409,
        f"conflict: {change.module}@{change.version} already exists; publish a new version, or "
        "delete this one first",
    )


def not_held(change: GoChange) -> Reply:
    """
    Say that there is nothing to remove.

    Args:
        change: The removal.
    """
    return Reply(404, f"not found: {change.module}@{change.version} is not in this repository")
