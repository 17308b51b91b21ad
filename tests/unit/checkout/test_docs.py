"""README.md and docs/ hold nothing to type that no test runs, unless they say why."""

import doctest
import re
from collections.abc import Iterator

import click
import pytest

from pulp_gomod.standalone.cli import main as pulp_gomod
from tests.documentation import OTHERS, SHELLS, Block, Page, pages
from tests.pulp_main import main as pulp

PAGES = pages()
ALL = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)

# Commands in the middle of a sentence.
_SPOKEN = re.compile(r"`((?:pulp|pulp-gomod) [^`]+)`")
_PROGRAMS = {"pulp": pulp, "pulp-gomod": pulp_gomod}


def blocks(page: Page, *languages: str) -> Iterator[Block]:
    """Return the blocks of some languages."""
    return (block for block in page.blocks if block.language in languages)


def test_the_pages_are_there() -> None:
    assert {"README.md", "docs/user/guides/cli.md", "docs/admin/guides/ci.md"} <= {
        page.path for page in PAGES
    }
    assert sum(len(page.commands) for page in PAGES) > 150


@ALL
def test_each_block_says_what_it_is(page: Page) -> None:
    unknown = [block.place for block in page.blocks if block.language not in SHELLS | OTHERS]
    assert unknown == [], f"say what it is: {sorted(SHELLS | OTHERS)}"
    # Nothing is hidden from the tests by being indented only.
    assert page.indented == [], "write a fenced block: ```console, which test_docs.py runs"
    # A prompt makes a command of anything.
    shown = [block.place for block in blocks(page, *OTHERS) if block.text.startswith("$ ")]
    assert shown == []


@ALL
def test_each_command_is_run_or_says_why_not(page: Page) -> None:
    typed = [block for block in page.blocks if block.is_typed]
    run = {command.place for command in page.commands}
    for block in typed:
        lines = {f"{page.path}:{block.line + number}" for number in range(block.text.count("\n"))}
        assert bool(lines & run) != bool(block.not_run), block.place
    reasons = page.text.count("\n<!-- not run:")
    assert reasons == sum(bool(block.not_run) for block in page.blocks), "a reason without a block"


@ALL
def test_python_prints_what_is_shown(page: Page) -> None:
    for block in blocks(page, "pycon"):
        example = doctest.DocTestParser().get_doctest(block.text, {}, block.place, None, block.line)
        assert doctest.DocTestRunner().run(example).failed == 0


@ALL
def test_commands_in_sentences_exist(page: Page) -> None:
    for spoken in _SPOKEN.findall(page.text):
        words = spoken.split()
        unknown = _unknown(_PROGRAMS[words[0]], words[1:])
        assert not unknown, f"{spoken}: {unknown}"


def _unknown(command: click.Command, words: list[str]) -> str:
    """Follow words to a command, and return the first that is neither one nor an option."""
    is_value = False
    for word in words:
        if word.startswith("-"):
            options = {name: each for each in command.params for name in _names(each)}
            if word not in {*options, "--help", "--version"}:
                return word
            option = options.get(word)
            is_value = isinstance(option, click.Option) and not option.is_flag
            continue
        if isinstance(command, click.Group) and not is_value and re.fullmatch("[a-z-]+", word):
            below = command.get_command(click.Context(command), word)
            if below is None:
                return word
            command = below
        is_value = False
    return ""


def _names(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


@pytest.mark.parametrize(
    ("spoken", "wrong"),
    [
        ("gomod repository sync --name x --mirror", ""),
        ("--domain team gomod ...", ""),
        ("gomod repository sink", "sink"),
        ("gomod repository sync --nmae x", "--nmae"),
    ],
)
def test_what_does_not_exist_is_noticed(spoken: str, wrong: str) -> None:
    assert _unknown(pulp, spoken.split()) == wrong
