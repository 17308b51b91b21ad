"""Nobody makes all others wait: what strangers may send is not computed on the event loop."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from aiohttp import web

from tests.filling import LONG_LIST, fill, versions
from tests.functional.owners import Owner
from tests.functional.rest_api import MODULES, Made, Rest
from tests.functional.serving import Server, own_server
from tests.functional.upstream_world import Mirror, Upstream
from tests.gomods import pack
from tests.statements import connect

# Seconds of processor time that the event loop may compute without a break.
MOST = 0.05
# Seconds within which others are answered meanwhile, on a machine that is busy with other tests, too. With work on
# the loop it was thirty.
PATIENCE = 10.0
# Lines of a file whose parsing takes a second; an upstream may send ten times as many.
LONG = 150_000
RETRACTIONS = 69_000
# Lines of a list whose reading takes ten times what may be.
LISTING = 40_000
HELD = "The event loop was held"


@pytest.fixture(scope="module")
def watched(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server with one content process, that tells when its event loop is held."""
    with own_server(
        run_dir,
        "watched",
        server_cache,
        *("--content-workers", "1"),
        PULP_GOMOD_LOOP_WATCH=str(MOST),
    ) as started:
        yield started


@pytest.fixture(scope="module")
def rest(watched: Server) -> Rest:
    """Its REST API, as the administrator."""
    return Rest(watched.url, (watched.username, watched.password))


@pytest.fixture(scope="module")
def calm(rest: Rest) -> str:
    """The URL of a module that others ask for, after everything has been used once."""
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip()).status_code == 201
    url = f"{owner.content_url}/{made.path}"
    for path in ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"):
        assert requests.get(f"{url}/{path}", timeout=60).status_code == 200
    return url


@pytest.fixture
def _unheld(watched: Server, calm: str) -> Iterator[None]:
    """Fails the test if the loop is held while it runs."""
    log = Path(watched.data_dir) / "logs" / "content.log"
    size = log.stat().st_size
    with _others(calm):
        yield
    with log.open(errors="replace") as file:
        file.seek(size)
        said = file.read()
    assert HELD not in said


@contextmanager
def _others(calm: str) -> Iterator[None]:
    """Somebody else, who asks for something new all the time."""
    ended = threading.Event()
    took: list[float] = []
    statuses: set[int] = set()

    def ask() -> None:
        with requests.Session() as session:
            while not ended.wait(0.1):
                began = time.monotonic()
                answer = session.get(f"{calm}/@v/v1.{len(took)}.1.info", timeout=60)
                statuses.add(answer.status_code)
                took.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert statuses == {404}
    assert max(took) < PATIENCE


pytestmark = pytest.mark.usefixtures("_unheld")


class Old(NamedTuple):
    """
    Versions v1.0.0 to v1.0.59 of a module.

    Attributes:
        path: The module path.
        units: Their hrefs.
    """

    path: str
    units: list[str]


def _publish(owner: Owner, path: str, versions: dict[str, bytes]) -> None:
    zips = [
        pack(f"{path}@{version}/", [("go.mod", f"module {path}\n".encode() + lines)])
        for version, lines in versions.items()
    ]
    owner.rest.publish(*zips, repository=owner.repository)


def _latest(url: str, path: str) -> str:
    answer = requests.get(f"{url}/{path}/@latest", timeout=120)
    assert answer.status_code == 200, answer.text
    version: str = answer.json()["Version"]
    return version


@pytest.fixture(scope="module")
def old(rest: Rest) -> Old:
    """Many versions of a module, in a repository that is not served."""
    made, repository = Made(), rest.create_repository()
    zips = [
        pack(f"{made.path}@v1.0.{n}/", [("go.mod", f"module {made.path}\n".encode())])
        for n in range(60)
    ]
    rest.publish(*zips, repository=repository)
    held = rest.get(MODULES, repository_version=rest.latest(repository), limit=100)["results"]
    return Old(made.path, [each["pulp_href"] for each in held])


SAME = b"retract v0.0.1\n" * RETRACTIONS
MANY = b"".join(b"retract v0.%d.1\n" % number for number in range(50_000))


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [
        (SAME, "v1.1.0"),
        (MANY + b"retract [v1.0.5, v1.1.0]\n", "v1.0.4"),
        (MANY + b"retract [v0.0.0, v1.1.0]\n", "v1.1.0"),
        (SAME.replace(b"v0.0.1", b"v0.0.1 // " + b"x" * 20)[:1_000_000] + b"\n", "v1.1.0"),
        (b"// " + b"x" * 500_000 + b"\nretract (\n" + b"v0.0.1\n" * 60_000 + b"v1.1.0)\n", None),
        (
            b"// " + b"x" * 500_000 + b"\nretract (\n" + b"v0.0.1\n" * 60_000 + b"v1.1.0\n)\n",
            "v1.0.59",
        ),
    ],
    ids=["same", "few", "all", "comments", "malformed", "reasons"],
)
def test_retractions_of_a_published_version(
    rest: Rest, old: Old, lines: bytes, chosen: str | None
) -> None:
    owner, path = Owner.create(rest), old.path
    newest = pack(f"{path}@v1.1.0/", [("go.mod", f"module {path}\n".encode() + lines)])
    rest.modify(owner.repository, add_content_units=old.units)
    status = owner.put(newest).status_code
    if chosen is None:
        assert status == 400
        return
    assert status == 201
    assert _latest(owner.content_url, path) == chosen


def _says(upstream: Upstream, path: str, body: bytes) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(body=body)

    upstream.behaviours[path] = say


LONG_MOD = b"retract v0.0.1\n" * LONG
LISTED = "".join(f"v1.{n // 1000}.{n % 1000}\n" for n in range(LISTING)).encode()
LONG_INFO = b'{"Version":"v1.0.0","X":[' + b"{}," * (4 * LONG) + b"0]}"


@pytest.fixture
def mirror(rest: Rest, upstream: Upstream) -> Mirror:
    """A distribution that pulls through, and has been used once."""
    # Some of what is published here is to be merged with what the upstream has.
    mirror = Mirror.create(rest, upstream, mix="*")
    upstream.add("example.com/small", "v1.0.0")
    for path in ("@v/list", "@v/v1.0.0.info", "@v/v1.0.0.mod"):
        assert mirror.get(f"example.com/small/{path}").status_code == 200
    return mirror


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [(LONG_MOD, "v1.0.0"), (b"require nothing\n" * LONG, "v1.0.0")],
    ids=["valid", "invalid"],
)
def test_a_long_go_mod_of_an_upstream(
    mirror: Mirror, upstream: Upstream, lines: bytes, chosen: str
) -> None:
    path = Made().path
    upstream.add(path, "v1.0.0")
    body = f"module {path}\n".encode() + lines
    _says(upstream, f"{path}/@v/v1.0.0.mod", body)
    _publish(mirror.owner, path, {"v0.9.0": b""})
    for _ in range(2):
        assert mirror.get(f"{path}/@v/v1.0.0.mod").content == body
    # Reading it takes longer than a client is let wait where something is held.
    end = time.monotonic() + 120
    while _latest(mirror.url, path) != chosen:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_long_lists_of_an_upstream(mirror: Mirror, upstream: Upstream) -> None:
    path = Made().path
    upstream.add(path, "v1.39.999")
    _says(upstream, f"{path}/@v/list", LISTED + b"v1.9.9-" + b"a" * 50_000 + b"\n")
    assert mirror.get(f"{path}/@v/list").content.startswith(LISTED)
    _publish(mirror.owner, path, {"v0.9.0": b""})
    for _ in range(2):
        assert mirror.get(f"{path}/@v/list").content == b"v0.9.0\n" + LISTED
        assert _latest(mirror.url, path) == "v1.39.999"


@pytest.mark.parametrize("file", ["@v/v1.0.0.info", "@v/main.info", "@latest"])
def test_a_long_info_of_an_upstream(mirror: Mirror, upstream: Upstream, file: str) -> None:
    path = Made().path
    _says(upstream, f"{path}/{file}", LONG_INFO)
    answer = mirror.get(f"{path}/{file}")
    assert answer.status_code == 502
    assert answer.text.startswith("bad gateway: the upstream 127.0.0.1:")
    assert answer.text.endswith(" sends more than the 65536 bytes that are accepted\n")


def test_thousands_of_versions(rest: Rest, watched: Server) -> None:
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip()).status_code == 201
    with connect(Path(watched.data_dir)) as connection:
        filled = fill(connection, owner.name, LONG_LIST, each=LONG_LIST)
    url, path = owner.content_url, filled.modules[0]
    count = sum(not is_pseudo for _, _, is_pseudo in versions(LONG_LIST))
    assert len(requests.get(f"{url}/{path}/@v/list", timeout=60).text.split()) == count
    assert _latest(url, path) == f"v1.{LONG_LIST - 2}.0"
    # The commit of the oldest pseudo-version: all others are looked at first.
    answer = requests.get(f"{url}/{path}/@v/{9:012x}.info", timeout=60)
    assert answer.json()["Version"].endswith(f"{9:012x}")
