"""
Proofs that a record is in a tree, and that one tree is the beginning of another.

RFC 6962 calls them Merkle audit paths and Merkle consistency proofs.
"""

from collections.abc import Iterator, Sequence

from .._text import MAX_INT64
from .errors import ProofError, TlogError
from .hashes import (
    Hash,
    HashReader,
    max_pow2,
    node_hash,
    read_hashes,
    subtree_hash,
    subtree_indexes,
)

_FAILED = "invalid transparency proof"


def prove_record(t: int, n: int, reader: HashReader) -> list[Hash]:
    """
    The proof that the tree of size t holds the record number n.

    Raises:
        TlogError: there is no such record in such a tree.
    """
    _check_record_inputs("prove_record", t, n)
    hashes = iter(read_hashes(reader, _record_indexes(0, t, n)))
    return _record_proof(0, t, n, hashes)


def check_record(p: Sequence[Hash], t: int, th: Hash, n: int, h: Hash) -> None:
    """
    Check that p proves that record n of the tree of size t and hash th has the hash h.

    Raises:
        ProofError: it does not.
        TlogError: there is no such record in such a tree.
    """
    _check_record_inputs("check_record", t, n)
    if _run_record_proof(p, len(p), (0, t), n, h) != th:
        raise ProofError(f"{_FAILED}: record {n} is not in the tree of size {t}")


def prove_tree(t: int, n: int, reader: HashReader) -> list[Hash]:
    """
    The proof that the tree of size t begins with the tree of size n.

    Raises:
        TlogError: it cannot, by their sizes.
    """
    _check_tree_inputs("prove_tree", t, n)
    hashes = iter(read_hashes(reader, tree_proof_indexes(t, n)))
    return _tree_proof(0, t, n, hashes)


def tree_proof_indexes(t: int, n: int) -> list[int]:
    """What prove_tree(t, n, reader) is going to read, for readers that cannot wait."""
    return _tree_indexes(0, t, n)


def check_tree(p: Sequence[Hash], t: int, th: Hash, n: int, h: Hash) -> None:
    """
    Check that p proves that the tree of size t and hash th begins with that of size n, hash h.

    Raises:
        ProofError: it does not.
        TlogError: it cannot, by their sizes.
    """
    _check_tree_inputs("check_tree", t, n)
    if _run_tree_proof(p, len(p), (0, t), n, h) != (h, th):
        raise ProofError(f"{_FAILED}: the tree of size {t} does not begin with that of size {n}")


def _check_record_inputs(function: str, t: int, n: int) -> None:
    if not 0 <= n < t <= MAX_INT64:
        raise TlogError(f"tlog: invalid inputs in {function}: record {n} of {t}")


def _check_tree_inputs(function: str, t: int, n: int) -> None:
    if not 1 <= n <= t <= MAX_INT64:
        raise TlogError(f"tlog: invalid inputs in {function}: tree {n} in tree {t}")


# Each of the functions below halves the records [lo, hi): their depth is log2 of the tree's size.


def _record_indexes(lo: int, hi: int, n: int) -> list[int]:
    if lo + 1 == hi:
        return []
    middle = lo + max_pow2(hi - lo)[0]
    if n < middle:
        return _record_indexes(lo, middle, n) + subtree_indexes(middle, hi)
    return subtree_indexes(lo, middle) + _record_indexes(middle, hi, n)


def _record_proof(lo: int, hi: int, n: int, hashes: Iterator[Hash]) -> list[Hash]:
    if lo + 1 == hi:
        return []
    middle = lo + max_pow2(hi - lo)[0]
    if n < middle:
        proof = _record_proof(lo, middle, n, hashes)
        return [*proof, subtree_hash(middle, hi, hashes)]
    left = subtree_hash(lo, middle, hashes)
    return [*_record_proof(middle, hi, n, hashes), left]


def _run_record_proof(
    p: Sequence[Hash], end: int, span: tuple[int, int], n: int, leaf: Hash
) -> Hash:
    """The hash that p[:end] implies for the records of the span, of which number n is leaf."""
    lo, hi = span
    if lo + 1 == hi:
        if end:
            raise ProofError(f"{_FAILED}: {end} hashes too many")
        return leaf
    if not end:
        raise ProofError(f"{_FAILED}: too short")
    middle = lo + max_pow2(hi - lo)[0]
    if n < middle:
        return node_hash(_run_record_proof(p, end - 1, (lo, middle), n, leaf), p[end - 1])
    return node_hash(p[end - 1], _run_record_proof(p, end - 1, (middle, hi), n, leaf))


def _tree_indexes(lo: int, hi: int, n: int) -> list[int]:
    if n == hi:
        # The verifier knows the old tree's own hash.
        return subtree_indexes(lo, hi) if lo else []
    middle = lo + max_pow2(hi - lo)[0]
    if n <= middle:
        return _tree_indexes(lo, middle, n) + subtree_indexes(middle, hi)
    return subtree_indexes(lo, middle) + _tree_indexes(middle, hi, n)


def _tree_proof(lo: int, hi: int, n: int, hashes: Iterator[Hash]) -> list[Hash]:
    if n == hi:
        return [subtree_hash(lo, hi, hashes)] if lo else []
    middle = lo + max_pow2(hi - lo)[0]
    if n <= middle:
        proof = _tree_proof(lo, middle, n, hashes)
        return [*proof, subtree_hash(middle, hi, hashes)]
    left = subtree_hash(lo, middle, hashes)
    return [*_tree_proof(middle, hi, n, hashes), left]


def _run_tree_proof(
    p: Sequence[Hash], end: int, span: tuple[int, int], n: int, old: Hash
) -> tuple[Hash, Hash]:
    """The hashes of the old and the new tree that p[:end] implies for the records of the span."""
    lo, hi = span
    if n == hi:
        if end != (1 if lo else 0):
            raise ProofError(f"{_FAILED}: {end} hashes left at the old tree's edge")
        common = p[0] if lo else old
        return common, common
    if not end:
        raise ProofError(f"{_FAILED}: too short")
    middle = lo + max_pow2(hi - lo)[0]
    if n <= middle:
        older, newer = _run_tree_proof(p, end - 1, (lo, middle), n, old)
        return older, node_hash(newer, p[end - 1])
    older, newer = _run_tree_proof(p, end - 1, (middle, hi), n, old)
    return node_hash(p[end - 1], older), node_hash(p[end - 1], newer)
