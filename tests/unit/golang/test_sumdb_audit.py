"""Checkpoints, cosignatures, proof files, witnesses and entry bundles: what auditors read."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang.errors import GoError
from pulp_gomod.golang.sumdb import (
    SumDBError,
    checkpoint,
    cosignature,
    entries,
    note,
    tlog,
    witness,
)
from pulp_gomod.golang.sumdb import proof_file as proofs
from tests.unit.golang.sumdb_world import NAME, SKEY, VKEY, Log, flip, log_record, signed_head

LOG = Log(300)
ORIGIN = f"{NAME}/audit"
KEY = checkpoint.origin_key(VKEY, ORIGIN)
SIGNER = checkpoint.origin_signer(SKEY, ORIGIN)
WITNESS = cosignature.new_signer(
    "witness.example/w1", Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
)
WITNESS_KEY = cosignature.new_verifier(WITNESS.verifier_key)


def tree(n: int) -> tlog.Tree:
    return tlog.Tree(n, LOG.roots[n])


def signed(n: int = 300) -> bytes:
    return checkpoint.sign_checkpoint(ORIGIN, tree(n), SIGNER)


def cosigned(n: int = 300) -> bytes:
    opened = note.open_note(signed(n), [note.new_verifier(KEY)])
    return note.sign(opened, WITNESS)


def proof(number: int, n: int = 300) -> bytes:
    hashes = tlog.prove_record(n, number, LOG)
    return proofs.format_proof(number, hashes, signed(n), log_record(number))


# Checkpoints


def test_a_checkpoint_is_what_it_was() -> None:
    found, opened = checkpoint.open_checkpoint(signed(), VKEY)
    assert found == checkpoint.Checkpoint(ORIGIN, tree(300))
    assert [each.name for each in opened.sigs] == [ORIGIN]
    # The same key under its other name does as well.
    assert checkpoint.open_checkpoint(signed(), KEY)[0] == found
    assert KEY.startswith(f"{ORIGIN}+") and KEY != VKEY


def test_a_checkpoint_is_not_a_head_for_the_go_command_and_the_other_way_round() -> None:
    with pytest.raises(tlog.MalformedTreeError):
        tlog.parse_tree(note.open_note(signed(), [note.new_verifier(KEY)]).text)
    with pytest.raises(checkpoint.CheckpointError, match="its origin is"):
        checkpoint.open_checkpoint(signed_head(tlog.format_tree(tree(3))), VKEY)


def test_somebody_elses_checkpoint_is_not_believed() -> None:
    other, vkey = note.generate_key(NAME)
    theirs = checkpoint.sign_checkpoint(ORIGIN, tree(3), checkpoint.origin_signer(other, ORIGIN))
    with pytest.raises(checkpoint.CheckpointError, match="is not signed by the key"):
        checkpoint.open_checkpoint(theirs, VKEY)
    assert checkpoint.open_checkpoint(theirs, vkey)


def test_a_witness_alone_vouches_for_nothing() -> None:
    theirs = checkpoint.sign_checkpoint(ORIGIN, tree(3), WITNESS)
    with pytest.raises(checkpoint.CheckpointError, match="is not signed by the key"):
        checkpoint.open_checkpoint(theirs, VKEY, [WITNESS_KEY])


HASH = tlog.format_hash(tlog.EMPTY_HASH)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        "log\n1\n",
        f"log\n1\n{HASH}",
        f"\n1\n{HASH}\n",
        f"log\n01\n{HASH}\n",
        f"log\n+1\n{HASH}\n",
        f"log\n-1\n{HASH}\n",
        f"log\n1_0\n{HASH}\n",
        f"log\n{1 << 63}\n{HASH}\n",
        f"log\n1\n{HASH[:-1]}\n",
        f"log\n1\n{HASH[:8]}\r{HASH[8:]}\n",
        f"log\n1\n{HASH}\n\nmore\n",
        f"log\x01\n1\n{HASH}\n",
        f"log\n1\n{HASH}\n" + "x" * 1_000_000 + "\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(checkpoint.CheckpointError, match="malformed checkpoint"):
        checkpoint.parse_checkpoint(text)


def test_further_lines_are_passed_on() -> None:
    text = checkpoint.format_checkpoint("log.example", tlog.EMPTY_TREE) + b"more\n"
    found = checkpoint.parse_checkpoint(text)
    assert found == checkpoint.Checkpoint("log.example", tlog.EMPTY_TREE, ("more",))


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\x01b"])
def test_origins_that_no_log_has(origin: str) -> None:
    with pytest.raises(GoError):
        checkpoint.sign_checkpoint(origin, tree(3), SIGNER)


@given(st.integers(0, 5000), st.integers(0, 255))
def test_a_changed_byte_of_a_checkpoint_is_noticed(place: int, mask: int) -> None:
    message = cosigned()
    place %= len(message)
    changed = message[:place] + bytes([message[place] ^ mask]) + message[place + 1 :]
    try:
        found, opened = checkpoint.open_checkpoint(changed, VKEY, [WITNESS_KEY])
    except GoError:
        assert mask
        return
    # What is left: the name or the key's hash of the witness, whose line then is nobody's.
    assert found == checkpoint.Checkpoint(ORIGIN, tree(300))
    assert len(opened.sigs) == 2 or place > len(signed())


def test_signatures_are_added_once() -> None:
    line = cosigned().removeprefix(signed())
    assert checkpoint.add_signatures(signed(), [line, line.rstrip(b"\n")]) == cosigned()
    assert checkpoint.add_signatures(cosigned(), [line]) == cosigned()
    with pytest.raises(note.MalformedNoteError):
        checkpoint.add_signatures(signed(), [b"go.sum database tree\n"])


# Cosignatures


def test_a_cosignature_says_who_saw_what_and_when() -> None:
    at = cosignature.CosignatureSigner(
        WITNESS.name, WITNESS.key_hash, WITNESS.key, lambda: 1679315147.9
    )
    message = note.sign(note.open_note(signed(), [note.new_verifier(KEY)]), at)
    found, opened = checkpoint.open_checkpoint(message, VKEY, [WITNESS_KEY])
    assert found.tree == tree(300)
    assert [cosignature.seen_at(each) for each in opened.sigs if each.name == WITNESS.name] == [
        1679315147
    ]


def test_a_cosignature_of_another_time_or_text_is_none() -> None:
    raw = WITNESS.sign(b"text\n")
    assert WITNESS_KEY.verify(b"text\n", raw)
    assert not WITNESS_KEY.verify(b"texts\n", raw)
    assert not WITNESS_KEY.verify(b"text\n", flip(raw, 7))
    assert not WITNESS_KEY.verify(b"text\n", flip(raw, 0))
    assert not WITNESS_KEY.verify(b"text\n", raw[8:])
    # A plain signature of the same key is not taken for one, and one of it not for a plain signature.
    assert not WITNESS_KEY.verify(b"text\n", raw[:8] + WITNESS.key.sign(b"text\n"))


def test_the_key_of_a_log_is_not_that_of_a_witness() -> None:
    with pytest.raises(note.MalformedKeyError, match="not the Ed25519 key of a witness"):
        cosignature.new_verifier(VKEY)
    with pytest.raises(note.MalformedKeyError):
        note.new_verifier(WITNESS.verifier_key)
    with pytest.raises(note.MalformedKeyError, match="invalid hash"):
        cosignature.new_verifier(WITNESS.verifier_key.replace("w1+", "w2+"))
    with pytest.raises(note.MalformedKeyError, match="malformed"):
        cosignature.new_verifier("witness")


# Proof files


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_every_record_is_proven(place: tuple[int, int]) -> None:
    n, number = place
    found = proofs.verify_proof(proof(number, n), VKEY)
    assert (found.record, found.number) == (log_record(number), number)
    assert found.checkpoint.tree == tree(n)


@given(st.integers(0, 299), st.integers(0, 5000), st.integers(1, 255))
def test_a_changed_byte_of_a_proof_is_noticed(number: int, place: int, mask: int) -> None:
    data = proof(number)
    place %= len(data)
    changed = data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]
    try:
        found = proofs.verify_proof(changed, VKEY)
    except GoError:
        return
    # Base64 has spare bits at its end; what is proven is the same.
    assert (found.record, found.number) == (log_record(number), number)


def test_a_proof_of_another_record_or_log() -> None:
    with pytest.raises(proofs.ProofFileError, match="record 7 is not in the tree"):
        proofs.verify_proof(proof(7), VKEY, record=log_record(8))
    with pytest.raises(SumDBError, match="is not signed by"):
        proofs.verify_proof(proof(7), note.generate_key(NAME)[1])
    with pytest.raises(note.MalformedKeyError):
        proofs.verify_proof(proof(7), "key")


def test_a_proof_may_come_without_its_record() -> None:
    bare = proofs.format_proof(7, tlog.prove_record(300, 7, LOG), signed())
    assert proofs.verify_proof(bare, VKEY, record=log_record(7)).record == log_record(7)
    with pytest.raises(proofs.ProofFileError, match="has no record with it"):
        proofs.verify_proof(bare, VKEY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not begin with"),
        ("c2sp.org/tlog-proof@v2\nindex 0\n\n", "does not begin with"),
        ("c2sp.org/tlog-proof@v1\n\n", "which record"),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\n", "which record"),
        ("c2sp.org/tlog-proof@v1\nindex 9999999999999999999\n\n", "which record"),
        ("c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n", "not base64"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "malformed hash"),
        ("c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 64 + "\n", "more than 63"),
        ("x" * (proofs.MAX_SIZE + 1), "larger"),
    ],
)
def test_what_is_no_proof(text: str, reason: str) -> None:
    with pytest.raises(proofs.ProofFileError, match=reason):
        proofs.parse_proof(text)


# Witnesses


def test_a_request_to_a_witness() -> None:
    hashes = tlog.prove_tree(300, 70, LOG)
    body = witness.format_request(70, hashes, signed())
    assert body.startswith(b"old 70\n" + base64.b64encode(hashes[0]) + b"\n")
    read = witness.parse_request(body)
    assert read == witness.Request(
        70, tuple(hashes), signed(), checkpoint.Checkpoint(ORIGIN, tree(300))
    )
    tlog.check_tree(read.proof, 300, LOG.roots[300], 70, LOG.roots[70])
    assert witness.format_request(0, [], signed()).startswith(b"old 0\n\n" + ORIGIN.encode())
    with pytest.raises(checkpoint.CheckpointError, match="more than 63"):
        witness.format_request(1, [tlog.EMPTY_HASH] * 64, signed())


@pytest.mark.parametrize(
    "body", [b"", b"old\n\n", b"old 01\n\n", b"new 1\n\n", b"old 1\n" + b"x\n" * 64]
)
def test_what_is_no_request_to_a_witness(body: bytes) -> None:
    with pytest.raises(SumDBError):
        witness.parse_request(body)


def answer(status: int, body: bytes = b"", size_type: str = witness.SIZE_TYPE) -> witness.Answer:
    return witness.read_answer(status, body, signed(), WITNESS_KEY, size_type)


def test_a_witness_signs() -> None:
    line = cosigned().removeprefix(signed())
    found = answer(200, b"\xe2\x80\x94 other.example AAAAAAAAAAAA\n" + line)
    assert isinstance(found, witness.Cosigned)
    assert found.line == line
    assert checkpoint.add_signatures(signed(), [found.line]) == cosigned()


def test_a_witness_signs_what_is_worth_nothing() -> None:
    other = cosigned(299).removeprefix(signed(299))
    assert answer(200, other) == witness.Refused(
        "its signature is not valid for the key that is known", is_lasting=True
    )
    plain = note.sign(note.Note("x\n"), SIGNER).rpartition(b"\n\n")[2]
    assert isinstance(answer(200, plain), witness.Refused)
    assert isinstance(answer(200, b""), witness.Refused)
    assert isinstance(answer(200, b"<html>\n"), witness.Refused)
    assert isinstance(answer(200, b"\xff" * 70000), witness.Refused)


def test_a_witness_knows_another_tree() -> None:
    assert answer(409, b"70\n") == witness.Knows(70)
    assert answer(409, b"0\n", "Text/X.TLog.Size; charset=utf-8") == witness.Knows(0)
    for body in (b"070\n", b"-1\n", b"", b"9" * 30, b"70\n\n", b"\xd9\xa7\n"):
        assert isinstance(answer(409, body), witness.Refused)
    assert answer(409, b"300\n", "text/plain") == witness.Refused(
        "it knows another tree of the same size (409)", is_lasting=True
    )


@pytest.mark.parametrize(
    ("status", "is_lasting"),
    [(400, True), (403, True), (404, True), (422, True), (429, False), (500, False), (301, False)],
)
def test_a_witness_refuses(status: int, is_lasting: bool) -> None:
    found = answer(status, b"secret\n")
    assert isinstance(found, witness.Refused)
    assert found.is_lasting == is_lasting
    assert str(status) in found.reason and "secret" not in found.reason


# Entry bundles


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_is_what_it_was(records: list[bytes]) -> None:
    assert entries.parse_entries(entries.format_entries(records)) == records


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), st.integers(1, 8))
def test_a_bundle_that_ends_early_is_noticed_or_ends_at_a_record(
    records: list[bytes], missing: int
) -> None:
    data = entries.format_entries(records)[:-missing]
    try:
        found = entries.parse_entries(data)
    except entries.EntryError:
        return
    assert found == records[: len(found)] and len(found) < len(records)


def test_a_record_that_is_too_long_for_a_bundle() -> None:
    assert entries.format_entries([b"x" * 65535])[:2] == b"\xff\xff"
    with pytest.raises(entries.EntryError, match="65536 bytes"):
        entries.format_entries([b"x" * 65536])


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", (8, 0, 0, 256)),
        ("tile/1/x001/234.p/5", (8, 1, 1234, 5)),
        ("tile/63/x001/x234/067", (8, 63, 1234067, 256)),
        ("tile/entries/001.p/255", (8, -1, 1, 255)),
    ],
)
def test_paths(path: str, tile: tuple[int, int, int, int]) -> None:
    assert entries.parse_path(path) == tlog.Tile(*tile)
    assert entries.format_path(tlog.Tile(*tile)) == path


@pytest.mark.parametrize(
    "path",
    [
        "tile/data/000",
        "tile/8/0/000",
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/-1/000",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entries/",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_paths_that_name_no_tile(path: str) -> None:
    with pytest.raises(tlog.MalformedTilePathError, match="malformed tile path"):
        entries.parse_path(path)


# What others have made: see vectors/sumdb_audit.json

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/sumdb_audit.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["checkpoints"], ids=lambda each: each["name"])
def test_checkpoints_of_others(vector: dict[str, str]) -> None:
    cosigners = [cosignature.new_verifier(key) for key in vector["witnesses"]]
    found, opened = checkpoint.open_checkpoint(vector["text"], vector["key"], cosigners)
    assert found.origin == vector["origin"]
    assert len(opened.sigs) == 1 + len(cosigners)


@pytest.mark.parametrize("vector", VECTORS["proofs"], ids=lambda each: each["name"])
def test_proofs_of_others(vector: dict[str, str]) -> None:
    record = base64.b64decode(vector["record"])
    found = proofs.verify_proof(vector["text"], vector["key"], record)
    assert found.number == vector["number"]
    again = proofs.parse_proof(vector["text"])
    assert proofs.format_proof(*again[:2], again.checkpoint, again.extra) == vector["text"].encode()
    with pytest.raises(proofs.ProofFileError):
        proofs.verify_proof(vector["text"], vector["key"], record + b"x")
