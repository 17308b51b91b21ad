"""The commands `pulp gomod module`."""

import datetime
import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    limit_option,
    offset_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    resource_option,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoConsumerContext, PulpGoDistributionContext

from pulpcore.cli.gomod.options import split_name, time_callback

translation = get_translation(__package__)
_ = translation.gettext

_MOST_DAYS = 36500


@pulp_group(short_help=_("Show who uses a module version."))
@pass_pulp_context
@click.pass_context
def module(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Show who uses a module version, wherever it is on the server."""
    ctx.obj = PulpGoConsumerContext(pulp_ctx)


@module.command(short_help=_("Show who downloaded a module version."))
@click.argument("name", metavar="MODULE[@VERSION]")
@resource_option(
    "--distribution",
    default_plugin="gomod",
    default_type="gomod",
    context_table={"gomod:gomod": PulpGoDistributionContext},
    href_pattern=PulpGoDistributionContext.HREF_PATTERN,
    help=_(
        "Show only downloads through this distribution. Specified as '[[<plugin>:]<type>:]<name>' or as href."
    ),
)
@click.option(
    "--since",
    callback=time_callback,
    help=_("Show only who downloaded it at or after this time, such as 2026-02-03T04:05:06Z."),
)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    help=_("Show only who downloaded it in so many days."),
)
@limit_option
@offset_option
@pass_entity_context
@pass_pulp_context
def consumers(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    name: str,
    distribution: PulpGoDistributionContext | None,
    since: datetime.datetime | str | None,
    days: int | None,
    limit: int,
    offset: int,
) -> None:
    """
    Show who downloaded a module version, as far as it is recorded: who was seen last comes first.

    An entry about bundle.tar is of whoever downloaded a bundle that has it.

    You see downloads through the distributions that you administer.
    """
    if since and days:
        raise click.UsageError(_("Give --since or --days."))
    if days:
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    path, version = split_name(name)
    wanted: dict[str, t.Any] = {"has": f"{path}@{version}" if version else path}
    if distribution is not None:
        wanted["distribution"] = distribution.pulp_href
    if since:
        wanted["last_seen__gte"] = since
    parameters = {key: value for key, value in wanted.items() if value is not None}
    pulp_ctx.output_result(entity_ctx.list(limit=limit, offset=offset, parameters=parameters))
