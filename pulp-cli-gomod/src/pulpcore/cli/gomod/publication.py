"""The commands `pulp gomod publication`."""

from pulp_cli.generic import (
    create_command,
    destroy_command,
    href_option,
    list_command,
    publication_filter_options,
    pulp_group,
    role_command,
    show_command,
    type_option,
)
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoPublicationContext

from pulpcore.cli.gomod.options import repository_option, version_number_option

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Manage publications."))
@type_option(choices={"gomod": PulpGoPublicationContext})
def publication() -> None:
    """Manage publications: repository versions that are frozen for serving."""


lookup_options = [href_option]
create_options = [repository_option(_("The repository to publish.")), version_number_option]

publication.add_command(
    list_command(
        decorators=[
            *publication_filter_options,
            repository_option(_("Show only publications of this repository.")),
        ]
    )
)
publication.add_command(show_command(decorators=lookup_options))
publication.add_command(create_command(decorators=create_options))
publication.add_command(destroy_command(decorators=lookup_options))
publication.add_command(role_command(decorators=lookup_options))
