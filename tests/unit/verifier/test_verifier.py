"""A zip that is checked apart gets the verdict that it gets in place, within limits."""

import io
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pytest

from pulp_gomod.golang.zip import MAX_GO_MOD, MAX_ZIP_FILE, Upload, is_heavy
from pulp_gomod.verifier import transfer
from pulp_gomod.verifier.checks import Check, Fetched, Finding, Publish, Refusal, Verified
from pulp_gomod.verifier.places import NoPlace, Places
from pulp_gomod.verifier.process import verify_apart
from tests.unit.golang import zips
from tests.unit.golang.zips import MODULE, VERSION, Item

PUBLISH = Publish(MAX_ZIP_FILE, MAX_GO_MOD)
RETRACTIONS = b"".join(b"retract v0.0.%d\n" % number for number in range(2500))
MANY_LINES = f"module {MODULE}\n".encode() + RETRACTIONS


@cache
def slow() -> bytes:
    """A module whose go.mod Go takes, and that takes ten seconds to read."""
    text = f"module {MODULE}\n".encode() + b"retract v0.0.1\n" * 1_000_000
    return zips.module(Item("go.mod", text, method=8), go_mod=None)


@pytest.fixture
def files() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def opened(files: ExitStack, path: Path, content: bytes) -> BinaryIO:
    path.write_bytes(content)
    return files.enter_context(path.open("rb"))


@pytest.mark.parametrize("check", [PUBLISH, Fetched(MODULE, VERSION, True)])
@pytest.mark.parametrize(
    "content",
    [
        zips.module(Item("a.go", b"package a\n"), go_mod=MANY_LINES),
        zips.module(Item("d/", b"")),
        zips.module(Item("a\\b.go", b"x")),
        b"no zip",
    ],
    ids=["many lines", "what Go takes and no upload may have", "a bad name", "no zip"],
)
def test_the_finding_is_the_same(
    files: ExitStack, tmp_path: Path, content: bytes, check: Check
) -> None:
    file = opened(files, tmp_path / "m.zip", content)
    assert verify_apart(file.fileno(), check, seconds=60) == check(file)


def test_a_module_that_is_too_large_is_refused_as_such(files: ExitStack, tmp_path: Path) -> None:
    file = opened(files, tmp_path / "m.zip", zips.module(Item("a.go", b"package a\n")))
    found = verify_apart(file.fileno(), Publish(100, 100), seconds=60)
    assert isinstance(found, Refusal) and found.is_size


def test_what_takes_too_long_is_refused(files: ExitStack, tmp_path: Path) -> None:
    file = opened(files, tmp_path / "m.zip", slow())
    found = verify_apart(file.fileno(), Fetched(MODULE, VERSION, False), seconds=1)
    assert isinstance(found, Verified) and found.upload is None
    assert "more than 1 seconds of a processor's time" in found.reason
    assert isinstance(verify_apart(file.fileno(), PUBLISH, seconds=1), Refusal)


def test_it_ends_with_whoever_asked(files: ExitStack, tmp_path: Path) -> None:
    """Killed in the middle, a process leaves nothing behind that checks on."""
    (tmp_path / "m.zip").write_bytes(slow())
    program = (
        "import os, threading\n"
        "from pulp_gomod.verifier.checks import Publish\n"
        "from pulp_gomod.verifier import process\n"
        "file = open('m.zip', 'rb')\n"
        "real = process._ask\n"
        "def ask(child, *rest):\n"
        "    print(child.pid, flush=True)\n"
        "    return real(child, *rest)\n"
        "process._ask = ask\n"
        f"process.verify_apart(file.fileno(), Publish({MAX_ZIP_FILE}, {MAX_GO_MOD}), 60)\n"
    )
    asking = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
    )
    with asking:
        assert asking.stdout is not None
        child = int(asking.stdout.readline())
        asking.kill()
        # The child has the other end of this pipe only if it has inherited it; it must not.
        assert asking.stdout.read() == b""
    for _ in range(600):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("it checks on")


@pytest.mark.parametrize("wrap", [lambda upload: upload, lambda upload: Verified("h1:", upload)])
def test_long_lists_travel_in_portions(tmp_path: Path, wrap: type) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(zips.module(Item("a.go", b"package a\n"), go_mod=MANY_LINES))
    upload = PUBLISH(path)
    assert isinstance(upload, Upload) and len(upload.modfile.retract) == 2500
    finding: Finding = wrap(upload)
    pipe = io.BytesIO()
    transfer.send(finding, pipe)
    pipe.seek(0)
    assert transfer.receive(pipe) == finding
    assert len(upload.modfile.retract) == 2500
    # What breaks off is no finding.
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        transfer.receive(io.BytesIO(pipe.getvalue()[:-10]))


@pytest.mark.parametrize(
    "items, go_mod, heavy",
    [
        ([Item("a.go", b"package a\n")], None, False),
        ([Item("a.bin", b"", size=40 << 20)], None, True),
        ([Item(f"{'n' * 200}{number}", b"") for number in range(1100)], None, True),
        ([], MANY_LINES + b"//" + b"x" * (64 << 10), True),
    ],
    ids=["small", "unpacks to much", "many long names", "a long go.mod"],
)
def test_what_takes_long_is_told_from_the_directory(
    tmp_path: Path, items: list[Item], go_mod: bytes | None, heavy: bool
) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(zips.module(*items, **({} if go_mod is None else {"go_mod": go_mod})))
    assert is_heavy(path) is heavy
    path.write_bytes(b"no zip")
    assert not is_heavy(path)


def test_a_place_is_taken_once(tmp_path: Path) -> None:
    mine, others = Places(tmp_path, "kind", 2), Places(tmp_path, "kind", 2)
    with mine.take(0), others.take(0):
        with pytest.raises(NoPlace), mine.take(0):
            pytest.fail("there are two places")
        with Places(tmp_path, "other", 1).take(0):
            pass
    with mine.take(0), mine.take(0):
        pass
