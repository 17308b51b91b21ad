"""The server: everything started in order, watched, and stopped in order."""

import atexit
import contextlib
import gc
import os
import resource
import shlex
import signal
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import listener, names, preparation
from .console import say
from .database import Database, choose_database
from .datadir import DataDir
from .environment import child_environment
from .errors import DatabaseDied, StandaloneError, StopRequested
from .exposure import exposures
from .health import Health
from .lock import Lock
from .logs import Logs
from .options import ServeOptions
from .parts import MOST_FAILURES, Part, Spawner
from .prepare import READY_MADE
from .settings import (
    API_TIMEOUT,
    OwnSettings,
    api_variables,
    settings_variable,
    write_settings,
)
from .signals import Signals
from .supervisor import Supervisor
from .tls import choose_certificate
from .welcome import Welcome

_READY_PATIENCE = 180.0
_STEADY = 60.0
_GRACEFUL = "10"
# Seconds for which an unused connection stays open: by default it is two, and who asks in that very
# moment, such as a proxy in front, finds it closed.
_KEEP_ALIVE = 75
#: With the user's address. The front door leaves queries out, which may hold a signature.
ACCESS_LOG = ("--access-logfile", "-", "--access-logformat", '%a "%r" %s %b')
_GUNICORN = "GUNICORN_CMD_ARGS"
# pulpcore preloads its own content app, and leaves those of plugins to each process.
_CONTENT = ("pulp_gomod.app.content.warmup:compile_ahead",)
_POLL = 0.1
_REST = 60.0


def serve(options: ServeOptions) -> None:
    """
    Run the server until a signal asks it to stop.

    Raises:
        StandaloneError: It cannot start, or a part keeps failing.
    """
    # Looking for garbage once more would take longer than the rest of the end.
    atexit.register(gc.freeze)
    _raise_file_limit()
    data = DataDir(options.data_dir)
    data.create()
    with Lock(data.root) as lock, Signals() as signals:
        data.create_secrets()
        data.empty_tmp()
        # What only prepares serves nobody: the port may be that of a server that runs, from which it restores.
        port = 0 if options.prepare_only else options.port
        with listener.bind(options.host, port) as door:
            for warning in exposures(options):
                say(warning)
            _Server(options, data, lock, signals, door).run()


class _Server:
    def __init__(
        self,
        options: ServeOptions,
        data: DataDir,
        lock: Lock,
        signals: Signals,
        door: socket.socket,
    ) -> None:
        self._options = options
        self._data = data
        self._door = door
        self._lock = lock
        self._own = OwnSettings.read()
        self._logs = Logs(data.logs, options.log_to_terminal)
        self._database: Database = choose_database(options, self._own, data, self._logs)
        self._supervisor = Supervisor(
            signals, self._database, self._logs, data.identifier, options.owner
        )
        self._api_socket = data.socket_dir("api") / "api.sock"
        self._port: int = options.port or door.getsockname()[1]
        self._certificate = choose_certificate(options, data)
        # Where it has a slash at the end, every URL would have a second one.
        self._origin = names.given_origin(options) or self._default_origin()
        authority = self._certificate.authority if self._certificate else None
        self._welcome = Welcome(self._origin, authority, data.root, self._own.has_domains)

    def run(self) -> None:
        write_settings(
            self._data,
            self._own,
            origin=self._origin,
            api=f"unix:{self._api_socket}",
            database=self._database.settings,
            # Who asks clients for certificates itself has no proxy before it.
            behind_proxy=self._options.origin is not None and self._options.tls_client_ca is None,
            hosts=names.allowed_hosts(self._options),
            api_workers=self._options.api_workers,
        )
        try:
            self._live_again_and_again()
        finally:
            self._data.remove_socket_dirs()
        say("stopped")

    def _live_again_and_again(self) -> None:
        """Live until somebody says to stop; the database may die now and then."""
        failures = 0
        # Pulp stays loaded whatever becomes of the database.
        with self._spawner() as spawner:
            while True:
                begun = time.monotonic()
                try:
                    with contextlib.suppress(StopRequested):
                        self._live(spawner)
                    return
                except DatabaseDied as end:
                    steady = end.was_killed or time.monotonic() - begun > _STEADY
                    failures = 1 if steady else failures + 1
                    if failures >= MOST_FAILURES:
                        raise StandaloneError(
                            f"{end}, the {failures}th time in a row; {self._logs.path('postgres')} "
                            f"ends with:\n{self._logs.tail('postgres')}"
                        ) from end
                    say(f"{end}; starting everything again")

    def _live(self, spawner: Spawner) -> None:
        """From an idle database to a signal; in the end all is stopped."""
        try:
            if not self._options.prepare_only:
                # Which takes longer than what the database does meanwhile.
                spawner.is_loaded()
            self._database.start(self._supervisor.wait)
            prepared = preparation.run_if_needed(
                self._data,
                self._own,
                self._database,
                self._options.admin_password,
                spawner,
                self._logs,
                self._supervisor.wait,
            )
            self._welcome.take_password(prepared.new_password)
            if prepared.sumdb:
                key = self._database.records.verifier_key(prepared.sumdb)
                self._welcome.take_sumdb(prepared.sumdb, key)
            if self._options.prepare_only:
                return
            self._supervisor.forget_dead()
            while not spawner.is_loaded():
                self._supervisor.wait(_POLL)
            self._supervisor.start(self._make_parts(), spawner)
            self._await_health(spawner)
            self._welcome.show(self._database.records.is_served(READY_MADE))
            while True:
                self._supervisor.watch(_REST, spawner)
        except DatabaseDied:
            self._supervisor.kill()
            raise
        finally:
            self._supervisor.stop()

    @contextlib.contextmanager
    def _spawner(self) -> Iterator[Spawner]:
        environment = child_environment(settings_variable(self._data, self._own))
        spawner = Spawner(self._data.run, environment, self._logs, self._lock.shared)
        try:
            yield spawner
        finally:
            spawner.close()

    def _await_health(self, spawner: Spawner) -> None:
        health = Health(
            listener.loopback(self._options.host),
            self._port,
            tls=self._certificate is not None,
            expected={
                "online_api_apps": self._options.api_workers,
                "online_content_apps": self._options.content_workers,
                "online_workers": 1,
            },
        )
        end = time.monotonic() + _READY_PATIENCE
        while problem := health.problem():
            if time.monotonic() > end:
                raise StandaloneError(
                    f"the server is not ready after {_READY_PATIENCE:.0f} seconds: {problem}. "
                    f"The logs are in {self._logs.directory}."
                )
            self._supervisor.watch(_POLL, spawner)

    def _make_parts(self) -> list[Part]:
        common = (
            *("--no-control-socket", "--preload"),
            *("--graceful-timeout", _GRACEFUL),
            *("--name-template", self._supervisor.name_template),
        )
        api = Part(
            "api",
            "api",
            [
                *("pulpcore-api", "--bind", f"unix:{self._api_socket}"),
                *("--workers", str(self._options.api_workers)),
                *("--timeout", str(API_TIMEOUT)),
                *common,
            ],
            variables={**api_variables(), **_gunicorn("pulpcore-api", {})},
        )
        content = Part(
            "content",
            "content",
            [
                *("pulpcore-content", "--bind", f"fd://{self._door.fileno()}"),
                *("--workers", str(self._options.content_workers)),
                *("--keep-alive", str(_KEEP_ALIVE)),
                *(ACCESS_LOG if self._options.log_downloads else ()),
                *common,
            ],
            passed=[self._door.fileno()],
            variables=_gunicorn("pulpcore-content", self._tls_options()),
            ahead=_CONTENT,
        )
        workers = [
            Part(
                f"worker-{number}",
                "worker",
                ["pulpcore-worker", "--name-template", self._supervisor.name_template],
                # On SIGTERM a worker waits for its task without end.
                stop_signal=signal.SIGINT,
            )
            for number in range(1, self._options.workers + 1)
        ]
        return [content, api, *workers]

    def _default_origin(self) -> str:
        host = listener.public_name(self._options.host)
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://{listener.authority(host, self._port)}"

    def _tls_options(self) -> dict[str, Path | int]:
        if self._certificate is None:
            return {}
        given: dict[str, Path | int] = {
            "certfile": self._certificate.certificate,
            "keyfile": self._certificate.key,
        }
        if authorities := self._certificate.client_authorities:
            given |= {"ca-certs": authorities, "cert-reqs": int(ssl.CERT_OPTIONAL)}
        return given


def _gunicorn(name: str, options: Mapping[str, Path | int]) -> dict[str, str]:
    """The environment for options that a program of Pulp does not have, but its gunicorn."""
    named: dict[str, Path | int | str] = {"name": name, **options}
    given = shlex.join(f"--{option}={value}" for option, value in named.items())
    return {_GUNICORN: f"{os.environ.get(_GUNICORN, '')} {given}".strip()}


def _raise_file_limit() -> None:
    """Let the content app hold more connections than the 1024 files that are usual."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
