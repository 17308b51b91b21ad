"""The public client of pkg.go.dev's API, unchanged, asks this server."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.gomods import find_goroot, pack
from tests.inprocess.owners import Owner
from tests.inprocess.test_documentation import files, path_of, run
from tests.inprocess.test_pkgsite import library, owner  # noqa: F401

pytestmark = pytest.mark.upstream
CLIENT = "golang.org/x/pkgsite/cmd/internal/pkgsite-cli@v0.6.0"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bin")
    go = find_goroot() / "bin" / "go"
    environment = {**os.environ, "GOBIN": str(place), "GOFLAGS": "-mod=mod"}
    subprocess.run([go, "install", CLIENT], env=environment, cwd=place, check=True, timeout=280)
    return place / "pkgsite-cli"


def ask(client: Path, owner: Owner, command: str, *arguments: str) -> str:  # noqa: F811
    done = subprocess.run(
        [client, command, "-server", owner.packages_url, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_commands_work(client: Path, owner: Owner) -> None:  # noqa: F811
    path = library(owner, "v1.0.0")
    library(owner, "v1.1.0")
    user = f"{path_of(owner)}/user"
    source = f'package user\n\nimport "{path}"\n\nvar Is = lib.New()\n'
    owner.publish(pack(f"{user}@v0.1.0/", files(user, **{"x.go": source})))
    run(owner)
    said = ask(
        client, owner, "package", "-doc", "text", "-symbols", "-imported-by", "-imports", path
    )
    for part in (path, "v1.1.0", "func New() *Thing", "(t Thing) String() string", user, "fmt"):
        assert part in said, said
    assert "v1.0.0" in ask(client, owner, "package", f"{path}@v1.0.0")
    said = ask(
        client, owner, "module", "-versions", "-packages", "-readme", "-licenses", "-vulns", path
    )
    for part in (path, "v1.1.0", "v1.0.0", f"{path}/cmd/tool", "MIT", "badge"):
        assert part in said, said
    assert path in ask(client, owner, "search", "lib")
    refused = subprocess.run(
        [client, "package", "-server", owner.packages_url, "example.com/none"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode != 0 and "not in this repository" in refused.stderr + refused.stdout
