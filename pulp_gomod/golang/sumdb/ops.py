"""What a client of a checksum database needs of the world, and how it reads tiles through it."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Protocol

from . import tlog


class ClientOps(Protocol):
    """
    What a Client needs of the world. Any exception of these methods ends the lookup as it is.

    Names of config and cache files begin with the name of the database.
    """

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        """
        The body that the database serves at path (`/lookup/...` or `/tile/...`).

        Anything but status 200 is an exception. A body of more than limit bytes is refused, so
        the method may stop reading after limit + 1. Let TimeoutError mean that the server does
        not answer: no second path is tried then.
        """

    async def read_config(self, file: str, /) -> bytes:
        """The signed tree head stored as file; empty if there is none yet."""

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        """
        Replace the stored head if it still is old, else raise WriteConflictError.

        Must be atomic across everything that shares the store.
        """

    async def read_cache(self, file: str, /) -> bytes | None:
        """What write_cache stored as file, or None. It is proven again before use."""

    async def write_cache(self, file: str, data: bytes, /) -> None:
        """Keep data, a proven answer or tile, which never changes."""


class Tiles:
    """The tiles of one lookup: each is fetched once."""

    def __init__(self, ops: ClientOps, name: str, height: int) -> None:
        self._ops = ops
        self._name = name
        self._height = height
        self._data: dict[tlog.Tile, bytes] = {}
        self._from_cache: set[tlog.Tile] = set()
        self._proven: dict[tlog.Tile, None] = {}
        self._use_cache = True

    async def hashes(self, tree: tlog.Tree, indexes: Sequence[int]) -> list[tlog.Hash]:
        """
        The hashes at the stored hash indexes, proven to be in the tree.

        Raises:
            InconsistentTileError: the database sends tiles that are not of this tree.
            TlogError: an index is not in the tree.
        """
        if not indexes:
            return []
        plan = tlog.TilePlan(tree, self._height, indexes)
        try:
            hashes = plan.hashes(await self._read_all(plan.tiles))
        except tlog.InconsistentTileError:
            if self._from_cache.isdisjoint(plan.tiles):
                raise
            # A spoilt cache must not stand between us and a sound server for ever.
            self._forget_cached(plan.tiles)
            hashes = plan.hashes(await self._read_all(plan.tiles))
        self._proven |= dict.fromkeys(plan.tiles)
        return hashes

    async def save(self) -> None:
        """
        Let ops keep the tiles that have been proven since the last time.

        Not to be called before the tree heads that vouch for them are found to be consistent:
        a forked tree proves tiles, too.
        """
        for tile in self._proven:
            if tile not in self._from_cache:
                await self._ops.write_cache(self._file(tile), self._data[tile])
                self._from_cache.add(tile)

    def _forget_cached(self, tiles: Sequence[tlog.Tile]) -> None:
        self._use_cache = False
        for tile in self._from_cache.intersection(tiles):
            self._from_cache.discard(tile)
            self._proven.pop(tile, None)
            del self._data[tile]

    async def _read_all(self, tiles: Sequence[tlog.Tile]) -> list[bytes]:
        await _gather(self._read(tile) for tile in tiles if tile not in self._data)
        return [self._data[tile] for tile in tiles]

    async def _read(self, tile: tlog.Tile) -> None:
        cached = await self._read_cached(tile) if self._use_cache else None
        if cached is not None:
            self._from_cache.add(tile)
        self._data[tile] = cached if cached is not None else await self._read_remote(tile)

    async def _read_cached(self, tile: tlog.Tile) -> bytes | None:
        for candidate in dict.fromkeys((tile, tile.full())):
            data = await self._ops.read_cache(self._file(candidate))
            if data is not None and len(data) == candidate.size():
                return data[: tile.size()]
        return None

    async def _read_remote(self, tile: tlog.Tile) -> bytes:
        full = tile.full()
        try:
            return await self._fetch(tile)
        except (TimeoutError, tlog.TlogError):
            raise
        except Exception as error:
            if tile == full:
                raise
            refused = error
        # A server may drop a partial tile once the tile is complete.
        try:
            return (await self._fetch(full))[: tile.size()]
        except Exception:
            raise refused from None

    async def _fetch(self, tile: tlog.Tile) -> bytes:
        data = await self._ops.read_remote(f"/{tile.path()}", tile.size())
        if len(data) != tile.size():
            raise tlog.InconsistentTileError(
                f"downloaded bad tile {tile.path()}: {len(data)} bytes, want {tile.size()}"
            )
        return data

    def _file(self, tile: tlog.Tile) -> str:
        return f"{self._name}/{tile.path()}"


async def _gather(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all side by side; on the first failure the others are called off."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
