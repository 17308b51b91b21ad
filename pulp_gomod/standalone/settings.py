"""
Pulp's settings for this data directory, and what the administrator's own settings say.

The administrator's settings go first: the file that PULP_SETTINGS names is read after ours, and
PULP_ variables after both. So an existing database, Redis or object storage is used by naming it as in any
Pulp installation.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pprint import pformat
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dynaconf import Dynaconf  # type: ignore[import-untyped]

from . import names
from .datadir import DataDir, write_private
from .errors import StandaloneError
from .event_loop import is_uvloop_usable
from .options import ServeOptions
from .prepare import READY_MADE

#: How long a task may go on when the server stops, in seconds.
TASK_GRACE = 10

#: After how long without an answer an API worker is taken for stuck, in seconds. An upload of the
#: largest size is checked, and then waits for its task, within it.
API_TIMEOUT = 180

#: After how long PostgreSQL stops a statement of the API, in seconds: a client chooses what it lists.
#: Workers have no such limit, their statements may be long.
API_STATEMENT_TIMEOUT = 10

_HEADER = """\
# Written by `pulp-gomod serve` on every start. Put settings of your own into another file and
# name that in PULP_SETTINGS, or into PULP_ variables: both override these.

"""
# How the names of this plugin's settings, and of the server's options as variables, begin.
_OURS = "GOMOD_"
# What Dynaconf makes of PULP_SETTINGS, which has what that file says as well, and of a variable that the `pulp` command
# reads, and that our greeting has users export.
_NO_SETTINGS = frozenset({"SETTINGS", "CA_BUNDLE"})
# Cookies that open the API travel over https only.
_HTTPS_ONLY = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}
# Half a year, as Pulp's own images have it.
_HSTS_SECONDS = 15768000
_FILTER_BACKENDS = ["pulp_gomod.app.api.bounds.QueryBounds", "pulpcore.filters.PulpFilterBackend"]
# Pulp's own hash the password for every request, which takes most of the time of a short one.
_AUTHENTICATORS = [
    "pulp_gomod.app.auth.authenticators.PasswordAuthentication",
    "rest_framework.authentication.SessionAuthentication",
]
_PULP_FILES = "pulpcore.app.models.storage.FileSystem"
_DJANGO_POSTGRESQL = "django.db.backends.postgresql"
# What Django takes out of OPTIONS for itself.
_NOT_LIBPQ = frozenset({"assume_role", "isolation_level", "pool", "server_side_binding"})


@dataclass(frozen=True)
class OwnSettings:
    """
    What the administrator's settings say, without ours and without Pulp's defaults.

    Attributes:
        files: The value of PULP_SETTINGS, empty when it is not set.
        values: The settings by their names.
    """

    files: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls) -> "OwnSettings":
        """
        Read them as Pulp will.

        Raises:
            StandaloneError: PULP_SETTINGS names a file that does not exist, or that breaks.
        """
        files = os.environ.get("PULP_SETTINGS", "")
        for each in files.replace(";", ",").split(","):
            if each and not os.path.exists(each):
                raise StandaloneError(f"PULP_SETTINGS names {each}, which does not exist.")
        try:
            settings = Dynaconf(
                ENVVAR_PREFIX_FOR_DYNACONF="PULP",
                ENV_SWITCHER_FOR_DYNACONF="PULP_ENV",
                ENVVAR_FOR_DYNACONF="PULP_SETTINGS",
                load_dotenv=False,
            )
            return cls(files, settings.as_dict())
        except Exception as error:
            raise StandaloneError(f"cannot read the settings in {files}: {error}") from error

    @property
    def database(self) -> dict[str, Any] | None:
        """The database that they name, None when they name none."""
        databases = self.values.get("DATABASES")
        return dict(databases.get("default", {})) if databases else None

    @property
    def of_pulp(self) -> dict[str, Any]:
        """Those that are not this plugin's own, on which nothing depends that is prepared."""
        return {
            key: each
            for key, each in self.values.items()
            if key not in _NO_SETTINGS and not key.startswith(_OURS)
        }

    @property
    def has_domains(self) -> bool:
        """Whether everything is in some domain, and URLs name it."""
        return bool(self.values.get("DOMAIN_ENABLED"))

    @property
    def has_object_storage(self) -> bool:
        """Whether artifacts go elsewhere than into the data directory."""
        storages = self.values.get("STORAGES") or {}
        backend = storages.get("default", {}).get("BACKEND", _PULP_FILES)
        return bool(backend != _PULP_FILES)


def database_from_url(url: str) -> dict[str, Any]:
    """
    Django's description of the database that a libpq URL names.

    Args:
        url: `postgresql://user:password@host:port/name?sslmode=require`, all but the scheme
            optional.

    Raises:
        StandaloneError: It is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise StandaloneError("--database-url must be postgresql://USER:PASSWORD@HOST:PORT/NAME.")
    try:
        port = parts.port
    except ValueError:
        raise StandaloneError("--database-url: the port is not a number.") from None
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": _DJANGO_POSTGRESQL,
        "NAME": unquote(parts.path.lstrip("/")) or "pulp",
        "USER": unquote(parts.username or "pulp"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(port or ""),
        "OPTIONS": options,
    }


def libpq_parameters(database: Mapping[str, Any]) -> dict[str, str]:
    """How to connect to the database that Django's description names, in libpq's words."""
    named = {
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        "user": database.get("USER", "pulp"),
        "password": database.get("PASSWORD"),
        "dbname": database.get("NAME", "pulp"),
    }
    options = database.get("OPTIONS") or {}
    named |= {key: value for key, value in options.items() if key not in _NOT_LIBPQ}
    return {key: str(value) for key, value in named.items() if value not in (None, "")}


def write_settings(
    data: DataDir,
    own: OwnSettings,
    origin: str,
    api: str,
    database: Mapping[str, Any] | None,
    behind_proxy: bool = False,
    hosts: Sequence[str] = ("*",),
    api_workers: int = ServeOptions.api_workers,
) -> None:
    """
    Write the settings file of the data directory.

    Args:
        data: The data directory.
        own: The administrator's settings.
        origin: The one origin, such as "http://127.0.0.1:8080".
        api: Where the API listens, as the setting GOMOD_API_UPSTREAM has it.
        database: The database to use, None when the administrator's settings name it.
        behind_proxy: Whether a proxy stands before the server, whose word on who asks is taken.
        hosts: The names that the server is known by.
        api_workers: Processes of the API.
    """
    settings: dict[str, Any] = {
        "SECRET_KEY": data.secret_key.read_text(),
        "DB_ENCRYPTION_KEY": str(data.encryption_key),
        "MEDIA_ROOT": "" if own.has_object_storage else str(data.media),
        "STATIC_ROOT": str(data.static),
        "WORKING_DIRECTORY": str(data.tmp),
        "FILE_UPLOAD_TEMP_DIR": str(data.tmp),
        "CONTENT_ORIGIN": origin,
        "GOMOD_API_UPSTREAM": api,
        "GOMOD_API_WORKERS": api_workers,
        "GOMOD_FRONT_PAGE": READY_MADE,
        "ANALYTICS": False,
        "UVLOOP_ENABLED": is_uvloop_usable(),
        "TASK_GRACE_INTERVAL": TASK_GRACE,
        # Pulp wants it twice as long as the time-out.
        "API_APP_TTL": 2 * API_TIMEOUT,
        # Names of what is private are for nobody.
        "HIDE_GUARDED_DISTRIBUTIONS": True,
        "GOMOD_ALLOWED_HOSTS": list(hosts),
        # What bounds queries for our own endpoints bounds those of all of Pulp here.
        "REST_FRAMEWORK__DEFAULT_FILTER_BACKENDS": _FILTER_BACKENDS,
        "REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES": _AUTHENTICATORS,
    }
    if urlsplit(origin).scheme == "https":
        settings |= _HTTPS_ONLY
        # Browsers would ask everything else at that name for https, too.
        if not names.is_localhost(urlsplit(origin).hostname or ""):
            settings["SECURE_HSTS_SECONDS"] = _HSTS_SECONDS
    if not behind_proxy:
        # A client on this machine is a client, and not the proxy that it may be elsewhere.
        settings["GOMOD_TRUSTED_PROXIES"] = []
    if database is not None:
        settings["DATABASES"] = {"default": dict(database)}
    lines = (f"{name} = {pformat(value, width=90)}\n" for name, value in settings.items())
    write_private(data.settings, _HEADER + "".join(lines))


def api_variables() -> dict[str, str]:
    """
    What the environment of the API has beyond that of Pulp's other processes.

    libpq reads it, and the `options` of a database that the administrator names go before it.
    """
    milliseconds = 1000 * API_STATEMENT_TIMEOUT
    options = (f"-c statement_timeout={milliseconds}", os.environ.get("PGOPTIONS", ""))
    return {"PGOPTIONS": " ".join(filter(None, options))}


def settings_variable(data: DataDir, own: OwnSettings) -> str:
    """The value of PULP_SETTINGS for Pulp's processes."""
    return f"{data.settings};{own.files}" if own.files else str(data.settings)
