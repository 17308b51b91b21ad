"""The commands `pulp gomod content`."""

import typing as t
from pathlib import Path

import click
from pulp_cli.generic import (
    IncompatibleContext,
    PulpCLIContext,
    content_filter_options,
    href_option,
    label_command,
    list_command,
    pass_content_context,
    pass_pulp_context,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    type_option,
)
from pulp_glue.common.context import PulpContentContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import (
    PulpGoModFileContext,
    PulpGoModuleContext,
    PulpGoRepositoryContext,
)

from pulpcore.cli.gomod.options import (
    go_filter_options,
    go_mod_h1_option,
    h1_option,
    module_filter_options,
    module_in_option,
    module_lookup_options,
    module_version_filter_options,
    repository_option,
    search_option,
    size_callback,
    time_callback,
)
from pulpcore.cli.gomod.progress import progress_on_terminal
from pulpcore.cli.gomod.texts import json_callback

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Upload and find modules."))
@type_option(choices={"module": PulpGoModuleContext, "modfile": PulpGoModFileContext})
def content() -> None:
    """Upload and find modules, and the go.mod files of modules whose zips are not on the server."""


lookup_options = [href_option, *module_lookup_options]

content.add_command(
    list_command(
        decorators=[
            *module_filter_options,
            module_in_option,
            *module_version_filter_options,
            h1_option,
            go_mod_h1_option,
            pulp_option(
                "--pseudo/--no-pseudo",
                "is_pseudo",
                default=None,
                help=_("Show only pseudo-versions, or only other versions."),
                allowed_with_contexts=(PulpGoModuleContext,),
            ),
            *go_filter_options,
            search_option,
            *content_filter_options,
        ]
    )
)
content.add_command(label_command(decorators=lookup_options))


@content.command(help=_("Show details of a {entity}, including its go.mod and README."))
@pass_content_context
@pass_pulp_context
def show(pulp_ctx: PulpCLIContext, content_ctx: PulpContentContext, /) -> None:
    """Show one."""
    # What was found in a list is without the longer texts.
    pulp_ctx.output_result(content_ctx.show())


for _option in lookup_options:
    show = _option(show)


# Not `allowed_with_contexts`: `content --help`, which has no context yet, would leave it out.
@content.command()
@click.option(
    "--file",
    "files",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    multiple=True,
    help=_(
        "A module zip in the format of the GOPROXY protocol. Can be specified multiple times: "
        "either all of them are added, as one repository version, or none."
    ),
)
@click.option(
    "--directory",
    "directories",
    type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path),
    multiple=True,
    help=_("Upload every file below this directory whose name ends in .zip, as with --file."),
)
@repository_option(_("The repository to add the modules to."))
@click.option(
    "--time",
    callback=time_callback,
    help=_(
        "When the versions were created, such as 2026-02-03T04:05:06Z; UTC unless it names a time "
        "zone. Defaults to now, or to the time in a pseudo-version."
    ),
)
@click.option(
    "--origin",
    callback=json_callback(
        '{"VCS": "git", "URL": "https://git.example.com/mod", "Ref": "refs/tags/v1.2.3"}'
    ),
    help=_(
        "Where the versions come from: a JSON object as in Go's .info files, with VCS, URL, Hash, "
        "Ref and so on, or @file containing one."
    ),
)
@pulp_labels_option
@pulp_option(
    "--chunk-size",
    callback=lambda ctx, param, value: size_callback(ctx, param, value) or None,
    help=_(
        "The largest request to send, such as 10MB; anything larger is sent in chunks of that "
        "size, for which you need permission to create uploads. Defaults to about 64MB."
    ),
)
@pass_content_context
@pass_pulp_context
def upload(
    pulp_ctx: PulpCLIContext,
    content_ctx: PulpContentContext,
    /,
    files: tuple[Path, ...],
    directories: tuple[Path, ...],
    repository: PulpGoRepositoryContext | None,
    **fields: t.Any,
) -> None:
    """
    Upload module zips.

    The path and the version of each module are read from its zip.
    """
    if not isinstance(content_ctx, PulpGoModuleContext):
        raise IncompatibleContext(_("Only modules can be uploaded."))
    zips = [*files, *(file for directory in directories for file in _zips_below(directory))]
    if not zips:
        raise click.UsageError(_("Nothing to upload: give --file or --directory."))
    body = {"repository": repository, **fields}
    modules = content_ctx.upload_files(zips, body, progress=progress_on_terminal())
    # As everywhere in pulp-cli, who asks for one thing gets that, and no list of one.
    is_one = len(files) == 1 and not directories
    pulp_ctx.output_result(modules[0] if is_one else modules)


def _zips_below(directory: Path) -> list[Path]:
    found = sorted(file for file in directory.rglob("*.zip") if file.is_file())
    if not found:
        raise click.UsageError(
            _("No file below {directory} has a name that ends in .zip.").format(directory=directory)
        )
    return found


content.add_command(upload, "create")
