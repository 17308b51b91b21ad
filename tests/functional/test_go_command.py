"""The real go command against modules that Go tests itself with."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.zip import check_upload
from tests.functional.owners import Go, Owner
from tests.functional.rest_api import Rest
from tests.gomods import ProxyModule, modules


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


# Files that a form may have, for Django.
FILES = 100
# Beginnings of the module paths that the tests ask for.
WANTED = ("rsc.io/", "golang.org/x/text", "example.com/cmd")


def is_accepted(each: ProxyModule, directory: Path) -> bool:
    file = directory / "module.zip"
    file.write_bytes(each.zip)
    try:
        check_upload(file)
    except GoError:
        return False
    return True


@pytest.fixture(scope="module")
def owner(rest: Rest, tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """Publish each of Go's test modules that Go's own rules accept: what the tests ask for by PUT, several at once."""
    owner, directory = Owner.create(rest), tmp_path_factory.mktemp("zips")
    good = [each for each in modules() if is_accepted(each, directory)]
    assert len(good) > 180
    wanted = [each for each in good if each.path.startswith(WANTED)]
    assert len(wanted) > 20

    def publish(each: ProxyModule) -> int:
        time = json.loads(each.info or b"{}").get("Time", "")
        return owner.put(each.zip, params={"time": time}).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(publish, wanted))
    assert statuses == [201] * len(wanted)
    # All others as many together as a form may have.
    others = [each.zip for each in good if each not in wanted]
    for start in range(0, len(others), FILES):
        rest.publish(*others[start : start + FILES], repository=owner.repository)
    assert len(rest.held(owner.repository)) == len(good)
    return owner


@pytest.fixture(params=["packages", "content"])
def proxy(owner: Owner, request: pytest.FixtureRequest) -> str:
    return owner.packages_url if request.param == "packages" else f"{owner.content_url}/"


def test_build(proxy: str, tmp_path: Path) -> None:
    main = 'package main\n\nimport "rsc.io/quote"\n\nfunc main() { println(quote.Hello()) }\n'
    go = Go.create(tmp_path, main)
    go.run(proxy, "get", "rsc.io/quote@latest")
    assert "Hello, world." in go.run(proxy, "run", ".").stderr
    go.run(proxy, "mod", "verify")
    listed = go.run(proxy, "list", "-m", "all").stdout
    assert "rsc.io/quote v1.5.2" in listed
    assert "rsc.io/sampler v1.3.0" in listed


@pytest.mark.parametrize(
    "module, versions",
    [
        (
            "rsc.io/quote",
            "v1.0.0 v1.1.0 v1.2.0 v1.2.1 v1.3.0 v1.4.0 v1.5.0 v1.5.1 v1.5.2 v1.5.3-pre1",
        ),
        ("rsc.io/quote/v3", "v3.0.0"),
        ("rsc.io/QUOTE", "v1.5.2 v1.5.3-PRE"),
    ],
)
def test_versions(proxy: str, tmp_path: Path, module: str, versions: str) -> None:
    listed = Go.create(tmp_path).run(proxy, "list", "-m", "-versions", module).stdout
    assert listed.split()[1:] == [v for v in versions.split() if v in listed.split()]
    assert len(listed.split()) > 1


def test_download(proxy: str, tmp_path: Path) -> None:
    go = Go.create(tmp_path)
    for query, version in (
        ("rsc.io/quote@v1.5.2", "v1.5.2"),
        ("rsc.io/quote/v2@v2.0.1", "v2.0.1"),
        ("rsc.io/QUOTE@v1.5.2", "v1.5.2"),
        ("rsc.io/breaker@v2.0.0+incompatible", "v2.0.0+incompatible"),
        (
            "golang.org/x/text@v0.0.0-20170915032832-14c0d48ead0c",
            "v0.0.0-20170915032832-14c0d48ead0c",
        ),
    ):
        done = json.loads(go.run(proxy, "mod", "download", "-json", query).stdout)
        assert done["Version"] == version
        assert done["Sum"].startswith("h1:")


def test_retractions(proxy: str, tmp_path: Path) -> None:
    go = Go.create(tmp_path)
    shown = go.run(proxy, "list", "-m", "-retracted", "-json", "example.com/cmd@v1.9.0")
    assert json.loads(shown.stdout)["Retracted"]
    chosen = go.run(proxy, "list", "-m", "example.com/cmd@latest").stdout
    assert chosen.split() == ["example.com/cmd", "v1.0.0"]


def test_install(proxy: str, tmp_path: Path) -> None:
    go = Go.create(tmp_path)
    go.run(proxy, "install", "example.com/cmd/a@v1.0.0")
    assert (tmp_path / "path" / "bin" / "a").exists()
    go.run(proxy, "install", "example.com/cmd/...@latest")
    assert (tmp_path / "path" / "bin" / "b").exists()


def test_what_is_not_here_lets_go_ask_the_next_proxy(owner: Owner, tmp_path: Path) -> None:
    go = Go.create(tmp_path)
    empty = Owner.create(owner.rest).packages_url
    go.run(f"{empty},{owner.packages_url}", "get", "rsc.io/quote@v1.5.2")
    failed = Go.create(tmp_path / "fresh").run(empty, "get", "rsc.io/quote@v1.5.2", check=False)
    assert failed.returncode != 0
    assert "not found: rsc.io/quote@v1.5.2 is not in this repository" in failed.stderr
