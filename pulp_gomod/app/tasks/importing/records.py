"""The checksum databases of a tree: what they say of its modules, and what they prove."""

import json
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from pulp_gomod.app.exceptions import ImportRefusedError
from pulp_gomod.app.models import GoSumdbTree
from pulp_gomod.app.storage.proofs import Absorbed, Place, ProvenRecord, absorb
from pulp_gomod.app.tasks.importing.tree import Key, Tree, widest
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.gosumdb import KNOWN_GOSUMDB, parse_gosumdb
from pulp_gomod.golang.sumdb.proving import NO_HEAD, Head, open_head

_LOOKUP = "lookup/"
_LATEST = "latest"
# Older heads that a bundle says to continue. The server gives the newest 1,000 of bundles, and some hundreds of others.
_MOST_OLDER = 2000


class TreeDatabase:
    """
    One checksum database of a tree.

    Attributes:
        name: Its name.
        key: Its verifier key; "" if nobody knows it.

    Args:
        name: The database's name.
        key: Its verifier key, or "".
    """

    def __init__(self, tree: Tree, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self._tree = tree
        self._files = tree.sumdbs[name]

    def lines(self, path: str, version: str) -> list[str]:
        """
        Return the go.sum lines of a module version, unproven; empty if there are none.

        Args:
            path: The module path.
        """
        found = self._record(path, version)
        return found.text.splitlines() if found else []

    def absorb(self, domain: UUID, keys: Sequence[Key]) -> Absorbed:
        """
        Keep what this database proves of some module versions, and what it is proven with.

        Args:
            domain: The domain's pk.
            keys: Paths and versions.

        Raises:
            GoError: Its heads are not signed with the key, or show another history than the one that is
                known.
        """
        head = self._newest_head(keys)
        records = (found for key in keys if (found := self._record(*key)) is not None)
        return absorb(
            domain, self.key, head.message, records, self._tiles, continues=self._continues()
        )

    def _record(self, path: str, version: str) -> ProvenRecord | None:
        answer = self._lookup(path, version)
        if answer is None:
            return None
        try:
            record = tlog.parse_record(answer)
            return ProvenRecord(record.id, path, version, record.text.decode())
        except (GoError, UnicodeDecodeError):
            return None

    def _lookup(self, path: str, version: str) -> bytes | None:
        name = f"{_LOOKUP}{module.escape_path(path)}@{module.escape_version(version)}"
        span = self._files.get(name)
        return None if span is None else self._tree.small(span)

    def _newest_head(self, keys: Sequence[Key]) -> Head:
        """Find the largest of the heads: a module cache has one beside each record."""
        newest = NO_HEAD
        for message in self._heads(keys):
            head = open_head(message, self.key)
            if head.tree.n > newest.tree.n:
                newest = head
        return newest

    def _heads(self, keys: Sequence[Key]) -> Iterator[bytes]:
        if _LATEST in self._files:
            yield self._tree.small(self._files[_LATEST])
            return
        seen = set()
        for key in keys:
            answer = self._lookup(*key)
            if answer is None:
                continue
            try:
                head = tlog.parse_record(answer).rest
            except GoError:
                continue
            if head not in seen:
                seen.add(head)
                yield head

    def _continues(self) -> list[int]:
        """
        Read of which sizes the trees are that a bundle says to prove, besides that of its head.

        Later bundles leave out what this one has, so whatever they build on has to be kept.
        """
        if self._tree.about is None:
            return []
        try:
            said = json.loads(self._tree.small(self._tree.about))
            sizes = [
                size
                for database in said["sumdb"]
                if (database["name"], database["key"]) == (self.name, self.key)
                for size in database["continues"]
                if isinstance(size, int)
            ]
        except (ImportRefusedError, ValueError, LookupError, TypeError, RecursionError):
            # It is no other file's proof: what it does not say is not kept, and no more.
            return []
        return sorted(set(sizes))[-_MOST_OLDER:]

    def _tiles(self, tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
        found = {}
        for tile in tiles:
            name = widest(self._files, tile.full().path())
            if name is not None:
                found[tile.l, tile.n] = self._tree.small(self._files[name])
        return found


def databases_of(tree: Tree, domain: UUID, given: Sequence[str]) -> list[TreeDatabase]:
    """
    Find the checksum databases of a tree, with the keys that they are verified with.

    Args:
        domain: The domain's pk.
        given: Further keys, as in GOSUMDB.

    Raises:
        GoError: A given key is none, or another one is known by its name.
    """
    known = dict(
        GoSumdbTree.objects.filter(pulp_domain=domain)
        .order_by("head_seen")
        .values_list("name", "verifier_key")
    )
    known |= KNOWN_GOSUMDB
    for parsed in map(parse_gosumdb, given):
        # What the domain keeps is for all of its repositories: the records of another database of that name would take the
        # place of those that prove what they hold.
        if known.setdefault(parsed.name, parsed.key) != parsed.key:
            raise GoError(f"another key of {parsed.name} is known here: {known[parsed.name]}")
    return [TreeDatabase(tree, name, known.get(name, "")) for name in sorted(tree.sumdbs)]
