"""The modules of a repository version, each thing asked of the database once."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pulp_gomod.app.goproxy.answers import Answers
from pulp_gomod.app.goproxy.latest import Candidate
from pulp_gomod.app.goproxy.modules import Modules, StoredZip
from pulp_gomod.app.goproxy.responses import Representation

T = TypeVar("T")

# Bytes that a version in a list takes, roughly.
_PER_VERSION = 256


class RememberedModules:
    """Answers what Modules answers, and remembers it; what is not there is remembered, too."""

    def __init__(self, modules: Modules, answers: Answers) -> None:
        """
        Args:
            modules: The modules of one repository version.
            answers: What the process has answered before.
        """
        self._modules = modules
        self._answers = answers

    async def versions(self, path: str) -> Representation | None:
        """As Modules.versions."""
        return await self._remember("list", path, "", lambda: self._modules.versions(path))

    async def tagged(self, path: str) -> list[str] | None:
        """As Modules.tagged."""
        return await self._remember("tagged", path, "", lambda: self._modules.tagged(path))

    async def candidates(self, path: str) -> list[Candidate]:
        """As Modules.candidates."""
        return await self._remember("candidates", path, "", lambda: self._modules.candidates(path))

    async def latest(self, path: str) -> Representation | None:
        """As Modules.latest."""
        return await self._remember("latest", path, "", lambda: self._modules.latest(path))

    async def latest_version(self, path: str) -> str | None:
        """As Modules.latest_version."""
        return await self._remember(
            "latest version", path, "", lambda: self._modules.latest_version(path)
        )

    async def info(self, path: str, version: str) -> Representation | None:
        """As Modules.info."""
        return await self._remember(
            "info", path, version, lambda: self._modules.info(path, version)
        )

    async def mod(self, path: str, version: str) -> Representation | None:
        """As Modules.mod."""
        return await self._remember("mod", path, version, lambda: self._modules.mod(path, version))

    async def zip(self, path: str, version: str) -> StoredZip | None:
        """As Modules.zip."""
        return await self._remember("zip", path, version, lambda: self._modules.zip(path, version))

    async def _remember(
        self, what: str, path: str, version: str, make: Callable[[], Awaitable[T]]
    ) -> T:
        served = self._modules.served
        key = (served.repository, served.number, what, path, version)
        return await self._answers.get(key, make, _size)


def _size(answer: object) -> int:
    if isinstance(answer, list):
        return len(answer) * _PER_VERSION
    return len(answer.body or b"") if isinstance(answer, Representation) else 0
