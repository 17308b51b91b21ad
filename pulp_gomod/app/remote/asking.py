"""What one request may ask of an upstream, and what that says."""

from collections.abc import Callable
from typing import TypeVar

from pulp_gomod.app.models import ownership
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.cache.entries import CacheEntry, File
from pulp_gomod.app.remote.go_mods import GoMods
from pulp_gomod.app.remote.http.results import Missing
from pulp_gomod.app.remote.registry import RemoteClient

T = TypeVar("T")


class Asking:
    """
    Asks an upstream about one module, for one request: what is said of the module as a whole is asked once.

    Attributes:
        path: The module path.
        refusal: Why the upstream is not asked about the module, or None.
        is_own: Whether that is because its name is the repository's own.
        held_only: Whether the client wants nothing to be fetched.

    Args:
        through: The remote.
        path: The module path.
        version: The version that is asked for, or another name for one; "" for none.
        held_only: Whether the client wants nothing to be fetched.
        own: The own paths of the repository that is served.
    """

    def __init__(
        self,
        through: RemoteClient,
        path: str,
        version: str,
        held_only: bool,
        own: OwnPaths = ownership.NONE,
    ) -> None:
        self._through = through
        self.path = path
        self.held_only = held_only
        settings = through.upstream.settings
        self.refusal = policy.refusal(settings, path, version, own)
        self.is_own = self.refusal is not None and policy.is_own(settings, path, own)
        self._said: dict[File, CacheEntry] = {}

    async def ask(self, file: File, version: str = "") -> CacheEntry | Missing:
        """
        Ask for what is not held.

        Args:
            version: The version, or another name for one; "" where the file is of none.

        Raises:
            UpstreamFault: The upstream failed, and nothing is known.
        """
        if self.refusal is not None:
            return Missing(404)
        modules = self._through.modules
        if self.held_only:
            known = await modules.known(file, self.path, version)
            return known if known is not None and known.found else Missing(404)
        said = None if version else self._said.get(file)
        answer = said or await modules.get(file, self.path, version)
        self._note(file, version, answer)
        return answer if answer.found else answer.missing

    async def if_available(self, file: File, version: str = "") -> CacheEntry | None:
        """
        Ask for what is to be added to what is held, but do not wait for long.

        Args:
            version: As of `ask`.
        """
        if self.refusal is not None:
            return None
        modules = self._through.modules
        if self.held_only:
            return await modules.known(file, self.path, version)
        said = None if version else self._said.get(file)
        if said is None:
            said = await modules.if_available(file, self.path, version)
            self._note(file, version, said)
        return said

    async def ahead(self, file: File, version: str) -> CacheEntry | None:
        """
        Ask for what nobody has asked for yet; None if nothing may be fetched.

        Raises:
            UpstreamFault: The upstream failed.
        """
        if self.refusal is not None or self.held_only:
            return None
        return await self._through.modules.ahead(file, self.path, version)

    def _note(self, file: File, version: str, said: CacheEntry | None) -> None:
        if not version and said is not None and said.found:
            self._said[file] = said

    async def compute(self, size: int, call: Callable[[], T]) -> T:
        """
        Compute over a list, beside all else if it is long.

        Args:
            size: Bytes of the list.
            call: The computation.
        """
        return await self._through.upstream.threads.compute(size, call)

    @property
    def go_mods(self) -> GoMods:
        """Reads go.mod files."""
        return self._through.upstream.threads.go_mods
