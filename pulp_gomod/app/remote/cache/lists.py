"""
An upstream's list of versions: read as the go command reads it, and rid of everything else.

Anybody who writes to an upstream's list would write to ours, too: so nothing of it is kept or passed on
but versions that the module can have. Pseudo-versions are on no list: they are kept where there is
nothing else, since the latest version is one of them then, and not passed on.
"""

from datetime import datetime

from pulp_gomod.app.remote.cache.info import versions_of
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.storage.release_info import parse_time
from pulp_gomod.golang import GoError, module, semver

# Bytes that a list may have. The longest known one, that of the toolchains, has a sixth of that.
MAX_LIST = 2 * 1024 * 1024


def clean(path: str, body: bytes) -> bytes:
    """
    Return what is left of a list when only versions of the module stay on it.

    Args:
        path: The module path.
        body: What the upstream sent.

    Returns:
        The tagged versions; or if there are none the pseudo-versions, with the times that are told.

    Raises:
        UpstreamFault: It is something else than a list.
    """
    lines = [line.split() for line in body.decode("utf-8", "replace").split("\n")]
    named = [fields for fields in lines if fields]
    if named and not any(semver.is_valid(fields[0]) for fields in named):
        raise UpstreamFault("the upstream sent something other than a list of versions")
    is_version = versions_of(path)
    fitting = [fields for fields in named if is_version(fields[0])]
    tagged = [fields[0] for fields in fitting if not module.is_pseudo_version(fields[0])]
    kept = dict.fromkeys(tagged or map(_with_time, fitting))
    return "".join(f"{line}\n" for line in kept).encode()


def _with_time(fields: list[str]) -> str:
    return " ".join(fields[:2] if len(fields) > 1 and _is_time(fields[1]) else fields[:1])


def tagged_only(body: bytes) -> bytes:
    """
    Return a list as it is passed on: without pseudo-versions.

    Args:
        body: The list, as `clean` leaves it.
    """
    first = body.partition(b"\n")[0].partition(b" ")[0]
    return b"" if module.is_pseudo_version(first.decode()) else body


def newest_pseudo_version(path: str, body: bytes) -> str | None:
    """
    Return the pseudo-version that the go command takes for the latest where nothing is tagged.

    It is the one that was made last, by the time beside it or else by its own; None if there is none.

    Args:
        path: The module path.
        body: The list, as `clean` leaves it.
    """
    is_version = versions_of(path)
    newest: tuple[datetime, str] | None = None
    for line in body.decode().splitlines():
        version, _, told = line.partition(" ")
        if not (module.is_pseudo_version(version) and is_version(version)):
            continue
        try:
            made = parse_time(told) if told else module.pseudo_version_time(version)
        except GoError:
            continue
        # The first of those that were made at the same time, as Go has it.
        if newest is None or made > newest[0]:
            newest = (made, version)
    return newest[1] if newest else None


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def listed_versions(path: str, body: bytes) -> list[str]:
    """
    Return the versions of a list that could be served.

    Args:
        path: The module path.
        body: The list, as `clean` leaves it.
    """
    listed = (line.partition(" ")[0] for line in body.decode().splitlines())
    is_version = versions_of(path)
    return [version for version in listed if is_version(version)]


def merge_lists(path: str, local: list[str], upstream: bytes) -> bytes:
    """
    Return the list of all tagged versions.

    Where the upstream has them all, its list is passed on in its order.

    Args:
        path: The module path.
        local: The tagged versions that the repository holds.
        upstream: The upstream's list, as `clean` leaves it.
    """
    listed = set(listed_versions(path, upstream))
    if listed.issuperset(local):
        return tagged_only(upstream)
    tagged = {version for version in listed if not module.is_pseudo_version(version)}
    ordered = sorted(tagged.union(local), key=semver.db_sort_key)
    return "".join(f"{version}\n" for version in ordered).encode()
