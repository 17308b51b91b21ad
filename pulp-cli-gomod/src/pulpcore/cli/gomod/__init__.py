"""The commands `pulp gomod ...`."""

import typing as t

import click
from pulp_cli.generic import pulp_group
from pulp_glue.common.i18n import get_translation

from pulpcore.cli.gomod.block import block
from pulpcore.cli.gomod.bundle import bundle
from pulpcore.cli.gomod.content import content
from pulpcore.cli.gomod.distribution import distribution
from pulpcore.cli.gomod.examples import add_examples
from pulpcore.cli.gomod.exits import ExitCodes
from pulpcore.cli.gomod.fields import check_fields
from pulpcore.cli.gomod.module import module
from pulpcore.cli.gomod.policy import policy
from pulpcore.cli.gomod.publication import publication
from pulpcore.cli.gomod.publish import publish
from pulpcore.cli.gomod.release import release
from pulpcore.cli.gomod.remote import remote
from pulpcore.cli.gomod.repository import repository
from pulpcore.cli.gomod.sbom import sbom
from pulpcore.cli.gomod.sumdb import sumdb
from pulpcore.cli.gomod.token import token
from pulpcore.cli.gomod.verify import verify
from pulpcore.cli.gomod.vulndb import vulndb
from pulpcore.cli.gomod.waiver import waiver

__version__ = "0.1.0.dev0"

translation = get_translation(__package__)
_ = translation.gettext


_COMMANDS = (
    block,
    bundle,
    content,
    distribution,
    module,
    policy,
    publication,
    publish,
    release,
    remote,
    repository,
    sbom,
    sumdb,
    token,
    verify,
    vulndb,
    waiver,
)


@pulp_group(
    name="gomod",
    cls=ExitCodes,
    short_help=_("Manage Go modules."),
    help=_(
        "Manage Go modules.\n\n"
        "The exit code is 3 if something was not found, 4 if permission was denied, 5 if the "
        "server could not be reached, and 1 or 2 for any other error."
    ),
)
def gomod_group() -> None:
    """The group `pulp gomod`."""


def mount(main: click.Group, **kwargs: t.Any) -> None:
    """
    Add our commands; pulp-cli calls it for every plugin it finds.

    Args:
        main: The command `pulp`.
        kwargs: Other plugins, for which there is no use here.
    """
    for command in _COMMANDS:
        gomod_group.add_command(command)
    add_examples(gomod_group)
    check_fields(gomod_group)
    main.add_command(gomod_group)
