"""What import-linter's contracts (see pyproject.toml) find, and what they cannot say."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from aiohttp import web

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "pulp_gomod"

# Where pulpcore's public API lacks something, the file says why.
BEYOND_THE_API = {
    "pulp_gomod/app/auth/login_metrics.py",
    "pulp_gomod/app/content/repository/guard.py",
    "pulp_gomod/app/content/repository/policy_metrics.py",
    "pulp_gomod/app/remote/pull_through_metrics.py",
    "pulp_gomod/app/viewsets/repository_versions.py",
}


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def imports_of(file: Path) -> tuple[str, ...]:
    return tuple(_imports_of(file))


def _imports_of(file: Path) -> Iterator[str]:
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


def nodes_of(file: Path, *words: str) -> Iterator[ast.AST]:
    """What a file consists of; nothing if none of some words are in it, as most take longer to parse than to read."""
    text = file.read_text()
    if any(word in text for word in words):
        yield from ast.walk(ast.parse(text))


FILES = [file for file in sorted(HOUSE.rglob("*.py")) if "migrations" not in file.parts]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_only_the_public_api_of_pulpcore_is_used(file: Path) -> None:
    private = [
        name
        for name in imports_of(file)
        if name.startswith("pulpcore.") and not name.startswith("pulpcore.plugin")
    ]
    assert private == [] or str(file.relative_to(ROOT)) in BEYOND_THE_API


PLANTED = {
    "app/models/module.py": ("pulp_gomod.app.tasks.cleanup", "Rooms import inwards only"),
    "app/storage/faults.py": (
        "pulp_gomod.app.content.routes",
        "The API and the workers never load the content app",
    ),
    "app/content/accelerator/templates.py": (
        "pulp_gomod.app.content.http.responses",
        "The accelerator knows nothing of the content app",
    ),
    "app/content/sumdb.py": (
        "pulp_gomod.app.content.accelerator.templates",
        "Only the routes put the accelerator in",
    ),
    "golang/semver.py": ("aiohttp", "Go's rules stand alone"),
    "app/remote/http/redirects.py": (
        "pulp_gomod.app.remote.zips.fetch",
        "Within remote, too, imports point one way",
    ),
}


def test_imports_that_point_the_wrong_way_are_found(tmp_path: Path) -> None:
    shutil.copytree(
        HOUSE, tmp_path / "pulp_gomod", ignore=shutil.ignore_patterns("__pycache__", "migrations")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert "BROKEN" not in linted(tmp_path)
    for file, (planted, _) in PLANTED.items():
        path = tmp_path / "pulp_gomod" / file
        path.write_text(f"{path.read_text()}\n\nimport {planted}\n")
    printed = linted(tmp_path)
    for _, contract in PLANTED.values():
        assert f"{contract} BROKEN" in printed


def linted(checkout: Path) -> str:
    """Return what import-linter prints of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "COLUMNS": "200"}
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    run = subprocess.run(
        [*command, "--no-cache"], cwd=checkout, env=environment, capture_output=True, text=True
    )
    assert "Contracts:" in run.stdout, run.stdout + run.stderr
    return run.stdout


# How aiohttp's connections, requests and parsers name what is their own.
PRIVATE = frozenset(
    name
    for owner in (web.RequestHandler, web.BaseRequest, web.Request, web.AppRunner, web.Server)
    for kind in owner.__mro__
    for name in (*vars(kind), *getattr(kind, "__slots__", ()))
    if kind.__module__.startswith("aiohttp.") and name.startswith("_") and not name.endswith("__")
)


def test_only_the_accelerator_uses_private_names_of_aiohttp() -> None:
    assert {"_waiter", "_messages", "_payload_parser", "_force_close"} <= PRIVATE
    used = {str(file.relative_to(HOUSE)) for file in FILES if PRIVATE & set(private_of(file))}
    assert used == {"app/content/accelerator/connection.py"}


def private_of(file: Path) -> Iterator[str]:
    """The names with an underscore that a file reads of something else than itself."""
    for node in nodes_of(file, *PRIVATE):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner not in ("self", "cls"):
                yield node.attr


def test_only_the_content_app_serves_with_aiohttp() -> None:
    # pulpcore has distributions say what is at their URLs, in the content app's own words.
    exempt = HOUSE / "app/models/distribution.py"
    outside = [each for each in FILES if "content" not in each.parts and each != exempt]
    assert len(outside) > 200
    for file in outside:
        assert not any(name.startswith("aiohttp.web") for name in imports_of(file)), file


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


def test_no_test_lets_monkeypatch_lose_a_setting() -> None:
    """monkeypatch deletes a setting of dynaconf at its end, and the next test of the process fails."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for node in nodes_of(file, "monkeypatch.setattr", "monkeypatch.delattr")
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("monkeypatch.setattr", "monkeypatch.delattr")
        and ast.unparse(node.args[0]) in ("settings", "'django.conf.settings'")
    ]
    assert found == []


_FILLERS = {"the", "a", "an", "its", "their", "of", "to", "is", "it", "s", "which", "that", "one"}


def _repeats(name: str, text: str) -> bool:
    """Say whether the description of an argument has no word that its name has not."""
    words = {word.removesuffix("s") for word in re.findall("[a-z0-9]+", text.lower())} - {
        filler.removesuffix("s") for filler in _FILLERS
    }
    return words <= {word.removesuffix("s") for word in name.lower().split("_")}


def test_no_docstring_says_the_name_of_an_argument_again() -> None:
    assert _repeats("user_name", "The user's name.") and not _repeats("path", "The module path.")
    found = []
    for file in FILES:
        for node in nodes_of(file, "Args:"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            _, _, arguments = (ast.get_docstring(node) or "").partition("\nArgs:\n")
            for line in arguments.partition("\n\n")[0].splitlines():
                entry = re.fullmatch(r" {4}\**(\w+): (.*)", line)
                if entry and _repeats(entry[1], entry[2]):
                    found.append(f"{file.relative_to(ROOT)}: {node.name}: {line.strip()}")
    assert found == []
