"""What the server is known by, and what it warns of."""

import pwd
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.standalone import names
from pulp_gomod.standalone.datadir import DataDir
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.exposure import exposures
from pulp_gomod.standalone.options import ServeOptions
from pulp_gomod.standalone.postgres import Binaries, choose_identity
from pulp_gomod.standalone.postgres import identity as identities
from pulp_gomod.standalone.settings import OwnSettings, write_settings


def warned(**options: Any) -> list[str]:
    return list(exposures(ServeOptions(Path("/data"), **options)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": "localhost"},
        {"host": "::1"},
        {"host": "127.0.0.2"},
        {"host": "0.0.0.0", "tls_auto": True},
        {"host": "0.0.0.0", "tls_cert": Path("a"), "tls_key": Path("b")},
    ],
)
def test_nothing_is_warned_of_where_nothing_is_open(options: dict[str, Any]) -> None:
    assert warned(**options) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "goserver", ""])
@pytest.mark.parametrize("origin", [None, "http://goserver", "https://goserver"])
def test_passwords_in_clear_are_warned_of_in_one_line(host: str, origin: str | None) -> None:
    (line,) = warned(host=host, origin=origin)
    assert "unencrypted" in line
    assert "\n" not in line


def test_any_name_is_warned_of() -> None:
    (line,) = warned(allowed_host=("*",))
    assert "--allowed-host" in line


def test_the_server_knows_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.socket, "gethostname", lambda: "Laptop.corp.example.com")
    options = ServeOptions(
        Path("/data"),
        host="192.0.2.1",
        origin="https://Go.example.com:8443/",
        allowed_host=(".other.example.com",),
    )
    known = names.allowed_hosts(options)
    assert {
        "localhost",
        "laptop.corp.example.com",
        "laptop",
        "laptop.local",
        "go.example.com",
        ".other.example.com",
        "192.0.2.1",
    } <= set(known)
    assert "*" not in known


@pytest.mark.parametrize(
    "origin",
    [
        "go.example.com",
        "go.example.com:8443",
        "ftp://go.example.com",
        "https://",
        "https://a,direct",
        "https://a?b",
    ],
)
def test_an_origin_that_go_would_refuse_is_refused(origin: str) -> None:
    with pytest.raises(StandaloneError, match="--origin"):
        names.given_origin(ServeOptions(Path("/data"), origin=origin))


def test_an_origin_has_no_slash_at_its_end() -> None:
    given = {
        None: "",
        "https://go.example.com/": "https://go.example.com",
        "http://[::1]:8": "http://[::1]:8",
    }
    for origin, kept in given.items():
        assert names.given_origin(ServeOptions(Path("/data"), origin=origin)) == kept


def settings_for(tmp_path: Path, origin: str) -> dict[str, Any]:
    data = DataDir(tmp_path / "data")
    data.create()
    data.create_secrets()
    write_settings(data, OwnSettings("", {}), origin, "unix:/api.sock", None, hosts=["localhost"])
    found: dict[str, Any] = {}
    exec(data.settings.read_text(), found)
    return found


def test_private_names_are_hidden_and_others_names_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:8080")
    assert settings["HIDE_GUARDED_DISTRIBUTIONS"] is True
    assert settings["GOMOD_ALLOWED_HOSTS"] == ["localhost"]
    assert settings["GOMOD_TRUSTED_PROXIES"] == []
    assert "SESSION_COOKIE_SECURE" not in settings
    assert "SECURE_HSTS_SECONDS" not in settings


@pytest.mark.parametrize("origin", ["https://go.example.com", "https://localhost:8443"])
def test_with_https_cookies_are_secure(tmp_path: Path, origin: str) -> None:
    settings = settings_for(tmp_path, origin)
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    # Everything else on a developer's machine is `localhost`, too.
    assert ("SECURE_HSTS_SECONDS" in settings) == ("localhost" not in origin)


def account(name: str, uid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/sh"))


@pytest.mark.parametrize(
    ("accounts", "owner", "chosen", "warns"),
    [
        ({"nobody": 65534}, 0, 65534, True),
        ({"nobody": 65534, "postgres": 26}, 0, 26, False),
        ({"nobody": 65534, "postgres": 26}, 65534, 26, False),
        ({"nobody": 65534, "postgres": 26, "other": 1000}, 1000, 1000, False),
    ],
)
def test_roots_database_belongs_to_an_account_of_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    accounts: dict[str, int],
    owner: int,
    chosen: int,
    warns: bool,
) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    by_name = {name: account(name, uid) for name, uid in accounts.items()}
    by_uid = {each.pw_uid: each for each in by_name.values()}
    real_stat = Path.stat

    class Owned:
        st_uid = owner

    def stat(path: Path, **options: Any) -> Any:
        return Owned() if path == cluster else real_stat(path, **options)

    monkeypatch.setattr(identities.os, "geteuid", lambda: 0)
    monkeypatch.setattr(identities.pwd, "getpwnam", by_name.__getitem__)
    monkeypatch.setattr(identities.pwd, "getpwuid", by_uid.__getitem__)
    monkeypatch.setattr(identities, "_works", lambda way, *_: not way.namespace)
    monkeypatch.setattr(Path, "stat", stat)
    found = choose_identity(Binaries(tmp_path, "18.0"), cluster, [tmp_path])
    assert found.uid == chosen
    assert ("'nobody'" in capsys.readouterr().err) == warns
