"""Asking the witnesses of a checksum database to cosign its newest head."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from pulp_gomod.app.models import GoSumdb, GoSumdbHead
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.witnesses import WitnessFault, submit
from pulp_gomod.app.storage.signing import LogHashes
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.golang.errors import GoError
from pulp_gomod.golang.sumdb import cosignature, tlog, witness

log = logging.getLogger(__name__)

# How often a witness is asked, at most, and seconds before each time but the first.
_PAUSES = (0.0, 1.0, 5.0)


@dataclass
class _Asked:
    """
    A witness, and what has come of asking it.

    Attributes:
        told: What the database has of it.
        old: The size of the tree that it is said to know.
        fault: Why it has not signed; "" if it has, or was not asked yet.
        is_done: Whether asking again is in vain, or needless.
        signed: The cosignature.
    """

    told: dict[str, Any]
    old: int = 0
    fault: str = ""
    is_done: bool = False
    signed: witness.Cosigned | None = None


@unless_gone(quietly=True)
def cosign(sumdb_pk: str) -> None:
    """
    Have every witness cosign that has not signed the newest head.

    A witness that fails is told of in the database's `witnesses`; whatever becomes of it, the task succeeds.

    Args:
        sumdb_pk: The GoSumdb.
    """
    sumdb = GoSumdb.objects.get(pk=sumdb_pk)
    head = GoSumdbHead.objects.get(sumdb=sumdb)
    if sumdb.refused or not head.size:
        return
    asked = [
        _Asked(told, old=int(told.get("size") or 0))
        for told in sumdb.witnesses
        if told.get("signed_size") != head.size
    ]
    message, hashes = bytes(head.checkpoint), LogHashes(sumdb.pk)
    for pause in _PAUSES:
        left = [each for each in asked if not each.is_done]
        if not left:
            break
        bodies = [_body(each, head.size, message, hashes) for each in left]
        asyncio.run(_ask(left, bodies, message, head.size, pause))
    _keep(sumdb.pk, asked, head.size)


def _body(asked: _Asked, size: int, message: bytes, hashes: LogHashes) -> bytes:
    """Say what to send; nothing if the witness is ahead of us."""
    if asked.old > size:
        asked.is_done = True
        asked.fault = (
            f"it has cosigned a tree of {asked.old} records, more than the {size} that there are now, as after "
            "a restore from an older backup"
        )
        return b""
    proof = tlog.prove_tree(size, asked.old, hashes) if 0 < asked.old < size else []
    return witness.format_request(asked.old, proof, message)


async def _ask(
    asked: Sequence[_Asked], bodies: Sequence[bytes], message: bytes, size: int, pause: float
) -> None:
    await asyncio.sleep(pause)
    threads = Threads()
    try:
        await asyncio.gather(
            *(
                _ask_one(each, body, message, threads)
                for each, body in zip(asked, bodies, strict=True)
                if body
            )
        )
    finally:
        threads.close()


async def _ask_one(asked: _Asked, body: bytes, message: bytes, threads: Threads) -> None:
    try:
        key = cosignature.new_verifier(asked.told["key"])
        status, said, size_type = await submit(asked.told["url"], body, threads)
    except WitnessFault as fault:
        asked.fault = str(fault)
        return
    except GoError as error:
        asked.fault, asked.is_done = str(error), True
        return
    answer = witness.read_answer(status, said, message, key, size_type)
    if isinstance(answer, witness.Cosigned):
        asked.signed, asked.fault, asked.is_done = answer, "", True
    elif isinstance(answer, witness.Knows):
        asked.old, asked.fault = answer.size, f"it keeps saying that it knows {answer.size} records"
    else:
        asked.fault, asked.is_done = answer.reason, answer.is_lasting


def _keep(sumdb_pk: UUID, asked: Sequence[_Asked], size: int) -> None:
    """Note what has come of it, for those that are still witnesses."""
    known = {(each.told["url"], each.told["key"]): each for each in asked}
    with transaction.atomic():
        sumdb = GoSumdb.objects.select_for_update().only("witnesses").get(pk=sumdb_pk)
        witnesses = [
            _told(told, known.get((told["url"], told["key"])), size) for told in sumdb.witnesses
        ]
        GoSumdb.objects.filter(pk=sumdb_pk).update(witnesses=witnesses)


def _told(told: dict[str, Any], asked: _Asked | None, size: int) -> dict[str, Any]:
    if asked is None:
        return told
    if asked.signed is None:
        log.warning("The witness %s has not cosigned: %s.", told["url"], asked.fault)
        # What it knows it has said; what it has signed earlier still counts.
        return {**told, "size": asked.old, "fault": asked.fault}
    return {
        **told,
        "size": size,
        "seen": _time(asked.signed.seen),
        "fault": "",
        "line": asked.signed.line.decode("utf-8"),
        "signed_size": size,
    }


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
