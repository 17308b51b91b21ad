"""The address, the health check, the greeting and the command line."""

import http.server
import io
import json
import os
import pwd
import shlex
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pulp_gomod.standalone import fingerprint, listener
from pulp_gomod.standalone.cli import main
from pulp_gomod.standalone.console import show
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.health import Health
from pulp_gomod.standalone.welcome import Welcome
from tests.documentation import pages

GOOD = {
    "database_connection": {"connected": True},
    "online_workers": [{}],
    "online_api_apps": [{}, {}],
}


def test_a_bound_port_lets_nobody_in_yet() -> None:
    with listener.bind("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
        door.listen()
        socket.create_connection(("127.0.0.1", port), 5).close()
        with pytest.raises(
            StandaloneError, match=f"port {port}: something else is listening there"
        ):
            listener.bind("localhost", port)


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(StandaloneError, match=r"--host no\.such\.host\.invalid"):
        listener.bind("no.such.host.invalid", 0)


def test_hosts_in_urls() -> None:
    assert listener.authority("::1", 80) == "[::1]:80"
    assert listener.authority("go.example.com", 80) == "go.example.com:80"
    assert listener.loopback("0.0.0.0") == "127.0.0.1"
    assert listener.loopback("192.0.2.1") == "192.0.2.1"
    assert listener.public_name("0.0.0.0") == socket.gethostname()
    assert listener.public_name("localhost") == "localhost"


class Pulp(http.server.BaseHTTPRequestHandler):
    """Answers as Pulp's status API and content app do."""

    report: dict[str, Any] = GOOD
    statuses: dict[str, int] = {}

    def do_GET(self) -> None:
        self.send_response(self.statuses.get(self.path, 200))
        self.end_headers()
        self.wfile.write(json.dumps(self.report).encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def pulp() -> Iterator[type[Pulp]]:
    class Own(Pulp):
        statuses: dict[str, int] = {}

    server = http.server.HTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    Own.server_port = server.server_port  # type: ignore[attr-defined]
    yield Own
    server.shutdown()
    server.server_close()


@pytest.fixture
def health(pulp: Any) -> Health:
    return Health("127.0.0.1", pulp.server_port, False, {"online_workers": 1, "online_api_apps": 2})


def test_a_healthy_server_has_no_problem(health: Health) -> None:
    assert health.problem() is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"online_workers": []}, "online workers: 0 of 1"),
        ({"online_api_apps": [{}]}, "online api apps: 1 of 2"),
        (
            {"database_connection": {"connected": False}},
            "the API does not reach the database",
        ),
    ],
)
def test_what_is_missing_is_named(
    pulp: type[Pulp], health: Health, change: dict[str, Any], problem: str
) -> None:
    pulp.report = GOOD | change
    assert health.problem() == problem


def test_the_content_app_has_to_work_too(pulp: type[Pulp], health: Health) -> None:
    pulp.statuses = {"/pulp/content/": 500}
    assert health.problem() == "the content app answers 500"
    pulp.statuses = {"/pulp/api/v3/status/": 502}
    assert health.problem() == "the status API answers 502"


def test_nobody_there_is_a_problem(health: Health) -> None:
    with listener.bind("127.0.0.1", 0) as door:
        nobody = replace(health, port=door.getsockname()[1])
        assert str(nobody.problem()).startswith("no answer yet: ")


def test_the_greeting_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    welcome = Welcome("https://go.example.com", Path("/tls/authority.pem"), Path("/data"))
    welcome.take_password(None)
    welcome.take_sumdb("localhost/go-1", "localhost/go-1+key")
    welcome.show()
    welcome.show()
    api = "https://go.example.com/api/packages/go/go"
    assert capsys.readouterr().out.splitlines() == [
        "ready",
        "  curl --fail-with-body --header Accept:text/plain --cacert /tls/authority.pem "
        f"--user admin --upload-file MODULE.zip {api}/upload",
        f"  export GOPROXY={api},$(go env GOPROXY) GONOSUMDB=MODULE "
        "SSL_CERT_FILE=/tls/authority.pem",
        "  go get MODULE@VERSION",
        "Or have a checksum database of your own prove them, and the public modules that then come through here:",
        "  export PULP_CA_BUNDLE=/tls/authority.pem",
        "  pulp config create --base-url https://go.example.com --username admin",
        '  pulp gomod remote create --name public --url "$(env -u GOPROXY go env GOPROXY | cut -d, -f1)"',
        "  pulp gomod distribution update --name go --remote public",
        "  pulp gomod repository update --name go --sumdb localhost/go-1",
        "  unset GONOSUMDB",
        f"  export GOPROXY={api} GOSUMDB=localhost/go-1+key",
        "Clients that trust /tls/authority.pem trust this server; to make that permanent, as root:",
        "  cp /tls/authority.pem /usr/local/share/ca-certificates/pulp-gomod.crt",
        "  update-ca-certificates",
    ]


def test_the_pulp_command_is_given_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    welcome = Welcome("https://example.com:8443/tools/go", None, Path("/data"))
    welcome.take_sumdb("localhost/go-1", "localhost/go-1+key")
    welcome.show()
    printed = capsys.readouterr().out
    assert "pulp config create --base-url https://example.com:8443 --username" in printed
    assert "export GOPROXY=https://example.com:8443/tools/go/api/packages/go/go" in printed


def test_what_is_greeted_with_can_be_pasted_into_a_shell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    welcome = Welcome("https://[::1]:8080", Path("/my data/authority.pem"), Path("/my data"))
    welcome.take_sumdb("localhost/go-1", "localhost/go-1+key")
    welcome.show()
    lines = capsys.readouterr().out.splitlines()
    api = "https://[::1]:8080/api/packages/go/go"
    assert shlex.split(lines[1])[-1] == f"{api}/upload"
    for line in lines:
        words = shlex.split(line)
        assert "data/authority.pem" not in words
        if line.startswith("  "):
            # zsh takes brackets that are not quoted for a pattern of files.
            assert "[" not in "".join(line.split("'")[::2])
    assert "  export PULP_CA_BUNDLE='/my data/authority.pem'" in lines


def test_a_terminal_that_lacks_letters_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    show("all data is in /süd")
    terminal.seek(0)
    assert terminal.read() == "all data is in /s\\xfcd\n"


def test_the_greeting_names_no_distribution_that_is_gone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    welcome = Welcome("http://127.0.0.1:8080", None, Path("/data"))
    welcome.take_sumdb("localhost/go-1", "localhost/go-1+key")
    welcome.show(is_served=False)
    printed = capsys.readouterr().out
    assert printed.startswith("ready\n") and "curl" not in printed and "GOPROXY" not in printed
    assert "  http://127.0.0.1:8080/api/packages/BASE-PATH/go\n" in printed


def test_the_first_greeting_says_where_everything_is(capsys: pytest.CaptureFixture[str]) -> None:
    welcome = Welcome("http://127.0.0.1:8080", None, Path("/data"), has_domains=True)
    welcome.take_password("secret")
    welcome.show()
    printed = capsys.readouterr()
    assert printed.err == "pulp-gomod: all data is in /data, logs are in /data/logs\n"
    assert "http://127.0.0.1:8080/api/packages/default/go/go/upload\n" in printed.out


def test_the_readme_shows_what_the_first_start_prints(capsys: pytest.CaptureFixture[str]) -> None:
    first = pages()[0].commands[0]
    assert first.text == "./serve"
    *_, set_sumdb, _, export = first.output.splitlines()
    welcome = Welcome("http://127.0.0.1:8080", None, Path("/data"))
    welcome.take_password("YOUR-PASSWORD")
    welcome.take_sumdb(set_sumdb.split()[-1], export.partition("GOSUMDB=")[2])
    welcome.show()
    assert capsys.readouterr().out == first.output


def test_a_fingerprint_changes_with_what_it_is_told() -> None:
    assert fingerprint.installed({"a": 1}) == fingerprint.installed({"a": 1})
    assert fingerprint.installed({"a": 1}) != fingerprint.installed({"a": 2})


def test_errors_are_one_line_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, ["serve", "--data-dir", str(tmp_path / "file" / "x")])
    assert done.exit_code == 1
    assert done.output.startswith(f"pulp-gomod: cannot use {tmp_path}/file/x as data directory")
    assert done.output.count("\n") == 1


def test_a_host_may_be_written_as_in_a_url(tmp_path: Path) -> None:
    with listener.bind("::1", 0) as door:
        door.listen()
        port = str(door.getsockname()[1])
        given = ["serve", "--data-dir", str(tmp_path / "data"), "--host", "[::1]", "--port", port]
        done = CliRunner().invoke(main, given)
    assert f"cannot listen on ::1 port {port}: something else" in done.output


def test_who_has_no_home_is_asked_for_a_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = max(each.pw_uid for each in pwd.getpwall()) + 1
    monkeypatch.setattr(os, "geteuid", lambda: nobody)
    monkeypatch.setattr(os, "getuid", lambda: nobody)
    for command in (["serve"], ["exec", "psql"]):
        done = CliRunner().invoke(main, command, env={"HOME": None, "XDG_DATA_HOME": None})
        assert done.exit_code == 1
        assert done.output == (
            "pulp-gomod: there is no HOME to keep the data in; say where to with --data-dir\n"
        )


def test_options_may_be_variables(tmp_path: Path) -> None:
    variables = {
        "PULP_GOMOD_SERVE_DATA_DIR": str(tmp_path / "data"),
        "PULP_GOMOD_SERVE_DATABASE_URL": "mysql://x",
    }
    done = CliRunner().invoke(main, ["serve", "--port", "0"], env=variables)
    assert done.exit_code == 1
    assert "--database-url must be postgresql://" in done.output
    assert (tmp_path / "data" / "lock").exists()


def test_a_command_beside_no_server_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["exec", "--data-dir", str(tmp_path), "psql"])
    assert done.exit_code == 1
    assert "is not the data directory of a server" in done.output
