"""An upstream's list of versions: read as the go command reads it, and rid of everything else.

Anybody who writes to an upstream's list would write to ours, too: so nothing of it is kept or passed on
but versions. Those that do not fit the module are the upstream's own, and Go's to complain of.
"""

from collections.abc import Iterator

from pulp_gomod.app.claims import parse_time
from pulp_gomod.app.upstream.reading import versions_of
from pulp_gomod.app.upstream.results import UpstreamFault
from pulp_gomod.golang import module, semver

# Bytes that a list may have. The longest known one, that of the toolchains, has a sixth of that.
MAX_LIST = 2 * 1024 * 1024


def clean(body: bytes) -> bytes:
    """
    Return what is left of a list when only versions stay on it.

    Args:
        body: What the upstream sent.

    Raises:
        UpstreamFault: It is something else than a list.
    """
    lines = [line.split() for line in body.decode("utf-8", "replace").split("\n")]
    named = [fields for fields in lines if fields]
    kept = dict.fromkeys(_kept(named))
    if named and not kept:
        raise UpstreamFault("the upstream sent something else than a list of versions")
    return "".join(f"{line}\n" for line in kept).encode()


def _kept(named: list[list[str]]) -> Iterator[str]:
    for version, *more in named:
        if not semver.is_valid(version):
            continue
        # Where nothing is tagged, the go command chooses among pseudo-versions by these times.
        if more and module.is_pseudo_version(version) and _is_time(more[0]):
            yield f"{version} {more[0]}"
        else:
            yield version


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

    Where the upstream has them all, its list is passed on as it is.

    Args:
        path: The module path.
        local: The tagged versions that the repository holds.
        upstream: The upstream's list, as `clean` leaves it.
    """
    listed = set(listed_versions(path, upstream))
    if listed.issuperset(local):
        return upstream
    tagged = {version for version in listed if not module.is_pseudo_version(version)}
    ordered = sorted(tagged.union(local), key=semver.db_sort_key)
    return "".join(f"{version}\n" for version in ordered).encode()
