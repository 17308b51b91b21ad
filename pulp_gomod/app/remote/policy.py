"""Which module names may be sent to an upstream."""

from pulp_gomod.app.models.ownership import NONE, OwnPaths
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.storage.upload_policy import MAX_PATH
from pulp_gomod.golang import module


def refusal(
    settings: RemoteSettings, path: str, version: str = "", own: OwnPaths = NONE
) -> str | None:
    """
    Say why a module is not asked of the upstream; None if it is.

    Args:
        settings: The remote.
        path: The module path.
        version: The version, or another name for one; "" where it does not matter.
        own: The own paths of the repository that is served or synced.
    """
    if len(path) + len(version) > MAX_PATH:
        return "its name is longer than this server accepts"
    if module.match_prefix_patterns(settings.private, path):
        return "it matches the private patterns of the remote, so no upstream is asked for it"
    if above := _above(settings, path, own):
        return (
            f"it belongs to {above}, which is this repository's own: no upstream is asked for it unless the "
            "remote's mix matches it"
        )
    if module.match_prefix_patterns(settings.excludes, path):
        return "it is excluded from requests to the upstream"
    if settings.includes and not module.match_prefix_patterns(settings.includes, path):
        return "it is not included in requests to the upstream"
    return None


def lookup_refusal(settings: RemoteSettings, path: str, own: OwnPaths = NONE) -> str | None:
    """
    Say why a module is not looked up in the checksum database; None if it is.

    Args:
        settings: The remote.
        path: The module path.
        own: As of `refusal`.
    """
    if module.match_prefix_patterns(settings.private, path):
        return "it is private here; set GONOSUMDB for it"
    if above := _above(settings, path, own):
        return (
            f"it belongs to {above}, which is this repository's own, and its name is sent nowhere unless "
            f"the remote's mix matches it; set GONOSUMDB={above}"
        )
    if module.match_prefix_patterns(settings.nosumdb, path):
        return "it is exempt from the checksum database here; set GONOSUMDB for it"
    return None


def is_own(settings: RemoteSettings, path: str, own: OwnPaths) -> bool:
    """
    Say whether a module is not asked of the upstream since its name is the repository's own.

    Args:
        settings: The remote.
        path: The module path.
        own: As of `refusal`.
    """
    is_private = module.match_prefix_patterns(settings.private, path)
    return not is_private and bool(_above(settings, path, own))


def _above(settings: RemoteSettings, path: str, own: OwnPaths) -> str:
    """Return the own path because of which a module is not asked of the upstream, or ""."""
    above = own.above(path)
    return "" if above and module.match_prefix_patterns(settings.mix, path) else above
