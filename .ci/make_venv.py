"""Makes a virtual environment with this project in it; does nothing when that is up to date.

python3 .ci/make_venv.py [--only-requirements] DIRECTORY [REQUIREMENTS_FILE ...]

With --only-requirements the project itself is left out.

It needs the network only when something is to be installed. uv installs where pip can get it (four
times as fast), and pip itself otherwise; both obey pip's configuration.

DIRECTORY becomes a symbolic link to the environment proper, which lies beside it and is never changed
once it is finished: a server may be running from the one before. That one is removed as soon as no
process uses it. The path of the environment is printed.
"""

import ast
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ("pulp-glue-gomod", "pulp-cli-gomod")
WITHOUT_PROJECTS = "--only-requirements"
DIGITS = 12

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
    """Bring the virtual environment up to date, and print where it is."""
    arguments = sys.argv[1:]
    with_projects = WITHOUT_PROJECTS not in arguments
    directory, *files = (each for each in arguments if each != WITHOUT_PROJECTS)
    link, requirements = Path(directory).absolute(), [Path(each).resolve() for each in files]
    # Two starts at a time would install into each other's hands.
    with (ROOT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(up_to_date(link, requirements, projects() if with_projects else []))


def up_to_date(link: Path, requirements: list[Path], editable: list[Path]) -> Path:
    """The environment that has everything, made if need be."""
    wanted = fingerprint(requirements, editable)
    if is_made(link, wanted):
        return link
    directory = link.with_name(f"{link.name}-{wanted[:DIGITS]}")
    if not is_made(directory, wanted):
        say(f"installing into {directory} (only when something has changed)")
        create(directory)
        install(directory / "bin" / "python", requirements, editable)
        (directory / "fingerprint").write_text(wanted)
    switch(link, directory)
    return directory


def is_made(directory: Path, wanted: str) -> bool:
    """Say whether an environment is finished, and what is wanted."""
    noted = directory / "fingerprint"
    return noted.exists() and noted.read_text() == wanted


def switch(link: Path, directory: Path) -> None:
    """Let the link name the environment, and remove others that nobody uses."""
    if link.is_dir() and not link.is_symlink():
        # Made by an earlier version of this program.
        if is_in_use(link):
            say(f"{link} stays as it is while a program runs from it; {directory} is used instead")
            return
        shutil.rmtree(link)
    fresh = directory.with_name(f"{directory.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(directory.name)
    fresh.replace(link)
    former = re.compile(rf"{re.escape(link.name)}-[0-9a-f]{{{DIGITS}}}")
    for each in link.parent.iterdir():
        if former.fullmatch(each.name) and each != directory and not is_in_use(each):
            shutil.rmtree(each, ignore_errors=True)


def is_in_use(directory: Path) -> bool:
    """Say whether a process runs from an environment; where that cannot be known, it does."""
    processes = Path("/proc")
    if not (processes / "self" / "maps").exists():
        return True
    inside = os.fsencode(directory.resolve()) + b"/"
    for each in processes.glob("[0-9]*/maps"):
        try:
            # Compiled modules are mapped for as long as the process lives.
            if inside in each.read_bytes():
                return True
        except OSError:
            # It has ended, or is somebody else's, who may have started it from here.
            continue
    return False


def projects() -> list[Path]:
    """The directories of the packages that this checkout holds."""
    return [ROOT, *(ROOT / each for each in CLIENTS if (ROOT / each / "pyproject.toml").exists())]


def fingerprint(requirements: list[Path], editable: list[Path]) -> str:
    """A digest of all that decides what gets installed."""
    facts = [sys.version, sys.base_prefix, str(ROOT)]
    for path in [each / "pyproject.toml" for each in editable] + requirements:
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


def install(python: Path, requirements: list[Path], editable: list[Path]) -> None:
    """Install the projects, editable, and what the requirements files name."""
    wanted: list[str] = []
    for each in editable:
        extra = "[standalone]" if each == ROOT else ""
        wanted += ["--editable", f"{each}{extra}"]
    for each in requirements:
        wanted += ["--requirement", str(each)]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    quiet = ["--quiet", "--quiet"]
    if run([*pip, *quiet, "install", "uv"], capture=True):
        uv = [str(python), "-m", "uv", "pip", "install", "--quiet"]
        if not requirements:
            # A server is started by whoever may not write here, too. Most of what tests need is never loaded.
            uv.append("--compile-bytecode")
        command = [*uv, "--python", str(python), *wanted]
        # What builds the projects leaves its locks there.
        with tempfile.TemporaryDirectory() as scratch:
            configured = uv_environment(pip) | {"TMPDIR": scratch}
            # uv brings certificate authorities of its own; a company's are in the system's store only.
            for environment in (configured, configured | {"UV_SYSTEM_CERTS": "1"}):
                if run(command, environment, capture=True):
                    return
    if not run([*pip, *quiet, "install", *wanted]):
        sys.exit("The installation failed; see above.")


def uv_environment(pip: list[str]) -> dict[str, str]:
    """The environment that tells uv what pip's configuration says."""
    found: dict[str, str] = {}
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
