"""Signed notes and their keys, held against Go's verdicts."""

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import note
from tests.unit.golang.vectors import load

VECTORS = load("sumdb_note")
VKEY: str = VECTORS["verifier_key"]
# The example key of Go's public documentation, not a secret.
SKEY: str = VECTORS["signer_key_public_example"]
EM_DASH = "\N{EM DASH}"
KNOWN = note.verifier_list(note.new_verifier(VKEY))


def signed(text: str) -> bytes:
    return note.sign(note.Note(text), note.new_signer(SKEY))


@pytest.mark.parametrize("row", VECTORS["notes"], ids=lambda row: row["name"])
def test_open_as_go(row: dict[str, Any]) -> None:
    if not row["ok"]:
        with pytest.raises(note.NoteError) as caught:
            note.open(row["msg"], KNOWN)
        assert str(caught.value).startswith(row["err"])
        return
    opened = note.open(row["msg"], KNOWN)
    assert opened.text == row["text"]
    assert len(opened.sigs) == row["verified"]
    assert len(opened.unverified_sigs) == row["unverified"]


@pytest.mark.parametrize("row", load("sumdb_verifier"), ids=lambda row: row[0][:30])
def test_new_verifier_as_go(row: list[Any]) -> None:
    vkey, ok, text = row
    if ok:
        name, key_hash, _ = vkey.split("+", 2)
        verifier = note.new_verifier(vkey)
        assert (verifier.name, f"{verifier.key_hash:08x}") == (name, key_hash)
    else:
        with pytest.raises(note.MalformedKeyError) as caught:
            note.new_verifier(vkey)
        assert str(caught.value).startswith(text)


def test_every_good_note_signs_to_the_same_bytes() -> None:
    """Ed25519 is deterministic, so our signatures are Go's."""
    rows = [row for row in VECTORS["notes"] if row["ok"] and row["msg"].count(EM_DASH) == 1]
    assert rows
    for row in rows:
        assert signed(row["text"]).decode() == row["msg"]


def test_key_pair_signs_and_verifies() -> None:
    skey, vkey = note.generate_key("sum.example.com/db")
    verifier = note.new_verifier(vkey)
    msg = note.sign(note.Note("hello\n"), note.new_signer(skey))
    opened = note.open_note(msg, [verifier])
    assert opened.text == "hello\n"
    assert [(s.name, s.hash) for s in opened.sigs] == [("sum.example.com/db", verifier.key_hash)]
    with pytest.raises(note.UnverifiedNoteError) as caught:
        note.open_note(msg, KNOWN)
    assert caught.value.note.unverified_sigs == opened.sigs


def test_keys_of_two_servers_on_one_note() -> None:
    skey, vkey = note.generate_key("second.example.com")
    first = note.open(signed("hello\n"), KNOWN)
    both = note.sign(first, note.new_signer(skey))
    second = note.new_verifier(vkey)
    assert len(note.open(both, [note.new_verifier(VKEY), second]).sigs) == 2
    only_second = note.open(both, [second])
    assert [s.name for s in only_second.sigs] == ["second.example.com"]
    assert [s.name for s in only_second.unverified_sigs] == ["PeterNeumann"]
    # Signing again replaces the signature of the same key, and keeps the other.
    assert note.sign(only_second, note.new_signer(skey)) == both


def test_hundred_signatures_are_read_and_no_more() -> None:
    text, _, line = signed("hello\n").partition(b"\n\n")
    others = b"".join(f"{EM_DASH} Other{i} AAAAAAAA\n".encode() for i in range(100))
    msg = text + b"\n\n" + line + others
    with pytest.raises(note.MalformedNoteError, match="more than 100"):
        note.open(msg, KNOWN)
    shorter = msg[: msg.rindex(EM_DASH.encode())]
    assert len(note.open(shorter, KNOWN).unverified_sigs) == 99


def test_ambiguous_key_list_is_refused() -> None:
    verifier = note.new_verifier(VKEY)
    with pytest.raises(note.AmbiguousVerifierError, match=r"PeterNeumann\+c74f20a3"):
        note.open(signed("hello\n"), [verifier, verifier])


def test_verifier_that_is_not_the_one_asked_for_is_refused() -> None:
    other = note.new_verifier(note.generate_key("other")[1])

    class Wrong:
        def verifier(self, name: str, key_hash: int) -> note.Verifier:
            return other

    with pytest.raises(note.NoteError, match="doesn't match signature"):
        note.open(signed("hello\n"), Wrong())


def test_no_known_keys_is_no_trust() -> None:
    with pytest.raises(note.UnverifiedNoteError):
        note.open(signed("hello\n"))


@pytest.mark.parametrize("position", range(0, 64, 7))
def test_every_part_of_a_signature_counts(position: int) -> None:
    msg = signed("hello\n").decode()
    head, b64 = msg.removesuffix("\n").rsplit(" ", 1)
    raw = bytearray(base64.b64decode(b64))
    raw[4 + position] ^= 1
    with pytest.raises(note.InvalidSignatureError, match=r"for key PeterNeumann\+c74f20a3"):
        note.open(f"{head} {base64.b64encode(raw).decode()}\n", KNOWN)


def base64_key(*parts: bytes) -> str:
    return base64.b64encode(b"".join(parts)).decode()


KEY64 = VKEY.split("+", 2)[2]


@pytest.mark.parametrize(
    ("vkey", "accepted"),
    [
        (VKEY.replace("c74f20a3", "C74F20A3"), True),
        # Go's base64 decoder skips line ends, and looks not at spare bits.
        (VKEY + "\n", True),
        (VKEY[:-10] + "\r\n" + VKEY[-10:], True),
        (VKEY + " ", False),
        (VKEY + "=", False),
        (VKEY.rstrip("="), True),
        (VKEY.replace("c74f20a3", "0c74f20a3"), False),
        (VKEY.replace("c74f20a3", "+74f20a3"), False),
        (VKEY.replace("c74f20a3", "c74f_0a3"), False),
        (VKEY.replace("PeterNeumann", ""), False),
        (VKEY.replace("PeterNeumann", "Peter\u00a0Neumann"), False),
        (VKEY.replace("PeterNeumann", "Peter\udcffNeumann"), False),
        (VKEY.replace("PeterNeumann", "Peter\ud800Neumann"), False),
        (VKEY.replace("+", " "), False),
        ("\x00", False),
    ],
)
def test_verifier_key_spellings(vkey: str, accepted: bool) -> None:
    if accepted:
        assert note.new_verifier(vkey).name == "PeterNeumann"
    else:
        with pytest.raises(note.MalformedKeyError):
            note.new_verifier(vkey)


def test_name_may_hold_what_only_python_calls_a_space() -> None:
    name = "a\x1cb"
    vkey = note.new_ed25519_verifier_key(name, base64.b64decode(KEY64)[1:])
    assert note.new_verifier(vkey).name == name


@pytest.mark.parametrize(
    "skey",
    [
        "",
        "PRIVATE+KEY",
        SKEY.replace("KEY", "key"),
        SKEY.replace("c74f20a3", "c74f20a4"),
        SKEY[:-4],
        VKEY,
        "PRIVATE+KEY+" + VKEY,
    ],
)
def test_signer_key_errors_keep_the_secret(skey: str) -> None:
    with pytest.raises(note.MalformedKeyError) as caught:
        note.new_signer(skey)
    secret = SKEY.rsplit("+", 1)[1]
    assert secret[:20] not in str(caught.value) + repr(note.new_signer(SKEY))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_no_key_for_what_is_no_name(name: str) -> None:
    with pytest.raises(note.NoteError):
        note.generate_key(name)


def test_notes_that_cannot_be_signed() -> None:
    signer = note.new_signer(SKEY)
    wrong_hash = note.Signature("Other", 1, base64.b64encode(bytes(8)).decode())
    for bad in [
        note.Note("no newline"),
        note.Note("hello\n", [note.Signature("a b", 0, "AAAAAAAA")]),
        note.Note("hello\n", [wrong_hash]),
        note.Note("hello\n", [note.Signature("Other", 0, "*")]),
    ]:
        with pytest.raises(note.MalformedNoteError):
            note.sign(bad, signer)


def test_raw_key_size() -> None:
    with pytest.raises(note.NoteError, match="invalid public key size 31"):
        note.new_ed25519_verifier_key("name", bytes(31))


@given(st.one_of(st.binary(), st.text(), st.text(st.characters(categories=["Cs", "Lu"]))))
@example(f"a\n\n{EM_DASH} PeterNeumann \ud800\n")
def test_arbitrary_input_raises_nothing_else(msg: bytes | str) -> None:
    with pytest.raises(GoError):
        note.open(msg, KNOWN)
    with pytest.raises(GoError):
        note.new_verifier(msg)
    with pytest.raises(GoError):
        note.new_signer(msg)
