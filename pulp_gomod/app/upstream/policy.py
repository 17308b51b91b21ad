"""Which module names may be sent to an upstream."""

from pulp_gomod.app.gate import MAX_PATH
from pulp_gomod.app.upstream.remote import RemoteSettings
from pulp_gomod.golang import module


def refusal(settings: RemoteSettings, path: str, version: str = "") -> str | None:
    """
    Say why a module is not asked of the upstream; None if it is.

    Args:
        settings: The remote.
        path: The module path.
        version: The version, or another name for one; "" where it does not matter.
    """
    if len(path) + len(version) > MAX_PATH:
        return "its name is longer than this server takes"
    if module.match_prefix_patterns(settings.private, path):
        return "it is private here, and no upstream is asked for it"
    if module.match_prefix_patterns(settings.excludes, path):
        return "it is excluded from what the upstream is asked for"
    if settings.includes and not module.match_prefix_patterns(settings.includes, path):
        return "it is not included in what the upstream is asked for"
    return None


def lookup_refusal(settings: RemoteSettings, path: str) -> str | None:
    """
    Say why a module is not looked up in the checksum database; None if it is.

    Args:
        settings: The remote.
        path: The module path.
    """
    if module.match_prefix_patterns(settings.private, path):
        return "it is private here; set GONOSUMDB for it"
    if module.match_prefix_patterns(settings.nosumdb, path):
        return "it is exempt from the checksum database here; set GONOSUMDB for it"
    return None
