"""
Whether a zip and what else the upstream says of the module version belong together.

Where a checksum database vouches for both, that is settled. Otherwise the `.info` and the `.mod` may have
been fetched long before the zip, and the version published again in between. So what was kept is asked
for once more, and the files are kept together, or none of them is (see `generations`).
"""

import logging
from dataclasses import dataclass, field, replace

from pulp_gomod.app.db.executors import compute_bytes
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey, File
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.app.remote.http.results import NotProven, UpstreamFault
from pulp_gomod.app.remote.modules import UpstreamModules
from pulp_gomod.golang import dirhash
from pulp_gomod.golang.modfile.dependents import lines_for_dependents
from pulp_gomod.golang.zip import Upload

log = logging.getLogger(__name__)

Small = list[tuple[CacheKey, CacheEntry]]


@dataclass(frozen=True, slots=True)
class Agreed:
    """
    What came of comparing the files of a module version.

    Attributes:
        flaw: Why the zip cannot be kept, "" if it can.
        info: The `.info` that belongs to it, or b"".
        small: Both other files, to be kept together with it.
        go_mod_h1: The checksum of the go.mod that clients get beside it, or "" if that is not known.
    """

    flaw: str
    info: bytes = b""
    small: Small = field(default_factory=list)
    go_mod_h1: str = ""


class Others:
    """
    The `.info` and the `.mod` of a module version whose zip is being fetched.

    Args:
        modules: Asks for them.
        path: The module path.
    """

    def __init__(self, modules: UpstreamModules, path: str, version: str) -> None:
        self._modules = modules
        self._path = path
        self._version = version

    async def go_mod(self) -> CacheEntry | None:
        """Return the `.mod` as it is known, or None if it cannot be had."""
        return await self._about("mod")

    async def info(self, *, again: bool = False) -> CacheEntry | None:
        """
        Return the `.info`, or None if it cannot be had.

        Args:
            again: Whether to ask for it although it is known: no zip contradicts an old one.
        """
        known = await self._modules.known("info", self._path, self._version) if again else None
        if known is None or not known.found:
            return await self._about("info")
        try:
            now = await self._modules.now("info", self._path, self._version)
        except UpstreamFault:
            return known
        return now if now.found else known

    async def agree(
        self, upload: Upload, info: CacheEntry | None, go_mod: CacheEntry | None
    ) -> Agreed:
        """
        Say whether a zip belongs to what else the upstream says.

        Args:
            upload: What the zip holds.
            info: The `.info` that was fetched beside it.
            go_mod: The `.mod` that is known.

        Raises:
            NotProven: The upstream says one go.mod, and has another one in the zip.
            UpstreamFault: It cannot be asked again.
        """
        again: list[File] = []
        if go_mod is not None and go_mod.found and go_mod.body != upload.go_mod:
            now = await self._modules.now("mod", self._path, self._version)
            if now.found and upload.has_go_mod and await _contradict(now.body, upload.go_mod):
                raise await self._contradiction(now.body, upload)
            if now.found and now.body != go_mod.body:
                log.warning(
                    "%s@%s was published again upstream: its go.mod has changed.",
                    self._path,
                    self._version,
                )
                again = ["info", "mod"]
            go_mod = now
        if go_mod is None or not go_mod.found or go_mod.body != upload.go_mod:
            flaw = await self._flawed("its go.mod is not the upstream's .mod", again)
            said = go_mod.body if go_mod is not None and go_mod.found else None
            # The zip has none, or one that says the same to others: Go takes the `.mod`.
            return flaw if said is None else replace(flaw, go_mod_h1=await _hash(said))
        about = parse_info(info.body) if info is not None and info.found else None
        if info is None or about is None or about.version != self._version:
            flaw = await self._flawed("the upstream's .info cannot be used", again)
            return replace(flaw, go_mod_h1=upload.go_mod_h1)
        small = [self._named("info", info), self._named("mod", go_mod)]
        return Agreed("", info.body, small, upload.go_mod_h1)

    async def _flawed(self, flaw: str, again: list[File]) -> Agreed:
        """Let clients have the small files of the generation that the zip is of, which is not kept."""
        for file in again:
            await self._modules.renewed(file, self._path, self._version)
        return Agreed(flaw)

    async def _contradiction(self, said: bytes, upload: Upload) -> NotProven:
        h1 = await _hash(said)
        return NotProven(
            f"{self._path}@{self._version}: checksum mismatch: the upstream's .mod is {h1}, and the "
            f"go.mod in its zip is {upload.go_mod_h1}: the upstream contradicts itself"
        )

    async def _about(self, file: File) -> CacheEntry | None:
        try:
            return await self._modules.get(file, self._path, self._version)
        except UpstreamFault as fault:
            log.info("No %s of %s@%s: %s", file, self._path, self._version, fault.line)
            return None

    def _named(self, file: File, answer: CacheEntry) -> tuple[CacheKey, CacheEntry]:
        question = self._modules.question(file, self._path, self._version)
        return question, replace(answer, pk=None)


async def _contradict(said: bytes, packed: bytes) -> bool:
    """Say whether a `.mod` and the go.mod in a zip are not the same to those who require the module."""
    if said == packed:
        return False
    one, other = [await compute_bytes(each, lines_for_dependents) for each in (said, packed)]
    return one != other


async def _hash(go_mod: bytes) -> str:
    return await compute_bytes(go_mod, dirhash.hash_go_mod)
