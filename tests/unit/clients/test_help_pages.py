"""Every help page of the CLI works without a server."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from pulp_cli import load_plugins, main
from pulp_glue.common.context import PulpContext

load_plugins()


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


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when the server is asked for anything."""

    def refuse(self: PulpContext) -> None:
        pytest.fail("the server's API was asked for")

    monkeypatch.setattr(PulpContext, "api", property(refuse))


def test_all_groups_are_there() -> None:
    groups = {path[1] for path in GOMOD if len(path) == 2}
    content = {"content", "distribution", "publication", "release", "remote", "repository"}
    assert groups == content | {"block", "publish", "token"}
    versions = {path[3] for path in GOMOD if path[1:3] == ["repository", "version"] and path[3:]}
    assert versions == {"list", "show", "destroy", "repair"}


@pytest.mark.parametrize("path", GOMOD, ids=" ".join)
def test_help(path: list[str], no_server: None) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("Usage:")
    assert "{entit" not in shown.output
    assert "Options:" in shown.output


@pytest.mark.parametrize("path", GOMOD, ids=" ".join)
def test_help_lists_all_commands(path: list[str]) -> None:
    command: click.Command = main
    for name in path:
        if isinstance(command, click.Group) and name in command.commands:
            command = command.commands[name]
    if isinstance(command, click.Group):
        shown = CliRunner().invoke(main, [*path, "--help"]).output
        listed = [line.split()[0] for line in shown.partition("Commands:")[2].splitlines()[1:]]
        assert listed == sorted(command.commands)


def test_only_modules_can_be_uploaded(no_server: None) -> None:
    wrong = ["gomod", "content", "--type", "modfile", "upload", "--file", __file__]
    shown = CliRunner().invoke(main, wrong)
    assert (shown.exit_code, "Only modules can be uploaded." in shown.output) == (2, True)
