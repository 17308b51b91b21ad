"""The commands of the administrator's guides to access, run as they are written."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.access_server import Issuer
from tests.functional.https import URL, Https, https_server
from tests.functional.rest_api import RELEASES, Made, Rest
from tests.functional.serving import PASSWORD, USERNAME
from tests.gomods import find_goroot

DOCS = Path(__file__).parents[2] / "docs" / "admin"
GITHUB = "https://token.actions.githubusercontent.com"
# Long enough for any of the guides.
TIMEOUT = 240

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'(\w+)'")


@dataclass
class Command:
    """A command and what the guide says that it prints."""

    text: str
    output: str = ""


def commands(text: str) -> list[Command]:
    """Return the commands of a guide in their order."""
    found: list[Command] = []
    end: str | None = None
    for line in "".join(_BLOCK.findall(text)).splitlines():
        if end is not None:
            found[-1].text += f"\n{line}"
            end = None if line == end else end
        elif line.startswith("$ "):
            found.append(Command(line.removeprefix("$ ")))
            heredoc = _HEREDOC.search(line)
            end = heredoc and heredoc.group(1)
        elif found[-1].text.endswith("\\"):
            found[-1].text += f"\n{line}"
        else:
            found[-1].output += f"{line}\n"
    return found


def guide(name: str) -> str:
    """Return the text of a guide."""
    return (DOCS / name).read_text()


@pytest.fixture(scope="module")
def https(
    run_dir: Path, server_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Https, Issuer]]:
    """A server with the settings of the guide to CI; only the issuer's keys are nearer."""
    directory = tmp_path_factory.mktemp("issuer")
    issuer = Issuer(directory)
    issuer.create()
    written = re.findall(r"^```python\n(.*?)^```$", guide("ci.md"), re.MULTILINE | re.DOTALL)
    settings = "".join(written)
    keys = f"{GITHUB}/.well-known/jwks"
    assert keys in settings
    file = directory / "settings.py"
    file.write_text(settings.replace(keys, issuer.publish(run_dir / "docs-ci.json")))
    with https_server(run_dir, server_cache, "docs", PULP_SETTINGS=str(file)) as https:
        yield https, issuer


@pytest.fixture
def environment(https: tuple[Https, Issuer], tmp_path: Path) -> dict[str, str]:
    """What the commands see: the Pulp command line of an administrator, go and curl."""
    config = tmp_path / "pulp" / "cli.toml"
    config.parent.mkdir()
    config.write_text(
        f'[cli]\nbase_url = "{URL}"\nusername = "{USERNAME}"\npassword = "{PASSWORD}"\n'
    )
    programs = [Path(sys.executable).parent, find_goroot() / "bin", os.environ["PATH"]]
    (tmp_path / "hello@v1.0.0.zip").write_bytes(Made("example.com/hello").zip())
    return {
        "PATH": os.pathsep.join(map(str, programs)),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        **https[0].variables,
    }


def run(todo: list[Command], environment: dict[str, str], **more: str) -> None:
    """Run commands in one shell, and compare what they print with what they were said to."""
    marker = "--- next command ---"
    script = "".join(f"{each.text}\nprintf '%s\\n' '{marker}'\n" for each in todo)
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=environment["HOME"],
        env=environment | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    printed = done.stdout.split(f"{marker}\n")
    failed = todo[len(printed) - 1].text if len(printed) <= len(todo) else ""
    assert done.returncode == 0, f"{failed}\n{printed[-1]}\n{done.stderr}"
    for each, output in zip(todo, printed, strict=False):
        assert not each.output or output == each.output, each.text


def test_the_guides(
    https: tuple[Https, Issuer], environment: dict[str, str], tmp_path: Path
) -> None:
    begin, end = guide("users-and-roles.md").split("## When somebody leaves")
    run(commands(begin), environment)
    run(commands(guide("private.md")), environment)
    program = subprocess.run(
        [tmp_path / "goauth"],
        env=environment | {"GOMOD_TOKEN": "gomod_x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert program.stdout == f"{URL}\n\nAuthorization: Bearer gomod_x\n\n"
    run(commands(guide("tokens.md")), environment)
    claims = {
        "iss": GITHUB,
        "aud": URL,
        "repository_owner": "example",
        "sub": "repo:example/hello:ref:refs/tags/v1.0.0",
    }
    token = https[1].token("example/hello", **claims)
    run(commands(guide("ci.md")), environment, JOB_TOKEN=token)
    run([Command(_upload(guide("ci.md")))], environment, JOB_TOKEN=token)
    run(commands(end), environment)
    rest = Rest(URL, (USERNAME, PASSWORD))
    (released,) = rest.get(RELEASES, module="example.com/hello", version="v1.1.0")["results"]
    assert released["published_by"] == claims["sub"]


def _upload(text: str) -> str:
    """Return how the job of a CI system uploads, after it has packed the next version."""
    found = re.search(r"curl --fail-with-body .*\\\n.*upload$", text, re.MULTILINE)
    assert found
    pack = (
        f"{sys.executable} -c 'from pathlib import Path; "
        "from tests.functional.rest_api import Made; "
        'Path("hello@v1.1.0.zip").write_bytes(Made("example.com/hello").zip("v1.1.0"))\''
    )
    root = Path(__file__).parents[2]
    return f"rm hello@*.zip\nPYTHONPATH={root} {pack}\n{found.group()}"
