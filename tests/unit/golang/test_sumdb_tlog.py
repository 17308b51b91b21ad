"""Hashes, proofs and tiles of transparency logs, held against Go's verdicts."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import tlog
from tests.unit.golang.sumdb_world import Log, flip, log_record
from tests.unit.golang.vectors import load

VECTORS = load("sumdb_tree")
LOG = Log(70)


def rfc6962(records: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not records:
        return hashlib.sha256().digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    k = 1
    while k * 2 < len(records):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc6962(records[:k]) + rfc6962(records[k:])).digest()


def test_log_as_go_grows_it() -> None:
    log = Log(0)
    for i, row in enumerate(VECTORS["records"]):
        text = row["record"].encode()
        assert tlog.format_hash(tlog.record_hash(text)) == row["record_hash"]
        log.stored += tlog.stored_hashes(i, text, log)
        assert len(log.stored) == tlog.stored_hash_count(i + 1) == row["stored_hash_count"]
        assert tlog.format_hash(tlog.tree_hash(i + 1, log)) == row["tree_hash"]
    assert [tlog.format_hash(h) for h in log.stored] == VECTORS["stored_hashes_b64"]
    for row in VECTORS["tiles"]:
        tile = tlog.parse_tile_path(row["path"])
        data = tlog.read_tile_data(tile, log)
        assert len(data) == row["len"]
        assert data == base64.b64decode(row["data_b64"])


@pytest.mark.parametrize("row", load("sumdb_parse_tree"), ids=lambda row: repr(row[0][21:40]))
def test_parse_tree_as_go(row: list[Any]) -> None:
    text, want = row
    if want is None:
        with pytest.raises(tlog.MalformedTreeError, match="malformed tree note"):
            tlog.parse_tree(text)
    else:
        tree = tlog.parse_tree(text)
        assert [tree.n, tlog.format_hash(tree.hash)] == want
        assert text.encode().startswith(tlog.format_tree(tree))


@pytest.mark.parametrize("row", load("sumdb_parse_record"), ids=lambda row: repr(row[0]))
def test_parse_record_as_go(row: list[Any]) -> None:
    msg, want = row
    data = msg.encode("utf-8", "surrogateescape")
    if want is None:
        for form in (msg, data):
            with pytest.raises(tlog.MalformedRecordError, match="malformed record data"):
                tlog.parse_record(form)
    else:
        assert tlog.parse_record(msg)._asdict() == want
        found = tlog.parse_record(data)
        assert tlog.format_record(found.id, found.text) + found.rest == data


@pytest.mark.parametrize(
    ("msg", "id_"),
    [
        (b"+7\na\n\n", 7),
        (b"007\na\n\n", 7),
        (b"9223372036854775807\na\n\n", 2**63 - 1),
        (b"-9223372036854775808\na\n\n", -(2**63)),
        (b"9223372036854775808\na\n\n", None),
        (b"1_0\na\n\n", None),
        (b" 1\na\n\n", None),
        ("\u0661\na\n\n".encode(), None),
        (b"\na\n\n", None),
        (b"9" * 10_000 + b"\na\n\n", None),
    ],
)
def test_record_numbers(msg: bytes, id_: int | None) -> None:
    if id_ is None:
        with pytest.raises(tlog.MalformedRecordError):
            tlog.parse_record(msg)
    else:
        assert tlog.parse_record(msg).id == id_


@pytest.mark.parametrize("text", [b"", b"a", b"a\n\nb\n", b"a\r\n", b"\xff\n", b"a\n\n"])
def test_text_that_is_no_record(text: bytes) -> None:
    with pytest.raises(tlog.MalformedRecordError):
        tlog.format_record(1, text)


def test_tree_text_limits() -> None:
    text = tlog.format_tree(LOG.tree())
    padded = text + b"x" * (1_000_000 - len(text))
    assert tlog.parse_tree(padded) == LOG.tree()
    # Go's base64 decoder skips carriage returns.
    assert tlog.parse_tree(text.replace(b"=\n", b"=\r\n")) == LOG.tree()
    for bad in (padded + b"x", text.replace(b"=\n", b"= \n"), text.replace(b"70", b"+70")):
        with pytest.raises(tlog.MalformedTreeError):
            tlog.parse_tree(bad)


def test_hash_text() -> None:
    text = VECTORS["records"][0]["record_hash"]
    assert tlog.format_hash(tlog.parse_hash(text)) == text
    for bad in ("", text[:-1], text[4:], text + "AAAA"):
        with pytest.raises(tlog.MalformedHashError):
            tlog.parse_hash(bad)


def test_stored_hash_index_numbers_all_nodes() -> None:
    """Hashes are stored in the order in which the nodes of the tree are completed."""
    order = []
    for last in range(300):
        level = 0
        while (last + 1) % (1 << level) == 0:
            order.append((level, last >> level))
            level += 1
    for index, (level, n) in enumerate(order):
        assert tlog.stored_hash_index(level, n) == index
        assert tlog.split_stored_hash_index(index) == (level, n)
    top = tlog.stored_hash_index(62, 0)
    assert tlog.split_stored_hash_index(top) == (62, 0)
    assert tlog.stored_hash_count(2**62) == top + 1


@pytest.mark.parametrize("n", range(33))
def test_tree_hash_is_that_of_the_rfc(n: int) -> None:
    assert LOG.roots[n] == rfc6962([log_record(i) for i in range(n)])


def test_certificate_transparency_example() -> None:
    """The log and the roots of the test suite of Certificate Transparency."""
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    log = Log(0)
    for i, leaf in enumerate(leaves):
        log.stored += tlog.stored_hashes(i, bytes.fromhex(leaf), log)
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tlog.tree_hash(len(leaves), log).hex() == root


def test_every_record_is_proven_in_every_tree() -> None:
    for t in range(1, 20):
        for n in range(t):
            proof = tlog.prove_record(t, n, LOG)
            leaf = tlog.record_hash(log_record(n))
            tlog.check_record(proof, t, LOG.roots[t], n, leaf)
            for other in range(t):
                if other != n:
                    with pytest.raises(tlog.ProofError, match="invalid transparency proof"):
                        tlog.check_record(proof, t, LOG.roots[t], other, leaf)
            for bad in broken(proof):
                with pytest.raises(tlog.ProofError):
                    tlog.check_record(bad, t, LOG.roots[t], n, leaf)


def test_every_tree_is_proven_to_begin_every_larger_one() -> None:
    for t in range(1, 20):
        for n in range(1, t + 1):
            proof = tlog.prove_tree(t, n, LOG)
            tlog.check_tree(proof, t, LOG.roots[t], n, LOG.roots[n])
            with pytest.raises(tlog.ProofError, match="does not begin with"):
                tlog.check_tree(proof, t, LOG.roots[t], n, tlog.record_hash(b"x"))
            for bad in broken(proof):
                with pytest.raises(tlog.ProofError):
                    tlog.check_tree(bad, t, LOG.roots[t], n, LOG.roots[n])


def broken(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one hash too many, one too few, and each of its bits' bytes changed."""
    changed = [
        [flip(h, 0) if j == i else h for j, h in enumerate(proof)] for i in range(len(proof))
    ]
    return [
        [*proof, bytes(32)],
        [bytes(32), *proof],
        *([proof[1:], proof[:-1]] if proof else []),
    ] + (changed)


@pytest.mark.parametrize(("t", "n"), [(0, 0), (5, 5), (5, -1), (-1, -2), (2**63, 1), (1 << 400, 1)])
def test_proofs_that_cannot_be(t: int, n: int) -> None:
    with pytest.raises(tlog.TlogError, match="invalid inputs"):
        tlog.prove_record(t, n, LOG)
    with pytest.raises(tlog.TlogError, match="invalid inputs"):
        tlog.check_record([], t, bytes(32), n, bytes(32))
    if (t, n) != (5, 5):
        with pytest.raises(tlog.TlogError, match="invalid inputs"):
            tlog.prove_tree(t, n, LOG)
        with pytest.raises(tlog.TlogError, match="invalid inputs"):
            tlog.check_tree([], t, bytes(32), n, bytes(32))


def test_hashes_of_other_sizes_do_not_pass() -> None:
    """33 and 31 bytes hash like two hashes, but are none."""
    left, right = (tlog.record_hash(log_record(i)) for i in range(2))
    with pytest.raises(tlog.TlogError, match="33 and 31 bytes"):
        tlog.check_record([left[31:] + right], 2, LOG.roots[2], 1, left[:31])
    with pytest.raises(tlog.TlogError, match="hash of 31 bytes"):
        tlog.tree_hash(1, tlog.HashReaderFunc(lambda _: [bytes(31)]))
    with pytest.raises(tlog.TlogError, match="2 hashes"):
        tlog.tree_hash(1, tlog.HashReaderFunc(lambda _: [bytes(32)] * 2))


@given(st.one_of(st.binary(), st.text(), st.text("tile/x0123.pda8-+")))
def test_arbitrary_input_raises_nothing_else(text: bytes | str) -> None:
    for read in (tlog.parse_tile_path, tlog.parse_tree, tlog.parse_hash):
        with pytest.raises(GoError):
            read(text)
    with pytest.raises(GoError):
        tlog.parse_record(text) if isinstance(text, str) else tlog.parse_record(text)
