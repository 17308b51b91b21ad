"""The commands `pulp gomod token`."""

from contextlib import suppress

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    list_command,
    name_filter_options,
    name_option,
    option_processor,
    pass_pulp_context,
    pulp_group,
    resource_option,
    show_command,
)
from pulp_glue.common.exceptions import PulpNotAutorized
from pulp_glue.common.i18n import get_translation
from pulp_glue.core.context import PulpUserContext
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


def _require_owner(ctx: click.Context) -> None:
    """See to it that there is such a user, as far as whoever asks may know."""
    owner = ctx.params.get("owner")
    pulp_ctx = ctx.find_object(PulpCLIContext)
    if owner and pulp_ctx is not None:
        with suppress(PulpNotAutorized):
            _found = PulpUserContext(pulp_ctx, entity={"username": owner}).entity


token.add_command(
    list_command(
        decorators=[
            *name_filter_options,
            click.option("--owner", help=_("Show only the tokens of this user.")),
            option_processor(callback=_require_owner),
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
