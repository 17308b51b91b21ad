"""Imports point one way, and only pulpcore's public API is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "pulp_gomod"

# From the inside out; a room may import rooms before it, and itself.
ORDER = (
    ("pulp_gomod.golang",),
    ("pulp_gomod.verifier",),
    (
        "pulp_gomod.app.exceptions",
        "pulp_gomod.app.claims",
        "pulp_gomod.app.connections",
        "pulp_gomod.app.db",
        "pulp_gomod.app.freshness",
        "pulp_gomod.app.networks",
        "pulp_gomod.app.log_filters",
        "pulp_gomod.app.pace",
    ),
    ("pulp_gomod.app.blocking", "pulp_gomod.app.ownership"),
    ("pulp_gomod.app.models",),
    ("pulp_gomod.app.storage",),
    ("pulp_gomod.app.intake", "pulp_gomod.app.access", "pulp_gomod.app.gate", "pulp_gomod.app.api"),
    ("pulp_gomod.app.goproxy", "pulp_gomod.app.remote", "pulp_gomod.app.upstream"),
    ("pulp_gomod.app.upload", "pulp_gomod.app.sync", "pulp_gomod.app.tasks"),
    ("pulp_gomod.app.serializers", "pulp_gomod.app.modelresource"),
    ("pulp_gomod.app.viewsets",),
    ("pulp_gomod.app.content", "pulp_gomod.app.urls", "pulp_gomod.app.frontdoor"),
)

# Where pulpcore's public API lacks something, the file says why.
BEYOND_THE_API = {
    "pulp_gomod/app/access/login_metrics.py",
    "pulp_gomod/app/goproxy/guard.py",
    "pulp_gomod/app/upstream/metrics.py",
    "pulp_gomod/app/viewsets/repository_versions.py",
}


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(file: Path) -> Iterator[str]:
    package = module_of(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def rank(name: str) -> int | None:
    for position, rooms in enumerate(ORDER):
        if any(name == room or name.startswith(f"{room}.") for room in rooms):
            return position
    return None


FILES = [file for file in sorted(HOUSE.rglob("*.py")) if "migrations" not in file.parts]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_imports_point_inwards(file: Path) -> None:
    here = rank(module_of(file))
    if here is None:
        return
    outward = [
        name for name in imports_of(file) if (there := rank(name)) is not None and there > here
    ]
    assert outward == []


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_only_the_public_api_of_pulpcore_is_used(file: Path) -> None:
    private = [
        name
        for name in imports_of(file)
        if name.startswith("pulpcore.") and not name.startswith("pulpcore.plugin")
    ]
    assert private == [] or str(file.relative_to(ROOT)) in BEYOND_THE_API


def test_the_rules_of_go_stand_alone() -> None:
    for file in (HOUSE / "golang").rglob("*.py"):
        names = set(imports_of(file))
        roots = {name.split(".")[0] for name in names}
        assert not {"django", "aiohttp", "pulpcore", "rest_framework", "psycopg"} & roots, file
        own = {name for name in names if name.startswith("pulp_gomod")}
        assert all(name.startswith("pulp_gomod.golang") for name in own), file


def test_what_checks_zips_apart_starts_without_pulp() -> None:
    for file in (HOUSE / "verifier").rglob("*.py"):
        names = set(imports_of(file))
        roots = {name.split(".")[0] for name in names}
        assert not {"django", "aiohttp", "pulpcore", "rest_framework", "psycopg"} & roots, file
        own = {name for name in names if name.startswith("pulp_gomod")}
        allowed = ("pulp_gomod.golang", "pulp_gomod.verifier")
        assert all(name.startswith(allowed) for name in own), file


def test_the_clients_import_nothing_of_the_server() -> None:
    files = [
        file
        for client in ("pulp-glue-gomod", "pulp-cli-gomod")
        for file in (ROOT / client).rglob("*.py")
        if "build" not in file.parts
    ]
    assert files
    for file in files:
        roots = {name.split(".")[0] for name in imports_of(file)}
        assert not {"pulp_gomod", "django", "rest_framework"} & roots, file
