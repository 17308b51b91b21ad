"""What a release ships about the growth of Go's checksum database is renewed from a signed head, and from nothing else."""

import runpy
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pulp_gomod.golang.sumdb import note, tlog

PROGRAM = Path(__file__).parents[3] / ".ci" / "renew_growth.py"
SHIPPED = PROGRAM.parents[1] / "pulp_gomod/golang/sumdb/growth.py"


def run(directory: Path, size: int, *, is_signed: bool = True) -> subprocess.CompletedProcess[str]:
    signer, key = note.generate_key("sum.golang.org")
    head = tlog.format_tree(tlog.Tree(size, bytes(32))).decode()
    (directory / "head").write_bytes(note.sign(note.Note(head), note.new_signer(signer)))
    keys = ["--key", key] if is_signed else []
    command = [sys.executable, str(PROGRAM), "head", "--file", "growth.py", *keys]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_a_signed_head_becomes_an_entry(tmp_path: Path) -> None:
    copy = tmp_path / "growth.py"
    copy.write_text(SHIPPED.read_text())
    before = runpy.run_path(str(SHIPPED), run_name="pulp_gomod.golang.sumdb.growth")["_GO"]
    for size in (900_000_000, 900_000_007):
        done = run(tmp_path, size)
        assert done.returncode == 0, done.stderr
    said = copy.read_text().replace("from .gosumdb", "from pulp_gomod.golang.sumdb.gosumdb")
    copy.write_text(said)
    *kept, (number, time) = runpy.run_path(str(copy))["_GO"]
    assert tuple(kept) == before
    # What is renewed twice on a day has one entry; and no record is older than it is said to be.
    assert number == 900_000_006
    assert timedelta(0) <= time - datetime.now(UTC) <= timedelta(days=1)


def test_nothing_else_does(tmp_path: Path) -> None:
    copy = tmp_path / "growth.py"
    copy.write_text(SHIPPED.read_text())
    for done, word in (
        (run(tmp_path, 900_000_000, is_signed=False), "head: "),
        (run(tmp_path, 5), "are known already"),
    ):
        assert done.returncode == 1 and word in done.stderr and "Traceback" not in done.stderr
    assert copy.read_text() == SHIPPED.read_text()
