"""The documentation as a whole: every page can be found, every link leads somewhere, every list is complete.

`docs/build` says the same of the site that it makes. This also covers what is not part of the site, such as
README.md and the texts of programs that name a page, and takes no time.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pulp_gomod.app import settings
from tests.documentation import ROOT, Page, pages, read
from tests.pulp_main import main as pulp

# A path of a page of the site begins at docs/.
DOCS = ROOT / "docs"
OUTSIDE = [
    *ROOT.glob("*.md"),
    *(ROOT / name / "README.md" for name in ("pulp-cli-gomod", "pulp-glue-gomod")),
]
EVERYTHING = {page.path: page for page in [*pages(), *map(read, OUTSIDE)]}

_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MENTION = re.compile(r"\bdocs/[a-z/-]+\.md")
_SOURCES = [
    file
    for directory in ("pulp_gomod", "pulp-cli-gomod/src", "pulp-glue-gomod/src", "tests", ".github")
    for file in (ROOT / directory).rglob("*")
    if file.suffix in {".py", ".txt", ".md", ".yml", ".conf"}
]


def _prose(page: Page) -> str:
    return _FENCED.sub("", page.text)


def _anchors(page: Page) -> set[str]:
    """Return what can stand behind a `#`: headings as mkdocs, and public hosts of repositories, name them."""
    titles = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in _headings(page))
    return {re.sub(r"\s+", "-", title) for title in titles}


def _headings(page: Page) -> list[str]:
    return _HEADING.findall(_prose(page))


def _dead_links(page: Page) -> Iterator[str]:
    directory = (ROOT / page.path).parent
    for link in _LINK.findall(_prose(page)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (directory / name).resolve() if name else ROOT / page.path
        if not target.exists():
            yield f"{link}: there is no such file"
        elif page.path.startswith("docs/") and not target.is_relative_to(DOCS):
            yield f"{link}: it is not part of the site"
        elif anchor and anchor not in _anchors(EVERYTHING[str(target.relative_to(ROOT))]):
            yield f"{link}: there is no such heading"


@pytest.mark.parametrize("path", EVERYTHING)
def test_links_lead_somewhere(path: str) -> None:
    assert list(_dead_links(EVERYTHING[path])) == []


@pytest.mark.parametrize("link", ["gone.md", "index.md#gone", "#gone", "../README.md"])
def test_dead_links_are_noticed(link: str) -> None:
    assert list(_dead_links(Page("docs/index.md", f"# Here\n\n[there]({link})\n")))


@pytest.mark.parametrize("path", EVERYTHING)
def test_no_two_headings_of_a_page_have_one_anchor(path: str) -> None:
    page = EVERYTHING[path]
    assert len(_anchors(page)) == len(_headings(page))


def _leaves(nav: Any) -> Iterator[str]:
    match nav:
        case str():
            yield nav
        case list():
            for each in nav:
                yield from _leaves(each)
        case dict():
            for each in nav.values():
                yield from _leaves(each)


def test_every_page_is_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    found = sorted(str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md"))
    assert sorted(_leaves(config["nav"])) == found


def test_the_first_page_leads_to_every_other_one() -> None:
    # README.md calls it the list of all pages. Those that begin a part of the site are in its menu.
    linked = {link.partition("#")[0] for link in _LINK.findall(EVERYTHING["docs/index.md"].text)}
    found = {str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md") if file.name != "index.md"}
    assert sorted(found - linked) == []


def test_the_site_makes_errors_of_dead_links() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    checks = config["validation"]
    assert {*checks["nav"].values(), *checks["links"].values()} == {"warn"}
    assert "--strict" in (DOCS / "build").read_text()


def test_pages_that_programs_name_exist() -> None:
    mentions = {
        (str(file.relative_to(ROOT)), page)
        for file in [*_SOURCES, *ROOT.glob("*.toml"), *OUTSIDE]
        for page in _MENTION.findall(file.read_text())
    }
    assert len(mentions) > 5
    assert [each for each in sorted(mentions) if not (ROOT / each[1]).exists()] == []


_CODE = re.compile(r"`((?:[a-z_-]+/)*(?:[a-z_]+\.py|[a-z_-]+/))`")


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path.startswith("docs/dev/")])
def test_files_that_are_named_to_developers_exist(path: str) -> None:
    tracked = {f"/{file.relative_to(ROOT)}" for file in _SOURCES}
    tracked |= {f"{parent}/" for file in tracked for parent in Path(file).parents}
    gone = [
        name
        for name in _CODE.findall(EVERYTHING[path].text)
        if not (ROOT / name).exists() and not any(file.endswith(f"/{name}") for file in tracked)
    ]
    assert gone == []


def _first_cells(path: str) -> set[str]:
    """Return the words in backquotes in the first column of a page's tables."""
    lines = EVERYTHING[path].text.splitlines()
    return {
        word
        for line in lines
        if line.startswith("| `")
        for word in re.findall("`([^`]+)`", line.split("|")[1])
    }


def test_every_setting_is_listed() -> None:
    names = {name for name in vars(settings) if name.startswith("GOMOD_")}
    listed = {name for name in _first_cells("docs/admin/reference/settings.md") if "GOMOD_" in name}
    assert listed == names


def test_every_error_code_is_listed() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "pulp_gomod").rglob("*.py"))
    codes = set(re.findall(r'error_code = "(GOM\d{4})"', sources))
    assert _first_cells("docs/user/reference/errors.md") == codes != set()


def _commands(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below is not None:
                yield from _commands(below, f"{name} {each}")
    else:
        yield name


def test_every_command_is_listed() -> None:
    gomod = pulp.get_command(click.Context(pulp), "gomod")
    assert gomod is not None
    page = EVERYTHING["docs/user/reference/cli.md"]
    listed: set[str] = set()
    for line in page.text.splitlines():
        if not line.startswith("| `pulp gomod"):
            continue
        first, *others = re.findall("`([^`]+)`", line.split("|")[1])
        group = first.rpartition(" ")[0]
        listed |= {first, *(f"{group} {other}" for other in others)}
    assert listed == set(_commands(gomod, "pulp gomod"))
