"""`pulp gomod verify` and `pulp gomod sumdb verify`, against logs in memory that are served on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pulp_glue.common.context import PulpContext

from pulp_gomod.golang.sumdb import checkpoint, note, proof_file, tlog
from pulp_gomod.golang.sumdb.server import Answer, Server, TestServer
from tests.pulp_main import main
from tests.unit.golang.sumdb_world import (
    NAME,
    SKEY,
    VKEY,
    database,
    gosum,
    h1,
    serving,
)
from tests.unit.golang.test_sumdb_audit import ORIGIN, WITNESS, WITNESS_KEY

MODULES = 300


@pytest.fixture(autouse=True)
def no_api(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: PulpContext) -> None:
        pytest.fail("the server's API was asked for")

    monkeypatch.setattr(PulpContext, "api", property(refuse))


class Proxy:
    """A GOPROXY that serves a log, and that may lie."""

    def __init__(self, log: TestServer) -> None:
        self.use(log)
        self.lies: dict[str, Answer] = {}
        self.url = ""
        self.asked: list[str] = []

    def use(self, log: TestServer) -> None:
        self.log = log
        self.known = {f"example.com/m{i}" for i in range(log.size)}

    def answer(self, path: str) -> Answer:
        below = path.removeprefix(f"/proxy/sumdb/{NAME}")
        if below in self.lies:
            return self.lies[below]
        module = below.removeprefix("/lookup/").partition("@")[0]
        if below.startswith("/lookup/") and module not in self.known:
            return Answer(404, "text/plain", b"not found\n")
        return Server(self.log).serve_proxied(NAME, path.removeprefix("/proxy"))


@pytest.fixture(scope="module")
def running() -> Iterator[Proxy]:
    proxy = Proxy(database(1))
    with serving(proxy.answer) as (url, asked):
        proxy.url, proxy.asked = f"{url}/proxy", asked
        yield proxy


@pytest.fixture
def proxy(running: Proxy) -> Proxy:
    running.use(database(MODULES))
    running.lies = {}
    running.asked.clear()
    return running


def pulp(*words: str) -> Result:
    return CliRunner().invoke(main, ["gomod", *words])


def go_sum(tmp_path: Path, modules: int) -> Path:
    file = tmp_path / "go.sum"
    lines = [gosum(f"example.com/m{i}", "v1.0.0") for i in range(modules)]
    file.write_bytes(b"".join(lines))
    return file


def verify(proxy: Proxy, file: Path, *more: str) -> Result:
    return pulp("verify", str(file), "--url", proxy.url, "--key", VKEY, *more)


def test_a_go_sum_that_is_on_record(proxy: Proxy, tmp_path: Path) -> None:
    done = verify(proxy, go_sum(tmp_path, 20))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "database": NAME,
        "records": MODULES,
        "lines": 40,
        "faults": 0,
    }
    # Once for each module version, and once for each tile.
    assert len([line for line in proxy.asked if "/lookup/" in line]) == 20
    assert len(proxy.asked) == len(set(proxy.asked))


def test_each_line_that_is_not_on_record_is_named(proxy: Proxy, tmp_path: Path) -> None:
    file = go_sum(tmp_path, 5)
    text = file.read_text().replace(h1("example.com/m1", "v1.0.0"), h1("forged"))
    text += f"example.com/unknown v1.0.0 {h1('x')}\n"
    file.write_text(text)
    done = verify(proxy, file)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["faults"] == 2
    assert done.stderr.splitlines() == [
        f"{file}:3: example.com/m1 v1.0.0 {h1('forged')}: {NAME} has {h1('example.com/m1', 'v1.0.0')}",
        f"{file}:11: example.com/unknown v1.0.0 {h1('x')}: not in the checksum database {NAME}",
    ]


def test_a_record_about_something_else(proxy: Proxy, tmp_path: Path) -> None:
    other = Server(proxy.log).serve("/lookup/example.com/m7@v1.0.0")
    proxy.lies["/lookup/example.com/m1@v1.0.0"] = other
    done = verify(proxy, go_sum(tmp_path, 2))
    assert done.exit_code == 1
    assert done.stderr.count("the record of sum.example.com/db has no such line") == 2


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/lookup/example.com/m1@v1.0.0", (b"h1:", b"h1:x")),
        ("/lookup/example.com/m1@v1.0.0", (b"\n300\n", b"\n301\n")),
        ("/tile/8/0/000", None),
        ("/tile/8/0/001.p/44", None),
    ],
)
def test_a_changed_byte_is_noticed(
    proxy: Proxy, tmp_path: Path, path: str, change: tuple[bytes, bytes] | None
) -> None:
    true = Server(proxy.log).serve(path)
    body = true.body.replace(*change) if change else b"x" + true.body[1:]
    assert body != true.body
    proxy.lies[path] = Answer(200, true.content_type, body)
    done = verify(proxy, go_sum(tmp_path, 3))
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ") and not done.stdout


def test_a_log_that_was_rolled_back_or_forked(proxy: Proxy, tmp_path: Path) -> None:
    head, file = tmp_path / "head", go_sum(tmp_path, 2)
    assert verify(proxy, file, "--head", str(head)).exit_code == 0
    kept = head.read_bytes()
    assert kept == proxy.log.signed()

    proxy.use(database(MODULES + 60))
    assert verify(proxy, file, "--head", str(head)).exit_code == 0
    kept = head.read_bytes()
    assert kept == proxy.log.signed()

    proxy.use(database(200))
    done = verify(proxy, file, "--head", str(head))
    assert done.exit_code == 1
    assert "is missing, which is part of a tree that was signed" in done.stderr

    proxy.use(database(MODULES + 90, fork=250))
    done = verify(proxy, file, "--head", str(head))
    assert done.exit_code == 1
    assert "go.sum database server misbehavior detected!" in done.stderr
    assert head.read_bytes() == kept


def test_what_cannot_be_compared(proxy: Proxy, tmp_path: Path) -> None:
    file = go_sum(tmp_path, 1)
    proxy.lies["/supported"] = Answer(404, "text/plain", b"")
    done = verify(proxy, file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"does not serve the checksum database {NAME}" in done.stderr

    proxy.lies = {"/lookup/example.com/m0@v1.0.0": Answer(401, "text/plain", b"who are\nyou?\n")}
    done = verify(proxy, file)
    assert done.exit_code == 2
    assert "answered 401: who are you?" in done.stderr

    with serving(proxy.answer) as (gone, _):
        pass
    done = pulp("verify", str(file), "--url", gone.replace("//", "//u:secret@"), "--key", VKEY)
    assert done.exit_code == 2
    assert "cannot be reached" in done.stderr and "secret" not in done.stderr

    proxy.lies = {}
    done = verify(proxy, file, "--head", str(tmp_path / "nowhere" / "head"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"there is no directory {tmp_path / 'nowhere'}" in done.stderr

    file.write_text("example.com/m0\n")
    done = verify(proxy, file)
    assert done.exit_code == 2
    assert "go.sum:1:" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--url", "https://x"],
        ["--key", VKEY],
        ["--url", "https://x", "--key", "off"],
        ["--url", "https://x", "--key", "nonsense"],
    ],
)
def test_usage(tmp_path: Path, words: list[str]) -> None:
    assert pulp("verify", str(go_sum(tmp_path, 1)), *words).exit_code == 2
    assert (
        pulp("verify", str(tmp_path / "none"), "--url", "https://x", "--key", VKEY).exit_code == 2
    )


# Proof files


def proof(tmp_path: Path, *signers: note.Signer) -> Path:
    log = database(MODULES)
    head = log.tree()
    signer = checkpoint.origin_signer(SKEY, ORIGIN)
    signed = checkpoint.sign_checkpoint(ORIGIN, head, signer, *signers)
    hashes = tlog.prove_record(head.n, 7, log._reader)
    file = tmp_path / "mod.tlog-proof"
    file.write_bytes(proof_file.format_proof(7, hashes, signed, log.read_records(7, 1)[0]))
    return file


def test_a_proof_is_verified_without_a_server(tmp_path: Path) -> None:
    file = proof(tmp_path, WITNESS)
    words = ["sumdb", "verify", str(file), "--key", VKEY, "--witness", WITNESS.verifier_key]
    done = pulp(*words, "--module", "example.com/m7@v1.0.0")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert shown["lines"] == gosum("example.com/m7", "v1.0.0").decode().splitlines()
    assert (shown["origin"], shown["size"], shown["number"]) == (ORIGIN, MODULES, 7)
    assert [each["name"] for each in shown["witnesses"]] == [WITNESS_KEY.name]

    done = pulp(*words, "--module", "example.com/m8@v1.0.0")
    assert done.exit_code == 1 and "is not about example.com/m8" in done.stderr


def test_what_a_proof_does_not_prove(tmp_path: Path) -> None:
    file = proof(tmp_path)
    words = ["sumdb", "verify", str(file), "--key", VKEY]
    done = pulp(*words, "--witness", WITNESS.verifier_key)
    assert done.exit_code == 1 and f"{WITNESS_KEY.name} has not cosigned" in done.stderr
    other = pulp("sumdb", "verify", str(file), "--key", note.generate_key(NAME)[1])
    assert other.exit_code == 1 and "is not signed by the key" in other.stderr
    text = file.read_text().replace("index 7\n", "index 8\n")
    file.write_text(text)
    done = pulp(*words)
    assert done.exit_code == 1 and "record 8 is not in the tree" in done.stderr
    assert pulp(*words, "--witness", VKEY).exit_code == 2


def test_options_of_create_are_read(tmp_path: Path) -> None:
    words = ["sumdb", "create", "--name", NAME, "--witness", "https://w.example"]
    done = pulp(*words, VKEY)
    assert done.exit_code == 2 and "not the Ed25519 key of a witness" in done.stderr
    done = pulp("sumdb", "prove", "example.com/m", "--name", NAME)
    assert done.exit_code == 2 and "names no version" in done.stderr
