"""Options that take a longer text, or @ and the name of a file with it."""

import os
import typing as t

import click
from pulp_cli.generic import load_json_callback, load_string_callback
from pulp_glue.common.i18n import get_translation

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
