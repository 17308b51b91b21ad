"""The modules that Go tests its go command with, malformed ones included: through us they are the same."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random

import pytest
import requests

from pulp_gomod.golang import GoError, dirhash, module
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Mirror, Upstream, Version, running
from tests.gomods import modules
from tests.seeds import SEED


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        for each in modules():
            version = Version(each.info, each.mod, each.zip)
            started.modules.setdefault(each.path, {})[each.version] = version
        yield started


CLIENTS = 8
# So many files are asked for again when they are held, others each day.
AGAIN = int(os.environ.get("GOMOD_TEST_AGAIN", "200"))
# Zips with a go.mod that says something else than the `.mod` beside them.
CONTRADICTED = {
    "github.com/securego/gosec/v2/@v/v2.23.0.zip",
    "rsc.io/badsum/@v/v1.0.1.zip",
}


def _paths(upstream: Upstream) -> list[str]:
    found = []
    for path, versions in upstream.modules.items():
        escaped = module.escape_path(path)
        found.append(f"{escaped}/@v/list")
        for version in versions:
            name = module.escape_version(version)
            found += [f"{escaped}/@v/{name}.{kind}" for kind in ("info", "mod", "zip")]
    return found


def _possible(path: str, listed: bytes) -> bytes:
    """What of a list the module can have: some of these modules are listed with other majors' versions."""
    name = module.unescape_path(path.removesuffix("/@v/list"))
    lines = listed.decode().splitlines(keepends=True)
    return "".join(each for each in lines if _is_possible(name, each.strip())).encode()


def _is_possible(name: str, version: str) -> bool:
    try:
        module.check(name, version)
    except GoError:
        return False
    return not module.is_pseudo_version(version)


def _equal(path: str, one: bytes, other: bytes) -> bool:
    """Zips are equal where Go calls them so: the server may hold the same one, packed otherwise."""
    if path.endswith("/@v/list"):
        return one == _possible(path, other)
    if one == other or not path.endswith(".zip"):
        return one == other
    return dirhash.hash_zip(BytesIO(one)) == dirhash.hash_zip(BytesIO(other))


def test_every_file_is_what_the_upstream_has(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream, cache_ttl=600)
    paths = _paths(upstream)
    assert len(paths) > 700

    def same(session: requests.Session, path: str) -> str:
        said = upstream.answer(path)
        answer = session.get(f"{mirror.url}/{path}", timeout=90)
        assert isinstance(said.body, bytes)
        if path in CONTRADICTED:
            return "" if answer.status_code == 502 else f"{path}: {answer.status_code}, not 502"
        if answer.status_code == said.status and _equal(path, answer.content, said.body):
            return ""
        return f"{path}: {answer.status_code} {answer.text[:200]!r}, not {said.status}"

    def different(some: list[str]) -> list[str]:
        with requests.Session() as session:
            return [found for path in some if (found := same(session, path))]

    def ask(some: list[str]) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = [some[number::CLIENTS] for number in range(CLIENTS)]
            assert list(pool.map(different, parts)) == [[]] * CLIENTS

    ask(paths)
    # Now what Go would take joins the repository.
    mirror.until(lambda: len(mirror.held()) >= 50)
    ask(Random(SEED).sample(paths, AGAIN) + sorted(CONTRADICTED))
