"""The commands `pulp gomod waiver`."""

import datetime
import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    list_command,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.exceptions import PulpEntityNotFound, PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoWaiverContext

from pulpcore.cli.gomod.options import (
    Decorator,
    module_filter_options,
    split_name,
    time_callback,
)

translation = get_translation(__package__)
_ = translation.gettext

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
_SHOWN = 20


def _note_policy(ctx: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Take a href or a PRN for what it is."""
    if value and value.startswith(("/", "prn:")):
        ctx.params["policy"] = value
        return None
    return value


def _policy_option(help_text: str) -> Decorator:
    """Return an option that names a policy, which may be hidden from whoever asks for waivers of it."""
    return click.option(
        "--policy",
        "policy__name",
        callback=_note_policy,
        help=help_text + " " + _("Specified as a name or as href."),
    )


@pulp_group(short_help=_("Manage waivers."))
@pass_pulp_context
@click.pass_context
def waiver(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage waivers, which let something through that a policy stops: ask for them, and decide on them."""
    ctx.obj = PulpGoWaiverContext(pulp_ctx)


waiver.add_command(
    list_command(
        decorators=[
            _policy_option(_("Show only waivers of this policy.")),
            *module_filter_options,
            click.option(
                "--state",
                type=click.Choice(
                    ["requested", "approved", "refused", "revoked"], case_sensitive=False
                ),
                help=_("Show only waivers in this state."),
            ),
            click.option("--requested-by", help=_("Show only what this user requested.")),
        ]
    )
)


@waiver.command(short_help=_("Ask for a waiver."))
@click.argument("name", metavar="MODULE[@VERSION]")
@click.option(
    "--policy", required=True, help=_("The policy, as the refusal names it; or its href.")
)
@click.option("--reason", required=True, help=_("Why you need it, in one line."))
@click.option(
    "--versions",
    help=_("A range such as '>=v1.2.0 <v1.9.2', in place of a version. Defaults to all versions."),
)
@pulp_option(
    "--condition",
    "conditions",
    multiple=True,
    help=_("The condition that is not to count. Can be specified multiple times. Defaults to all."),
)
@click.option(
    "--expires",
    callback=time_callback,
    help=_("Until when you need it, such as 2027-02-03T04:05:06Z. Defaults to 30 days from now."),
)
@pass_entity_context
@pass_pulp_context
def request(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    name: str,
    policy: str,
    reason: str,
    versions: str | None,
    conditions: list[str],
    expires: datetime.datetime | str | None,
) -> None:
    """
    Ask those who may approve waivers of a policy to let a module version pass.

    Whoever may read what the policy stops can ask.
    """
    path, version = split_name(name)
    if version and versions:
        raise click.UsageError(_("Give a version or --versions."))
    body = {
        "policy": policy,
        "module": path,
        "versions": version or versions,
        "reason": reason,
        "conditions": list(conditions) or None,
        "expires": expires,
    }
    wanted = {key: value for key, value in body.items() if value is not None}
    pulp_ctx.output_result(entity_ctx.create(body=wanted))


def _with_lookup(command: F) -> F:
    options: list[Decorator] = [
        click.argument("name", metavar="[MODULE[@VERSION]]", required=False),
        click.option("--href", help=_("Href of the waiver, instead of its module.")),
        _policy_option(_("Its policy, if there are such waivers of several.")),
        click.option("--versions", help=_("Its range of versions, if it has one.")),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _choose(
    waiver_ctx: PulpEntityContext,
    states: list[str],
    name: str | None,
    href: str | None,
    versions: str | None,
    policy__name: str | None = None,
    policy: str | None = None,
) -> PulpGoWaiverContext:
    """Find the one waiver that is meant."""
    assert isinstance(waiver_ctx, PulpGoWaiverContext)
    if bool(name) == bool(href):
        raise click.UsageError(_("Give the module or --href."))
    if href:
        waiver_ctx.pulp_href = href
        return waiver_ctx
    assert name is not None
    path, version = split_name(name)
    wanted: dict[str, t.Any] = {"module": path, "state__in": states}
    if version or versions:
        wanted["versions"] = version or versions
    if policy__name:
        wanted["policy__name"] = policy__name
    if policy:
        wanted["policy"] = policy
    found = waiver_ctx.list(limit=_SHOWN, offset=0, parameters=wanted)
    if not found:
        message = _("There is no such waiver ({states}) of {name}.")
        raise PulpEntityNotFound(message.format(states=" / ".join(states), name=name))
    if len(found) > 1:
        message = _(
            "There are several such waivers ({states}) of {name}; choose one with --href: {hrefs}"
        )
        hrefs = ", ".join(each["pulp_href"] for each in found)
        raise PulpException(message.format(states=" / ".join(states), name=name, hrefs=hrefs))
    waiver_ctx.pulp_href = found[0]["pulp_href"]
    return waiver_ctx


_note_option = click.option("--note", help=_("What to tell whoever asked, in one line."))


def _body(**said: t.Any) -> dict[str, t.Any]:
    return {key: value for key, value in said.items() if value is not None}


@waiver.command(short_help=_("Approve a waiver."))
@_with_lookup
@_note_option
@click.option(
    "--expires",
    callback=time_callback,
    help=_("Until when it holds, if not for as long as was asked for."),
)
@pass_entity_context
@pass_pulp_context
def approve(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    note: str | None,
    expires: datetime.datetime | str | None,
    **lookup: t.Any,
) -> None:
    """Let pass what was asked for. It is in force when this returns."""
    waiver_ctx = _choose(entity_ctx, ["requested"], **lookup)
    pulp_ctx.output_result(waiver_ctx.approve(_body(note=note, expires=expires)))


@waiver.command(short_help=_("Refuse a waiver."))
@_with_lookup
@_note_option
@pass_entity_context
@pass_pulp_context
def refuse(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    note: str | None,
    **lookup: t.Any,
) -> None:
    """Refuse what was asked for."""
    waiver_ctx = _choose(entity_ctx, ["requested"], **lookup)
    pulp_ctx.output_result(waiver_ctx.refuse(_body(note=note)))


@waiver.command(short_help=_("Revoke a waiver."))
@_with_lookup
@_note_option
@pass_entity_context
@pass_pulp_context
def revoke(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    note: str | None,
    **lookup: t.Any,
) -> None:
    """End a waiver, or take a request of yours back."""
    waiver_ctx = _choose(entity_ctx, ["approved", "requested"], **lookup)
    pulp_ctx.output_result(waiver_ctx.revoke(_body(note=note)))
