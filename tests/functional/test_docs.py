"""The commands of README.md and of the pages below docs/, typed as they are written.

All pages but those for a server with a name of its own (see test_access_docs) run on one server, started by
the first command of README.md. Each finds it as README.md leaves it, but for the versions of the reader's
module: what a page makes is taken away before the next one begins.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pulp_gomod.golang.sumdb import note
from tests.documentation import Page, pages
from tests.functional.descriptions import CACHE
from tests.functional.reader import NETRC, PASSWORD, TIMEOUT, Reader
from tests.functional.rest_api import DISTRIBUTIONS, REMOTES, REPOSITORIES, SUMDBS, Rest
from tests.functional.serving import (
    QUICK_LOGINS,
    QUIET,
    READY_TIMEOUT,
    data_dirs,
    make_data_dir,
    wait_for_end,
)
from tests.functional.test_access_docs import GUIDES
from tests.functional.upstream_world import Upstream, running, unused_port
from tests.functional.warm_pulp import warm_pulp
from tests.statements import connect

ADDRESS = "127.0.0.1:8080"
WITHOUT_NETWORK = "unshare --map-root-user --net "
SERVE = "./serve"
README, *OTHERS = [page for page in pages() if page.commands and page.path not in GUIDES]

# A page may have a hundred commands, which are many for a slow machine.
pytestmark = pytest.mark.timeout(TIMEOUT)

# The public database, with a key of ours: nothing but loopback is asked.
PUBLIC = "sum.golang.org"
_TRUSTED = """\
from pulp_gomod.golang.sumdb import gosumdb

gosumdb.KNOWN_GOSUMDB[{name!r}] = {key!r}
"""


@dataclass(frozen=True)
class Kind:
    """
    What pages make, and leave behind.

    Attributes:
        path: Where the REST API lists it.
        table: Where the database keeps it.
        name: What its name is called in both.
    """

    path: str
    table: str
    name: str = "name"


_KINDS = {
    "distributions": Kind(DISTRIBUTIONS, "core_distribution"),
    "repositories": Kind(REPOSITORIES, "core_repository"),
    "remotes": Kind(REMOTES, "core_remote"),
    "sumdbs": Kind(SUMDBS, "gomod_gosumdb"),
    "vulndbs": Kind("gomod/vulndbs/", "gomod_govulndb"),
    "users": Kind("users/", "auth_user", "username"),
    "groups": Kind("groups/", "auth_group"),
    "tokens": Kind("gomod/tokens/", "gomod_gotoken"),
    "guards": Kind("contentguards/core/rbac/", "core_contentguard"),
}
# One look at the database for all of them costs a hundredth of asking the API for each.
_NAMES = " UNION ALL ".join(
    f"SELECT '{kind}', {each.name} FROM {each.table}" for kind, each in _KINDS.items()
)
_BLOCKS = "SELECT count(*) FROM gomod_goblock"
_PINNED = ("repository", "repository_version", "publication", "remote", "content_guard")


# Where commands cache it, in a home directory.
_CACHED = Path(".cache", CACHE)


@dataclass
class World:
    """
    What all pages are about.

    Attributes:
        directory: Where the homes of readers are made.
        reader: Who has started the server.
        upstream: What the go command asks where nothing else is said.
        key: The key of the checksum database there.
        pulp: The program `pulp`.
        untouched: The home of somebody who has moved in, and nothing else; made once, with twenty calls of git.
    """

    directory: Path
    reader: Reader
    upstream: Upstream
    key: str
    pulp: Path
    untouched: Path

    def newcomer(self, name: str) -> Reader:
        """Return a reader who has done nothing yet."""
        reader = Reader(
            self.directory / name, self.reader.url, pulp=self.pulp, words=self.reader.words
        )
        reader.variables = {
            "GOSUMDB": self.key,
            "GOCACHE": os.environ["GOCACHE"],
            # Programs of the page's own find, and leave alone, the server of README.md.
            "PULP_GOMOD_SERVE_DATA_DIR": str(reader.home / ".local" / "share" / "pulp-gomod"),
        }
        shutil.copytree(self.untouched, reader.home, symlinks=True)
        reader.ask_of(self.upstream.url)
        if self.cached.is_dir():
            shutil.copytree(self.cached, reader.home / _CACHED)
        return reader

    def keep_cached(self, reader: Reader) -> None:
        """Let those who come later have what a reader's commands have cached of the server: it takes seconds to make."""
        if not self.cached.is_dir() and (reader.home / _CACHED).is_dir():
            shutil.copytree(reader.home / _CACHED, self.cached)

    @property
    def cached(self) -> Path:
        """Where that is kept."""
        return self.directory / "cached"


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[Upstream, str]]:
    """The public modules that pages name, with the public checksum database."""
    signer, key = note.generate_key(PUBLIC)
    with running() as upstream:
        upstream.sumdb_name = PUBLIC
        upstream.sign(signer)
        for path, versions in PUBLIC_MODULES.items():
            for version, lines in versions.items():
                upstream.add(path, version, *lines)
        yield upstream, key


PUBLIC_MODULES: dict[str, dict[str, tuple[str, ...]]] = {
    "rsc.io/quote": {
        "v1.5.1": (),
        "v1.5.2": ("require rsc.io/sampler v1.3.0",),
    },
    "rsc.io/quote/v3": {"v3.0.0": (), "v3.1.0": ()},
    "rsc.io/sampler": {"v1.3.0": (), "v1.3.1": ()},
    "golang.org/x/text": {"v0.3.0": ()},
}


@pytest.fixture(scope="module")
def pulp() -> Iterator[Path]:
    """The program `pulp`, loaded once."""
    with TemporaryDirectory() as directory, warm_pulp(Path(directory)) as program:
        yield program


@pytest.fixture(scope="module")
def world(
    upstream: tuple[Upstream, str],
    pulp: Path,
    server_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The server that the first command of README.md starts, with what it prints."""
    directory = tmp_path_factory.mktemp("docs")
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    for each in (directory, *directory.parents[:2]):
        each.chmod(0o711)
    data_dir = directory / "data"
    make_data_dir(data_dir, server_cache)
    settings = directory / "settings.py"
    settings.write_text(_TRUSTED.format(name=PUBLIC, key=upstream[1]))
    address = f"127.0.0.1:{unused_port()}"
    words = {ADDRESS: address, "YOUR-PASSWORD": PASSWORD}
    if subprocess.run([*WITHOUT_NETWORK.split(), "true"], capture_output=True).returncode:
        # Not everybody may take the network away from a process.
        words[WITHOUT_NETWORK] = ""
    untouched = Reader(directory / "untouched", f"http://{address}", pulp=pulp, words=words)
    untouched.move_in()
    world = World(directory, untouched, *upstream, pulp, untouched.home)
    world.reader = world.newcomer("reader")
    world.reader.is_told = True
    first, *rest = README.commands
    assert first.text == SERVE
    options = {
        "PULP_SETTINGS": str(settings),
        "PULP_GOMOD_SERVE_DATA_DIR": str(data_dir),
        "PULP_GOMOD_SERVE_PORT": address.rpartition(":")[2],
        "PULP_GOMOD_SERVE_ADMIN_PASSWORD": PASSWORD,
        "PULP_GOMOD_SERVE_OWNER": str(os.getpid()),
        **QUICK_LOGINS,
        # No command shows what it computes; test_access_docs has it while commands are typed.
        **QUIET,
    }
    printed, errors = directory / "serve.out", directory / "serve.err"
    with printed.open("w") as output, errors.open("w") as error_output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {first.text}"],
            cwd=world.reader.home / "pulp_gomod",
            env=world.reader.environment | options,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=error_output,
            start_new_session=True,
        )
    try:
        wanted = _of_later_starts(world.reader.say(first.output))
        _wait_until_it_says(printed, wanted, process, errors)
        data_dirs[world.reader.url] = data_dir
        yield world
    finally:
        process.send_signal(signal.SIGTERM)
        wait_for_end(process.pid)


def _of_later_starts(shown: str) -> str:
    """
    Return what the server prints when there is a data directory already: all but the password.

    That README.md shows what the first start prints, tests/unit/standalone/test_front.py says.
    """
    shown = shown.replace(f"--user admin:{PASSWORD} ", "--user admin ")
    shown = shown.replace(f"--username admin --password {PASSWORD}\n", "--username admin\n")
    return shown[shown.index("ready\n") :]


# The checksum database that each server makes of its own, or the key of one.
_NEW_SUMDB = re.compile(r"localhost/go-[0-9a-f]{8}(\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)?")


def _wait_until_it_says(
    file: Path, wanted: str, process: subprocess.Popen[Any], errors: Path
) -> None:
    end = time.monotonic() + READY_TIMEOUT
    while _NEW_SUMDB.sub("SUMDB", file.read_text()) != _NEW_SUMDB.sub("SUMDB", wanted):
        assert process.poll() is None, errors.read_text()
        assert time.monotonic() < end, f"{file.read_text()}\nis not what README.md shows: {wanted}"
        time.sleep(0.1)


class State:
    """What is on the server, and how to have it as it was."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._before = self._names()
        self._distributions = self._list(DISTRIBUTIONS)
        self._repositories = self._list(REPOSITORIES)

    def restore(self) -> set[tuple[str, str]]:
        """Change back what is not as it was, remove what came since, and return its kinds and names."""
        added = self._names() - self._before
        now = self._list(DISTRIBUTIONS)
        for href, before in self._distributions.items():
            wanted = {key: before[key] for key in _PINNED}
            if wanted != {key: now[href][key] for key in _PINNED}:
                self._rest.wait(self._rest.call("PATCH", href, json=wanted))
        now = self._list(REPOSITORIES)
        for href, before in self._repositories.items():
            if before["sumdb"] != now[href]["sumdb"]:
                done = self._rest.call("PATCH", href, json={"sumdb": before["sumdb"]})
                if done.status_code != 200:
                    self._rest.wait(done)
        self._remove(added)
        for href, before in self._repositories.items():
            if before["latest_version_href"] != now[href]["latest_version_href"]:
                self._rest.modify(href, base_version=before["latest_version_href"])
        cleanup = {"orphan_protection_time": 0}
        self._rest.wait(self._rest.call("POST", "orphans/cleanup/", json=cleanup))
        # The same as before, but for the numbers of their versions.
        self._repositories = self._list(REPOSITORIES)
        return added

    def _remove(self, added: set[tuple[str, str]]) -> None:
        """Remove what came, in the order of the kinds, and all blocks."""
        hrefs: list[str] = []
        for kind, each in _KINDS.items():
            if names := {name for added_kind, name in added if added_kind == kind}:
                listed = self._rest.get(each.path)["results"]
                found = {one[each.name]: one["pulp_href"] for one in listed}
                hrefs += [found[name] for name in names]
        for href in hrefs:
            done = self._rest.call("DELETE", href)
            assert done.status_code in (202, 204), done.text
            if done.status_code == 202:
                self._rest.wait(done)
        ((blocks,),) = self._query(_BLOCKS)
        if blocks:
            for block in self._rest.get("gomod/blocks/")["results"]:
                assert self._rest.status("DELETE", block["pulp_href"]) == 204

    def _list(self, path: str) -> dict[str, dict[str, Any]]:
        return {each["pulp_href"]: each for each in self._rest.get(path)["results"]}

    def _names(self) -> set[tuple[str, str]]:
        return {(kind, name) for kind, name in self._query(_NAMES)}

    def _query(self, statement: str) -> list[tuple[Any, ...]]:
        with connect(data_dirs[self._rest.url]) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def as_readme_leaves_it(world: World) -> State:
    """The server after all that README.md says was done."""
    world.reader.type(README.commands[1:])
    return State(Rest(world.reader.url, ("admin", PASSWORD)))


def test_readme(as_readme_leaves_it: State) -> None:
    assert as_readme_leaves_it


# What the pages before have made, so that no two need the same name: they are read one after the other.
_made: dict[tuple[str, str], str] = {}


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.path)
def test_page(page: Page, world: World, as_readme_leaves_it: State, server_cache: Path) -> None:
    reader = world.newcomer(page.path.replace("/", "-"))
    reader.is_told = ".venv/bin:$PATH" in page.text
    if NETRC in page.text:
        (reader.home / ".netrc").write_text(reader.say(NETRC))
    if not any("pulp config create" in each.text for each in page.commands):
        reader.configure()
    if "pulp-gomod exec" in page.text:
        _prepare(reader, server_cache)
    try:
        reader.type(page.commands)
        world.keep_cached(reader)
    finally:
        made = as_readme_leaves_it.restore()
    for each in made:
        assert _made.setdefault(each, page.path) == page.path, f"{each} is another page's, too"


def _prepare(reader: Reader, server_cache: Path) -> None:
    """Give the reader a data directory of their own, whose server is prepared and then stops."""
    data_dir = Path(reader.variables["PULP_GOMOD_SERVE_DATA_DIR"])
    data_dir.parent.mkdir(parents=True)
    make_data_dir(data_dir, server_cache)
    reader.variables["PULP_GOMOD_SERVE_PREPARE_ONLY"] = "1"
    # The usual one may be taken.
    reader.variables["PULP_GOMOD_SERVE_PORT"] = "0"
    # What it was prepared for: otherwise the first command prepares it once more.
    reader.variables |= QUICK_LOGINS
