"""Asking an upstream about a module of which the repository blocks versions: as if it did not have these."""

from dataclasses import replace

from pulp_gomod.app.content.repository.blocked import About
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.remote.asking import Asking
from pulp_gomod.app.remote.cache.entries import CacheEntry, File
from pulp_gomod.app.remote.http.results import Missing
from pulp_gomod.app.remote.listed_latest import newest_listed
from pulp_gomod.app.remote.registry import RemoteClient


class UnblockedAsking(Asking):
    """
    Asks what Asking asks, and passes on what is not blocked.

    Args:
        through: As of Asking.
        path: As of Asking.
        version: As of Asking.
        held_only: As of Asking.
        own: As of Asking.
        about: The blocks that are about the module.
    """

    def __init__(
        self,
        through: RemoteClient,
        path: str,
        version: str,
        held_only: bool,
        own: OwnPaths,
        about: About,
    ) -> None:
        super().__init__(through, path, version, held_only, own)
        self._about = about

    async def ask(self, file: File, version: str = "") -> CacheEntry | Missing:
        """As Asking.ask."""
        if file == "latest":
            return await self._latest()
        answer = await super().ask(file, version)
        if isinstance(answer, Missing):
            return answer
        if file == "list":
            return await self._shortened(answer)
        stop = self._about.stop_info(answer.body) if file == "info" else None
        return Missing(403, f"forbidden: {stop.line}") if stop else answer

    async def if_available(self, file: File, version: str = "") -> CacheEntry | None:
        """As Asking.if_available."""
        answer = await super().if_available(file, version)
        if answer is None or not answer.found:
            return answer
        if file == "list":
            return await self._shortened(answer)
        if file in ("info", "latest") and self._about.stop_info(answer.body):
            return None
        return answer

    async def _latest(self) -> CacheEntry | Missing:
        """Choose among what is left, as the go command would from the list that it is given."""
        answer = await super().ask("latest")
        is_known = not isinstance(answer, Missing)
        if not isinstance(answer, Missing) and not self._about.stop_info(answer.body):
            return answer
        listed = await super().ask("list")
        if not isinstance(listed, Missing):
            is_known = is_known or bool(listed.body)
            chosen = await newest_listed(self, await self._shortened(listed))
            if chosen is not None:
                return await self.ask("info", chosen)
        return Missing(403, f"forbidden: {self._about.stop_all.line}") if is_known else answer

    async def _shortened(self, listed: CacheEntry) -> CacheEntry:
        return replace(
            listed, body=await self.compute(len(listed.body), lambda: self._kept(listed.body))
        )

    def _kept(self, body: bytes) -> bytes:
        lines = body.decode().splitlines()
        kept = [line for line in lines if self._about.stop(line.partition(" ")[0]) is None]
        return "".join(f"{line}\n" for line in kept).encode()
