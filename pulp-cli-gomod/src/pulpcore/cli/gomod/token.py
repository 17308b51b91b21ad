"""The commands `pulp gomod token`."""

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    list_command,
    name_filter_options,
    name_option,
    pass_pulp_context,
    pulp_group,
    resource_option,
    show_command,
)
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoDistributionContext, PulpGoTokenContext

from pulpcore.cli.gomod.options import time_callback

translation = get_translation(__package__)
_ = translation.gettext

_scopes = click.Choice(["read", "publish"], case_sensitive=False)


@pulp_group(short_help=_("Manage access tokens."))
@pass_pulp_context
@click.pass_context
def token(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage tokens that act on your behalf on a GOPROXY, and nowhere else in Pulp."""
    ctx.obj = PulpGoTokenContext(pulp_ctx)


lookup_options = [href_option, name_option]
create_options = [
    click.option("--name", required=True, help=_("The name of the token.")),
    click.option(
        "--scope",
        type=_scopes,
        help=_("read: downloads; publish: uploads and removals as well. Defaults to read."),
    ),
    resource_option(
        "--distribution",
        default_plugin="gomod",
        default_type="gomod",
        context_table={"gomod:gomod": PulpGoDistributionContext},
        href_pattern=PulpGoDistributionContext.HREF_PATTERN,
        help=_(
            "The only distribution that the token gives access to. Specified as "
            "'[[<plugin>:]<type>:]<name>' or as href."
        ),
    ),
    click.option(
        "--expires",
        callback=time_callback,
        help=_(
            "When the token expires, such as 2027-02-03T04:05:06Z; empty for never. Defaults to "
            "what the server is set to."
        ),
    ),
]

token.add_command(
    list_command(
        decorators=[
            *name_filter_options,
            click.option("--owner", help=_("Show only the tokens of this user.")),
            click.option("--scope", type=_scopes, help=_("Show only tokens with this scope.")),
            click.option("--hint", help=_("Show only tokens whose secret begins with this.")),
        ]
    )
)
token.add_command(show_command(decorators=lookup_options))
token.add_command(
    create_command(
        decorators=create_options,
        help=_("Create a {entity} and show its secret, which cannot be shown again."),
    )
)
token.add_command(destroy_command(decorators=lookup_options))
