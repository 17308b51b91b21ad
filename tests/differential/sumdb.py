"""Random questions about checksum databases, and the package's own answers to them.

Go's side is verdicts/sumdb.go.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import Client, ForkError, note, tlog
from pulp_gomod.golang.sumdb.server import Server, TestServer
from pulp_gomod.golang.unicode import text_bytes
from tests.differential.go import Question

NAME = "sum.example.com/db"
SKEY, VKEY = note.generate_key(NAME)
OTHER_SKEY, OTHER_VKEY = note.generate_key("other")
# The example key of Go's public documentation, not a secret.
EXAMPLE_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"

_BYTES = [b"\n", b"\n\n", b" ", b"+", b"-", b"=", b"/", b".p/", b"x", b"0", b"1", b"9", b"\x00"]
_BYTES += [b"\r", b"\x1c", b"\xff", b"\xc2\xa0", "\N{EM DASH} ".encode(), b"A", b"h1:", b"_"]


def mutated(random: Random, data: bytes) -> bytes:
    """The data with a few bytes taken out, put in, or replaced."""
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        at = random.randint(0, len(data))
        end = at + random.choice([0, 0, 1, 1, 2, 5, 40])
        new = random.choice([b"", random.choice(_BYTES), bytes([random.randrange(256)])])
        if random.random() < 0.1:
            new = data[random.randint(0, len(data)) :][: random.randint(0, 60)]
        data = data[:at] + new + data[end:]
    return data


def maybe_mutated(random: Random, data: bytes) -> bytes:
    return mutated(random, data) if random.random() < 0.75 else data


def wire(data: bytes | str) -> str:
    """One character per byte, as questions and answers have it."""
    return (data if isinstance(data, bytes) else text_bytes(data)).decode("latin-1")


def raw(text: str) -> bytes:
    return text.encode("latin-1")


# Questions


def _note(random: Random) -> list[str]:
    text = random.choice(["hello\n", "a\n\nb\n", "", "\n", "go.sum database tree\n0\n\n"])
    text += random.choice(["", "", "more\n"])
    signers = random.sample([SKEY, OTHER_SKEY, EXAMPLE_SKEY], random.randint(0, 3))
    try:
        msg = note.sign(note.Note(text), *map(note.new_signer, signers))
    except note.MalformedNoteError:
        msg = b""
    keys = random.choices([VKEY, OTHER_VKEY], k=random.choice([0, 1, 1, 2]))
    return [wire(maybe_mutated(random, msg)), *keys]


def _vkey(random: Random) -> list[str]:
    key = random.choice(
        [b"", b"\x01", b"\x02", b"\x01" + bytes(31), b"\x01" + random.randbytes(32)]
    )
    name = random.choice(["a", "", "a b", "a\u00a0b", "a\x1cb", "\u00e4"])
    made = f"{name}+{note.keys.hash_of_key(name, key):08x}+{base64.b64encode(key).decode()}"
    return [wire(maybe_mutated(random, random.choice([made, VKEY]).encode()))]


def _skey(random: Random) -> list[str]:
    return [
        wire(maybe_mutated(random, SKEY.encode())),
        random.choice(["a\n", "\n", "", "a\n\nb\n"]),
    ]


def _tree(random: Random) -> list[str]:
    size = random.choice([0, 1, 9, 10, 2**63 - 1, 2**63, random.randrange(2**63)])
    text = tlog.format_tree(tlog.Tree(size, random.randbytes(random.choice([32, 32, 32, 31]))))
    return [wire(maybe_mutated(random, text + random.choice([b"", b"", b"more\n", b"more"])))]


def _record(random: Random) -> list[str]:
    id_ = random.choice(["0", "7", "+7", "-7", "007", str(2**63 - 1), str(2**63), "", "-", "1_0"])
    text = random.choice(["a b\n", "a\nb\n", "a", "\n", "", "a\n\nb\n", "\u00e4\n"])
    rest = random.choice(["", "rest", "\n", "rest\n\n"])
    return [wire(maybe_mutated(random, f"{id_}\n{text}\n{rest}".encode()))]


def _tile(random: Random) -> list[str]:
    height = random.choice([1, 2, 8, 8, 30, 31, 0])
    number = random.choice([0, 7, 999, 1000, 1234067, 2**63 - 1, 2**63, random.randrange(2**64)])
    width = random.choice([1, 2, 255, 256, 1 << height])
    tile = tlog.Tile(height, random.choice([-1, 0, 1, 63, 64, 2**63]), number, width)
    return [wire(maybe_mutated(random, tile.path().encode()))]


def _log(random: Random) -> list[str]:
    size = random.randint(1, 40)
    older, n = random.randint(0, size + 1), random.randint(0, size)
    large = random.choice([random.randrange(300), random.randrange(2**62)])
    return [str(i) for i in (size, older, n, random.choice([1, 2, 3, 8]), large)]


def _serve(random: Random) -> list[str]:
    path = random.choice(
        [
            f"/lookup/example.com/{random.choice('abcdefg')}@v1.{random.randrange(3)}.0",
            "/lookup/example.com/!upper@v1.0.0-!r!c1",
            "/lookup/example.com/a@v2.0.0+incompatible",
            "/latest",
            f"/tile/{random.choice([1, 2, 8])}/{random.randrange(3)}/000",
            f"/tile/{random.choice([1, 2, 8])}/data/00{random.randrange(3)}",
            f"/tile/8/0/000.p/{random.randint(1, 20)}",
            f"/tile/8/data/000.p/{random.randint(1, 20)}",
        ]
    )
    asked = maybe_mutated(random, path.encode())
    return _serve(random) if _overflows(asked) else [wire(asked)]


def _overflows(path: bytes) -> bool:
    """Whether Go's test server answers nonsense, for a level that int64 has no room for."""
    try:
        tile = tlog.parse_tile_path(path.removeprefix(b"/"))
    except tlog.MalformedTilePathError:
        return False
    return tile.h * tile.l > 50


@cache
def _server(size: int, fork: int | None) -> Server:
    """A database of this size; with fork, the record of that number is not the usual one."""

    def lines(path: str, version: str) -> bytes:
        sum_ = "h1:FORKED" if path == f"example.com/m{fork}" else "h1:x"
        return f"{path} {version} {sum_}\n{path} {version}/go.mod h1:y\n".encode()

    log = TestServer(SKEY, lines)
    for i in range(size):
        log.lookup(f"example.com/m{i}", "v1.0.0")
    return Server(log)


def _tiles(server: Server, height: int, size: int) -> dict[str, bytes]:
    """Path and data of the tiles that a tree of this size has."""
    paths = ["/" + tile.path() for tile in tlog.new_tiles(height, 0, size)]
    answers = {path: server.serve(path) for path in paths}
    return {path: answer.body for path, answer in answers.items() if answer.status == 200}


def _client(random: Random) -> list[str]:
    """A known head with its tiles, and a server: honest, forked, tampered with, or patchy."""
    size, height = random.randint(1, 20), random.choice([0, 1, 2, 3])
    fork = random.choice([None, None, None, random.randrange(size)])
    path = f"example.com/m{random.randrange(size)}"
    known = random.choice([0, random.randint(1, 24)])
    server = _server(size, fork)
    larger = _server(random.choice([size, 24]), fork)
    remote = {f"/lookup/{path}@v1.0.0": server.serve(f"/lookup/{path}@v1.0.0").body}
    for tree_size in (size, 24):
        remote |= _tiles(larger, height or 8, tree_size)
    for key in list(remote):
        if random.random() < 0.05:
            remote[key] = mutated(random, remote[key])
        if random.random() < 0.03:
            del remote[key]
    if random.random() < 0.1:
        remote[f"/lookup/{path}@v1.0.0"] = larger.serve("/lookup/example.com/m0@v1.0.0").body
    head = _server(known, None).serve("/latest").body if known else b""
    cache = {NAME + p: data for p, data in _tiles(_server(known, None), height or 8, known).items()}
    words = [part for pair in (remote | cache).items() for part in pair]
    version = random.choice(["v1.0.0", "v1.0.0/go.mod"])
    return [VKEY, str(height), wire(head), path, version, *map(wire, words)]


KINDS: dict[str, tuple[int, Callable[[Random], list[str]]]] = {
    "note": (5, _note),
    "vkey": (3, _vkey),
    "skey": (1, _skey),
    "tree": (4, _tree),
    "record": (4, _record),
    "tile": (4, _tile),
    "log": (1, _log),
    "serve": (3, _serve),
    "client": (2, _client),
}


def questions(seed: int, count: int) -> Iterator[Question]:
    """Random questions; a seed names a run."""
    random = Random(seed)
    kinds = [kind for kind, (weight, _) in KINDS.items() for _ in range(weight)]
    for _ in range(count):
        kind = random.choice(kinds)
        yield [kind, *KINDS[kind][1](random)]


# Answers


def _signatures(signatures: list[note.Signature]) -> list[Any]:
    return [[wire(s.name), str(s.hash), s.base64] for s in signatures]


def _open_note(args: list[str]) -> list[Any]:
    opened = note.open(raw(args[0]), map(note.new_verifier, args[1:]))
    return [
        True,
        wire(opened.text),
        _signatures(opened.sigs),
        _signatures(opened.unverified_sigs),
    ]


def _verifier_key(args: list[str]) -> list[Any]:
    verifier = note.new_verifier(raw(args[0]))
    return [True, wire(verifier.name), str(verifier.key_hash)]


def _signer_key(args: list[str]) -> list[Any]:
    try:
        signer = note.new_signer(raw(args[0]))
        msg = note.sign(note.Note(args[1]), signer)
    except note.NoteError:
        return [False]
    return [True, wire(signer.name), str(signer.key_hash), wire(msg)]


def _parse_tree(args: list[str]) -> list[Any]:
    tree = tlog.parse_tree(raw(args[0]))
    return [True, str(tree.n), tlog.format_hash(tree.hash), wire(tlog.format_tree(tree))]


def _parse_record(args: list[str]) -> list[Any]:
    try:
        formatted = wire(tlog.format_record(7, raw(args[0])))
    except tlog.MalformedRecordError:
        formatted = None
    try:
        found = tlog.parse_record(raw(args[0]))
    except tlog.MalformedRecordError as error:
        return [formatted, False, str(error).partition(":")[0]]
    return [formatted, True, str(found.id), wire(found.text), wire(found.rest)]


def _coordinates(tile: tlog.Tile) -> list[str]:
    return [tile.path(), *map(str, tile)]


def _parse_tile(args: list[str]) -> list[Any]:
    return [True, _coordinates(tlog.parse_tile_path(raw(args[0])))]


def _proof(prove: Callable[[int, int, tlog.HashReader], list[bytes]], *args: Any) -> list[Any]:
    try:
        return [True, [[tlog.format_hash(h)] for h in prove(*args)]]
    except tlog.TlogError:
        return [False, []]


def _answer_log(args: list[str]) -> list[Any]:
    size, older, n, height, large = map(int, args)
    stored: list[bytes] = []
    reader = tlog.HashReaderFunc(lambda indexes: [stored[i] for i in indexes])
    for i in range(size):
        stored += tlog.stored_hashes(i, b"%d\n" % i, reader)
    level, at = tlog.split_stored_hash_index(large)
    return [
        tlog.format_hash(tlog.tree_hash(size, reader)),
        str(tlog.stored_hash_count(large >> 1)),
        *_proof(tlog.prove_record, size, n, reader),
        *_proof(tlog.prove_tree, size, older, reader),
        list(map(_coordinates, tlog.new_tiles(height, older, size))),
        _coordinates(tlog.tile_for_index(height, large)),
        *map(str, (level, at, tlog.stored_hash_index(level, at))),
    ]


class _Ops:
    """A client's operations on what a question gives."""

    def __init__(self, latest: bytes, files: dict[str, bytes]) -> None:
        self.latest = latest
        self.files = files

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        return self.files[path]

    async def read_config(self, file: str, /) -> bytes:
        return self.latest

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        self.latest = new

    async def read_cache(self, file: str, /) -> bytes | None:
        return self.files.get(file)

    async def write_cache(self, file: str, data: bytes, /) -> None:
        pass


def _answer_client(args: list[str]) -> list[Any]:
    vkey, height, latest, path, version, *words = args
    files = {name: raw(data) for name, data in zip(words[::2], words[1::2], strict=True)}
    ops = _Ops(raw(latest), files)
    client = Client(ops, vkey, tile_height=int(height) or 8)
    lines: list[str] = []
    reported = False
    try:
        lines = asyncio.run(client.lookup(path, version))
    except ForkError:
        reported = True
    except (GoError, KeyError):
        pass
    return [bool(lines), reported, wire(ops.latest), wire("\n".join(lines))]


class Answers:
    """Answers questions; those about a server go to one server in their order."""

    def __init__(self) -> None:
        self._server = Server(
            TestServer(
                EXAMPLE_SKEY,
                lambda path, v: f"{path} {v} h1:x\n{path} {v}/go.mod h1:y\n".encode(),
            )
        )
        self._kinds: dict[str, Callable[[list[str]], list[Any]]] = {
            "note": _open_note,
            "vkey": _verifier_key,
            "skey": _signer_key,
            "tree": _parse_tree,
            "record": _parse_record,
            "tile": _parse_tile,
            "log": _answer_log,
            "serve": self._serve,
            "client": _answer_client,
        }

    def answer(self, question: Question) -> list[Any]:
        """The package's answer, in the form that Go's has."""
        try:
            return self._kinds[question[0]](question[1:])
        except GoError as error:
            return [False, wire(str(error))]

    def _serve(self, args: list[str]) -> list[Any]:
        given = self._server.serve(raw(args[0]).decode("utf-8", "surrogateescape"))
        if given.status == 404 and given.body.startswith(b"no tile/"):
            return ["404", None, None]
        return [str(given.status), given.content_type, wire(given.body)]


def same(question: Question, go: list[Any], ours: list[Any]) -> bool:
    """Whether two answers agree; our errors may say more than Go's.

    Go does not get as far as to report a fork if a tile that it has kept is not of the new tree.
    """
    if question[0] == "client":
        return [go[0], *go[2:]] == [ours[0], *ours[2:]] and ours[1] >= go[1]
    if len(go) == len(ours) == 2 and go[0] is ours[0] is False:
        return bool(ours[1].startswith(go[1]))
    return go == ours
