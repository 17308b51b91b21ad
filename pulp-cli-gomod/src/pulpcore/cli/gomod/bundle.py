"""The command `pulp gomod bundle`."""

import shlex
import typing as t
from pathlib import Path

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_command, resource_option
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoDistributionContext
from pulp_glue.gomod.download import BundleStream, Progress, save, session_for
from pulp_glue.gomod.outputs import why_not_written
from pulp_glue.gomod.unpack import About, check_base, unpack, unpack_modcache

from pulpcore.cli.gomod.progress import progress_on_terminal

translation = get_translation(__package__)
_ = translation.gettext

_BUNDLE = "bundle.tar"
_NAMED = 5


distribution_option = resource_option(
    "--distribution",
    required=True,
    default_plugin="gomod",
    default_type="gomod",
    context_table={"gomod:gomod": PulpGoDistributionContext},
    href_pattern=PulpGoDistributionContext.HREF_PATTERN,
    help=_("The distribution. Specified as '[[<plugin>:]<type>:]<name>' or as href."),
)
"""The distribution that something is downloaded from."""


@pulp_command(short_help=_("Download everything that a distribution serves."))
@distribution_option
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help=_(
        "Where to: a file that ends in .tar, or a directory to unpack into. What a directory has already "
        "stays there, unless the bundle has a file of the same name."
    ),
)
@click.option(
    "--since",
    type=click.IntRange(min=0),
    help=_(
        "The number of an older repository version: download only what has come since, to be unpacked over "
        "a bundle of that version."
    ),
)
@click.option(
    "--modcache",
    is_flag=True,
    help=_(
        "Unpack into a module cache for GOMODCACHE, with all modules extracted, instead of a tree for "
        "GOPROXY."
    ),
)
@pass_pulp_context
def bundle(
    pulp_ctx: PulpCLIContext,
    /,
    distribution: PulpGoDistributionContext,
    output: Path,
    since: int | None,
    modcache: bool,
) -> None:
    """
    Download everything that a distribution serves, to build from it without a network.

    The bundle holds all modules of the repository version that is served, and what proves them to the go
    command with the checksum database on. If the connection breaks, the download goes on where it stopped; so
    does the same command if a file was interrupted.

    \b
    Examples:
      pulp gomod bundle --distribution vetted --output vetted.tar
      pulp gomod bundle --distribution vetted --output /srv/goproxy
      pulp gomod bundle --distribution vetted --output since.tar --since 12
      pulp gomod bundle --distribution vetted --output ~/modcache --modcache
    """  # noqa: D301
    is_file = output.suffix == ".tar"
    if is_file and modcache:
        raise click.UsageError(_("--modcache needs a directory as --output, not a file."))
    if not is_file:
        check_base(output, since)
    url = url_below(distribution, _BUNDLE)
    session = session_for(pulp_ctx, url)
    progress = progress_on_terminal()
    try:
        if is_file:
            size = save(session, url, since, output, progress)
            pulp_ctx.output_result({"file": str(output), "size": size})
            return
        with BundleStream(session, url, since).open() as stream:
            about = _unpack(_Shown(stream, progress), output, modcache)
    except OSError as error:
        raise PulpException(why_not_written(output, error)) from error
    pulp_ctx.output_result({"directory": str(output), **about})
    _say_more(output, about, modcache)


def url_below(distribution: PulpGoDistributionContext, name: str) -> str:
    """Return the URL of something below the GOPROXY URL of a distribution."""
    client_url = distribution.entity.get("client_url")
    if not client_url:
        raise PulpException(_("The distribution has no URL to download from."))
    return f"{client_url.rstrip('/')}/{name}"


class _Shown:
    """A stream whose progress is shown."""

    def __init__(self, stream: BundleStream, progress: Progress | None) -> None:
        self._stream = stream
        self._progress = progress

    def read(self, count: int) -> bytes:
        data = self._stream.read(count) or b""
        if self._progress is not None:
            self._progress(_BUNDLE, self._stream.place, self._stream.size)
        return data


def _unpack(stream: _Shown, output: Path, modcache: bool) -> About:
    return (unpack_modcache if modcache else unpack)(stream, output)


def _say_which(zips: t.Any, line: str) -> None:
    """Say how many zips are not there, if there are such, and which."""
    if isinstance(zips, dict) and zips.get("count"):
        names = ", ".join(map(str, zips.get("first", [])[:_NAMED]))
        click.echo(line.format(count=zips["count"], names=names), err=True)


def _say_more(output: Path, about: About, modcache: bool) -> None:
    """Say on the standard error what is missing, and how to build with what is there."""
    _say_which(
        about.get("missing_zips"),
        _("zips missing: {count} ({names}): sync with policy immediate to have them."),
    )
    _say_which(
        about.get("stopped_zips"),
        _("zips left out: {count} ({names}): a block or the distribution's policy stops them."),
    )
    where = output.absolute()
    if modcache:
        click.echo(f"GOMODCACHE={shlex.quote(str(where))} GOPROXY=off go build ./...", err=True)
    else:
        click.echo(f"GOPROXY={shlex.quote(where.as_uri())} go build ./...", err=True)
