"""The `pulp` command against a server: in this process, which is fast, or the real program."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from pulp_glue.common.openapi import OpenAPI

from tests.functional.descriptions import CACHE, parse_once
from tests.functional.serving import Server
from tests.pulp_main import main

pause = time.sleep
PROGRAM = Path(sys.executable).parent / "pulp"

# Where all test processes of this run share what servers say of their APIs, for the directories of users here.
_shared: dict[Path, Path] = {}


class Done(NamedTuple):
    """What came of a command."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Pulp:
    """
    The command as one user runs it, with a configuration and a cache of its own.

    Attributes:
        directory: Where the configuration, the cache and the user's files are.
    """

    directory: Path
    _asks_anew: ClassVar[bool] = False

    @classmethod
    def create(cls, directory: Path, server: Server, **settings: Any) -> "Pulp":
        """Write the configuration; `settings` replace the administrator's."""
        written = {
            "base_url": server.url,
            "username": server.username,
            "password": server.password,
        } | settings
        # Strings look the same in JSON and TOML.
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in written.items()]
        pulp = cls(directory)
        pulp.config.parent.mkdir(parents=True)
        pulp.config.write_text("[cli]\n" + "".join(lines))
        pulp._share_cache(f"{server.pid} {written['base_url']}")
        return pulp

    def _share_cache(self, server: str) -> None:
        """Cache what a server says with all other users: it takes seconds to describe itself."""
        shared = Path(os.environ["GOMOD_TEST_RUN_DIR"], "descriptions", quote(server, safe=""))
        _shared[self.directory] = shared
        if shared.is_dir() and not self._asks_anew:
            shutil.copytree(shared, self.directory / CACHE)

    @property
    def config(self) -> Path:
        """The configuration file, where the program looks for it below XDG_CONFIG_HOME."""
        return self.directory / "pulp" / "cli.toml"

    @property
    def environment(self) -> dict[str, str | None]:
        """What the command is to see; None for variables that it is not to see."""
        inherited: dict[str, str | None] = {
            key: None for key in os.environ if key.startswith("PULP_")
        }
        here = str(self.directory)
        return inherited | {"XDG_CONFIG_HOME": here, "XDG_CACHE_HOME": here, "HOME": here}

    def run(self, *arguments: str | Path) -> Done:
        """Run it, whatever comes of it."""
        command = [str(each) for each in ("--config", self.config, *arguments)]
        with pytest.MonkeyPatch.context() as patch:
            # It asks once a second how a task is doing, which takes most tasks a third of that.
            patch.setattr(time, "sleep", lambda seconds: pause(seconds / 3))
            patch.setattr(OpenAPI, "_parse_api", parse_once)
            done = CliRunner(env=self.environment).invoke(main, command, catch_exceptions=False)
        if (shared := _shared.get(self.directory)) and not shared.is_dir():
            _share(self.directory / CACHE, shared)
        return Done(done.exit_code, done.stdout, done.stderr)

    def do(self, *arguments: str | Path) -> str:
        """Run `pulp gomod` with success, and return what it prints."""
        done = self.run("gomod", *arguments)
        assert done.code == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str | Path) -> Any:
        """Run `pulp gomod` with success, and return what it shows."""
        return json.loads(self.do(*arguments))

    def fail(self, *arguments: str | Path) -> str:
        """Run `pulp gomod` without success, and return what it complains of."""
        done = self.run("gomod", *arguments)
        assert done.code in (1, 3, 4, 5), done
        return done.stderr

    def save(self, name: str, data: bytes) -> Path:
        """Write a file of the user's."""
        path = self.directory / name
        path.write_bytes(data)
        return path


def _share(cached: Path, shared: Path) -> None:
    """Let others have what was cached, unless somebody else does so in this moment."""
    if not cached.is_dir():
        return
    whole = shared.with_name(f"{shared.name}.{os.getpid()}")
    shutil.copytree(cached, whole)
    try:
        whole.rename(shared)
    except OSError:
        shutil.rmtree(whole)


class PulpProgram(Pulp):
    """The program that users run, which asks each server what it is."""

    _asks_anew: ClassVar[bool] = True

    def run(self, *arguments: str | Path) -> Done:
        """Run it, whatever comes of it."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.directory,
            env={key: value for key, value in environment.items() if value is not None},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)
