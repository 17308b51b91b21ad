"""The commands `pulp gomod block`."""

import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    href_option,
    list_command,
    lookup_callback,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    resource_option,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoBlockContext, PulpGoRepositoryContext

from pulpcore.cli.gomod.options import Decorator, module_filter_options, repository_option

translation = get_translation(__package__)
_ = translation.gettext

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


@pulp_group(short_help=_("Manage blocks."))
@pass_pulp_context
@click.pass_context
def block(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage blocks: module versions that a repository neither accepts nor serves."""
    ctx.obj = PulpGoBlockContext(pulp_ctx)


create_options: list[Decorator] = [
    resource_option(
        "--repository",
        default_plugin="gomod",
        default_type="gomod",
        context_table={"gomod:gomod": PulpGoRepositoryContext},
        href_pattern=PulpGoRepositoryContext.HREF_PATTERN,
        required=True,
        help=_(
            "The repository to keep them out of. Specified as '[[<plugin>:]<type>:]<name>' or as "
            "href."
        ),
    ),
    click.option(
        "--module",
        required=True,
        help=_("The module path; append /... to include every module below it."),
    ),
    click.option(
        "--versions",
        help=_(
            "A single version, or comparisons such as '>=v1.2.0 <v1.9.2'. Defaults to all versions."
        ),
    ),
    click.option(
        "--reason",
        required=True,
        help=_("Why, in one line; clients that request a blocked version see it."),
    ),
]

lookup_options: list[Decorator] = [
    href_option,
    repository_option(_("The repository that the {entity} belongs to.")),
    pulp_option(
        "--module",
        help=_("Module path of the {entity}."),
        callback=lookup_callback("module"),
        expose_value=False,
    ),
    pulp_option(
        "--versions",
        help=_("Versions of the {entity}, exactly as the list shows them."),
        callback=lookup_callback("versions"),
        expose_value=False,
    ),
]


def _with_lookup(command: F) -> F:
    for option in reversed(lookup_options):
        command = option(command)
    return command


def _choose(entity_ctx: PulpEntityContext, repository: PulpGoRepositoryContext | None) -> None:
    if repository:
        criteria: dict[str, t.Any] = {"repository": repository.pulp_href}
        entity_ctx.entity = criteria


block.add_command(
    list_command(
        decorators=[
            repository_option(_("Show only blocks of this repository.")),
            *module_filter_options,
            click.option("--versions", help=_("Show only blocks of exactly these versions.")),
            click.option("--created-by", help=_("Show only blocks created by this user.")),
            click.option(
                "--source",
                type=click.Choice(["requested", "removed", "imported"], case_sensitive=False),
                help=_(
                    "Show only blocks that a user requested, that removals left, or that came from "
                    "another server."
                ),
            ),
        ]
    )
)
block.add_command(create_command(decorators=create_options))


@block.command(help=_("Show details of a {entity}."))
@_with_lookup
@pass_entity_context
@pass_pulp_context
def show(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    repository: PulpGoRepositoryContext | None,
) -> None:
    """Show one."""
    _choose(entity_ctx, repository)
    pulp_ctx.output_result(entity_ctx.entity)


@block.command(help=_("Lift a {entity}."))
@_with_lookup
@pass_entity_context
def destroy(entity_ctx: PulpEntityContext, /, repository: PulpGoRepositoryContext | None) -> None:
    """Lift one."""
    _choose(entity_ctx, repository)
    entity_ctx.delete()
