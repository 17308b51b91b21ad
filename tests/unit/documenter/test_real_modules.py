"""Documentation of real modules, beside what go/doc says of them: nothing that is exported is missing."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.documenter.process import document_apart
from tests.gomods import find_goroot

pytestmark = pytest.mark.upstream

GODOC = Path(__file__).parents[2] / "godoc"
# Characters of the documentation of a package as JSON: comments are there twice, as text and as HTML.
LARGEST = 8 << 20
# Small ones, of several habits; all of the others with REAL_MODULES=all: they take some minutes.
SOME = [
    "github.com/google/uuid@v1.6.0",
    "github.com/spf13/cobra@v1.8.1",
    "go.uber.org/zap@v1.27.0",
    "golang.org/x/mod@v0.22.0",
    "golang.org/x/time@v0.8.0",
    "gopkg.in/yaml.v3@v3.0.1",
]
OTHERS = [
    "github.com/BurntSushi/toml@v1.4.0",
    "github.com/davecgh/go-spew@v1.1.1",
    "github.com/fsnotify/fsnotify@v1.8.0",
    "github.com/gin-gonic/gin@v1.10.0",
    "github.com/go-chi/chi/v5@v5.1.0",
    "github.com/golang/protobuf@v1.5.4",
    "github.com/google/go-cmp@v0.6.0",
    "github.com/gorilla/mux@v1.8.1",
    "github.com/gorilla/websocket@v1.5.3",
    "github.com/hashicorp/go-multierror@v1.1.1",
    "github.com/hashicorp/hcl/v2@v2.23.0",
    "github.com/jackc/pgx/v5@v5.6.0",
    "github.com/json-iterator/go@v1.1.12",
    "github.com/klauspost/compress@v1.17.11",
    "github.com/labstack/echo/v4@v4.12.0",
    "github.com/miekg/dns@v1.1.62",
    "github.com/mitchellh/mapstructure@v1.5.0",
    "github.com/nats-io/nats.go@v1.37.0",
    "github.com/pkg/errors@v0.9.1",
    "github.com/prometheus/client_golang@v1.19.1",
    "github.com/redis/go-redis/v9@v9.7.0",
    "github.com/rs/zerolog@v1.33.0",
    "github.com/samber/lo@v1.39.0",
    "github.com/sirupsen/logrus@v1.9.3",
    "github.com/spf13/afero@v1.11.0",
    "github.com/spf13/pflag@v1.0.5",
    "github.com/spf13/viper@v1.19.0",
    "github.com/stretchr/testify@v1.9.0",
    "github.com/urfave/cli/v2@v2.27.5",
    "go.etcd.io/bbolt@v1.3.11",
    "go.opentelemetry.io/otel@v1.32.0",
    "golang.org/x/crypto@v0.31.0",
    "golang.org/x/net@v0.32.0",
    "golang.org/x/oauth2@v0.24.0",
    "golang.org/x/sync@v0.10.0",
    "golang.org/x/sys@v0.28.0",
    "golang.org/x/text@v0.21.0",
    "golang.org/x/tools@v0.28.0",
    "gonum.org/v1/gonum@v0.15.1",
    "google.golang.org/grpc@v1.68.1",
    "google.golang.org/protobuf@v1.35.2",
    "k8s.io/api@v0.31.3",
    "k8s.io/apimachinery@v0.31.3",
    "sigs.k8s.io/yaml@v1.4.0",
]
MODULES = SOME + (OTHERS if os.environ.get("REAL_MODULES") == "all" else [])


@pytest.fixture(scope="module")
def godoc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("godoc") / "godoc"
    go = find_goroot() / "bin" / "go"
    subprocess.run([go, "build", "-o", program, "."], cwd=GODOC, check=True, timeout=280)
    return program


def downloaded(name: str, where: Path) -> dict[str, Any]:
    go = find_goroot() / "bin" / "go"
    done = subprocess.run(
        [go, "mod", "download", "-json", name],
        cwd=where,
        capture_output=True,
        timeout=280,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def as_go(html: str) -> str:
    """Take out what ours says otherwise on purpose."""
    html = re.sub(r'href="(?:pkg:|/)', 'href="', html).replace("h4", "h3")
    for ours in ("</p>", "</li>\n", ' rel="nofollow"'):
        html = html.replace(ours, "")
    return html.replace("&#x27;", "&apos;")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_missing(name: str, godoc: Path, tmp_path: Path) -> None:
    found = downloaded(name, tmp_path)
    descriptor = os.open(found["Zip"], os.O_RDONLY)
    try:
        said = list(document_apart(descriptor, found["Path"], found["Version"], 400))
    finally:
        os.close(descriptor)
    packages = [each["package"] for each in said if "package" in each]
    module, end = said[0]["module"], said[-1]["end"]
    assert packages and module["licence_ids"] and "" not in module["licence_ids"]
    # Today's tree-sitter-go knows no expressions in `new`, which are in bodies of functions only.
    assert [line for line in end["cut"] if "could not be read as Go" not in line] == []
    places = [
        str(Path(found["Dir"], package["import_path"].removeprefix(found["Path"]).strip("/")))
        for package in packages
    ]
    lines = subprocess.run([godoc, *places], capture_output=True, text=True, check=True).stdout
    compared = 0
    for package, line in zip(packages, lines.splitlines(), strict=True):
        theirs = json.loads(line)
        assert len(json.dumps(package["documentation"])) < LARGEST
        if theirs["Error"]:
            # It is for another system.
            assert package["goos"] not in ("", "linux")
            continue
        compared += 1
        ours = {symbol[0] for symbol in package["symbols"]}
        assert set(theirs["Symbols"] or ()) - ours == set(), package["import_path"]
        assert package["synopsis"] == theirs["Synopsis"]
        assert as_go(package["documentation"]["doc"]["html"]) == as_go(theirs["HTML"])
    assert compared
