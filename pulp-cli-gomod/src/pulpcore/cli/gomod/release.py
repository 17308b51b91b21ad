"""The commands `pulp gomod release`."""

import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    list_command,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
)
from pulp_glue.common.context import DATETIME_FORMATS, PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoReleaseContext, PulpGoRepositoryContext

from pulpcore.cli.gomod.options import (
    Decorator,
    h1_option,
    module_filter_options,
    module_in_option,
    module_lookup_options,
    module_version_filter_options,
    repository_option,
    search_option,
)

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Show who published what, and when."))
@pass_pulp_context
@click.pass_context
def release(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """See who published which module version when, and from where."""
    ctx.obj = PulpGoReleaseContext(pulp_ctx)


def _time_options(name: str, field: str) -> list[Decorator]:
    return [
        click.option(
            f"--{name}-{word}",
            f"{field}__{comparison}",
            type=click.DateTime(formats=DATETIME_FORMATS),
            metavar="TIME",
            help=help_text,
        )
        for word, comparison, help_text in (
            (
                "after",
                "gte",
                _("At or after this time, such as 2026-02-03 or 2026-02-03T04:05:06 (UTC)."),
            ),
            ("before", "lte", _("At or before this time.")),
        )
    ]


release.add_command(
    list_command(
        decorators=[
            repository_option(_("Show only releases to this repository.")),
            *module_filter_options,
            module_in_option,
            *module_version_filter_options,
            h1_option,
            click.option("--published-by", help=_("Show only releases published by this user.")),
            click.option(
                "--source",
                type=click.Choice(["uploaded", "cached", "synced"], case_sensitive=False),
                help=_(
                    "Show only what was uploaded here, or only what was cached or synced "
                    "from an upstream."
                ),
            ),
            *_time_options("time", "time"),
            *_time_options("first-seen", "first_seen"),
            *_time_options("last-used", "last_used"),
            search_option,
        ]
    )
)


@release.command(help=_("Show details of a {entity}."))
@repository_option(_("The repository that the {entity} belongs to."))
@pass_entity_context
@pass_pulp_context
def show(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    repository: PulpGoRepositoryContext | None,
) -> None:
    """Show one."""
    if repository:
        criteria: dict[str, t.Any] = {"repository": repository.pulp_href}
        entity_ctx.entity = criteria
    pulp_ctx.output_result(entity_ctx.entity)


for _option in (href_option, *module_lookup_options):
    show = _option(show)
