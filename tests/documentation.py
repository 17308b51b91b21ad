"""README.md and the pages below docs/ as what they tell a reader to type.

Each block of a shell is run by a test as it is written, or says why not, in a comment right before it that
readers of the page do not see: `<!-- not run: why -->`. There is no third way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]

SHELLS = {"bash", "console", "sh", "shell"}
# What may be shown instead, and is not typed into a shell.
OTHERS = {"ini", "json", "nginx", "pycon", "python", "text", "yaml"}

_FENCE = re.compile(r"^( *)```(.*)$")
_NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
_HEREDOC = re.compile(r"<<-?'?(\w+)'?")


@dataclass
class Command:
    """
    What is typed at once, and what the page says that it prints.

    Attributes:
        text: One command, or a script.
        output: What it prints; empty if the page does not say.
        place: Where it is written.
    """

    text: str
    output: str = ""
    place: str = ""

    @property
    def fails(self) -> bool:
        """Whether the page shows it fail."""
        return bool(re.search(r"^(Error|curl): ", self.output, re.MULTILINE))


@dataclass
class Block:
    """
    A fenced block of a page.

    Attributes:
        page: The page's path below the checkout.
        line: The number of its first line.
        language: What its fence says.
        text: What it holds.
        not_run: Why no test can run it; empty for those that are run.
        follows: Whether there is nothing between it and the block before.
    """

    page: str
    line: int
    language: str
    text: str = ""
    not_run: str = ""
    follows: bool = False

    @property
    def place(self) -> str:
        """Where it is."""
        return f"{self.page}:{self.line}"

    @property
    def is_typed(self) -> bool:
        """Whether it is for a shell."""
        return self.language in SHELLS


@dataclass
class Page:
    """
    A page.

    Attributes:
        path: Its path below the checkout.
        text: All of it.
        blocks: Its fenced blocks.
        indented: The numbers of lines that are a block only by their indentation.
    """

    path: str
    text: str
    blocks: list[Block] = field(default_factory=list)
    indented: list[int] = field(default_factory=list)

    @property
    def commands(self) -> list[Command]:
        """What its reader types, in this order, but for what cannot be run."""
        return [each for block in self.blocks for each in self._commands(block)]

    def _commands(self, block: Block) -> Iterator[Command]:
        if not block.is_typed or block.not_run:
            return
        if block.language == "console":
            yield from _dialogue(block)
        else:
            yield Command(block.text, self._shown_after(block), block.place)

    def _shown_after(self, block: Block) -> str:
        """What a script prints is in the block right behind it."""
        after = self.blocks.index(block) + 1
        following = self.blocks[after] if after < len(self.blocks) else None
        is_output = following and following.follows and following.language in {"json", "text"}
        return following.text if following and is_output else ""


def pages() -> list[Page]:
    """Return all pages, README.md first."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [read(file) for file in files]


def read(file: Path) -> Page:
    """Read a page."""
    page = Page(str(file.relative_to(ROOT)), file.read_text())
    block: Block | None = None
    # What was said since the last block, but for empty lines.
    between = ["# the page begins"]
    former = ""
    for number, line in enumerate(page.text.splitlines(), 1):
        fence = _FENCE.match(line)
        if block is not None:
            if fence and not fence.group(2):
                block, between = None, []
            else:
                block.text += line + "\n"
        elif fence:
            reason = _NOT_RUN.match(between[-1]) if between else None
            block = Block(page.path, number + 1, fence.group(2))
            block.not_run = reason.group(1) if reason else ""
            block.follows = not between
            page.blocks.append(block)
        elif line.startswith("    ") and not former.strip() and line.strip():
            page.indented.append(number)
        elif line.strip():
            between.append(line)
        former = line
    return page


def _dialogue(block: Block) -> Iterator[Command]:
    """Return the commands behind prompts, each with what follows it."""
    found: list[Command] = []
    end: str | None = None
    for number, line in enumerate(block.text.splitlines(), block.line):
        if end is not None:
            found[-1].text += f"\n{line}"
            end = None if line == end else end
        elif line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), "", f"{block.page}:{number}"))
            heredoc = _HEREDOC.search(line)
            end = heredoc and heredoc.group(1)
        elif found[-1].text.endswith("\\"):
            found[-1].text += f"\n{line}"
        else:
            found[-1].output += f"{line}\n"
    return iter(found)
