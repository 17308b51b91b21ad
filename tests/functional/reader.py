"""The machine of somebody who reads the documentation, and types what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.documentation import ROOT, Command
from tests.gomods import find_goroot

# Longer than any page takes on a slow machine that is busy with something else.
TIMEOUT = 900

PULP = Path(sys.executable).with_name("pulp")
PASSWORD = "the-reader-knows-it"
NETRC = "machine 127.0.0.1 login admin password YOUR-PASSWORD\n"
# The module that all pages publish, and its versions.
MODULE = "example.com/hello"
TAGS = ("v0.9.0", "v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0")
_COMMITTED = "2026-03-04T10:00:00Z"

# What differs each time, and how much of it has to be as it is written.
_VARIABLE = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"gomod_[0-9A-Za-z]{49}"), "TOKEN"),
    (re.compile(r"gomod_[0-9A-Za-z]{4}\b"), "HINT"),
]
_PROMPTS = re.compile(r"--user [\w-]+(?:\s|$)")


@dataclass
class Reader:
    """
    A home directory with this project's checkout and a module of the reader's in it.

    Attributes:
        home: The home directory.
        url: The server.
        password: The administrator's.
        pulp: The program `pulp`.
        is_told: Whether the page says where the programs of this project are, so that they are not found
            without being told.
        variables: What the environment has beside the usual.
        words: What stands for something else in all pages, such as the address of the server.
    """

    home: Path
    url: str
    password: str = PASSWORD
    pulp: Path = PULP
    is_told: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    @property
    def module(self) -> Path:
        """Where the reader works: the working tree of a module."""
        return self.home / "hello"

    @property
    def environment(self) -> dict[str, str]:
        """What commands see."""
        programs = [find_goroot() / "bin", self.home / "go" / "bin"]
        beside = str(Path(sys.executable).parent)
        programs += [each for each in os.environ["PATH"].split(os.pathsep) if each != beside]
        if not self.is_told:
            programs.append(self.home / "pulp_gomod" / ".venv" / "bin")
        return {
            "PATH": os.pathsep.join(map(str, programs)),
            "HOME": str(self.home),
            "GOFLAGS": "-modcacherw",
            "GOTOOLCHAIN": "local",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **{
                f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _ME
            },
            **self.variables,
        }

    def move_in(self) -> None:
        """Make everything that the reader has."""
        self.home.mkdir(parents=True)
        self._check_out()
        self._write_module()

    def configure(self) -> None:
        """Tell the pulp command and curl who the reader is."""
        config = self.home / ".config" / "pulp" / "cli.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        url, password = json.dumps(self.url), json.dumps(self.password)
        config.write_text(f'[cli]\nbase_url = {url}\nusername = "admin"\npassword = {password}\n')

    def ask_of(self, proxy: str) -> None:
        """Let the go command ask a GOPROXY, as `go env -w` does it."""
        file = self.home / ".config" / "go" / "env"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"GOPROXY={proxy},off\n")

    def say(self, text: str) -> str:
        """Replace the words that stand for something else."""
        for word, meant in self.words.items():
            text = text.replace(word, meant)
        return text

    def type(self, commands: list[Command], directory: Path | None = None) -> None:
        """
        Run commands in one shell, and compare what they print with what the page shows.

        Args:
            commands: The commands.
            directory: Where to begin; the reader's module if nothing is said.
        """
        seen = self.home / ".seen"
        shutil.rmtree(seen, ignore_errors=True)
        seen.mkdir()
        (seen / "password").write_text(f"{self.password}\n")
        (seen / "script").write_text(self._script(commands, seen))
        subprocess.run(
            ["bash", "--noprofile", "--norc", seen / "script"],
            cwd=directory or self.module,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
            check=False,
            # Without a terminal, so that passwords are read from the standard input.
            start_new_session=True,
        )
        for number, command in enumerate(commands):
            self._compare(command, seen, number)

    def _script(self, commands: list[Command], seen: Path) -> str:
        lines = ["set -o pipefail"]
        for number, command in enumerate(commands):
            answers = seen / "password" if _PROMPTS.search(command.text) else "/dev/null"
            lines += [
                f"exec < '{answers}' > '{seen}/{number}.out' 2> '{seen}/{number}.err'",
                "set +e" if command.fails else "set -e",
                self.say(command.text),
                f"echo $? > '{seen}/{number}.status'",
            ]
        return "\n".join([*lines, ""])

    def _compare(self, command: Command, seen: Path, number: int) -> None:
        printed, errors = (
            self._normal((seen / f"{number}.{kind}").read_text()) for kind in ("out", "err")
        )
        told = f"{command.place}: {command.text}\nprinted:\n{printed}\n{errors}"
        status = seen / f"{number}.status"
        assert status.exists(), f"it fails: {told}"
        assert (status.read_text() != "0\n") == command.fails, f"it ends otherwise: {told}"
        if not command.output:
            return
        if command.output.lstrip().startswith(("[\n", "{\n")):
            assert json.loads(printed) == json.loads(self._normal(command.output)), told
            return
        # What is printed as an error may be shown or not. Dots say that a task takes time.
        beside = [line.lstrip(".") for line in errors.splitlines()]
        shown = [line for line in self._normal(command.output).splitlines() if line not in beside]
        assert shown == printed.splitlines(), f"the page shows something else: {told}"

    def _normal(self, text: str) -> str:
        """Say what a program printed in the words of the pages."""
        for word, meant in self.words.items():
            text = text.replace(meant, word)
        for pattern, word in _VARIABLE:
            text = pattern.sub(word, text)
        return text

    def _check_out(self) -> None:
        """A checkout of this project in which `./serve` has installed everything."""
        checkout = self.home / "pulp_gomod"
        (checkout / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / "serve", checkout)
        for name in ("pulp-glue-gomod", "pulp-cli-gomod"):
            shutil.copytree(
                ROOT / name,
                checkout / name,
                ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"),
            )
        environment = Path(sys.prefix)
        programs = checkout / ".venv" / "bin"
        programs.mkdir(parents=True)
        for each in ("pulp-gomod", "python", "pip"):
            (programs / each).symlink_to(environment / "bin" / each)
        (programs / "pulp").symlink_to(self.pulp)
        # In place of .ci/python, which runs what installs.
        installer = checkout / ".ci" / "python"
        installer.write_text(f"#!/bin/sh\necho '{environment}'\n")
        installer.chmod(0o755)

    def _write_module(self) -> None:
        """The working tree of a module with a program in it, and a tag for each version."""
        program = self.module / "cmd" / "hello"
        program.mkdir(parents=True)
        (self.module / "go.mod").write_text(f"module {MODULE}\n\ngo 1.21\n")
        (self.module / "go.sum").write_text("")
        (program / "main.go").write_text(_PROGRAM)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", "https://git.example.com/hello.git")
        for tag in TAGS:
            (self.module / "hello.go").write_text(
                f'package hello\n\n// Version is the version of this module.\nconst Version = "{tag}"\n'
            )
            self.git("add", ".")
            self.git("commit", "--quiet", "--message", tag)
            self.git("tag", tag)

    def git(self, *arguments: str | Path) -> None:
        """Run git on the reader's module."""
        subprocess.run(
            ["git", *arguments], cwd=self.module, env=self.environment, check=True, timeout=60
        )


_ME = (("NAME", "Reader"), ("EMAIL", "reader@example.com"), ("DATE", _COMMITTED))
_PROGRAM = """\
package main

import "os"

func main() {
	os.Stdout.WriteString("Hello from my own proxy\\n")
}
"""
