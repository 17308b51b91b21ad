"""The commands `pulp gomod publish`."""

import shlex
import tempfile
import typing as t
from pathlib import Path

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_command
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import (
    PulpGoDistributionContext,
    PulpGoModuleContext,
    PulpGoRepositoryContext,
    PulpGoSumdbContext,
)
from pulp_glue.gomod.golang import GoError
from pulp_glue.gomod.naming import reference
from pulp_glue.gomod.pack import pack_commit
from pulp_glue.gomod.publishing import TaggedModule, find_tagged

from pulpcore.cli.gomod.options import repository_option
from pulpcore.cli.gomod.progress import progress_on_terminal

translation = get_translation(__package__)
_ = translation.gettext

# Files that are named.
_SHOWN = 10


@pulp_command(short_help=_("Publish the module that a git tag names."))
@click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
@repository_option(_("The repository to publish to."), required=True)
@click.option(
    "--tag",
    default="",
    help=_(
        "The version's tag in git, such as v1.2.3, or sub/v1.2.3 for a module below the root. "
        "Defaults to the tag of the commit that is checked out."
    ),
)
@click.option(
    "--allow-dirty",
    is_flag=True,
    help=_("Publish the tag even if files have changes that are not committed."),
)
@click.option(
    "--dry-run",
    is_flag=True,
    help=_("Pack and check the module and show what is left out, but send nothing."),
)
@pass_pulp_context
def publish(
    pulp_ctx: PulpCLIContext,
    /,
    directory: Path,
    repository: PulpGoRepositoryContext,
    tag: str,
    allow_dirty: bool,
    dry_run: bool,
) -> None:
    """
    Publish the module in DIRECTORY as it is at its tag in git.

    The zip is the one that the go command would create from the tag. The time and the origin of the
    commit are sent along; the go command and tools such as Renovate show them. Files that git does not
    track are not part of it.

    \b
    Examples:
      pulp gomod publish --repository team
      pulp gomod publish --repository team --tag v1.2.3 --dry-run
      pulp gomod publish tools/lint --repository team --tag tools/lint/v0.3.0
    """  # noqa: D301
    if not dry_run:
        # That the server can be asked, before anything is packed; who may only publish sees no repository.
        _ignored = reference(repository)
    try:
        tagged = find_tagged(directory, tag, allow_dirty)
        untracked = tagged.untracked()
        with tempfile.TemporaryDirectory() as scratch:
            zip_file = Path(scratch) / "module.zip"
            h1 = pack_commit(tagged.commit, tagged.version, zip_file)
            result = {**_description(tagged), "h1": h1, "size": zip_file.stat().st_size}
            if dry_run:
                result["left_out"] = [
                    {"file": name, "reason": reason} for name, reason in tagged.left_out()
                ]
            else:
                _send(pulp_ctx, repository, zip_file, tagged)
    except GoError as error:
        raise PulpException(str(error)) from error
    pulp_ctx.output_result(result)
    _say_what_is_untracked(untracked)
    if not dry_run:
        _say_how_to_get_it(pulp_ctx, repository, tagged)


def _description(tagged: TaggedModule) -> dict[str, t.Any]:
    return {
        "module": tagged.commit.module,
        "version": tagged.version,
        "tag": tagged.commit.revision,
        "time": tagged.time,
        "origin": tagged.origin,
    }


def _send(
    pulp_ctx: PulpCLIContext,
    repository: PulpGoRepositoryContext,
    zip_file: Path,
    tagged: TaggedModule,
) -> None:
    body = {"repository": repository, "time": tagged.time, "origin": tagged.origin}
    progress = progress_on_terminal()
    PulpGoModuleContext(pulp_ctx).upload_files([zip_file], body, progress=progress)


def _say_what_is_untracked(names: list[str]) -> None:
    """Name what somebody may have forgotten to add to git."""
    if names:
        shown = ", ".join(names[:_SHOWN])
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        line = _("not part of it, since git does not track them: {files}")
        click.echo(line.format(files=shown + more), err=True)


def _say_how_to_get_it(
    pulp_ctx: PulpCLIContext, repository: PulpGoRepositoryContext, tagged: TaggedModule
) -> None:
    name = f"{tagged.commit.module}@{tagged.version}"
    settings = _goproxy(pulp_ctx, repository)
    settings += _proven_by(pulp_ctx, repository, tagged.commit.module)
    click.echo(" ".join([*settings, "go get", name]), err=True)


def _goproxy(pulp_ctx: PulpCLIContext, repository: PulpGoRepositoryContext) -> list[str]:
    """Where the repository is served, as far as one may see that, and what the module requires of others."""
    try:
        parameters = {"repository": repository.pulp_href}
        # A list of one would be said to be incomplete.
        found = PulpGoDistributionContext(pulp_ctx).list_iterator(parameters, batch_size=1)
        served = next((each for each in found if each.get("client_url")), None)
        # A checksum database of one's own knows only what came through its server.
        has_all = bool(served and served.get("remote")) or bool(repository.entity.get("sumdb"))
    except PulpException:
        return []
    if served is None:
        return []
    others = "" if has_all else ",$(go env GOPROXY)"
    return [f"GOPROXY={shlex.quote(served['client_url'])}{others}"]


def _proven_by(
    pulp_ctx: PulpCLIContext, repository: PulpGoRepositoryContext, module: str
) -> list[str]:
    """How the go command is to prove the module: by the database that the repository feeds, or not at all."""
    try:
        sumdb = repository.entity.get("sumdb")
        if not sumdb:
            return [f"GONOSUMDB={module}"]
        key = PulpGoSumdbContext(pulp_ctx, pulp_href=sumdb).entity["verifier_key"]
    except PulpException:
        return []
    return [f"GOSUMDB={shlex.quote(key)}"]
