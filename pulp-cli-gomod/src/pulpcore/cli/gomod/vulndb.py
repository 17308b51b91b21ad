"""The commands `pulp gomod vulndb`."""

import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    limit_option,
    list_command,
    name_filter_options,
    name_option,
    offset_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    role_command,
    show_command,
    update_command,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoVulndbContext

from pulpcore.cli.gomod.options import Decorator
from pulpcore.cli.gomod.texts import json_callback, text_callback

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Manage databases of vulnerabilities."))
@pass_pulp_context
@click.pass_context
def vulndb(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage databases of vulnerabilities and of malicious modules, for govulncheck, policies and scans."""
    ctx.obj = PulpGoVulndbContext(pulp_ctx)


lookup_options: list[Decorator] = [href_option, name_option]
update_options: list[Decorator] = [
    click.option(
        "--url",
        help=_(
            "The zip archive to mirror, such as https://vuln.go.dev/vulndb.zip; empty for none."
        ),
    ),
    click.option(
        "--sync-interval",
        help=_("How often to look for a newer one, such as 30m, 6h or 1d; empty for never."),
    ),
    pulp_option("--username", help=_("The user name for the URL.")),
    pulp_option("--password", help=_("The password for the URL.")),
    click.option(
        "--ca-cert",
        callback=text_callback,
        help=_("PEM certificates to verify the URL's server with, or @FILE with them."),
    ),
    click.option("--proxy-url", help=_("The HTTP proxy on the way to the URL.")),
    click.option(
        "--redirect-hosts",
        help=_("Comma-separated hosts to which the URL may redirect, beside its own."),
    ),
]
create_options: list[Decorator] = [
    click.option("--name", required=True),
    click.option(
        "--kind",
        type=click.Choice(["vulnerabilities", "malicious"], case_sensitive=False),
        help=_(
            "vulnerabilities: a Go vulnerability database (a vulndb.zip); malicious: a zip of reports "
            "in OSV format about malicious modules."
        ),
    ),
    *update_options,
]

vulndb.add_command(
    list_command(
        decorators=[
            *name_filter_options,
            click.option(
                "--kind",
                type=click.Choice(["vulnerabilities", "malicious"], case_sensitive=False),
                help=_("Show only databases of this kind."),
            ),
        ]
    )
)
vulndb.add_command(show_command(decorators=lookup_options))
vulndb.add_command(create_command(decorators=create_options))
vulndb.add_command(update_command(decorators=[*lookup_options, *update_options]))
vulndb.add_command(destroy_command(decorators=lookup_options))
vulndb.add_command(role_command(decorators=lookup_options))


@vulndb.command()
@href_option
@name_option
@pass_entity_context
@pass_pulp_context
def sync(pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /) -> None:
    """Fetch a database from its URL, unless it has not changed. A broken one changes nothing."""
    assert isinstance(entity_ctx, PulpGoVulndbContext)
    pulp_ctx.output_result(entity_ctx.sync())


@vulndb.command()
@href_option
@name_option
@click.option("--file", type=click.File("rb"), required=True, help=_("The zip archive."))
@pass_entity_context
@pass_pulp_context
def upload(pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /, file: t.IO[bytes]) -> None:
    """Take an archive instead of the reports that there are, be it older than these."""
    assert isinstance(entity_ctx, PulpGoVulndbContext)
    pulp_ctx.output_result(entity_ctx.upload(file))


@vulndb.command()
@href_option
@name_option
@click.option(
    "--document",
    required=True,
    callback=json_callback('{"@context": "https://openvex.dev/ns/v0.2.0", ...}'),
    help=_("The OpenVEX document, or @FILE with it."),
)
@pass_entity_context
@pass_pulp_context
def vex(pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /, document: t.Any) -> None:
    """
    Silence reports that do not apply to a module version, for policies and for scans.

    The document takes the place of the one with the same @id; one without statements removes that.
    """
    assert isinstance(entity_ctx, PulpGoVulndbContext)
    pulp_ctx.output_result(entity_ctx.add_vex(document))


@vulndb.command()
@href_option
@name_option
@limit_option
@offset_option
@pass_entity_context
@pass_pulp_context
def statements(
    pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /, limit: int, offset: int
) -> None:
    """List the statements that silence reports."""
    assert isinstance(entity_ctx, PulpGoVulndbContext)
    pulp_ctx.output_result(entity_ctx.vex_statements(limit, offset))
