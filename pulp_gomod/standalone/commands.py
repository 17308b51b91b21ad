"""Running a program beside the server, with its settings and its database at hand."""

import os
from collections.abc import Sequence
from pathlib import Path

from dynaconf import Dynaconf  # type: ignore[import-untyped]

from .datadir import DataDir
from .environment import child_environment, forget_libpq_variables
from .errors import StandaloneError
from .postgres import find_binaries
from .settings import OwnSettings, libpq_parameters, settings_variable

# libpq's names and their environment variables, where these differ by more than the prefix.
_LIBPQ_VARIABLES = {"dbname": "PGDATABASE"}


def run_beside(data_dir: Path, command: Sequence[str]) -> None:
    """Become a program that sees Pulp's settings, the database, and PostgreSQL's programs.

    Args:
        data_dir: The data directory.
        command: The program and its arguments.

    Raises:
        StandaloneError: There is no such data directory or program.
    """
    data = DataDir(data_dir)
    if not data.settings.exists():
        raise StandaloneError(
            f"{data.root} is not the data directory of a server that was started once. "
            "Name it with --data-dir."
        )
    own = OwnSettings.read()
    variable = settings_variable(data, own)
    settings = Dynaconf(ENVVAR_PREFIX_FOR_DYNACONF="PULP", settings_files=variable.split(";"))
    forget_libpq_variables()
    environment = child_environment(variable)
    for name, value in libpq_parameters(settings["DATABASES"]["default"]).items():
        environment[_LIBPQ_VARIABLES.get(name, f"PG{name.upper()}")] = value
    if data.postgres.exists():
        programs = find_binaries(data.postgres).directory
        environment["PATH"] = os.pathsep.join((str(programs), environment["PATH"]))
    try:
        os.execvpe(command[0], list(command), environment)
    except OSError as error:
        raise StandaloneError(f"cannot run {command[0]}: {error.strerror}.") from error
