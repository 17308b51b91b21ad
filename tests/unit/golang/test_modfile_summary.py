"""What is told of a go.mod without keeping all of it, here and by a process of its own."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError, modfile
from pulp_gomod.golang.modfile import summary
from pulp_gomod.golang.modfile.summary import Summary, decode, encode, summarize
from pulp_gomod.golang.retracted import pack

LINES = st.sampled_from(
    [
        "module example.com/m",
        "module",
        'module ""',
        "go 1.21",
        "require example.com/n v1.2.3 // indirect",
        "require example.com/n",
        "retract v1.0.0 // oops",
        "retract [v1.2.0, v1.3.0]",
        "retract [v1.3.0, v1.2.0]",
        "retract (\n\tv1.5.0\n\t[v0.1.0, v0.2.0]\n)",
        "retract newer syntax",
        "ignore ./x",
        "unknown directive",
        "retract (",
        "/* no */",
    ]
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_it_says_what_the_parser_says(text):
    try:
        parsed = modfile.parse_lax(text.encode())
    except GoError:
        assert summarize(text.encode()) == Summary(False)
        return
    usable = parsed.module is not None and bool(parsed.module.path)
    retracted = pack((r.low, r.high) for r in parsed.retract)
    assert summarize(text.encode()) == Summary(usable, retracted)


@pytest.mark.parametrize("body", [b"", b"<html>", b"go 1.20\n", b"module\n", b"\xff"])
def test_what_is_no_go_mod(body):
    assert not summarize(body).is_usable


@pytest.mark.parametrize("said", [Summary(False), Summary(True), Summary(True, "A1B2C3~\nB1 C2")])
def test_a_summary_can_be_sent(said):
    assert decode(encode(said)) == said


@pytest.mark.parametrize("said", [b"", b"x", b"\xff"])
def test_anything_else_is_none(said):
    with pytest.raises(ValueError, match="no summary"):
        decode(said)


def test_a_process_of_its_own_says_the_same():
    body = b"module example.com/m\n\nretract [v1.0.0, v1.2.0]\n"
    done = subprocess.run(
        [sys.executable, "-P", "-m", summary.__name__], input=body, capture_output=True, check=True
    )
    assert decode(done.stdout) == summarize(body) == Summary(True, pack([("v1.0.0", "v1.2.0")]))
