"""Our settings for Pulp, and the administrator's before them."""

from pathlib import Path
from typing import Any

import pytest
from dynaconf import Dynaconf  # type: ignore[import-untyped]

from pulp_gomod.standalone.datadir import DataDir
from pulp_gomod.standalone.environment import child_environment, forget_libpq_variables
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.settings import (
    OwnSettings,
    database_from_url,
    libpq_parameters,
    settings_variable,
    write_settings,
)

DJANGO = "django.db.backends.postgresql"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULP_SETTINGS", raising=False)


def written(data: DataDir, own: OwnSettings, database: Any = None) -> Any:
    """The settings as Pulp reads them."""
    data.create()
    data.create_secrets()
    write_settings(data, own, "http://localhost:1", "unix:/api.sock", database)
    return Dynaconf(
        ENVVAR_PREFIX_FOR_DYNACONF="PULP", settings_files=settings_variable(data, own).split(";")
    )


def test_everything_lies_in_the_data_directory(tmp_path: Path) -> None:
    data = DataDir(tmp_path / 'it\'s \\ "odd" é')
    settings = written(data, OwnSettings.read(), {"ENGINE": DJANGO, "NAME": "pulp"})
    for name in ("MEDIA_ROOT", "STATIC_ROOT", "WORKING_DIRECTORY", "FILE_UPLOAD_TEMP_DIR"):
        assert Path(settings[name]).parent == data.root
        assert Path(settings[name]).is_dir()
    assert Path(settings.DB_ENCRYPTION_KEY).is_relative_to(data.root)
    assert data.secret_key.read_text() == settings.SECRET_KEY
    assert settings.DATABASES == {"default": {"ENGINE": DJANGO, "NAME": "pulp"}}
    assert settings.GOMOD_API_UPSTREAM == "unix:/api.sock"
    assert settings.CONTENT_ORIGIN == "http://localhost:1"
    assert settings.ANALYTICS is False
    assert data.settings.stat().st_mode & 0o077 == 0


def test_the_administrators_settings_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.py"
    file.write_text('ANALYTICS = True\nREDIS_URL = "redis://file"\nTASK_GRACE_INTERVAL = 99\n')
    monkeypatch.setenv("PULP_SETTINGS", str(file))
    monkeypatch.setenv("PULP_REDIS_URL", "redis://variable")
    settings = written(DataDir(tmp_path / "data"), OwnSettings.read())
    assert settings.ANALYTICS is True
    assert settings.TASK_GRACE_INTERVAL == 99
    assert settings.REDIS_URL == "redis://variable"
    assert "DATABASES" not in settings


def test_a_database_is_found_in_a_file_and_in_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert OwnSettings.read().database is None
    monkeypatch.setenv("PULP_DATABASES__default__HOST", "db.example.com")
    assert OwnSettings.read().database == {"HOST": "db.example.com"}
    file = tmp_path / "own.py"
    file.write_text('DATABASES = {"default": {"NAME": "mine", "HOST": "elsewhere"}}\n')
    monkeypatch.setenv("PULP_SETTINGS", str(file))
    assert OwnSettings.read().database == {"NAME": "mine", "HOST": "db.example.com"}


def test_pulps_settings_are_told_from_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = OwnSettings.read().of_pulp
    for name in ("GOMOD_UPLOAD_WAIT", "GOMOD_SERVE_PORT"):
        monkeypatch.setenv(f"PULP_{name}", "7")
        assert OwnSettings.read().values[name] == 7
    # The `pulp` command reads it.
    monkeypatch.setenv("PULP_CA_BUNDLE", "authority.pem")
    file = tmp_path / "own.py"
    file.write_text("GOMOD_VERIFY_SECONDS = 30\n")
    monkeypatch.setenv("PULP_SETTINGS", str(file))
    assert OwnSettings.read().values["GOMOD_VERIFY_SECONDS"] == 30
    assert OwnSettings.read().of_pulp == before
    monkeypatch.setenv("PULP_DOMAIN_ENABLED", "true")
    assert OwnSettings.read().of_pulp == before | {"DOMAIN_ENABLED": True}


def test_object_storage_needs_no_media_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.py"
    file.write_text('STORAGES = {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}\n')
    assert not OwnSettings.read().has_object_storage
    monkeypatch.setenv("PULP_SETTINGS", str(file))
    own = OwnSettings.read()
    assert own.has_object_storage
    assert written(DataDir(tmp_path / "data"), own).MEDIA_ROOT == ""


def test_settings_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.py"
    monkeypatch.setenv("PULP_SETTINGS", str(file))
    with pytest.raises(StandaloneError, match=r"own\.py, which does not exist"):
        OwnSettings.read()
    file.write_text("1 / 0\n")
    with pytest.raises(StandaloneError, match=r"own\.py: division by zero"):
        OwnSettings.read()


@pytest.mark.parametrize(
    ("url", "django", "libpq"),
    [
        (
            "postgresql://me:p%40ss@db.example.com:6432/modules?sslmode=require",
            {
                "NAME": "modules",
                "USER": "me",
                "PASSWORD": "p@ss",
                "HOST": "db.example.com",
                "PORT": "6432",
                "OPTIONS": {"sslmode": "require"},
            },
            {
                "host": "db.example.com",
                "port": "6432",
                "user": "me",
                "password": "p@ss",
                "dbname": "modules",
                "sslmode": "require",
            },
        ),
        (
            "postgres:///?host=/run/postgresql",
            {
                "NAME": "pulp",
                "USER": "pulp",
                "PASSWORD": "",
                "HOST": "/run/postgresql",
                "PORT": "",
                "OPTIONS": {},
            },
            {"host": "/run/postgresql", "user": "pulp", "dbname": "pulp"},
        ),
        (
            "postgresql://[::1]:5432/a",
            {
                "NAME": "a",
                "USER": "pulp",
                "PASSWORD": "",
                "HOST": "::1",
                "PORT": "5432",
                "OPTIONS": {},
            },
            {"host": "::1", "port": "5432", "user": "pulp", "dbname": "a"},
        ),
    ],
)
def test_a_database_url(url: str, django: dict[str, Any], libpq: dict[str, str]) -> None:
    assert database_from_url(url) == {"ENGINE": DJANGO} | django
    assert libpq_parameters(database_from_url(url)) == libpq


@pytest.mark.parametrize("url", ["mysql://x/y", "db.example.com", "postgresql://h:port/x", ""])
def test_no_database_url(url: str) -> None:
    with pytest.raises(StandaloneError, match="--database-url"):
        database_from_url(url)


def test_options_of_django_are_not_libpqs() -> None:
    options = {"pool": True, "assume_role": "x", "sslmode": "require"}
    assert libpq_parameters({"OPTIONS": options}) == {
        "user": "pulp",
        "dbname": "pulp",
        "sslmode": "require",
    }


def test_children_see_no_options_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULP_GOMOD_SERVE_ADMIN_PASSWORD", "secret")
    monkeypatch.setenv("PULP_REDIS_URL", "redis://x")
    environment = child_environment("/settings.py")
    assert "secret" not in environment.values()
    assert environment["PULP_REDIS_URL"] == "redis://x"
    assert environment["PULP_SETTINGS"] == "/settings.py"


def test_the_embedded_database_is_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("PG_BINDIR", "/usr/bin")
    forget_libpq_variables()
    assert "PGHOST" not in os.environ
    assert os.environ["PG_BINDIR"] == "/usr/bin"
