"""The command `pulp gomod sbom`."""

from pathlib import Path

import click
import requests
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_command
from pulp_glue.common.exceptions import PulpException, PulpHTTPError
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoDistributionContext
from pulp_glue.gomod.download import session_for

from pulpcore.cli.gomod.bundle import distribution_option, url_below
from pulpcore.cli.gomod.writing import write

translation = get_translation(__package__)
_ = translation.gettext

# Seconds to wait for a connection, and for the next bytes: a large one takes the server its time to make.
_PATIENCE = (15, 300)
_PIECE = 64 * 1024


@pulp_command(short_help=_("Write the bill of materials of what a distribution serves."))
@distribution_option
@click.option(
    "--module",
    metavar="MODULE@VERSION",
    help=_("List only what this module version needs, as the go command would choose it."),
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("The file to write to, instead of the standard output."),
)
@pass_pulp_context
def sbom(
    pulp_ctx: PulpCLIContext,
    /,
    distribution: PulpGoDistributionContext,
    module: str | None,
    output: Path | None,
) -> None:
    """
    Write the software bill of materials of what a distribution serves, as CycloneDX 1.6 in JSON.

    It lists each module version with its package URL and Go's checksums. What a module version needs and the
    distribution does not have is listed without a checksum, and the whole is marked as incomplete.

    \b
    Examples:
      pulp gomod sbom --distribution vetted --output vetted.cdx.json
      pulp gomod sbom --distribution vetted --module example.com/app@v1.2.3
    """  # noqa: D301
    url = url_below(distribution, "sbom.json")
    query = {} if module is None else {"module": module}
    try:
        with (
            session_for(pulp_ctx, url) as session,
            session.get(url, params=query, stream=True, timeout=_PATIENCE) as response,
        ):
            if response.status_code != 200:
                raise PulpHTTPError(response.text.strip(), response.status_code)
            write(response.iter_content(_PIECE), output)
    except requests.RequestException as error:
        raise PulpException(
            _("The bill of materials cannot be downloaded: {error}").format(error=error)
        ) from error
