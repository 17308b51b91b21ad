"""`pulp gomod repository content remove`: by name, like `add`."""

import click
from pulp_cli.generic import (
    href_option,
    pass_content_context,
    pass_repository_context,
    pulp_command,
    repository_lookup_option,
)
from pulp_glue.common.context import (
    PulpContentContext,
    PulpRepositoryContext,
    PulpRepositoryVersionContext,
)
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.candidates import NamedContentContext
from pulp_glue.gomod.context import PulpGoRepositoryContext

from pulpcore.cli.gomod.options import module_lookup_options, named_units, repository_option

translation = get_translation(__package__)
_ = translation.gettext


@pulp_command("remove")
@click.argument("names", nargs=-1, metavar="[MODULE@VERSION]...")
@repository_lookup_option
@click.option("--all", "everything", is_flag=True, help=_("Remove all content."))
@repository_option(
    _("Start from this repository's content instead."),
    name="--base-repository",
)
@click.option(
    "--base-version", type=int, help=_("Start from this version instead of the newest one.")
)
@pass_repository_context
@pass_content_context
def remove(
    content_ctx: PulpContentContext,
    repository_ctx: PulpRepositoryContext,
    /,
    names: tuple[str, ...],
    everything: bool,
    base_repository: PulpGoRepositoryContext | None,
    base_version: int | None,
) -> None:
    """
    Remove content from the repository, as one new version.

    \b
    Examples:
      pulp gomod repository content remove --repository team example.com/mod@v1.2.3
      pulp gomod repository content remove --repository team --module example.com/mod --version v1.2.3
      pulp gomod repository content remove --repository team --all
    """  # noqa: D301
    assert isinstance(content_ctx, NamedContentContext)
    base: PulpRepositoryVersionContext | None = None
    if base_repository is not None or base_version is not None:
        start = repository_ctx if base_repository is None else base_repository
        base = start.get_version_context(-1 if base_version is None else base_version)
    else:
        # What the repository holds is meant, and not its namesake elsewhere.
        content_ctx.repository_ctx = repository_ctx
    if everything and names:
        raise click.UsageError(_("Name what to remove, or give --all."))
    hrefs = ["*"] if everything else [each.pulp_href for each in named_units(content_ctx, names)]
    repository_ctx.modify(remove_content=hrefs, base_version=base)


for _option in (href_option, *module_lookup_options):
    remove = _option(remove)
