"""
A bounded table in memory that a process shares with those it forks later.

gunicorn's workers are forked from one process. With `--preload` that process has loaded the plugin
before, so that what is written here by one worker is read by all; without it each has a table of its own.
"""

import mmap
import struct

_SLOT = struct.Struct("=16sd")
_WAYS = 8

KEY_SIZE = 16


class SharedTable:
    """
    Maps keys to points in time; where there is no room, the earliest makes way.

    There is no lock, which a worker that is killed might hold for ever. Of two writes at the same
    moment one may be lost, so a table is for what need not be exact.

    Args:
        sets: Each has room for eight keys.
    """

    def __init__(self, sets: int = 2048) -> None:
        self._sets = sets
        self._memory = mmap.mmap(-1, sets * _WAYS * _SLOT.size)

    def get(self, key: bytes) -> float:
        """
        Return the time of a key; 0.0 where there is none.

        Args:
            key: 16 bytes that nobody outside can choose: a keyed digest.
        """
        for offset in self._offsets(key):
            found, time = _SLOT.unpack_from(self._memory, offset)
            if found == key:
                return float(time)
        return 0.0

    def put(self, key: bytes, time: float) -> None:
        """
        Set the time of a key; 0.0 forgets it.

        Args:
            key: As of `get`.
        """
        _SLOT.pack_into(self._memory, self._place_for(key), key, time)

    def _place_for(self, key: bytes) -> int:
        slots = {offset: _SLOT.unpack_from(self._memory, offset) for offset in self._offsets(key)}
        for offset, (found, _) in slots.items():
            if found == key:
                return offset
        return min(slots, key=lambda offset: float(slots[offset][1]))

    def _offsets(self, key: bytes) -> range:
        first = int.from_bytes(key[:4]) % self._sets * _WAYS * _SLOT.size
        return range(first, first + _WAYS * _SLOT.size, _SLOT.size)
