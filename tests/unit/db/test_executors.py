"""What is small is computed at once, and all else where it holds nobody up."""

import asyncio
import hashlib
import threading

import pytest

from pulp_gomod.app.db.executors import FEW, FEW_BYTES, compute, compute_bytes, etag


def _thread(*_: object) -> int:
    return threading.get_ident()


@pytest.mark.parametrize(("items", "is_here"), [(0, True), (FEW, True), (FEW + 1, False)])
def test_many_items_are_looked_at_elsewhere(items: int, is_here: bool) -> None:
    assert (asyncio.run(compute(items, _thread)) == threading.get_ident()) is is_here


@pytest.mark.parametrize(
    ("size", "is_here"), [(0, True), (FEW_BYTES, True), (FEW_BYTES + 1, False)]
)
def test_many_bytes_are_looked_at_elsewhere(size: int, is_here: bool) -> None:
    found = asyncio.run(compute_bytes(bytes(size), _thread))
    assert (found == threading.get_ident()) is is_here


@pytest.mark.parametrize("size", [0, FEW_BYTES + 1])
def test_validators_do_not_depend_on_where_they_are_made(size: int) -> None:
    assert asyncio.run(etag(bytes(size))) == hashlib.sha256(bytes(size)).hexdigest()[:32]


@pytest.mark.parametrize("items", [1, FEW + 1])
def test_what_goes_wrong_is_raised(items: int) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(compute(items, lambda: 1 // 0))
