"""Proofs of single records of a checksum database of one's own, for those who keep them and verify them offline."""

from uuid import UUID

from pulp_gomod.app.models import GoLogRecord, GoSumdb, GoSumdbHead
from pulp_gomod.app.models.module import storable
from pulp_gomod.app.storage.signing import LogHashes, seal_if_behind, with_cosignatures
from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.proof_file import format_proof


class NoProofError(LookupError):
    """There is no such record, or no head that covers it."""


def prove(sumdb_pk: UUID, path: str, version: str) -> bytes:
    """
    Make the file that proves a record (C2SP tlog-proof).

    Args:
        sumdb_pk: The GoSumdb.
        path: The module path.
        version: The canonical version.

    Raises:
        NoProofError: There is none; the text says why.
    """
    seal_if_behind(sumdb_pk)
    sumdb = GoSumdb.objects.defer("signing_key", "retiring_signing_key").get(pk=sumdb_pk)
    if sumdb.refused:
        raise NoProofError(sumdb.refused)
    head = GoSumdbHead.objects.get(sumdb=sumdb_pk)
    # What PostgreSQL could not hold is no path and no version.
    named = {"module": storable(path), "version": storable(version)}
    record = GoLogRecord.objects.filter(sumdb=sumdb_pk, **named).first()
    if record is None:
        raise NoProofError(f"the checksum database {sumdb.name} has no record of {path}@{version}")
    if record.number >= head.size:
        raise NoProofError(
            f"the record of {path}@{version} is so new that no head of {sumdb.name} covers it; try again"
        )
    proof = tlog.prove_record(head.size, record.number, LogHashes(sumdb_pk))
    checkpoint = with_cosignatures(bytes(head.checkpoint), head.size, sumdb.witnesses)
    return format_proof(record.number, proof, checkpoint, extra=record.text.encode())
