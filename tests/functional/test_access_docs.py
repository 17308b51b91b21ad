"""The commands of the administrator's guides to access, typed as they are written.

They are for a server with HTTPS and a name of its own, and are read one after the other. All other pages are
in test_docs.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tests.documentation import Block, Command, Page, pages
from tests.functional.access_server import Issuer
from tests.functional.https import URL, Https, https_server
from tests.functional.reader import Reader
from tests.functional.rest_api import RELEASES, TASK_TIMEOUT, Rest
from tests.functional.serving import PASSWORD, USERNAME
from tests.functional.warm_pulp import warm_pulp

GITHUB = "https://token.actions.githubusercontent.com"

# What one administrator reads, in this order.
GUIDES = tuple(
    f"docs/admin/guides/{name}.md" for name in ("users-and-roles", "private", "tokens", "ci")
)
PAGES = {page.path: page for page in pages()}
USERS, PRIVATE, TOKENS, CI = (PAGES[path] for path in GUIDES)
DOCUMENTING = "pulp_gomod.app.tasks.documentation.document_modules"
# How the page about users ends, when everything else was done.
FAREWELL = "## When somebody leaves"


def blocks(page: Page, language: str) -> list[Block]:
    """Return the blocks of a page that are in one language."""
    return [block for block in page.blocks if block.language == language]


@pytest.fixture(scope="module")
def https(
    run_dir: Path, server_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Https, Issuer]]:
    """A server with all settings of the guides, which documents; only the keys of GitHub's tokens are nearer."""
    directory = tmp_path_factory.mktemp("issuer")
    issuer = Issuer(directory)
    issuer.create()
    guides = [page for page in PAGES.values() if page.path.startswith("docs/admin/")]
    settings = "".join(block.text for page in guides for block in blocks(page, "python"))
    keys = f"{GITHUB}/.well-known/jwks"
    assert keys in settings
    file = directory / "settings.py"
    file.write_text(settings.replace(keys, issuer.publish(run_dir / "docs-ci.server.json")))
    variables = {"PULP_SETTINGS": str(file), "PULP_GOMOD_DOCUMENTATION": "auto"}
    with https_server(run_dir, server_cache, "docs", **variables) as https:
        yield https, issuer


@pytest.fixture
def reader(https: tuple[Https, Issuer], tmp_path: Path) -> Iterator[Reader]:
    """An administrator, who has packed a module."""
    with TemporaryDirectory() as directory, warm_pulp(Path(directory)) as pulp:
        reader = Reader(tmp_path / "admin", URL, PASSWORD, pulp, variables=https[0].variables)
        reader.move_in()
        reader.configure()
        reader.type([Command("pulp-gomod pack v1.0.0")])
        yield reader


def test_the_guides(https: tuple[Https, Issuer], reader: Reader) -> None:
    last = USERS.text[: USERS.text.index(FAREWELL)].count("\n")
    begin = [each for each in USERS.commands if _line(each) < last]
    reader.type(begin)
    reader.type(PRIVATE.commands)
    reader.variables["GOMOD_TOKEN"] = "gomod_x"
    said = f"{URL}\n\nAuthorization: Bearer gomod_x\n\n"
    reader.type([Command("./goauth", said, "the program of private.md")])
    reader.type(TOKENS.commands)
    claims = {
        "iss": GITHUB,
        "aud": URL,
        "repository_owner": "example",
        "sub": "repo:example/hello:ref:refs/tags/v1.0.0",
    }
    token = https[1].token("example/hello", **claims)
    reader.variables |= _of_a_job(token, https[1])
    reader.type(CI.commands)
    for tag, script in zip(("v1.1.0", "v1.2.0"), _jobs(CI), strict=True):
        _run_job(reader, tag, script)
    reader.type(USERS.commands[len(begin) :])
    rest = Rest(URL, (USERNAME, PASSWORD))
    for version in ("v1.1.0", "v1.2.0"):
        (released,) = rest.get(RELEASES, module="example.com/hello", version=version)["results"]
        assert released["published_by"] == claims["sub"]
    _await_documentation(rest)


def _await_documentation(rest: Rest) -> None:
    """What was published was documented beside all that, and no task for it failed."""
    end = time.monotonic() + TASK_TIMEOUT
    while not (tasks := rest.get("tasks/", name=DOCUMENTING)["results"]) or any(
        each["finished_at"] is None for each in tasks
    ):
        assert time.monotonic() < end, tasks
        time.sleep(0.5)
    assert {each["state"] for each in tasks} == {"completed"}, tasks


def _line(command: Command) -> int:
    return int(command.place.rpartition(":")[2])


def _of_a_job(token: str, issuer: Issuer) -> dict[str, str]:
    """Return what CI systems tell a job about its token, GitHub by a URL that takes an audience."""
    url = issuer.show("token.json", json.dumps({"value": token}))
    return {
        "JOB_TOKEN": token,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the job",
    }


def _jobs(page: Page) -> list[str]:
    """Return the scripts of the jobs of a page, but for what installs from an index of packages."""
    lines = [list(_steps(yaml.safe_load(block.text))) for block in blocks(page, "yaml")]
    for steps in lines:
        assert sum(step.startswith("pip install ") for step in steps) == 1
    return ["\n".join(step for step in steps if "pip install" not in step) for steps in lines]


def _steps(job: Any) -> Iterator[str]:
    """Find what is run, wherever a CI system has it."""
    if isinstance(job, list):
        for each in job:
            yield from _steps(each)
    elif isinstance(job, dict):
        for key, value in job.items():
            if key == "run":
                yield value
            elif key == "script":
                yield from value
            else:
                yield from _steps(value)


def _run_job(reader: Reader, tag: str, script: str) -> None:
    """Run a job for a tag, in a checkout of its own."""
    checkout = reader.home / f"job-{tag}"
    reader.git("clone", "--quiet", "--branch", tag, reader.module, checkout)
    reader.variables |= {"GITHUB_REF_NAME": tag, "CI_COMMIT_TAG": tag}
    reader.type([Command(script, place=f"the job for {tag}")], checkout)
