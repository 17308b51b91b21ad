"""Running a program with a data directory's settings and database at hand."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dynaconf import Dynaconf  # type: ignore[import-untyped]

from .database import EMBEDDED, EmbeddedDatabase
from .datadir import DataDir
from .environment import child_environment, forget_libpq_variables
from .errors import DataDirInUse, StandaloneError
from .lock import Lock
from .logs import Logs
from .postgres import find_binaries
from .settings import OwnSettings, libpq_parameters, settings_variable

# libpq's names and their environment variables, where these differ by more than the prefix.
_LIBPQ_VARIABLES = {"dbname": "PGDATABASE"}


def run_command(data_dir: Path, command: Sequence[str]) -> int:
    """
    Run a program that sees Pulp's settings, the database, and PostgreSQL's programs.

    The embedded database is started for it when no server runs.

    Args:
        data_dir: The data directory.
        command: The program and its arguments.

    Returns:
        The program's exit status.

    Raises:
        StandaloneError: There is no such data directory or program.
    """
    data = DataDir(data_dir)
    if not data.settings.exists():
        raise StandaloneError(
            f"{data.root} is not the data directory of a server that has been started before. "
            "Name it with --data-dir."
        )
    environment = _environment(data)
    with _database(data):
        try:
            return subprocess.run(command, env=environment, check=False).returncode
        except OSError as error:
            raise StandaloneError(f"cannot run {command[0]}: {error.strerror}.") from error


def _environment(data: DataDir) -> dict[str, str]:
    variable = settings_variable(data, OwnSettings.read())
    settings = Dynaconf(ENVVAR_PREFIX_FOR_DYNACONF="PULP", settings_files=variable.split(";"))
    forget_libpq_variables()
    environment = child_environment(variable)
    for name, value in libpq_parameters(settings["DATABASES"]["default"]).items():
        environment[_LIBPQ_VARIABLES.get(name, f"PG{name.upper()}")] = value
    if data.postgres.exists():
        programs = find_binaries(data.postgres).directory
        environment["PATH"] = os.pathsep.join((str(programs), environment["PATH"]))
    return environment


@contextlib.contextmanager
def _database(data: DataDir) -> Iterator[None]:
    if data.read_state().get("database") != EMBEDDED:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(Lock(data.root))
        except DataDirInUse:
            yield
            return
        database = EmbeddedDatabase(data, Logs(data.logs, to_terminal=False))
        stack.callback(data.remove_socket_dirs)
        stack.callback(database.stop)
        database.start(time.sleep)
        yield
