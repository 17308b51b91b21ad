"""
What a GOPROXY can be asked, as values: no HTTP.

Each behaviour of serving is a class that has these methods, and most wrap another one: what a repository version
holds (`stored`), without what is blocked (`blocked`), each answer looked up once (`cached`), with what an
upstream has (`merged`), while that cannot be reached (`offline`), with what will be asked for next on its way (`ahead`),
and without what a policy stops (`policed`). `content.stack` says which are stacked for a distribution.
"""

from dataclasses import dataclass
from typing import Protocol

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest


@dataclass(frozen=True, slots=True)
class NotFound:
    """
    What is not there, where more is to be said than that.

    Attributes:
        line: One line for people, without "not found".
        status: 404 or 410, or 403 for what is there but not served.
        words: What an upstream says to people in its own words, sent instead of the line; or "".
        is_own: Whether no upstream was asked, since the name is one's own.
    """

    line: str
    status: int = 404
    words: str = ""
    is_own: bool = False


Nothing = Stopped | NotFound | None
Found = Representation | StoredZip
Result = Found | Nothing


class Modules(Protocol):
    """The modules of a distribution; for each method, None is an unknown module or version."""

    async def versions(self, path: str) -> Representation | Nothing:
        """
        List the tagged versions.

        A module that has pseudo-versions only is known, and its list is empty.

        Args:
            path: The module path.
        """

    async def latest(self, path: str) -> Representation | Nothing:
        """
        Return the `.info` of the latest version.

        Args:
            path: The module path.
        """

    async def latest_version(self, path: str) -> str | Nothing:
        """
        Return the latest version.

        Args:
            path: The module path.
        """

    async def info(self, path: str, version: str) -> Representation | Nothing:
        """
        Return the `.info` of a version, or of the version that a commit or a branch means.

        Args:
            path: The module path.
            version: A version or another revision name.
        """

    async def mod(self, path: str, version: str) -> Representation | Nothing:
        """
        Return the go.mod of a version: the exact bytes.

        Args:
            path: The module path.
        """

    async def zip(self, path: str, version: str) -> Found | Nothing:
        """
        Return the zip of a version.

        Args:
            path: The module path.
        """


async def find(modules: Modules, wanted: ModuleRequest) -> tuple[Result, str]:
    """
    Ask for what a request is for.

    Args:
        modules: Who is asked.
        wanted: What is asked for.

    Returns:
        What was found, and the version whose file that is; "" for what is computed over all versions.
    """
    path, version = wanted.module, wanted.version
    if wanted.file == "list":
        return await modules.versions(path), ""
    if version == LATEST and wanted.file == "info":
        return await modules.latest(path), ""
    if version == LATEST:
        # Clients of another registry ask for latest.mod and latest.zip.
        latest = await modules.latest_version(path)
        if not isinstance(latest, str):
            return latest, ""
        version = latest
    files = {"info": modules.info, "mod": modules.mod, "zip": modules.zip}
    return await files[wanted.file](path, version), version
