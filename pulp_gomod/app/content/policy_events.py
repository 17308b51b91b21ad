"""What policies stop and let pass: counted in memory, written now and then, so that it costs no request."""

from collections.abc import Sequence

from django.utils import timezone

from pulp_gomod.app.content.noting import Noted
from pulp_gomod.app.content.repository import policy_metrics as metrics
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.noted import Note
from pulp_gomod.app.models.event import LONGEST_MODULE, LONGEST_TEXT, Event, days, record, trim
from pulp_gomod.app.models.telling import tell_soon
from pulp_gomod.app.remote.threads import Threads

# Seconds between two writes, and those for which the same is not written again.
EVERY = 10.0
AGAIN = 60.0
# Different events that are remembered until they are written.
MOST = 20_000


class PolicyEvents(Noted[Event]):
    """
    What happened and has not been written yet.

    Args:
        threads: For writing.
    """

    words = "events of policies"

    def __init__(self, threads: Threads) -> None:
        super().__init__(threads, MOST)
        self._is_on = days() > 0

    def note(self, target: ServedDistribution, notes: Sequence[Note]) -> None:
        """
        Note what became of a request.

        Args:
            target: The distribution.
            notes: What happened.
        """
        for each in notes:
            metrics.count(target.policy, each)
            if self._is_on:
                self._tally.note(_event(target, each))

    def every(self) -> float:
        """As of Noted."""
        return EVERY

    def again(self) -> float:
        """As of Noted."""
        return AGAIN

    async def write(self, seen: Sequence[tuple[Event, int]], is_last: bool) -> bool:
        """As of Noted; webhooks are told soon afterwards."""
        if not await self.attempt(record, seen, timezone.now()):
            return False
        if not is_last:
            await self.attempt(tell_soon)
        return True

    async def trim(self) -> None:
        """As of Noted."""
        await self.attempt(trim)


def _event(target: ServedDistribution, note: Note) -> Event:
    # No longer than rows have them: names are as long as whoever asks for them likes.
    return Event(
        note.kind,
        target.domain,
        target.policy.name if note.condition != "own" else "",
        target.distribution,
        note.condition,
        note.module[:LONGEST_MODULE],
        note.version[:LONGEST_MODULE],
        note.detail[:LONGEST_TEXT],
    )
