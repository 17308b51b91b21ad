"""
What a checksum database of one's own has given out, kept outside of PostgreSQL.

A database that was restored from a dump knows nothing of what came after it; clients do. So the newest head
lies beside the zips, with the records that are not in a complete bundle yet; complete bundles lie beside it.
That is enough to notice, and to bring back what was lost.

There are two places for the head, written in turns: whatever a crash leaves of one, the other is whole.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.core.files.base import ContentFile

from pulp_gomod.app.storage.faults import storage_calls
from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.growing import TILE_WIDTH

_PLACES = ("head.0", "head.1")
_DOING_READ = "reading the kept head of a checksum database"
_DOING_WRITE = "keeping the head of a checksum database"


class KeptHead(NamedTuple):
    """
    The newest head that was given out.

    Attributes:
        key: The verifier key that it was signed with.
        size: Records in its tree.
        root: The hash of its root.
        records: The texts of the last records, those that make no complete bundle.
        place: Where it lies.
        turn: How many were kept before it: with another key, a head has the same size.
    """

    key: str
    size: int
    root: bytes
    records: Sequence[str]
    place: str = ""
    turn: int = 0


def directory(sumdb_pk: UUID) -> str:
    """
    Say where a checksum database has its files, below the root of the storage.

    Args:
        sumdb_pk: The GoSumdb.
    """
    return f"gomod/sumdb/{sumdb_pk}"


def read_head(storage: Any, sumdb_pk: UUID) -> KeptHead | None:
    """
    Return the newest head that is kept; None if there is none.

    Args:
        storage: The storage of the domain.
        sumdb_pk: The GoSumdb.

    Raises:
        StorageUnavailableError: The storage failed.
    """
    found = [_read_place(storage, sumdb_pk, place) for place in _PLACES]
    heads = (head for head in found if head)
    return max(heads, key=lambda head: (head.size, head.turn), default=None)


def _read_place(storage: Any, sumdb_pk: UUID, place: str) -> KeptHead | None:
    said = _read(storage, f"{directory(sumdb_pk)}/{place}")
    if said is None:
        return None
    return KeptHead(
        said["key"],
        said["size"],
        tlog.parse_hash(said["root"]),
        said["records"],
        place,
        said.get("turn", 0),
    )


def write_head(storage: Any, sumdb_pk: UUID, head: KeptHead, before: KeptHead | None) -> None:
    """
    Keep a head.

    Args:
        storage: The storage of the domain.
        sumdb_pk: The GoSumdb.
        head: What to keep.
        before: What was read before: it stays as it is.

    Raises:
        StorageUnavailableError: The storage failed.
    """
    place = _PLACES[1 if before and before.place == _PLACES[0] else 0]
    said = {
        "key": head.key,
        "size": head.size,
        "root": tlog.format_hash(head.root),
        "records": list(head.records),
        "turn": before.turn + 1 if before else 0,
    }
    _write(storage, f"{directory(sumdb_pk)}/{place}", said)


def write_bundle(storage: Any, sumdb_pk: UUID, number: int, records: Sequence[str]) -> None:
    """
    Keep a complete bundle of records.

    Args:
        storage: The storage of the domain.
        sumdb_pk: The GoSumdb.
        number: Its number; the first record is that many times 256.
        records: Their texts.

    Raises:
        StorageUnavailableError: The storage failed.
    """
    assert len(records) == TILE_WIDTH
    _write(storage, _bundle(sumdb_pk, number), {"records": list(records)})


def read_bundle(storage: Any, sumdb_pk: UUID, number: int) -> list[str] | None:
    """
    Return a complete bundle of records; None if it is not there, or is damaged.

    Args:
        storage: The storage of the domain.
        sumdb_pk: The GoSumdb.

    Raises:
        StorageUnavailableError: The storage failed.
    """
    said = _read(storage, _bundle(sumdb_pk, number))
    return None if said is None else list(said["records"])


def _bundle(sumdb_pk: UUID, number: int) -> str:
    thousands, rest = divmod(number, 1000)
    return f"{directory(sumdb_pk)}/records/{thousands:03d}/{rest:03d}"


def _read(storage: Any, name: str) -> dict[str, Any] | None:
    """Read what was written whole; None for anything else."""
    with storage_calls(_DOING_READ):
        try:
            with storage.open(name, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        except Exception:
            # Some backends have errors of their own for what is not there.
            if storage.exists(name):
                raise
            return None
    digest, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    said: dict[str, Any] = json.loads(body)
    return said


def _write(storage: Any, name: str, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode()
    data = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    with storage_calls(_DOING_WRITE):
        # Not all backends write over what is there.
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, ContentFile(data))
