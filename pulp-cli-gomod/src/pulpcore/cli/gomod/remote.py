"""`pulp gomod remote`"""

import click
from pulp_cli.generic import (
    PulpCLIContext,
    common_remote_create_options,
    common_remote_update_options,
    create_command,
    destroy_command,
    href_option,
    label_command,
    list_command,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    remote_filter_options,
    remote_lookup_option,
    role_command,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoRemoteContext

from pulpcore.cli.gomod.options import size_callback

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Describe upstreams."))
@type_option(choices={"gomod": PulpGoRemoteContext})
def remote() -> None:
    """
    Describe upstreams that speak the GOPROXY protocol.
    """


lookup_options = [href_option, name_option, remote_lookup_option]
nested_lookup_options = [remote_lookup_option]
go_remote_options = [
    click.option(
        "--policy",
        type=click.Choice(["immediate", "on_demand", "streamed"], case_sensitive=False),
        help=_(
            "When zips are downloaded: by the sync, when first asked for (and kept), or whenever "
            "asked for (and never kept)."
        ),
    ),
    click.option(
        "--sumdb",
        help=_(
            "The checksum database that zips are verified against, in the syntax of GOSUMDB; "
            "'off' for none."
        ),
    ),
    click.option(
        "--includes",
        help=_(
            "Only modules that match are asked of the upstream: comma-separated globs of module "
            "path prefixes, in the syntax of GOPRIVATE; empty for all."
        ),
    ),
    click.option(
        "--excludes",
        help=_("Modules that match, in the syntax of GOPRIVATE, are never asked of the upstream."),
    ),
    click.option(
        "--private",
        help=_(
            "The names of modules that match, in the syntax of GOPRIVATE, are sent neither to the "
            "upstream nor to the checksum database."
        ),
    ),
    click.option(
        "--mix",
        help=_(
            "Modules that match, in the syntax of GOPRIVATE, are asked of the upstream although they "
            "were published here, such as patched forks under public paths; '*' for all, empty for none."
        ),
    ),
    click.option(
        "--nosumdb",
        help=_(
            "Modules that match, in the syntax of GOPRIVATE, are not looked up in the checksum "
            "database."
        ),
    ),
    click.option(
        "--redirect-hosts",
        help=_(
            "Hosts beside its own to which the upstream may redirect, comma-separated, with * as "
            "in a glob. Credentials are never sent there."
        ),
    ),
    click.option(
        "--cache-ttl",
        type=int,
        help=_("Seconds for which lists of versions and queries are served without asking again."),
    ),
    click.option(
        "--not-found-ttl",
        type=int,
        help=_("Seconds for which 'not found' is served without asking again."),
    ),
    click.option(
        "--cache-size",
        callback=size_callback,
        help=_(
            "The most that may be cached for a repository, such as 20GB; empty for no limit. What "
            "was not asked for the longest makes room."
        ),
    ),
]

remote.add_command(list_command(decorators=remote_filter_options))
remote.add_command(show_command(decorators=lookup_options))
remote.add_command(create_command(decorators=[*common_remote_create_options, *go_remote_options]))
remote.add_command(
    update_command(decorators=[*lookup_options, *common_remote_update_options, *go_remote_options])
)
remote.add_command(destroy_command(decorators=lookup_options))
remote.add_command(label_command(decorators=nested_lookup_options))
remote.add_command(role_command(decorators=lookup_options))


@remote.command()
@name_option
@href_option
@remote_lookup_option
@click.option(
    "--module",
    required=True,
    help=_("The module version to forget, as example.com/mod@v1.2.3."),
)
@pass_entity_context
@pass_pulp_context
def forget(pulp_ctx: PulpCLIContext, remote_ctx: PulpEntityContext, /, module: str) -> None:
    """
    Forget one module version that was cached from the upstream.

    The next who asks for it gets what the upstream has then. It also leaves the repositories that
    have it by pull-through only; what was uploaded or synced stays.
    """
    assert isinstance(remote_ctx, PulpGoRemoteContext)
    pulp_ctx.output_result(remote_ctx.forget(module))
