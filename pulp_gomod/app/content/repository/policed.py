"""
Modules without what the policy of a distribution stops.

A version that is stopped is on no list and never the latest, and no branch leads to it; who asks for it by
name is told why with 403, since the go command would go on to the next GOPROXY, or to the module's own server, after
a 404. Its go.mod is served as ever: Go reads the go.mod files of versions that it does not build.

What is the latest is decided with the retractions of the newest version of all, be it stopped: an author who
retracts a bad release says so in a newer one, which may be stopped itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.content.repository import noted
from pulp_gomod.app.content.repository.choosing import Choice
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.judge import Judge, Judged, Question
from pulp_gomod.app.content.repository.modules import Found, Modules, Nothing
from pulp_gomod.app.content.repository.noted import Note
from pulp_gomod.app.content.repository.stored import list_of
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.models.stopping import Mode
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.retracted import is_retracted


class PolicedModules:
    """
    What others have, without what a policy stops.

    Attributes:
        until: When what was answered may be otherwise although nobody has changed anything; None for never.
        notes: What the policy did, for the record.

    Args:
        modules: What is served without the policy.
        target: The distribution, which has a policy.
        judge: Says what that stops.
        choice: Chooses among all versions that are known.
        may_fetch: Whether an upstream may be asked.
    """

    def __init__(
        self,
        modules: Modules,
        target: ServedDistribution,
        judge: Judge,
        choice: Choice,
        may_fetch: bool = True,
    ) -> None:
        self._modules = modules
        self._target = target
        self._policy = target.policy
        self._judge = judge
        self._choice = choice
        self._may_fetch = may_fetch
        self.mod = modules.mod
        self.until: datetime | None = None
        self.notes: list[Note] = []

    async def versions(self, path: str) -> Representation | Nothing:
        """As Modules.versions; empty, and not unknown, if all are stopped."""
        await self._prepare(path)
        found = await self._modules.versions(path)
        if not isinstance(found, Representation):
            return found
        listed = (found.body or b"").decode().split()
        judged = await self._judged(path, listed)
        # A policy is obeyed, or not any more, at times that neither it nor the repository knows: ETags decide.
        modified = datetime.now(UTC)
        left_out = self._note(path, judged, "list", Mode.LISTS)
        if not left_out:
            return replace(found, modified=modified)
        kept = [version for version in listed if version not in left_out]
        kept = await self._unretracted(path, kept, left_out)
        made = await list_of(kept, modified)
        return replace(made, is_settled=found.is_settled)

    async def latest(self, path: str) -> Representation | Nothing:
        """As Modules.latest, chosen among what is not stopped."""
        await self._prepare(path)
        found: Representation | Nothing = None
        if self._choice.asking(path) is None:
            # What is the latest follows from what has been looked up.
            newest = await self._modules.latest_version(path)
        else:
            found = await self._modules.latest(path)
            newest = _version_of(found) if isinstance(found, Representation) else found
        if not isinstance(newest, str):
            return newest
        modified = datetime.now(UTC)
        version = await self._instead(path, newest)
        if version is None:
            found = found or await self._modules.latest(path)
            return replace(found, modified=modified) if isinstance(found, Representation) else found
        if isinstance(version, Stopped):
            return version
        chosen = await self._modules.info(path, version)
        if not isinstance(chosen, Representation):
            return chosen
        is_settled = found.is_settled if isinstance(found, Representation) else chosen.is_settled
        return replace(chosen, modified=modified, immutable=False, is_settled=is_settled)

    async def latest_version(self, path: str) -> str | Nothing:
        """As Modules.latest_version."""
        await self._prepare(path)
        found = await self._modules.latest_version(path)
        if not isinstance(found, str):
            return found
        version = await self._instead(path, found)
        return found if version is None else version

    async def info(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.info."""
        if module.canonical_version(version) == version:
            stop = await self._stopped(path, version, "info", Mode.ENFORCE)
            return stop or await self._modules.info(path, version)
        found = await self._modules.info(path, version)
        if not isinstance(found, Representation):
            return found
        # What is asked for is what a branch means at the moment, as if it were on a list.
        return await self._stopped(path, _version_of(found), "query", Mode.LISTS) or found

    async def zip(self, path: str, version: str) -> Found | Nothing:
        """As Modules.zip."""
        if module.canonical_version(version) != version and self._policy.reach is Mode.ENFORCE:
            return Stopped(
                f'{path}@{version} is not the full version of a module, and the policy "{self._policy.name}" '
                "lets nothing else be downloaded here"
            )
        judged = await self._judged(path, [version])
        if self._note(path, judged, "zip", Mode.ENFORCE):
            return Stopped(judged.stops[version][0].line)
        found = await self._modules.zip(path, version)
        if not isinstance(found, StoredZip | Representation):
            return found
        question = Question(self._target, path, [version], zip=found)
        judged = await self._judge.ask_of_zip(question, judged)
        self._hold_until(judged)
        if self._note(path, judged, "zip", Mode.ENFORCE):
            return Stopped(judged.stops[version][0].line)
        return found

    async def _prepare(self, path: str) -> None:
        """Look up at once what is known of a module, and what has to be known of it if something is left out."""
        if self._policy.reach >= Mode.LISTS:
            question = Question(self._target, path, [], may_fetch=self._may_fetch)
            await self._judge.prepare(question, self._choice.needs(path))

    async def _instead(self, path: str, version: str) -> str | Stopped | None:
        """Return what is the latest instead of a version that is stopped; None if it is not."""
        judged = await self._judged(path, [version])
        if version not in self._note(path, judged, "latest", Mode.LISTS):
            return None
        listed = await self._modules.versions(path)
        body = (listed.body or b"") if isinstance(listed, Representation) else b""
        names = [
            *body.decode().split(),
            *(each.version for each in await self._choice.local.candidates(path)),
        ]
        stopped = {
            name
            for name, found in (await self._judged(path, names)).stops.items()
            if found[0].mode >= Mode.LISTS
        }
        stopped.add(version)
        chosen = await self._choice.latest(path, lambda name: name not in stopped)
        return Stopped(judged.stops[version][0].line) if chosen is None else chosen

    async def _unretracted(self, path: str, kept: list[str], left_out: set[str]) -> list[str]:
        """
        Leave out of a list what a version retracts that is left out itself.

        The go command chooses the latest from the list, and reads what is retracted from the newest version on it.
        """
        try:
            newest, retracted = await self._choice.newest(path)
        except UpstreamFault:
            return kept
        if newest not in left_out or not retracted:
            return kept

        def unretracted() -> list[str]:
            return [version for version in kept if not is_retracted(retracted, version)]

        # If all are retracted, the go command takes one of these all the same.
        return await compute(len(kept), unretracted) or kept

    async def _stopped(self, path: str, version: str, file: str, mode: Mode) -> Stopped | None:
        judged = await self._judged(path, [version])
        if not self._note(path, judged, file, mode):
            return None
        return Stopped(judged.stops[version][0].line)

    async def _judged(self, path: str, versions: Sequence[str]) -> Judged:
        """Ask the policy about versions."""
        question = Question(self._target, path, versions, may_fetch=self._may_fetch)
        judged = await self._judge.ask(question)
        self._hold_until(judged)
        return judged

    def _hold_until(self, judged: Judged) -> None:
        ends = (self.until, judged.until)
        self.until = min((end for end in ends if end is not None), default=None)

    def _note(self, path: str, judged: Judged, file: str, mode: Mode) -> set[str]:
        """Note what the conditions do that have a say in a request; return what they stop here."""
        self.notes += noted.stopped(path, judged.stops, file, mode)
        self.notes += noted.passed(path, judged, file)
        return {version for version, found in judged.stops.items() if found[0].mode >= mode}


def _version_of(found: Representation) -> str:
    info = parse_info(found.body or b"")
    # Without a name it is no version that anything could allow.
    return info.version if info else ""
