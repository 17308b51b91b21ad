"""Which signed heads a bundle has, and which it proves to be their beginning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pulp_gomod.app.bundle.order import Base, Known
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.models import GoBundleHead, GoSumdbTree

# Seconds before a bundle was made from which on records may have come too late to be in it: whoever
# commits them begins earlier.
_MARGIN = 600.0
# Heads of earlier bundles that a bundle proves its own to continue, the newest ones: each takes 10 KB of it, and there is
# another one with nearly every bundle of a busy server.
_MOST_OLDER = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """
    The head of a checksum database that a bundle has.

    Attributes:
        tree: The tree's pk.
        name: The database's name.
        key: The key that the head is signed with.
        note: The signed head.
        size: Records in its tree.
        older: The sizes of the trees that it is proven to continue, in ascending order.
    """

    tree: UUID
    name: str
    key: str
    note: bytes
    size: int
    older: tuple[int, ...]


def bases(scope: Scope) -> Known:
    """
    Find the trees of a domain, each with what the bundle of the older version proved with.

    Args:
        scope: What the bundle is of. Without an older version there is nothing to build on; neither is there
            if its bundle was made with several heads, of which the receiver may have either.
    """
    trees: Known = dict.fromkeys(
        GoSumdbTree.objects.filter(pulp_domain=scope.domain)
        .order_by("name", "pk")
        .values_list("pk", flat=True)
    )
    if scope.since is None:
        return trees
    pinned: dict[UUID, list[GoBundleHead]] = {}
    for each in GoBundleHead.objects.filter(repository=scope.repository, number=scope.since):
        pinned.setdefault(each.tree_id, []).append(each)
    for tree, found in pinned.items():
        if tree in trees and len(found) == 1:
            made = found[0].pulp_created.timestamp() - _MARGIN
            trees[tree] = Base(found[0].size, made, _older(found[0]))
    return trees


def choose(scope: Scope, numbers: Mapping[UUID, Sequence[int]]) -> list[Head]:
    """
    Choose a head for each database that has records of what is held; note that it is given away.

    It is the one of earlier bundles of the same version, if that proves all, and else the newest.

    Args:
        scope: What the bundle is of.
        numbers: By tree, the numbers of the records.
    """
    trees = GoSumdbTree.objects.filter(pk__in=list(numbers)).order_by("name", "pk")
    return [_choose(scope, tree, max(numbers[tree.pk])) for tree in trees]


def _choose(scope: Scope, tree: GoSumdbTree, highest: int) -> Head:
    pinned = (
        tree.bundle_heads.filter(repository=scope.repository, number=scope.number, size__gt=highest)
        .order_by("size")
        .last()
    )
    if pinned is None:
        pinned, _ = GoBundleHead.objects.get_or_create(
            repository_id=scope.repository,
            number=scope.number,
            tree=tree,
            size=tree.size,
            defaults={"head": bytes(tree.head), "older": tree.passed},
        )
    older = _older(pinned)
    return Head(tree.pk, tree.name, tree.verifier_key, bytes(pinned.head), pinned.size, older)


def _older(pinned: GoBundleHead) -> tuple[int, ...]:
    """Find the sizes of the trees that a bundle proves its own to continue: of earlier bundles, and of lookups."""
    bundled = GoBundleHead.objects.filter(tree=pinned.tree_id, size__lt=pinned.size)
    newest = bundled.order_by("-size").values_list("size", flat=True).distinct()[:_MOST_OLDER]
    sizes = {*newest, *pinned.older}
    return tuple(sorted(size for size in sizes if size < pinned.size))
