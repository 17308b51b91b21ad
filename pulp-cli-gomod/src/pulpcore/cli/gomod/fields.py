"""`--field` and `--exclude-field` of lists: a name that the server would ignore is an error."""

import typing as t

import click
from pulp_cli.generic import PulpCommand
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation

translation = get_translation(__package__)
_ = translation.gettext

_OPTIONS = ("fields", "exclude_fields")


def check_fields(command: click.Command) -> None:
    """Have a command and all below it refuse fields that are not there."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            check_fields(below)
    elif isinstance(command, PulpCommand) and any(each.name in _OPTIONS for each in command.params):
        command.option_processors.append(_require_fields)


def _require_fields(ctx: click.Context) -> None:
    wanted = {each for option in _OPTIONS for each in ctx.params.get(option) or ()}
    entity_ctx = ctx.find_object(PulpEntityContext)
    if not wanted or entity_ctx is None:
        return
    known = _known(entity_ctx)
    unknown = sorted(wanted - known)
    if known and unknown:
        message = _("There is no field {unknown}. There are: {known}.")
        names = {"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))}
        raise click.UsageError(message.format(**names))


def _known(entity_ctx: PulpEntityContext) -> set[str]:
    """The fields that the server says a list has; none if it does not say."""
    api = entity_ctx.pulp_ctx.api
    try:
        method, path = api.operations[f"{entity_ctx.ID_PREFIX}_list"]
        response = api.api_spec["paths"][path][method.lower()]["responses"]["200"]
        page = _resolved(api.api_spec, response["content"]["application/json"]["schema"])
        entry = _resolved(api.api_spec, page["properties"]["results"]["items"])
        return set(entry["properties"])
    except (KeyError, TypeError, ValueError):
        return set()


def _resolved(spec: dict[str, t.Any], schema: dict[str, t.Any]) -> dict[str, t.Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, t.Any] = spec["components"]["schemas"][name] if name else schema
    return found
