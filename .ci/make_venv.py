"""Makes a virtual environment with this project in it; does nothing when that is up to date.

python3 .ci/make_venv.py DIRECTORY [REQUIREMENTS_FILE ...]

It needs the network only when something is to be installed. uv installs where pip can get it (four
times as fast), and pip itself otherwise; both obey pip's configuration.
"""

import ast
import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ("pulp-glue-gomod", "pulp-cli-gomod")

# What uv calls the options that pip's configuration may have.
UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "constraint": "UV_CONSTRAINT",
    "no-index": "UV_NO_INDEX",
}


def main() -> None:
    """Bring the virtual environment up to date."""
    directory = Path(sys.argv[1]).absolute()
    requirements = [Path(each).resolve() for each in sys.argv[2:]]
    # Two starts at a time would install into each other's hands.
    with (ROOT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = fingerprint(requirements)
        noted = directory / "fingerprint"
        if noted.exists() and noted.read_text() == wanted:
            return
        say(f"installing into {directory} (only when something has changed)")
        create(directory)
        install(directory / "bin" / "python", requirements)
        noted.write_text(wanted)


def projects() -> list[Path]:
    """The directories of the packages that this checkout holds."""
    return [ROOT, *(ROOT / each for each in CLIENTS if (ROOT / each / "pyproject.toml").exists())]


def fingerprint(requirements: list[Path]) -> str:
    """A digest of all that decides what gets installed."""
    facts = [sys.version, sys.base_prefix, str(ROOT)]
    for path in [each / "pyproject.toml" for each in projects()] + requirements:
        facts += [str(path), path.read_text()]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def create(directory: Path) -> None:
    """Make the virtual environment itself, anew if need be."""
    try:
        venv.create(directory, clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError:
        sys.exit(
            f"{sys.executable} cannot make virtual environments with pip in them. "
            "On Debian and Ubuntu: apt install python3-venv"
        )
    except OSError as error:
        sys.exit(f"Cannot write {directory}: {error.strerror}. Work on a checkout of your own.")


def install(python: Path, requirements: list[Path]) -> None:
    """Install the projects, editable, and what the requirements files name."""
    wanted = ["--editable", f"{ROOT}[standalone]"]
    for each in projects()[1:]:
        wanted += ["--editable", str(each)]
    for each in requirements:
        wanted += ["--requirement", str(each)]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    quiet = ["--quiet", "--quiet"]
    if run([*pip, *quiet, "install", "uv"], capture=True):
        uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode"]
        command = [*uv, "--python", str(python), *wanted]
        configured = uv_environment(pip)
        # uv brings certificate authorities of its own; a company's are in the system's store only.
        for environment in (configured, configured | {"UV_SYSTEM_CERTS": "1"}):
            if run(command, environment, capture=True):
                return
    if not run([*pip, *quiet, "install", *wanted]):
        sys.exit("The installation failed; see above.")


def uv_environment(pip: list[str]) -> dict[str, str]:
    """The environment that tells uv what pip's configuration says."""
    found = {"UV_LINK_MODE": "copy"}
    if not os.access(os.environ.get("HOME", "/nonexistent"), os.W_OK):
        found["UV_NO_CACHE"] = "1"
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    # Later lines of pip's listing are weaker ones.
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        variable = UV_VARIABLES.get(name.rpartition(".")[2])
        if variable and variable not in found:
            found[variable] = " ".join(str(ast.literal_eval(value)).split())
    return os.environ | found | {key: os.environ[key] for key in found if key in os.environ}


def run(
    command: list[str], environment: dict[str, str] | None = None, capture: bool = False
) -> bool:
    """Whether a program succeeds; its output is shown unless it is captured."""
    output = subprocess.DEVNULL if capture else sys.stderr
    done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)
    return done.returncode == 0


def say(text: str) -> None:
    """Report what is going on."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
