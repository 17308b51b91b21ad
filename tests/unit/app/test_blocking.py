"""Which blocks are about a module version."""

from datetime import UTC, datetime

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.models.blocking import NONE, Block, Blocks

NOW = datetime.now(UTC)


def block(module: str, versions: str = "", yields: bool = False) -> Block:
    return Block(module, versions, "bad", "2026-02-03", yields)


def test_a_path_means_that_module_and_dots_all_below_it() -> None:
    blocks = Blocks(b"1", NOW, [block("example.com/m"), block("example.com/all/...")])
    assert blocks.find("example.com/m", "v1.0.0")
    assert blocks.find("example.com/all", "v1.0.0")
    assert blocks.find("example.com/all/below/v2", "v2.0.0")
    for other in ("example.com/m/sub", "example.com/allies", "example.com", "example.com/M"):
        assert blocks.find(other, "v1.0.0") is None


def test_of_several_the_one_counts_that_does_not_yield() -> None:
    removed, asked = (
        block("example.com/m", "v1.0.0", yields=True),
        block("example.com/m", "<v2.0.0"),
    )
    blocks = Blocks(b"1", NOW, [removed, asked])
    assert blocks.find("example.com/m", "v1.0.0") is asked
    assert blocks.find("example.com/m", "v2.0.0") is None


def test_a_range_that_nobody_can_read_blocks_all() -> None:
    assert Blocks(b"1", NOW, [block("example.com/m", "nonsense")]).find("example.com/m", "v1.0.0")


def test_they_are_the_same_if_their_revisions_are() -> None:
    assert Blocks(b"1", NOW, [block("a.b/c")]) == Blocks(b"1", NOW)
    assert Blocks(b"1") != Blocks(b"2") and not NONE and NONE.of("example.com/m") == []


def test_the_line_says_what_since_when_and_why() -> None:
    line = block("example.com/m").line("example.com/m", "v1.0.0")
    assert line.startswith(
        "example.com/m@v1.0.0 is blocked in this repository since 2026-02-03: bad ("
    )
