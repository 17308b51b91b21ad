"""Who downloads which module versions: noted in memory, written now and then, so that it costs no request."""

from collections.abc import Sequence

from aiohttp import hdrs, web
from django.conf import settings
from django.utils import timezone

from pulp_gomod.app.auth.callers import Caller
from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.content.http import identity
from pulp_gomod.app.content.http.responses import CALLER
from pulp_gomod.app.content.noting import Noted
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.models.consumer import Consumed, record, trim
from pulp_gomod.app.models.distribution import GoDistribution
from pulp_gomod.app.remote.threads import Threads

# Seconds between two writes.
EVERY = 10.0
# Seconds for which the same is not written again.
AGAIN = 600.0
# What is remembered; further ones are not noted until these are written and forgotten.
MOST = 50_000

_OFF, _ALL = GoDistribution.Consumers.OFF, GoDistribution.Consumers.ALL


class Consumers(Noted[Consumed]):
    """
    The downloads that have not been written yet, and what was written lately.

    Args:
        threads: For writing.
    """

    words = "downloads"

    def __init__(self, threads: Threads) -> None:
        super().__init__(threads, MOST)
        # What was written since the last look at how many rows there are.
        self._written = 0
        self._is_on = days() > 0

    def wants(self, target: ServedDistribution) -> bool:
        """
        Say whether it is noted who downloads from a distribution.

        Args:
            target: The distribution.
        """
        return self._is_on and target.consumers != _OFF

    def note(
        self,
        target: ServedDistribution,
        path: str,
        version: str,
        caller: Caller | None,
        address: str | None,
    ) -> None:
        """
        Note that somebody downloads a module version.

        Args:
            target: The distribution.
            path: The module path.
            caller: Who asks, if a guard knows; None for a public distribution.
            address: The client's address, if anybody says which it is.
        """
        user_name, token = _names(caller) if caller is not None else ("", "")
        kept = (address or "") if target.consumers == _ALL else ""
        key = Consumed(target.distribution, path, version, user_name, token, kept)
        if user_name or kept:
            self._tally.note(key)

    def note_request(
        self, request: web.Request, target: ServedDistribution, path: str, version: str
    ) -> None:
        """
        Note that a request downloads a module version.

        Args:
            request: The request, which the distribution's guard has let pass.
            target: The distribution.
            path: The module path.
        """
        if request.method == hdrs.METH_GET and self.wants(target):
            address = identity.client_address(request)
            self.note(target, path, version, request.get(CALLER), address)

    def every(self) -> float:
        """As of Noted."""
        return EVERY

    def again(self) -> float:
        """As of Noted."""
        return AGAIN

    async def write(self, seen: Sequence[tuple[Consumed, int]], is_last: bool) -> bool:
        """As of Noted."""
        self._written += len(seen)
        return await self.attempt(record, seen, timezone.now())

    def wants_trimming(self) -> bool:
        """As of Noted: a flood is not to fill the table within the hour."""
        return self._written > int(settings.GOMOD_CONSUMER_ROWS) // 10

    async def trim(self) -> None:
        """As of Noted."""
        self._written = 0
        await self.attempt(trim, days(), int(settings.GOMOD_CONSUMER_ROWS))


def days() -> int:
    """Return for how many days it is kept who downloaded what; 0 if it is not recorded at all."""
    return max(0, int(settings.GOMOD_CONSUMER_DAYS))


def _names(caller: Caller) -> tuple[str, str]:
    """Return the names of a user and of the token that stands for it, as far as there are such."""
    return name_of(caller), str(getattr(caller.auth, "name", ""))
