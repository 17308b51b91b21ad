"""What OpenVEX statements silence: reports that do not apply to a module version, as somebody says."""

from collections.abc import Iterable
from dataclasses import asdict
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from pulp_gomod.app.models.policy import GoPolicy
from pulp_gomod.app.models.visibility import wait_until_seen
from pulp_gomod.app.models.vulndb import GoVexStatement, GoVulndb, GoVulnReport
from pulp_gomod.golang.openvex import Document, VexError

_BATCH = 500

MOST_STATEMENTS = 20_000
"""Statements of all documents of a database."""


class Silence:
    """
    What the statements of a database of vulnerabilities silence.

    Args:
        statements: Of each the ID of a report, the module path, and the version.
    """

    def __init__(self, statements: Iterable[tuple[str, str, str]]) -> None:
        self._about: dict[tuple[str, str], set[str]] = {}
        for vulnerability, path, version in statements:
            self._about.setdefault((path, vulnerability), set()).add(version)

    @classmethod
    def of(cls, vulndb: GoVulndb) -> "Silence":
        """
        Read the statements of a database.

        Args:
            vulndb: The database.
        """
        rows = GoVexStatement.objects.filter(vulndb=vulndb)
        return cls(rows.values_list("vulnerability", "module", "version"))

    def versions(self, path: str, names: Iterable[str]) -> list[str]:
        """
        Return the versions of a module to which a report does not apply; "" for all.

        Args:
            path: The module path.
            names: The IDs of the report, here and elsewhere.
        """
        found: set[str] = set()
        for name in names:
            found |= self._about.get((path, name), set())
        return sorted(found)


def tell_policies(vulndb: GoVulndb) -> None:
    """
    Let no content process go on with what policies stopped before the database changed.

    Args:
        vulndb: The database, which the transaction has changed.
    """
    depending = Q(vulnerable_db=vulndb) | Q(malicious_db=vulndb)
    for policy in GoPolicy.objects.filter(depending).only("pk"):
        # Each one has a revision of its own.
        GoPolicy.objects.filter(pk=policy.pk).update(revision=uuid4())
    wait_until_seen()


def replace_statements(vulndb_pk: UUID, document: Document) -> int:
    """
    Let a document say what it says, in place of what it said before.

    Args:
        vulndb_pk: The database.

    Returns:
        How many statements there are of all documents.

    Raises:
        VexError: There would be too many.
    """
    with transaction.atomic():
        vulndb = GoVulndb.objects.select_for_update(no_key=True).get(pk=vulndb_pk)
        statements = GoVexStatement.objects.filter(vulndb=vulndb)
        statements.filter(document=document.id).delete()
        count: int = statements.count() + len(document.statements)
        if count > MOST_STATEMENTS:
            raise VexError(f"a vulnerability database has {MOST_STATEMENTS} statements at most")
        GoVexStatement.objects.bulk_create(
            [
                GoVexStatement(vulndb=vulndb, document=document.id, **asdict(each))
                for each in document.statements
            ],
            batch_size=_BATCH,
        )
        apply_statements(vulndb)
        GoVulndb.objects.filter(pk=vulndb.pk).update(revision=uuid4())
        tell_policies(vulndb)
    return count


def apply_statements(vulndb: GoVulndb) -> None:
    """
    Note with each report what the statements that there are now silence.

    Args:
        vulndb: The database, whose row the transaction has locked.
    """
    silence, changed = Silence.of(vulndb), []
    for row in GoVulnReport.objects.filter(vulndb=vulndb).iterator(chunk_size=_BATCH):
        silenced = silence.versions(row.module, (row.report, *row.aliases))
        if silenced != row.silenced:
            row.silenced = silenced
            changed.append(row)
    GoVulnReport.objects.bulk_update(changed, ["silenced"], batch_size=_BATCH)
