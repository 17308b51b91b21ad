"""Options that take a longer text, or @ and the name of a file with it."""

import os
import typing as t
from pathlib import Path

import click
from pulp_cli.generic import load_json_callback, load_string_callback
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.golang import GoError
from pulp_glue.gomod.workspaces import GO_WORK, read_workspace

translation = get_translation(__package__)
_ = translation.gettext

Callback = t.Callable[[click.Context, click.Parameter, str | None], t.Any]

# What such files are called, should there be none of that name.
_USUAL = ("go.mod", "go.sum", ".pem", ".json")


def text_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> t.Any:
    """
    Read a text, or the file that it names after an @.

    Raises:
        click.BadParameter: It is the name of a file, and the @ is missing.
    """
    _require_at(value)
    return load_string_callback(ctx, param, value)


def go_mod_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> t.Any:
    """
    Read a go.mod, or where the name of a go.work follows the @, a workspace.

    Raises:
        click.BadParameter: As of `text_callback` and `go_work_callback`.
    """
    if value and value.startswith("@") and Path(value[1:]).name == GO_WORK:
        return go_work_callback(ctx, param, value)
    return text_callback(ctx, param, value)


def go_work_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> t.Any:
    """
    Read a workspace, whose go.work is named with or without an @, or the directory that it is in.

    Raises:
        click.BadParameter: It cannot be read.
    """
    if value is None:
        return None
    path = Path(value.removeprefix("@"))
    try:
        return read_workspace(path / GO_WORK if path.is_dir() else path)
    except (GoError, UnicodeDecodeError) as error:
        raise click.BadParameter(str(error)) from error
    except OSError as error:
        raise click.BadParameter(f"{error.filename}: {error.strerror}") from error


def json_callback(example: str) -> Callback:
    """
    Return a callback that reads JSON, or the file with it.

    Args:
        example: What is shown to whoever writes something else.
    """

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> t.Any:
        _require_at(value)
        try:
            return load_json_callback(ctx, param, value)
        except click.ClickException as error:
            said = _("{why}: write JSON such as '{example}', or @FILE with it.")
            message = said.format(why=error.message, example=example)
            raise click.BadParameter(message) from error

    return read


def _require_at(value: str | None) -> None:
    if not value or value.startswith("@") or "\n" in value:
        return
    if os.path.isfile(value) or (value.endswith(_USUAL) and " " not in value):
        raise click.BadParameter(_("write @{file} for what is in that file.").format(file=value))
