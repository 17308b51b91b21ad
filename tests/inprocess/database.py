"""A PostgreSQL of this process's own, with the tables of a prepared server."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connections

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.standalone.postgres import Cluster, choose_identity, find_binaries
from tests.functional.serving import make_data_dir

_PATIENCE = 60.0


@contextlib.contextmanager
def running(directory: Path, cache: Path) -> Iterator[None]:
    """
    Run it, and have Django use it.

    Args:
        directory: Where it goes, to be made; everybody has to be able to pass through what it is in.
        cache: Where prepared data directories are kept.
    """
    make_data_dir(directory, cache)
    place, sockets = directory / "postgres", directory / "run" / "pg"
    sockets.mkdir(parents=True, exist_ok=True)
    binaries = find_binaries(place)
    identity = choose_identity(binaries, place, [directory, sockets.parent])
    identity.take_over(sockets)
    cluster = Cluster(place, sockets, binaries, identity)
    with (directory / "postgres.log").open("wb") as log:
        process = cluster.spawn(log.fileno())
    try:
        end = time.monotonic() + _PATIENCE
        while not cluster.is_up():
            assert process.poll() is None and time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.05)
        with _used(cluster.parameters()):
            yield
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
        del connections["default"]
        settings.update(before)
