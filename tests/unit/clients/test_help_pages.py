"""Every help page of the CLI works without a server."""

import io
import re
import shlex
from collections.abc import Iterator
from functools import cache

import click
import pytest
import requests
from click.testing import CliRunner, Result
from pulp_glue.common.context import PulpContext
from pulp_glue.common.exceptions import (
    PulpAuthenticationFailed,
    PulpEntityNotFound,
    PulpException,
    PulpHTTPError,
    PulpNotAutorized,
)

from pulpcore.cli.gomod.exits import ExitCodes
from pulpcore.cli.gomod.progress import ProgressLine

from tests.pulp_main import main


def commands(command: click.Command, path: list[str]) -> Iterator[list[str]]:
    """Walk through a command and all below it, each with every type that it may be about."""
    yield path
    if not isinstance(command, click.Group):
        return
    types = [
        choice
        for parameter in command.params
        if "--type" in parameter.opts and isinstance(parameter.type, click.Choice)
        for choice in parameter.type.choices
    ]
    for name, below in command.commands.items():
        yield from commands(below, [*path, name])
        for choice in types[1:]:
            yield from commands(below, [*path, "--type", choice, name])


GOMOD = list(commands(main.commands["gomod"], ["gomod"]))


def command_at(path: list[str]) -> click.Command:
    """The command that some words call."""
    command: click.Command = main
    for name in path:
        if isinstance(command, click.Group):
            command = command.commands[name]
    return command


def is_group(path: list[str]) -> bool:
    return isinstance(command_at(path), click.Group)


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when the server is asked for anything."""

    def refuse(self: PulpContext) -> None:
        pytest.fail("the server's API was asked for")

    monkeypatch.setattr(PulpContext, "api", property(refuse))


@cache
def help_of(*path: str) -> Result:
    """Show a help page, once for all that is asked of it."""
    return CliRunner().invoke(main, [*path, "--help"])


def test_all_groups_are_there() -> None:
    groups = {path[1] for path in GOMOD if len(path) == 2}
    content = {"content", "distribution", "publication", "release", "remote", "repository"}
    assert groups == content | {
        "block",
        "bundle",
        "module",
        "policy",
        "publish",
        "sbom",
        "sumdb",
        "token",
        "verify",
        "vulndb",
        "waiver",
    }
    versions = {path[3] for path in GOMOD if path[1:3] == ["repository", "version"] and path[3:]}
    assert versions == {"list", "show", "destroy", "repair", "scan"}


@pytest.mark.parametrize("path", GOMOD, ids=" ".join)
def test_help(path: list[str], no_server: None) -> None:
    shown = help_of(*path)
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("Usage:")
    assert "{entit" not in shown.output
    assert "Options:" in shown.output


@pytest.mark.parametrize("path", GOMOD, ids=" ".join)
def test_help_lists_all_commands(path: list[str], no_server: None) -> None:
    command: click.Command = main
    for name in path:
        if isinstance(command, click.Group) and name in command.commands:
            command = command.commands[name]
    if isinstance(command, click.Group):
        shown = help_of(*path).output
        listed = [line.split()[0] for line in shown.partition("Commands:")[2].splitlines()[1:]]
        assert listed == sorted(command.commands)


def test_lists_say_what_commands_are_for(no_server: None) -> None:
    shown = help_of("gomod", "repository").output
    assert "  sync        Fetch modules from a remote" in shown
    shown = help_of("gomod").output
    for group in ("policy        Manage policies.", "waiver        Manage waivers."):
        assert f"  {group}\n" in shown


def test_only_modules_can_be_uploaded(no_server: None) -> None:
    wrong = ["gomod", "content", "--type", "modfile", "upload", "--file", __file__]
    shown = CliRunner().invoke(main, wrong)
    assert (shown.exit_code, "Only modules can be uploaded." in shown.output) == (2, True)


LEAVES = [path for path in GOMOD if "--type" not in path and not is_group(path)]


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_examples_that_fit(path: list[str], no_server: None) -> None:
    shown = help_of(*path).output
    # `create` is another name for `upload`.
    words = " ".join(["pulp", *path[:-1], str(command_at(path).name), ""])
    lines = [line.strip() for line in shown.splitlines() if line.strip().startswith(words)]
    assert lines, shown
    known = {option for each in command_at(path).params for option in each.opts}
    known |= {option for each in command_at(path).params for option in each.secondary_opts}
    for line in lines:
        given = [word for word in shlex.split(line.removeprefix(words)) if word.startswith("--")]
        assert set(given) <= known, line


def refusal_of_another_server(status: int) -> PulpException:
    """What is raised for an answer that is not Pulp's."""
    response = requests.Response()
    response.status_code = status
    error = PulpException("x")
    error.__cause__ = requests.HTTPError("x", response=response)
    return error


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (PulpEntityNotFound("x"), 3),
        (PulpNotAutorized("x"), 4),
        (PulpAuthenticationFailed("x"), 4),
        (PulpHTTPError("x", 404), 3),
        (PulpHTTPError("x", 503), 5),
        (PulpHTTPError("x", 400), 1),
        (PulpException("x"), 1),
        (refusal_of_another_server(401), 4),
        (refusal_of_another_server(403), 4),
        (refusal_of_another_server(502), 5),
        (refusal_of_another_server(500), 1),
    ],
)
def test_exit_codes(raised: PulpException, code: int) -> None:
    group = ExitCodes("group")

    @group.command()
    def fail() -> None:
        raise raised

    assert CliRunner().invoke(group, ["fail"]).exit_code == code


@pytest.mark.parametrize(("status", "code"), [(404, 5), (502, 5), (401, 4), (500, 1)])
def test_a_server_that_is_no_pulp(status: int, code: int) -> None:
    group = ExitCodes("group")

    @group.command()
    def fail() -> None:
        response = requests.Response()
        response.status_code = status
        response.url = "http://127.0.0.1/pulp/api/v3/docs/api.json"
        response.raise_for_status()

    ran = CliRunner().invoke(group, ["fail"])
    assert ran.exit_code == code
    assert re.match(rf"Error: {status} .* http://127.*api.json; the base URL is to be", ran.output)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_that_says_how_far_an_upload_is() -> None:
    stream, times = Terminal(), iter((0.0, 0.01, 2.0, 4.0))
    progress = ProgressLine(stream, lambda: next(times))
    for sent in (0, 1_000_000, 50_000_000, 100_000_000):
        progress("a.zip", sent, 100_000_000)
    drawn = stream.getvalue().split("\r\x1b[K")[1:]
    assert drawn == [
        "a.zip  0.0 of 100.0 MB  0%",
        "a.zip  50.0 of 100.0 MB  50%  25.0 MB/s  0:02 left",
        "a.zip  100.0 of 100.0 MB  100%  25.0 MB/s  took 0:04\n",
    ]
    quiet = io.StringIO()
    ProgressLine(quiet)("a.zip", 0, 1)
    assert quiet.getvalue() == ""
