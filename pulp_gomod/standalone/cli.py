"""The command `pulp-gomod`."""

import sys
from pathlib import Path

import click

from .datadir import default_data_dir
from .environment import OPTION_PREFIX
from .errors import StandaloneError
from .options import ServeOptions

_CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True}


@click.group(context_settings=_CONTEXT)
def main() -> None:
    """Pulp with Go modules on one machine."""


@main.command(context_settings={"auto_envvar_prefix": OPTION_PREFIX})
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=default_data_dir,
    help="Where all data goes.",
)
@click.option("--host", default=ServeOptions.host, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=ServeOptions.port,
    help="The port to listen on; 0 takes a free one.",
)
@click.option("--origin", help="The server's URL as clients see it, when a proxy stands before it.")
@click.option(
    "--admin-password",
    help="The password of the user 'admin'. Without it, the first start makes one and prints it.",
)
@click.option(
    "--database-url",
    help="An existing PostgreSQL database, postgresql://USER:PASSWORD@HOST/NAME.",
)
@click.option(
    "--content-workers",
    type=click.IntRange(1),
    default=ServeOptions.content_workers,
    help="Processes that serve modules.",
)
@click.option(
    "--api-workers",
    type=click.IntRange(1),
    default=ServeOptions.api_workers,
    help="Processes that answer API requests and uploads.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=ServeOptions.workers,
    help="Processes that run tasks, such as publishing and syncing.",
)
@click.option(
    "--log-to-terminal", is_flag=True, help="Print what the programs log, instead of filing it."
)
@click.option("--owner", type=int, hidden=True)
def serve(**given: object) -> None:
    """Run Pulp with Go modules until Ctrl-C.

    Each option can be given as an environment variable, too: PULP_GOMOD_SERVE_ADMIN_PASSWORD for
    --admin-password, and so on.
    """
    from .server import serve as run

    try:
        run(ServeOptions(**given))  # type: ignore[arg-type]
    except StandaloneError as error:
        print(f"pulp-gomod: {error}", file=sys.stderr)
        sys.exit(1)
