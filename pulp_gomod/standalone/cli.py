"""The command `pulp-gomod`."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from .console import say
from .datadir import default_data_dir
from .environment import OPTION_PREFIX
from .errors import StandaloneError
from .options import ServeOptions

_CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True}


def _default_data_dir() -> Path:
    try:
        return default_data_dir()
    except StandaloneError as error:
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    say(str(error))
    sys.exit(1)


_data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=_default_data_dir,
    # Not the path itself: help reads the same on every machine.
    show_default="~/.local/share/pulp-gomod; as root /var/lib/pulp-gomod",
    help="Where to keep all data.",
    envvar=f"{OPTION_PREFIX}_DATA_DIR",
)


_version = click.version_option(package_name="pulp-gomod", message="pulp-gomod %(version)s")


@click.group(context_settings=_CONTEXT)
@_version
def main() -> None:
    """Pulp with Go modules on one machine."""


@main.command(context_settings={"auto_envvar_prefix": OPTION_PREFIX})
@_version
@_data_dir
@click.option("--host", default=ServeOptions.host, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=ServeOptions.port,
    help="The port to listen on; 0 for any free one.",
)
@click.option("--origin", help="The server's URL as clients see it, if it is behind a proxy.")
@click.option(
    "--admin-password",
    help="The password of the user 'admin'. Without it, the first start generates one and prints it.",
)
@click.option(
    "--database-url",
    help="An existing PostgreSQL database, postgresql://USER:PASSWORD@HOST/NAME.",
)
@click.option("--tls", type=click.Choice(["auto"]), help="Create a certificate and serve HTTPS.")
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The certificate for HTTPS, a PEM file with its chain.",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The certificate's key, a PEM file.",
)
@click.option(
    "--tls-client-ca",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask clients for certificates of these authorities, a PEM file, for X.509 guards.",
)
@click.option(
    "--allowed-host",
    multiple=True,
    help="Another name that clients know the server by; can be given several times.",
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
    "--log-to-terminal", is_flag=True, help="Write logs to the terminal instead of to files."
)
@click.option(
    "--log-downloads",
    is_flag=True,
    help="Log each request for modules, which makes serving slower. Publishing is always logged.",
)
@click.option(
    "--prepare-only", is_flag=True, help="Prepare or upgrade the data directory, then exit."
)
@click.option("--owner", type=int, hidden=True)
def serve(tls: str | None, **given: Any) -> None:
    """
    Run Pulp with Go modules until Ctrl-C.

    Each option can also be given as an environment variable: PULP_GOMOD_SERVE_ADMIN_PASSWORD for
    --admin-password, and so on.
    """
    from .server import serve as run

    # As a URL has an address of IPv6.
    given["host"] = given["host"].removeprefix("[").removesuffix("]")
    try:
        run(ServeOptions(**given, tls_auto=tls == "auto"))
    except StandaloneError as error:
        _fail(error)


@main.command("exec", context_settings={"allow_interspersed_args": False})
@_data_dir
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(data_dir: Path, command: tuple[str, ...]) -> None:
    """
    Run COMMAND with the settings and the database of a data directory.

    For example `pulp-gomod exec pulpcore-manager shell`, or `pulp-gomod exec pg_dump -Fc`. A server
    may be running on it, but need not.
    """
    from .commands import run_command

    try:
        sys.exit(run_command(data_dir, command))
    except StandaloneError as error:
        _fail(error)


@main.command()
@click.argument("version")
@click.argument(
    "directory", type=click.Path(path_type=Path, exists=True, file_okay=False), default="."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the zip.",
)
@click.option("--revision", default="", help="The git revision to pack, if not the version's tag.")
@click.option("--dirty", is_flag=True, help="Pack the directory as it is, without asking git.")
def pack(version: str, directory: Path, output: Path | None, revision: str, dirty: bool) -> None:
    """
    Pack VERSION of the module in DIRECTORY as a zip to publish.

    The tag of a module below DIRECTORY will do, too, such as sub/v1.2.3.

    The zip holds what the version's tag in git holds, and is the one that the go command would make
    of it.
    """
    from pulp_gomod.golang import GoError
    from pulp_gomod.pack import pack as write

    try:
        click.echo(write(directory, version, output, revision, dirty=dirty))
    except GoError as error:
        _fail(error)
