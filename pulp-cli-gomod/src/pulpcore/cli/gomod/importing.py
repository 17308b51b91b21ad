"""The command `pulp gomod repository import`."""

import typing as t
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_command,
    repository_lookup_option,
)
from pulp_glue.common.context import PulpRepositoryContext
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoRepositoryContext
from pulp_glue.gomod.registries import Registry
from pulp_glue.gomod.trees import open_tar, send

from pulpcore.cli.gomod.progress import progress_on_terminal

translation = get_translation(__package__)
_ = translation.gettext

# Reasons that are shown one by one.
_SHOWN = 50


@pulp_command(name="import", short_help=_("Import a tree of modules."))
@click.argument("tree")
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--own",
    is_flag=True,
    help=_(
        "These are modules that are published here from now on: no upstream is asked for their paths "
        "any more."
    ),
)
@click.option(
    "--sumdb",
    "sumdb",
    multiple=True,
    help=_(
        "The verifier key of a checksum database that the tree has records of, as in GOSUMDB; that of "
        "sum.golang.org is known. Can be specified multiple times."
    ),
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help=_(
        "Where the modules of a registry go before they are imported, so that an interrupted import goes "
        "on from there. Defaults to a temporary directory."
    ),
)
@click.option("--resume", help=_("Href of an upload of the same tree that was interrupted."))
@pass_repository_context
@pass_pulp_context
def import_modules(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    tree: str,
    own: bool,
    sumdb: tuple[str, ...],
    directory: Path | None,
    resume: str | None,
) -> None:
    """
    Import all modules of TREE, in one new version of the repository.

    TREE is a directory or an uncompressed tar: a bundle, any tree that works as GOPROXY=file://, a module
    cache ($(go env GOMODCACHE)), or the disk storage of Athens. Each zip is checked like an upload, and
    compared with the checksums that the tree has of it. Times and origins are kept.

    It can also be the GOPROXY URL of a registry that runs: of one that has an index (GOPROXY/index) or a catalog
    (Athens), or of an owner in Gitea (https://USER:TOKEN@HOST/api/packages/OWNER/go).

    What is refused is listed, and does not stop the rest; the exit status is 1 then.
    """
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    # Before anything is sent.
    _ignored = repository_ctx.pulp_href
    with ExitStack() as stack:
        path, missing = _at_hand(tree, directory, stack)
        upload = send(pulp_ctx, open_tar(path), path.name, resume, progress_on_terminal())
    try:
        report = repository_ctx.import_tree(upload, own, sumdb)
    except PulpException:
        line = _(
            "The upload is still there. To import it without sending it again: --resume {href}"
        )
        click.echo(line.format(href=upload), err=True)
        raise
    report["refused"] = report.get("refused", 0) + len(missing)
    report["reasons"] = {**missing, **report.get("reasons", {})}
    pulp_ctx.output_result(report)
    _tell(report)
    if report.get("refused"):
        raise click.exceptions.Exit(1)


def _at_hand(tree: str, directory: Path | None, stack: ExitStack) -> tuple[Path, dict[str, str]]:
    """Bring a registry's modules here; return the tree, and what it lacks of what the registry lists."""
    if not tree.startswith(("http://", "https://")):
        path = Path(tree)
        if not path.exists():
            raise click.UsageError(_("{tree} does not exist.").format(tree=tree))
        return path, {}
    registry = Registry(tree)
    names = registry.names()
    click.echo(_("The registry has {count} module versions.").format(count=len(names)), err=True)
    if directory is None:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="pulp-gomod-import-")))
    return directory, registry.download(names, directory)


def _tell(report: t.Mapping[str, t.Any]) -> None:
    for note in report.get("notes", ()):
        click.echo(note, err=True)
    reasons = report.get("reasons", {})
    for name, reason in list(reasons.items())[:_SHOWN]:
        click.echo(_("refused: {name}: {reason}").format(name=name, reason=reason), err=True)
    more = report.get("refused", 0) - min(len(reasons), _SHOWN)
    if more > 0:
        click.echo(_("and {count} more").format(count=more), err=True)
