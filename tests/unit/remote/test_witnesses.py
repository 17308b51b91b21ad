"""One request to a witness, whatever it does."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from pulp_gomod.app.remote.http import networks
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.witnesses import Answer, WitnessFault, submit
from pulp_gomod.golang.sumdb import checkpoint, cosignature, witness
from pulp_gomod.golang.sumdb.tlog import prove_tree
from tests.unit.golang.sumdb_world import VKEY
from tests.unit.golang.test_sumdb_audit import LOG, ORIGIN, signed
from tests.witness_world import Said, Witness, running


@pytest.fixture(scope="module")
def told() -> Iterator[Witness]:
    with running() as told:
        told.logs[ORIGIN] = VKEY
        yield told


def ask(url: str, body: bytes, patience: float = 30) -> Answer:
    threads = Threads()
    try:
        return asyncio.run(submit(url, body, threads, patience))
    finally:
        threads.close()


def test_a_witness_cosigns_a_log_that_grows(told: Witness) -> None:
    key = cosignature.new_verifier(told.key)
    for old, size in ((0, 70), (70, 300), (300, 300)):
        proof = prove_tree(size, old, LOG) if 0 < old < size else []
        status, body, content_type = ask(told.url, witness.format_request(old, proof, signed(size)))
        found = witness.read_answer(status, body, signed(size), key, content_type)
        assert isinstance(found, witness.Cosigned)
        message = checkpoint.add_signatures(signed(size), [found.line])
        assert len(checkpoint.open_checkpoint(message, VKEY, [key])[1].sigs) == 2
    assert set(told.paths) == {"/witness/add-checkpoint"}
    status, body, content_type = ask(told.url + "/", witness.format_request(0, [], signed(70)))
    assert witness.read_answer(status, body, signed(70), key, content_type) == witness.Knows(300)


def test_no_redirect_is_followed(told: Witness) -> None:
    told.instead = lambda body: Said(307)
    try:
        told.paths.clear()
        assert ask(told.url, b"old 0\n\n").status == 307
        assert told.paths == ["/witness/add-checkpoint"]
    finally:
        told.instead = lambda body: None


def test_an_answer_is_not_read_beyond_what_answers_have(told: Witness) -> None:
    told.instead = lambda body: Said(200, b"x" * (witness.MAX_ANSWER + 1))
    try:
        with pytest.raises(WitnessFault, match="more than 65536 bytes"):
            ask(told.url, b"old 0\n\n")
    finally:
        told.instead = lambda body: None


def test_a_witness_that_never_answers_or_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(WitnessFault, match="within 0.1 s"):
            ask(url, b"", patience=0.1)
    with pytest.raises(WitnessFault, match="cannot be reached"):
        ask(url, b"")


def test_a_witness_that_sends_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def serve() -> None:
            connection, _ = rude.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"\xff\x00SSH-2.0\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(WitnessFault, match="cannot be reached"):
            ask(f"http://127.0.0.1:{rude.getsockname()[1]}", b"old 0\n\n")
        thread.join()


def test_nothing_that_the_administrator_forbids_is_connected_to(told: Witness) -> None:
    told.paths.clear()
    chosen = SimpleNamespace(GOMOD_REMOTE_DENIED_NETWORKS=["loopback"])
    with patch.object(networks, "settings", chosen):
        for host in ("127.0.0.1", "localhost", "0x7f.1"):
            with pytest.raises(WitnessFault, match="GOMOD_REMOTE_DENIED_NETWORKS"):
                ask(told.url.replace("127.0.0.1", host), b"old 0\n\n")
    assert told.paths == []
