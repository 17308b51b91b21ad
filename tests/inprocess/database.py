"""A PostgreSQL of this process's own, with the tables of a prepared server."""

import contextlib
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connections

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.standalone.postgres import Cluster, choose_identity, find_binaries
from tests.functional.serving import make_data_dir

_PATIENCE = 60.0


@contextlib.contextmanager
def running(run_dir: Path, cache: Path) -> Iterator[None]:
    """Run it, and have Django use it; see `cluster`."""
    with cluster(run_dir, cache) as here, _used(here.parameters()):
        yield


@contextlib.contextmanager
def cluster(run_dir: Path, cache: Path) -> Iterator[Cluster]:
    """
    Run it.

    Args:
        run_dir: A directory of this test run.
        cache: Where prepared data directories are kept.
    """
    outer = Path(tempfile.mkdtemp(prefix="inprocess-", dir=run_dir))
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    outer.chmod(0o711)
    directory = outer / "data"
    make_data_dir(directory, cache)
    place, sockets = directory / "postgres", directory / "run" / "pg"
    sockets.mkdir(parents=True, exist_ok=True)
    binaries = find_binaries(place)
    identity = choose_identity(binaries, place, [directory, sockets.parent])
    identity.take_over(sockets)
    here = Cluster(place, sockets, binaries, identity)
    with (directory / "postgres.log").open("wb") as log:
        process = here.spawn(log.fileno())
    try:
        end = time.monotonic() + _PATIENCE
        while not here.is_up():
            assert process.poll() is None and time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.05)
        yield here
    finally:
        # Without waiting for the ends of connections.
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE)


@contextlib.contextmanager
def _used(parameters: dict[str, str]) -> Iterator[None]:
    names = {"host": "HOST", "user": "USER", "dbname": "NAME"}
    settings = connections.settings["default"]
    before = dict(settings)
    connections.close_all()
    del connections["default"]
    settings.update({names[key]: value for key, value in parameters.items()}, PORT="5432")
    try:
        yield
    finally:
        connections.close_all()
        # There is none where no test of this process has used it.
        with contextlib.suppress(AttributeError):
            del connections["default"]
        settings.update(before)
