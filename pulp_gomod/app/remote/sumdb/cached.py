"""What the cache of a remote holds of its checksum database, for those who keep it elsewhere. Uses the ORM."""

from collections.abc import Iterable, Sequence

from pulp_gomod.app.models import GoCacheEntry
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.sumdb.endpoint import cache_key, lookup_path
from pulp_gomod.golang.sumdb import tlog

Name = tuple[str, str]
"""A module path and a version."""


def cached_head(settings: RemoteSettings) -> bytes:
    """
    Return the largest signed head that the remote's cache holds; b"" if there is none.

    Args:
        settings: The remote.
    """
    key = cache_key(settings, "latest", head=True).key
    return _bodies(settings, [key]).get(key, b"")


def cached_lookups(settings: RemoteSettings, names: Sequence[Name]) -> dict[Name, bytes]:
    """
    Return the lookups of some module versions that the remote's cache holds.

    Args:
        settings: The remote.
        names: The module versions.
    """
    keys = {cache_key(settings, lookup_path(*name)).key: name for name in names}
    return {keys[key]: body for key, body in _bodies(settings, keys).items()}


def cached_tiles(
    settings: RemoteSettings, tiles: Sequence[tlog.Tile]
) -> dict[tuple[int, int], bytes]:
    """
    Return the tiles that the remote's cache holds, by level and number, as wide as asked for or complete.

    Args:
        settings: The remote.
    """
    keys = {
        cache_key(settings, each.path()).key: each for tile in tiles for each in (tile, tile.full())
    }
    found: dict[tuple[int, int], bytes] = {}
    for key, body in _bodies(settings, keys).items():
        tile = keys[key]
        if len(body) == tile.size() > len(found.get((tile.l, tile.n), b"")):
            found[tile.l, tile.n] = body
    return found


def _bodies(settings: RemoteSettings, keys: Iterable[str]) -> dict[str, bytes]:
    rows = GoCacheEntry.objects.filter(
        remote=settings.pk, key__in=list(keys), status=200, expires=None
    )
    return {key: bytes(body) for key, body in rows.values_list("key", "body")}
