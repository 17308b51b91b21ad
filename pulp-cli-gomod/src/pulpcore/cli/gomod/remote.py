"""The commands `pulp gomod remote`."""

import io
import typing as t
from contextlib import redirect_stderr

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


@pulp_group(short_help=_("Manage remotes."))
@type_option(choices={"gomod": PulpGoRemoteContext})
def remote() -> None:
    """Manage remotes: upstreams that speak the GOPROXY protocol."""


lookup_options = [href_option, name_option, remote_lookup_option]
nested_lookup_options = [remote_lookup_option]
go_remote_options = [
    click.option(
        "--policy",
        type=click.Choice(["immediate", "on_demand", "streamed"], case_sensitive=False),
        help=_(
            "When to download zips: during the sync, on the first request (and then keep them), or "
            "on every request (and never keep them)."
        ),
    ),
    click.option(
        "--sumdb",
        help=_(
            "The checksum database to verify zips against, in the syntax of GOSUMDB; 'off' for "
            "none."
        ),
    ),
    click.option(
        "--includes",
        help=_(
            "Ask the upstream only for modules that match: comma-separated globs of module path "
            "prefixes, in the syntax of GOPRIVATE; empty for all."
        ),
    ),
    click.option(
        "--excludes",
        help=_("Never ask the upstream for modules that match, in the syntax of GOPRIVATE."),
    ),
    click.option(
        "--private",
        help=_(
            "Never send the names of modules that match, in the syntax of GOPRIVATE, to the "
            "upstream or the checksum database."
        ),
    ),
    click.option(
        "--mix",
        help=_(
            "Ask the upstream for modules that match, in the syntax of GOPRIVATE, even if they "
            "were published here, such as patched forks under public paths; '*' for all, empty for "
            "none."
        ),
    ),
    click.option(
        "--nosumdb",
        help=_(
            "Do not look up modules that match, in the syntax of GOPRIVATE, in the checksum "
            "database."
        ),
    ),
    click.option(
        "--redirect-hosts",
        help=_(
            "Other hosts that the upstream may redirect to, comma-separated, with * as in a glob. "
            "Credentials are never sent there."
        ),
    ),
    click.option(
        "--index-url",
        help=_(
            "An index of the upstream's modules, such as https://goindex.example.com/index; empty for "
            "'index' below the URL, where pulp_gomod has it."
        ),
    ),
    click.option(
        "--cache-ttl",
        type=int,
        help=_(
            "Seconds for which version lists and queries are served before the upstream is "
            "asked again."
        ),
    ),
    click.option(
        "--not-found-ttl",
        type=int,
        help=_("Seconds for which 'not found' is served before the upstream is asked again."),
    ),
    click.option(
        "--cache-size",
        callback=size_callback,
        help=_(
            "The most that may be cached for a repository, such as 20GB; empty for no limit. The "
            "least recently used modules are evicted first."
        ),
    ),
]


def _in_silence(command: click.Command) -> click.Command:
    """Keep pulp-cli from printing the headers, which may be secret, and `()` where there are none."""
    for param in command.params:
        if param.name == "headers" and param.callback is not None:
            param.callback = _silent(param.callback)
    return command


def _silent(callback: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    def read(ctx: click.Context, param: click.Parameter, value: t.Any) -> t.Any:
        with redirect_stderr(io.StringIO()):
            return callback(ctx, param, value)

    return read


_create = create_command(decorators=[*common_remote_create_options, *go_remote_options])
_update = update_command(
    decorators=[*lookup_options, *common_remote_update_options, *go_remote_options]
)
remote.add_command(list_command(decorators=remote_filter_options))
remote.add_command(show_command(decorators=lookup_options))
remote.add_command(_in_silence(_create))
remote.add_command(_in_silence(_update))
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
    help=_("The module version to forget, such as example.com/mod@v1.2.3."),
)
@pass_entity_context
@pass_pulp_context
def forget(pulp_ctx: PulpCLIContext, remote_ctx: PulpEntityContext, /, module: str) -> None:
    """
    Forget one module version that was cached from the upstream.

    The next request for it goes to the upstream again. It is also removed from repositories that only
    have it by pull-through; anything uploaded or synced stays.
    """
    assert isinstance(remote_ctx, PulpGoRemoteContext)
    pulp_ctx.output_result(remote_ctx.forget(module))
