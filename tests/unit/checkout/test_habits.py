"""The files that hosts of repositories, and Pulp's tools, read."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
YAML = [file for pattern in ("*.yml", ".*.yaml", ".github/**/*.yml") for file in ROOT.glob(pattern)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.mark.parametrize("file", YAML, ids=lambda file: str(file.relative_to(ROOT)))
def test_yaml_can_be_read(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text()), dict)


@pytest.mark.parametrize(
    "file", [*ROOT.glob(".github/ISSUE_TEMPLATE/*.md")], ids=lambda file: file.name
)
def test_issue_templates_say_what_they_are(file: Path) -> None:
    _, front, text = file.read_text().split("---\n", 2)
    assert {"name", "about"} <= set(yaml.safe_load(front))
    assert text.strip()


def test_the_changelog_has_the_place_where_towncrier_writes() -> None:
    told = PROJECT["tool"]["towncrier"]
    assert "<!-- towncrier release notes start -->\n" in (ROOT / told["filename"]).read_text()


def test_every_fragment_has_a_kind_and_says_something() -> None:
    kinds = {each["directory"] for each in PROJECT["tool"]["towncrier"]["type"]}
    files = [file for file in (ROOT / "CHANGES").iterdir() if not file.name.startswith(".")]
    assert [file.name for file in files if not file.read_text().strip().endswith(".")] == []
    names = [file.name for file in files]
    assert [
        name for name in names if not re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(kinds)})", name)
    ] == []


def test_the_matrix_has_the_oldest_and_the_newest_of_everything() -> None:
    matrix = load(".github/workflows/ci.yml")["jobs"]["checks"]["strategy"]["matrix"]["include"]
    oldest, newest = (next(job for job in matrix if job["of"] == of) for of in ("oldest", "newest"))
    assert f">={oldest['python']}" == PROJECT["project"]["requires-python"]
    pins = dict(re.findall(r"^(\w+)==([\d.]+)$", (ROOT / oldest["pins"]).read_text(), re.MULTILINE))
    assert f"pulpcore>={pins['pulpcore']}," in "\n".join(PROJECT["project"]["dependencies"])
    (aiohttp,) = (each for each in requires("pulpcore") or [] if each.startswith("aiohttp"))
    assert f">={pins['aiohttp']}" in aiohttp
    assert not newest["pins"]


def test_the_readme_says_which_pulpcore() -> None:
    (range_,) = (each for each in PROJECT["project"]["dependencies"] if each.startswith("pulpcore"))
    oldest, beyond = re.fullmatch(r"pulpcore>=3\.(\d+)\S*,<3\.(\d+)", range_).groups()  # type: ignore[union-attr]
    said = f"works with pulpcore 3.{oldest} to 3.{int(beyond) - 1}."
    assert said in (ROOT / "README.md").read_text()


def test_commits_run_the_linters_of_ci() -> None:
    wanted = re.search(r"^ruff==.*$", (ROOT / ".ci" / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted
    for hook in load(".pre-commit-config.yaml")["repos"][0]["hooks"]:
        assert hook["additional_dependencies"] == [wanted[0]]


def test_the_template_is_told_what_this_plugin_is_called() -> None:
    told = load("template_config.yml")
    assert told["plugin_name"] == "pulp_gomod"
    assert [each["name"] for each in told["plugins"]] == ["pulp_gomod"]
    assert (
        told["plugin_default_branch"] in load(".github/workflows/ci.yml")[True]["push"]["branches"]
    )
