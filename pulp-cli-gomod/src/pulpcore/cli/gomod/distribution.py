"""The commands `pulp gomod distribution`."""

import click
from pulp_cli.generic import (
    common_distribution_create_options,
    content_guard_option,
    create_command,
    destroy_command,
    distribution_filter_options,
    distribution_lookup_option,
    href_option,
    label_command,
    list_command,
    name_option,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    role_command,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoDistributionContext

from pulpcore.cli.gomod.options import (
    policy_option,
    remote_option,
    repository_option,
    vulndb_option,
)
from pulpcore.cli.gomod.texts import json_callback

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Manage distributions."))
@type_option(choices={"gomod": PulpGoDistributionContext})
def distribution() -> None:
    """Manage distributions: each serves a repository, one of its versions, or a publication as a GOPROXY."""


lookup_options = [href_option, name_option, distribution_lookup_option]
nested_lookup_options = [distribution_lookup_option]
update_options = [
    repository_option(
        _("The repository to serve: always its newest version, unless --version pins one.")
    ),
    click.option(
        "--version",
        type=int,
        help=_("The number of the repository version to serve, even when the repository changes."),
    ),
    click.option(
        "--publication",
        help=_("Href of the publication to serve instead of a repository."),
    ),
    remote_option,
    policy_option(_("The policy to obey: what is not served although it could be.")),
    vulndb_option(
        "--vulndb",
        _("The vulnerability database to serve below the URL. Specified as a name or as href."),
    ),
    click.option(
        "--consumers",
        type=click.Choice(["off", "users", "all"], case_sensitive=False),
        help=_(
            "What is recorded of those who download: nothing, users and tokens, or their addresses, too."
        ),
    ),
    click.option(
        "--vanity-hosts",
        callback=json_callback('["go.example.com"]'),
        help=_(
            "JSON array of the hosts that module paths begin with, such as '[\"go.example.com\"]': go commands that ask "
            "them without a proxy are led here."
        ),
    ),
    content_guard_option,
    pulp_option(
        "--hidden/--not-hidden",
        default=None,
        help=_("Whether the content app leaves the {entity} out of its list of distributions."),
    ),
    pulp_labels_option,
]
create_options = [*common_distribution_create_options, *update_options]

distribution.add_command(
    list_command(
        decorators=[
            *distribution_filter_options,
            repository_option(_("Show only distributions that serve this repository.")),
        ]
    )
)
distribution.add_command(show_command(decorators=lookup_options))
distribution.add_command(create_command(decorators=create_options))
distribution.add_command(
    update_command(decorators=[*lookup_options, *update_options, click.option("--base-path")])
)
distribution.add_command(destroy_command(decorators=lookup_options))
distribution.add_command(label_command(decorators=nested_lookup_options))
distribution.add_command(role_command(decorators=lookup_options))
