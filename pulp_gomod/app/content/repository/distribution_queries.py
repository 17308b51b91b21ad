"""The SQL that finds distributions, compiled from ORM querysets (see `compiled`)."""

from functools import lru_cache

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import (
    Case,
    CharField,
    Func,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Now, StrIndex
from django.db.models.lookups import Exact

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import (
    GoBlock,
    GoBlockRevision,
    GoDistribution,
    GoOwnPath,
    GoOwnRevision,
    GoPolicy,
    GoWaiver,
)
from pulp_gomod.app.models.stopping import CONDITIONS

_DOMAIN_NAME = "\ufffddomain"
_KNOWN = "\ufffdknown"


@lru_cache(maxsize=64)
def distribution(candidates: int) -> Statement:
    """
    Find the distribution that serves a path, and the repository version that it serves.

    Values: domain_name; known, revisions of blocks, own paths and policies that need not be told again, in one text;
    and base_path_0, base_path_1, ... for the paths it may have.
    Columns: pk, base_path, guard, domain, domain's last change, repository with its newest complete
    version's number and time, the same of a pinned version, the same of a publication; the remote
    and its last change; what is recorded of those who download; the vulnerability database and its revision;
    the blocks of the repository that is served (see `_blocks`), and where there is
    a remote its own paths (see `_own`); the policy (see `_policy`).

    Args:
        candidates: How many base paths are possible.
    """
    markers = {f"\ufffdbase{index}": f"base_path_{index}" for index in range(candidates)}
    newest = RepositoryVersion.objects.filter(
        repository=OuterRef("repository"), complete=True
    ).order_by("-number")
    queryset = (
        GoDistribution.objects.filter(pulp_domain__name=_DOMAIN_NAME, base_path__in=list(markers))
        .annotate(
            newest_number=Subquery(newest.values("number")[:1]),
            newest_created=Subquery(newest.values("pulp_created")[:1]),
            served_repository=Coalesce(
                "publication__repository_version__repository",
                "repository_version__repository",
                "repository",
            ),
            blocks=Subquery(_blocks()),
            own=Case(When(remote__isnull=False, then=Subquery(_own())), output_field=JSONField()),
            told_policy=Subquery(_policy()),
        )
        .values_list(
            "pk",
            "base_path",
            "content_guard",
            "pulp_domain",
            "pulp_domain__pulp_last_updated",
            "repository",
            "newest_number",
            "newest_created",
            "repository_version__repository",
            "repository_version__number",
            "repository_version__pulp_created",
            "publication__repository_version__repository",
            "publication__repository_version__number",
            "publication__repository_version__pulp_created",
            "remote",
            "remote__pulp_last_updated",
            "consumers",
            "vulndb",
            "vulndb__revision",
            "blocks",
            "own",
            "told_policy",
        )
    )
    named = {_DOMAIN_NAME: "domain_name", _KNOWN: "known"}
    return compile_queryset(queryset, markers | named)


class _Array(Func):
    function = "jsonb_build_array"
    output_field = JSONField()


def _blocks() -> QuerySet:
    """
    Tell the blocks of the repository that is served: their revision, its time, and an array for each.

    There is nothing to tell where none was ever made. Blocks of a known revision are left out: PostgreSQL
    looks them up only where they are not, so that thousands of them cost nothing.
    """
    blocks = (
        GoBlock.objects.filter(repository=OuterRef("repository"))
        .order_by()
        .values("repository")
        .annotate(
            all=JSONBAgg(_Array("module", "versions", "reason", "pulp_created", "source")),
        )
        .values("all")
    )
    return (
        GoBlockRevision.objects.filter(repository=OuterRef("served_repository"))
        .order_by()
        .values(told=_Array(_REVISION, "changed", _if_new(blocks)))
    )


def _own() -> QuerySet:
    """Tell the own paths of the repository that is served: their revision and all of them, as of `_blocks`."""
    paths = (
        GoOwnPath.objects.filter(repository=OuterRef("repository"))
        .order_by()
        .values("repository")
        .annotate(all=JSONBAgg("path"))
        .values("all")
    )
    return (
        GoOwnRevision.objects.filter(repository=OuterRef("served_repository"))
        .order_by()
        .values(told=_Array(_REVISION, _if_new(paths)))
    )


def _policy() -> QuerySet:
    """Tell the policy of the distribution: its revision, and what it says unless that is known."""
    waivers = (
        GoWaiver.objects.filter(
            policy=OuterRef("pk"), state=GoWaiver.State.APPROVED, expires__gt=Now()
        )
        .order_by()
        .values("policy")
        .annotate(all=JSONBAgg(_Array("pk", "module", "versions", "conditions", "expires")))
        .values("all")
    )
    said = GoPolicy.objects.filter(pk=OuterRef("pk")).values(
        said=_Array("name", "pulp_last_updated", Subquery(waivers), *CONDITIONS)
    )
    return GoPolicy.objects.filter(pk=OuterRef("policy")).values(
        told=_Array(_REVISION, _if_new(said))
    )


_REVISION = Cast("revision", CharField())


def _if_new(told: QuerySet) -> Case:
    """Tell something unless its revision is known."""
    is_new = Exact(StrIndex(Value(_KNOWN), _REVISION), 0)
    return Case(When(is_new, then=Subquery(told)), default=None, output_field=JSONField())


@lru_cache(maxsize=64)
def probe(candidates: int) -> Statement:
    """
    Find distributions, unless nothing was written since a snapshot.

    PostgreSQL looks at no table where the condition on the snapshot does not hold.

    Values: as of `distribution`, and seen, the snapshot under which they were read before.
    Columns: the snapshot, then those of `distribution`, null where there is none.

    Args:
        candidates: How many base paths are possible.
    """
    found = distribution(candidates)
    sql = (
        "SELECT pg_current_snapshot()::text, found.* FROM (SELECT 1) AS one "
        f"LEFT JOIN LATERAL (SELECT * FROM ({found.sql}) AS known "
        "WHERE pg_current_snapshot()::text <> %s) AS found ON TRUE"
    )
    return Statement(
        sql, (*found.names, "seen"), (*found.constants, None), {**found.types, "seen": "text"}
    )
