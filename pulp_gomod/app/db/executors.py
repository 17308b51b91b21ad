"""Where to compute what is too much for the event loop.

While a callback runs on the loop, all clients of the process wait for it. So work whose size a stranger
chooses runs on the loop only where it is small.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Items (versions, rows) that are looked at on the loop: a millisecond or two.
FEW = 250

# Bytes that are hashed on the loop: less than a millisecond.
FEW_BYTES = 256 * 1024

# One thread: Python runs one at a time anyway, and each more would take a turn from the loop.
_computing = ThreadPoolExecutor(1, "gomod-compute")
# What lets others run meanwhile, as hashing does, need not wait for that.
_hashing = ThreadPoolExecutor(2, "gomod-hash")


async def compute(items: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """
    Run a pure computation, on the loop or in a thread.

    Args:
        items: How many items it looks at.
        call: The computation; it touches neither the database nor anything of the loop.
        args: Its arguments.
        kwargs: Its arguments by name.
    """
    if items <= FEW:
        return call(*args, **kwargs)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_computing, lambda: call(*args, **kwargs))


def drain(many: set[Any] | dict[Any, Any]) -> None:
    """
    Empty a collection of very many objects; for a thread.

    To free a hundred thousand objects takes longer than anything may on the loop, where the last reference would
    go; and all at once nothing else runs meanwhile, in whatever thread it is done.

    Args:
        many: The collection.
    """
    take = many.popitem if isinstance(many, dict) else many.pop
    while many:
        take()


async def compute_bytes(body: bytes, call: Callable[[bytes], T]) -> T:
    """
    Run a computation over bytes that lets other threads run meanwhile, on the loop or in a thread.

    Args:
        body: The bytes.
        call: The computation, such as a hash.
    """
    if len(body) <= FEW_BYTES:
        return call(body)
    return await asyncio.get_running_loop().run_in_executor(_hashing, call, body)


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


async def etag(body: bytes) -> str:
    """
    Make the validator of a body, without quotes.

    Args:
        body: The body.
    """
    return await compute_bytes(body, _etag)
