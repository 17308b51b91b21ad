"""The programs of a checkout that run before anything is installed: ./serve and .ci/make_venv.py."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulp_gomod.standalone.cli import main

ROOT = Path(__file__).parents[3]
HELP = ROOT / "pulp_gomod" / "standalone" / "help.txt"

# A project without dependencies: what is tried here is what becomes of environments, not of packages.
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "pulp-gomod"
version = "{version}"
"""


def test_serve_prints_the_help_of_the_command_itself() -> None:
    printed = CliRunner(env={"COLUMNS": "80"}).invoke(
        main, ["serve", "--help"], prog_name="pulp-gomod", terminal_width=78
    )
    assert printed.output == HELP.read_text(), (
        "COLUMNS=80 pulp-gomod serve --help > pulp_gomod/standalone/help.txt"
    )


@pytest.mark.parametrize(
    ("option", "begins"), [("--help", "Usage: pulp-gomod serve"), ("--version", "pulp-gomod 0.")]
)
def test_asking_serve_installs_nothing(tmp_path: Path, option: str, begins: str) -> None:
    for each in ("serve", "pyproject.toml", "pulp_gomod/standalone/help.txt", ".ci/make_venv.py"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / each, tmp_path / each)
    # Without .ci/python nothing could be installed: it would fail.
    done = subprocess.run(
        [tmp_path / "serve", "--port", "0", option], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(begins)
    assert not list(tmp_path.glob(".venv*"))


def test_a_python_can_be_named(tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.symlink_to(sys.executable)
    ask = [ROOT / ".ci" / "python", "-c", "import sys; print(sys.executable)"]
    chosen = subprocess.run(
        ask, env={"PYTHON": str(named)}, capture_output=True, text=True, check=True
    )
    assert chosen.stdout.strip() == str(named)
    broken = {"PYTHON": str(tmp_path / "none"), "PATH": str(Path(sys.executable).parent)}
    chosen = subprocess.run(ask, env=broken, capture_output=True, text=True, check=True)
    assert Path(chosen.stdout.strip()).is_file()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose environments take no time, since nothing is installed into them."""
    (tmp_path / ".ci").mkdir()
    program = (ROOT / ".ci" / "make_venv.py").read_text()
    # pip and the network are not what is tried here.
    program = program.replace("with_pip=True", "with_pip=False")
    program = program.replace("    install(directory /", "    (lambda *_: None)(directory /")
    (tmp_path / ".ci" / "make_venv.py").write_text(program)
    (tmp_path / "pyproject.toml").write_text(PROJECT.format(version="1"))
    return tmp_path


def make(checkout: Path) -> Path:
    command = [sys.executable, checkout / ".ci" / "make_venv.py", checkout / ".venv"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def change(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text(PROJECT.format(version="2"))


def run_from(environment: Path) -> "subprocess.Popen[bytes]":
    """A process that has a file of the environment mapped, as a server has its compiled modules."""
    library = environment / "lib" / "module.so"
    library.write_bytes(b"\0" * 4096)
    program = (
        "import mmap, sys\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "print(flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout and process.stdout.readline()
    return process


def test_an_environment_is_made_once(checkout: Path) -> None:
    first = make(checkout)
    made = (first / "fingerprint").stat().st_mtime_ns
    assert make(checkout).resolve() == first.resolve() == (checkout / ".venv").resolve()
    assert (first / "fingerprint").stat().st_mtime_ns == made


def test_an_environment_that_nobody_uses_gives_way(checkout: Path) -> None:
    first = make(checkout).resolve()
    change(checkout)
    second = make(checkout).resolve()
    assert second != first and not first.exists()
    assert (checkout / ".venv").resolve() == second


def test_an_environment_in_use_is_left_alone(checkout: Path) -> None:
    first = make(checkout).resolve()
    with run_from(first) as process:
        change(checkout)
        second = make(checkout).resolve()
        assert (first / "fingerprint").exists() and second != first
        assert (checkout / ".venv").resolve() == second
        process.communicate()
    change(checkout)
    (checkout / "pyproject.toml").write_text(PROJECT.format(version="3"))
    make(checkout)
    assert not first.exists() and not second.exists()


def test_a_directory_of_former_times_is_replaced_unless_it_is_in_use(checkout: Path) -> None:
    former = checkout / ".venv"
    (former / "lib").mkdir(parents=True)
    with run_from(former) as process:
        beside = make(checkout)
        assert not former.is_symlink() and (former / "lib").exists()
        assert beside.parent == checkout and beside != former
        process.communicate()
    assert make(checkout) == beside
    assert former.resolve() == beside.resolve()
