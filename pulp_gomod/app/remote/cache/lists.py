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
    lines = [each for each in map(_fields, body.decode("utf-8", "replace").split("\n")) if each]
    if lines and not any(semver.is_valid(_version(line)) for line in lines):
        raise UpstreamFault("the upstream sent something other than a list of versions")
    is_version = versions_of(path)
    fitting = [line for line in lines if is_version(_version(line))]
    tagged = [each for each in map(_version, fitting) if not module.is_pseudo_version(each)]
    kept = dict.fromkeys(tagged or map(_with_time, fitting))
    return "".join(f"{line}\n" for line in kept).encode()


def _fields(line: str) -> str:
    """Return the fields of a line, with one space between: as text, of which a hundred thousand cost no collection."""
    return " ".join(line.split())


def _version(line: str) -> str:
    return line.partition(" ")[0]


def _with_time(line: str) -> str:
    version, _, more = line.partition(" ")
    told = _version(more)
    return f"{version} {told}" if told and _is_time(told) else version


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
    # Dictionaries of text, which the collector of garbage passes over; not so sets.
    listed = dict.fromkeys(listed_versions(path, upstream))
    if listed.keys() >= set(local):
        return tagged_only(upstream)
    tagged = dict.fromkeys(each for each in listed if not module.is_pseudo_version(each))
    ordered = sorted(tagged | dict.fromkeys(local), key=semver.db_sort_key)
    return "".join(f"{version}\n" for version in ordered).encode()
