"""
Answers that a content process has given before.

What a repository version holds never changes, and neither does what it does not hold. So an answer
is remembered under the repository version: as soon as another one is served, nothing remembered is
found any more.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

# Bytes of all answers of a process together, and of the largest that is remembered; likewise of files,
# which have a memory of their own, so that a few zips do not take the room of thousands of answers.
MOST_BYTES = 64 * 1024 * 1024
LARGEST = 4 * 1024 * 1024
MOST_FILE_BYTES = 128 * 1024 * 1024
LARGEST_FILE = 2 * 1024 * 1024
# What remembering an answer costs beyond its own size.
_OVERHEAD = 1024

# The repository, the number of its version, and what is asked of it. With tens of thousands of answers, each
# object that is no text and no number is one more for Python's garbage collector to look at while all
# requests wait: so keys are plain.
Key = tuple[bytes, int, str, str, str]


class ResultCache:
    """
    A bounded memory of answers; the ones that were not asked for the longest make room.

    Args:
        most_bytes: Bytes of all answers together.
        largest: Bytes of the largest that is remembered.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, largest: int = LARGEST) -> None:
        self._most_bytes = most_bytes
        self._largest = largest
        self._bytes = 0
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._sizes: dict[Key, int] = {}

    async def get(
        self, key: Key, make: Callable[[], Awaitable[T]], size_of: Callable[[T], int]
    ) -> T:
        """
        Return the answer for a key, making it if need be.

        Args:
            make: Makes the answer.
            size_of: Says how many bytes it takes.

        Raises:
            Exception: What `make` raised; nothing is remembered then.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            kept: T = self._kept[key]
            return kept
        answer = await make()
        self.keep(key, answer, size_of(answer))
        return answer

    def recall(self, key: Key, otherwise: Any = None) -> Any:
        """
        Return an answer that is remembered.

        Args:
            key: As of `get`.
            otherwise: What to return for what is not.
        """
        if key not in self._kept:
            return otherwise
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Key, answer: Any, size: int) -> None:
        """
        Remember an answer.

        Args:
            key: As of `get`.
            size: Bytes that it takes.
        """
        if size > self._largest:
            return
        # Names are as long as whoever asks for them likes.
        size += _OVERHEAD + len(key[3]) + len(key[4])
        self._bytes += size - self._sizes.pop(key, 0)
        self._kept[key] = answer
        self._kept.move_to_end(key)
        self._sizes[key] = size
        while self._bytes > self._most_bytes:
            oldest, _ = self._kept.popitem(last=False)
            self._bytes -= self._sizes.pop(oldest)
