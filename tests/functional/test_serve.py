"""`pulp-gomod serve` as its users meet it, crashes included.

Each start costs seconds, and the first one many, so most tests share the data directory of a first start, and leave
its server running.
"""

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from pulp_gomod.standalone.postgres import choose_identity, find_binaries
from tests.functional.processes import Process, descendants, find, survivors
from tests.functional.pulp_command import PROGRAM as PULP
from tests.functional.rest_api import Rest
from tests.functional.serving import (
    PROGRAM,
    USERNAME,
    USUAL_LOGINS,
    ServeProcess,
)
from tests.functional.uploads import eventually

SMALL = ("--port", "0", "--content-workers", "1", "--api-workers", "1", "--workers", "1")
# What is given to a start that is not the first one.
ANOTHER = "another one"
# How curl says what was published, and fails where nothing was.
TOLD = "--fail-with-body --header Accept:text/plain"


@dataclass
class Place:
    """A data directory, and the server on it, with what it said when it was new."""

    data_dir: Path
    server: ServeProcess
    url: str = ""
    password: str = ""
    greeting: tuple[str, ...] = ()
    news: str = ""
    _rest: Rest | None = None

    def start(self, *options: str, **variables: str) -> "Place":
        """Start the server, and wait until it is ready."""
        self.server = ServeProcess(
            self.data_dir, *SMALL, *options, variables=USUAL_LOGINS | (variables or {})
        ).start()
        self.url, self._rest = self.server.wait(), None
        return self

    def stop(self) -> None:
        """Stop the server if it runs."""
        if self.server.process.poll() is None:
            self.server.stop()

    @property
    def admin(self) -> tuple[str, str]:
        """Who the administrator is."""
        return USERNAME, self.password

    @property
    def family(self) -> list[Process]:
        """All processes of the server but itself."""
        return descendants(self.server.process.pid)

    @property
    def rest(self) -> Rest:
        """The REST API; a login takes half a second of a processor, so there is one for each start."""
        self._rest = self._rest or Rest(self.url, self.admin)
        return self._rest

    def answers(self) -> bool:
        """Whether the server is healthy."""
        try:
            status = requests.get(f"{self.url}/pulp/api/v3/status/", timeout=10)
            return status.status_code == 200 and bool(status.json()["online_workers"])
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A new place with a server that tests may hurt, as long as it recovers."""
    directory = tmp_path_factory.mktemp("serve")
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    for each in (directory, directory.parent):
        each.chmod(0o711)
    data_dir = directory / "data"
    here = Place(data_dir, ServeProcess(data_dir)).start()
    here.greeting, here.news = tuple(here.server.output.splitlines()), here.server.errors
    here.password = here.greeting[0].removeprefix("The administrator is 'admin', the password: ")
    yield here
    here.stop()


@pytest.fixture
def running(place: Place) -> Place:
    """The place, with its server running."""
    if place.server.process.poll() is not None:
        place.start()
    return place


@dataclass
class StuckTask:
    """A task that waits for an upstream which does not answer."""

    href: str
    worker: Process
    child: Process


@pytest.fixture
def stuck_task(running: Place) -> Iterator[StuckTask]:
    """Let the server's worker work on something without end."""

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            over.wait()

    asked, over = threading.Event(), threading.Event()
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    rest, name = running.rest, f"silent-{upstream.server_port}"
    url = f"http://127.0.0.1:{upstream.server_port}/PULP_MANIFEST"
    remote = rest.create("remotes/file/file/", name=name, url=url)["pulp_href"]
    repository = rest.create("repositories/file/file/", name=name)["pulp_href"]
    task = rest.call("POST", f"{repository}sync/", json={"remote": remote}).json()["task"]
    assert asked.wait(60)
    worker = find(running.family, "pulpcore-worker")
    (child,) = descendants(worker.pid)
    yield StuckTask(task, worker, child)
    over.set()
    upstream.shutdown()
    upstream.server_close()


def _sumdb(lines: list[str]) -> tuple[str, str]:
    """Read the name of the checksum database and its key from the last three lines of the greeting."""
    name, key = lines[0].rpartition(" ")[2], lines[2].partition("GOSUMDB=")[2]
    assert name.startswith("localhost/go-") and key.startswith(f"{name}+")
    return name, key


def test_the_first_start(place: Place) -> None:
    url, password = place.url, place.password
    api = f"{url}/api/packages/go/go"
    name, key = _sumdb(list(place.greeting[-3:]))
    assert place.greeting[2:] == (
        "ready",
        f"  curl {TOLD} --user admin:{password} --upload-file MODULE.zip {api}/upload",
        f"  export GOPROXY={api},$(go env GOPROXY) GONOSUMDB=MODULE",
        "  go get MODULE@VERSION",
        "Or have a checksum database of your own prove them, and the public modules that then come through here:",
        f"  pulp config create --base-url {url} --username admin --password {password}",
        '  pulp gomod remote create --name public --url "$(env -u GOPROXY go env GOPROXY | cut -d, -f1)"',
        "  pulp gomod distribution update --name go --remote public",
        f"  pulp gomod repository update --name go --sumdb {name}",
        "  unset GONOSUMDB",
        f"  export GOPROXY={api} GOSUMDB={key}",
    )
    where = f"all data is in {place.data_dir}, logs are in {place.data_dir}/logs\n"
    assert where in place.news
    (sumdb,) = place.rest.get("gomod/sumdbs/")["results"]
    assert (sumdb["name"], sumdb["verifier_key"]) == (name, key)
    (repository,) = place.rest.get("repositories/gomod/gomod/", name="go")["results"]
    (distribution,) = place.rest.get("distributions/gomod/gomod/", base_path="go")["results"]
    assert distribution["repository"] == repository["pulp_href"]
    assert distribution["base_url"] == f"{url}/pulp/content/go/"
    for secret in ("settings.py", "secrets/secret_key", "state.json"):
        assert (place.data_dir / secret).stat().st_mode & 0o077 == 0


def test_whether_a_distribution_is_there_is_read_from_the_database(running: Place) -> None:
    # What is run here has libpq's variables.
    code = "from pulp_gomod.standalone.records import Records; r = Records({}); print(r.is_served('go'), r.is_served('gone'))"
    assert execute(running, sys.executable, "-c", code) == "True False\n"


def test_one_server_per_data_directory(running: Place) -> None:
    refused = subprocess.run(
        [PROGRAM, "serve", "--data-dir", running.data_dir, "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    holder = running.server.process.pid
    assert f"in use by another pulp-gomod server, process {holder}" in refused.stderr
    assert running.answers()


def test_nothing_listens_but_the_one_port(running: Place) -> None:
    pids = [running.server.process.pid, *(each.pid for each in running.family)]
    links = [link for pid in pids for link in map(_link, Path(f"/proc/{pid}/fd").iterdir())]
    inodes = {link.removeprefix("socket:[").rstrip("]") for link in links}
    listening = {
        int(fields[1].rpartition(":")[2], 16)
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in inodes
    }
    assert listening == {int(running.url.rpartition(":")[2])}


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""


def test_passwords_are_in_no_command_line_and_no_environment(running: Place) -> None:
    for each in running.family:
        environment = Path(f"/proc/{each.pid}/environ").read_bytes()
        assert running.password not in each.command
        assert running.password.encode() not in environment


def execute(place: Place, *command: str) -> str:
    """The output of a command that runs with the place's settings and database."""
    done = subprocess.run(
        [PROGRAM, "exec", "--data-dir", place.data_dir, *command],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


READY_MADE = "SELECT name FROM core_distribution WHERE base_path = 'go'"


def test_commands_run_beside_the_server(running: Place) -> None:
    assert "core" in execute(running, "pulpcore-manager", "showmigrations", "--plan")
    both = f'psql -At -c "{READY_MADE}" && pg_dump --schema-only'
    found, _, dumped = execute(running, "sh", "-c", both).partition("\n")
    assert found == "go" and "CREATE TABLE" in dumped


def test_slow_uploads_keep_nobody_waiting(running: Place) -> None:
    host, _, port = running.url.removeprefix("http://").partition(":")
    head = b"PUT /api/packages/go/go/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nPK"
    with contextlib.ExitStack() as stack:
        # More of them than there are processes for the API.
        for _ in range(4):
            slow = stack.enter_context(socket.create_connection((host, int(port)), 30))
            slow.sendall(head)
        for _ in range(4):
            status = requests.get(f"{running.url}/pulp/api/v3/livez/", timeout=20)
            assert status.status_code == 200


@pytest.mark.parametrize("part", ["pulpcore-api", "pulpcore-content"])
def test_a_part_that_is_killed_comes_back(running: Place, part: str) -> None:
    victim = find(running.family, part)
    orphans = descendants(victim.pid)
    os.kill(victim.pid, signal.SIGKILL)
    assert not survivors([victim, *orphans], 10)
    eventually(running.answers)
    assert find(running.family, part).pid != victim.pid
    name = part.removeprefix("pulpcore-")
    said = f"{name} (process {victim.pid}) was ended by SIGKILL; starting it again"
    assert said in running.server.errors


def test_a_task_ends_with_the_worker_that_is_killed(running: Place, stuck_task: StuckTask) -> None:
    os.kill(stuck_task.worker.pid, signal.SIGKILL)
    assert not survivors([stuck_task.worker, stuck_task.child], 10)
    # Pulp alone would have it running for minutes yet, and its repository blocked.
    eventually(lambda: running.rest.get(stuck_task.href)["state"] == "failed")


def test_everything_starts_anew_when_the_database_is_killed(running: Place) -> None:
    running.rest.create("repositories/gomod/gomod/", name="before the crash")
    before = running.family
    loader = find(before, "standalone.loader")
    os.kill(find(before, "bin/postgres").pid, signal.SIGKILL)
    assert survivors([each for each in before if each != loader], 90) == []
    eventually(running.answers)
    # What it has loaded has nothing to do with the database.
    assert loader in running.family
    found = running.rest.get("repositories/gomod/gomod/", name="before the crash")
    assert found["count"] == 1
    assert "PostgreSQL was ended by SIGKILL; starting everything again" in running.server.errors


def test_nothing_is_left_of_a_server_that_is_killed(running: Place, stuck_task: StuckTask) -> None:
    running.rest.create("repositories/gomod/gomod/", name="before the kill")
    family = running.family
    assert len(family) > 10
    running.server.stop(signal.SIGKILL)
    # It can be started again at once, and waits for the end of what was left.
    different = {"PULP_GOMOD_UPLOAD_WAIT": "31", "PULP_GOMOD_SERVE_LOG_DOWNLOADS": "1"}
    running.start("--admin-password", running.password, **different)
    assert not survivors(family, 1)
    # What was prepared, for the same password, is not prepared again, also with other options and settings of ours.
    assert running.server.errors == ""
    lines = running.server.output.splitlines()
    assert lines[0] == "ready"
    _sumdb(lines[-3:])
    found = running.rest.get("repositories/gomod/gomod/", name="before the kill")
    assert found["count"] == 1
    eventually(lambda: running.rest.get(stuck_task.href)["state"] == "failed")


def test_an_existing_database_is_used(running: Place, tmp_path: Path) -> None:
    # That an empty one is filled as well, the first start shows: it takes a processor forty seconds.
    gone = "DELETE FROM gomod_godistribution; DELETE FROM core_distribution WHERE base_path = 'go'"
    copying = (
        f"set -e; pg_dump -Fc -f {tmp_path}/dump; createdb existing; "
        f'pg_restore -d existing {tmp_path}/dump; psql -d existing -c "{gone}"'
    )
    execute(running, "sh", "-c", copying)
    directory = running.data_dir / "run" / "pg"
    here = Place(tmp_path / "other", ServeProcess(tmp_path / "other"))
    try:
        url = f"postgresql://pulp@/existing?host={directory}"
        here.start("--database-url", url, "--admin-password", "of the other")
        assert here.answers()
        assert "preparing the database" in here.server.errors
        # What is missing there was made there, and not where the dump comes from.
        rest = Rest(here.url, (USERNAME, "of the other"))
        assert rest.get("distributions/gomod/gomod/", base_path="go")["count"] == 1
        users = requests.get(f"{running.url}/pulp/api/v3/users/", auth=running.admin)
        assert users.status_code == 200
        assert not (here.data_dir / "postgres").exists()
        assert not [each for each in here.family if "postgres" in each.command]
    finally:
        here.stop()
    # Whoever has gone back to older software, which has prepared nothing yet, is told so.
    newer = (
        "INSERT INTO django_migrations (app, name, applied) VALUES ('gomod', '9999_newer', now())"
    )
    execute(running, "psql", "-d", "existing", "-c", newer)
    (here.data_dir / "state.json").unlink()
    done = subprocess.run(
        [PROGRAM, "serve", "--data-dir", here.data_dir, "--port", "0", "--database-url", url],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    refused = "has prepared this database (gomod 9999_newer), which this version would damage"
    assert f"a newer version of Pulp or of a plugin {refused}" in done.stderr


def test_nothing_is_left_of_a_server_that_is_stopped(running: Place, stuck_task: StuckTask) -> None:
    family = running.family
    # It does not wait for the end of the task, which has none: `stop` would give up.
    assert running.server.stop(signal.SIGHUP) == 0
    assert not survivors(family, 0)


def test_preparing_what_is_prepared_loads_nothing(place: Place) -> None:
    place.stop()
    loading = place.data_dir / "logs" / "loader.log"
    loading.unlink()
    # Another server may have the port: this one needs none.
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as taken:
        command = ("--port", str(taken.server_port), "--prepare-only")
        done = ServeProcess(place.data_dir, *command, variables=USUAL_LOGINS).start()
        assert done.process.wait(60) == 0
    assert "preparing the database" not in done.errors
    assert not loading.exists()


@dataclass
class Crashed:
    """
    A place that was started after a crash which has left its PostgreSQL.

    Attributes:
        place: The place, with another password, HTTPS and the administrator's settings.
        old: The password before.
        stray: The PostgreSQL that was left.
        authority: The certificate authority.
    """

    place: Place
    old: str
    stray: "subprocess.Popen[Any]"
    authority: str

    def get(self, path: str, password: str = "") -> requests.Response:
        """Ask over HTTPS."""
        auth = (USERNAME, password) if password else None
        return requests.get(f"{self.place.url}{path}", auth=auth, verify=self.authority, timeout=30)


@pytest.fixture(scope="module")
def crashed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashed]:
    """All that a start may find changed, so that there is one of them."""
    place.stop()
    cluster = place.data_dir / "postgres"
    binaries = find_binaries(cluster)
    passages = [place.data_dir, place.data_dir / "run"]
    command = [binaries.program("postgres"), "-D", str(cluster), "-c", "listen_addresses="]
    with (place.data_dir / "logs" / "stray.log").open("wb") as log:
        identity = choose_identity(binaries, cluster, passages)
        stray = identity.spawn([*command, "-k", str(place.data_dir / "run" / "pg")], log.fileno())
    settings = tmp_path_factory.mktemp("settings") / "own.py"
    settings.write_text('CONTENT_PATH_PREFIX = "/elsewhere/"\nGOMOD_MAX_ZIP_SIZE = 1000\n')
    variables = {"PULP_SETTINGS": str(settings), "PULP_GOMOD_MAX_ZIP_SIZE": "2000"}
    old, place.password = place.password, ANOTHER
    try:
        eventually((cluster / "postmaster.pid").exists)
        # With a password for a change, which it has to notice.
        place.start("--tls", "auto", "--admin-password", ANOTHER, **variables)
        yield Crashed(place, old, stray, str(place.data_dir / "tls" / "authority.pem"))
    finally:
        stray.kill()


def test_a_stray_postgresql_is_stopped_first(crashed: Crashed) -> None:
    said = crashed.place.server.errors
    assert f"stopping the PostgreSQL (process {crashed.stray.pid})" in said
    assert crashed.stray.wait(10) == 0
    assert "preparing the database" in said


def test_a_password_that_is_given_is_the_administrators(crashed: Crashed) -> None:
    assert crashed.get("/pulp/api/v3/users/", ANOTHER).status_code == 200
    assert crashed.get("/pulp/api/v3/users/", crashed.old).status_code == 401
    for each in crashed.place.family:
        assert ANOTHER not in each.command
        assert ANOTHER.encode() not in Path(f"/proc/{each.pid}/environ").read_bytes()


def test_own_settings_and_an_own_certificate_authority(crashed: Crashed, tmp_path: Path) -> None:
    place, authority = crashed.place, crashed.authority
    assert f"SSL_CERT_FILE={authority}" in place.server.output

    assert place.url.startswith("https://127.0.0.1:")
    for host in ("127.0.0.1", "localhost"):
        url = place.url.replace("127.0.0.1", host)
        assert requests.get(f"{url}/elsewhere/", verify=authority, timeout=30).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{place.url}/elsewhere/", timeout=30)
    options = ["--base-url", place.url, "--username", USERNAME, "--password", ANOTHER]
    asked = [PULP, *options, "gomod", "repository", "list"]
    left_out = ("PULP_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    plain = {key: each for key, each in os.environ.items() if not key.startswith(left_out)}
    plain |= {"HOME": str(tmp_path), "SSL_CERT_FILE": authority}
    untold = subprocess.run(asked, env=plain, capture_output=True, text=True, check=False)
    assert untold.returncode == 5 and "CERTIFICATE_VERIFY_FAILED" in untold.stderr
    told = plain | {"PULP_CA_BUNDLE": authority}
    assert json.loads(subprocess.run(asked, env=told, capture_output=True, check=True).stdout)
    assert crashed.get("/pulp/api/v3/").json()["tasks"].startswith(f"{place.url}/")

    # The largest zip, and what a form around it may add.
    body = b"x" * (2000 + 1024 * 1024 + 1)
    target = f"{place.url}/api/packages/go/go/upload"
    refused = requests.put(target, body, auth=place.admin, verify=authority, timeout=30)
    assert refused.status_code == 413
    assert f"{len(body) - 1} bytes" in refused.text


def test_an_interrupt_stops_it(crashed: Crashed) -> None:
    assert crashed.place.server.stop(signal.SIGINT) == 0
    assert "stopped" in crashed.place.server.errors


def test_commands_run_without_the_server(place: Place) -> None:
    place.stop()
    assert execute(place, "psql", "-At", "-c", READY_MADE) == "go\n"
    assert not (place.data_dir / "postgres" / "postmaster.pid").exists()


def test_a_port_that_is_taken_is_named(place: Place) -> None:
    place.stop()
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as taken:
        port = str(taken.server_port)
        refused = ServeProcess(place.data_dir, "--port", port).start()
        assert refused.process.wait(60) == 1
    assert f"cannot listen on 127.0.0.1 port {port}: something else is listening" in refused.errors


def test_a_cluster_of_another_major_version_is_refused(place: Place) -> None:
    place.stop()
    version = place.data_dir / "postgres" / "PG_VERSION"
    before = version.read_text()
    version.write_text("11\n")
    refused = ServeProcess(place.data_dir, "--port", "0").start()
    assert refused.process.wait(60) == 1
    version.write_text(before)
    assert "was created by PostgreSQL 11, but there is only " in refused.errors
    assert "PG_BINDIR" in refused.errors
