"""The client packages fit together, and need nothing of the server."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pulp_glue.gomod
import pytest

import pulpcore.cli.gomod

ROOT = Path(__file__).parents[3]
CLIENTS = [ROOT / "pulp-cli-gomod", ROOT / "pulp-glue-gomod"]
OF_THE_SERVER = ("pulp_gomod.", "django.", "rest_framework.", "pulpcore.app.", "pulpcore.plugin.")


def project(folder: Path) -> dict[str, Any]:
    """Read what a pyproject.toml says of a package."""
    stated: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return stated


def test_one_version_everywhere() -> None:
    version = project(ROOT)["version"]
    assert [project(client)["version"] for client in CLIENTS] == [version, version]
    assert pulp_glue.gomod.__version__ == version
    assert pulpcore.cli.gomod.__version__ == version
    assert f"pulp-glue-gomod=={version}" in project(CLIENTS[0])["dependencies"]


def test_no_package_that_others_share_is_claimed() -> None:
    for client in CLIENTS:
        packages = {file.parent.name for file in client.rglob("src/**/__init__.py")}
        assert packages == {"gomod"}, client


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_nothing_of_the_server_is_imported(client: Path) -> None:
    imported = set()
    for file in client.rglob("src/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    assert any(name.startswith("pulp_glue.common") for name in imported)
    assert [name for name in imported if f"{name}.".startswith(OF_THE_SERVER)] == []
