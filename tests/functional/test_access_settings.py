"""Nobody's own ways to log in are bypassed, nor remembered for longer than they would have it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.functional import guarded
from tests.functional.guarded import Headers, Person, Site, basic, bearer
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server, own_server

_SETTINGS = """\
AUTHENTICATION_BACKENDS = [
    "tests.functional.unusual_logins.DirectoryBackend",
    "django.contrib.auth.backends.ModelBackend",
    "pulpcore.backends.ObjectRolePermissionBackend",
]
REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES = [
    "tests.functional.unusual_logins.KeyAuthentication",
    "pulpcore.app.authentication.BasicAuthentication",
    "rest_framework.authentication.SessionAuthentication",
]
"""


@dataclass(frozen=True)
class Unusual:
    """
    A private distribution of a server with ways of its own to log in.

    Attributes:
        logins: Where passwords and keys are.
        site: The distribution.
        made: The module that it serves.
        reader: Who may read it and publish to it.
    """

    logins: Path
    site: Site
    made: Made
    reader: Person

    def get(self, headers: Headers) -> int:
        """Download; return the status."""
        url = f"{self.site.packages_url}/{self.made.path}/@v/v1.0.0.zip"
        return requests.get(url, headers=headers, timeout=60).status_code

    def put(self, headers: Headers, made: Made | None = None) -> int:
        """Publish a module, or what is there already, as whoever may is told; return the status."""
        url, data = f"{self.site.packages_url}/upload", (made or self.made).zip()
        return requests.put(url, data=data, headers=headers, timeout=60).status_code

    def set(self, kind: str, value: str) -> None:
        """Set the reader's password or key, elsewhere."""
        (self.logins / f"{self.reader.name}.{kind}").write_text(value)


@pytest.fixture(scope="module")
def unusual_server(run_dir: Path, server_cache: Path) -> Iterator[tuple[Server, Path]]:
    directory = run_dir / "unusual-logins"
    directory.mkdir(exist_ok=True)
    settings = directory / "settings.py"
    settings.write_text(_SETTINGS)
    env = {
        "PULP_SETTINGS": str(settings),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "GOMOD_TEST_LOGINS": str(directory),
    }
    # One process of a kind: it is asked each time, and has all that is remembered.
    one = ("--content-workers", "1", "--api-workers", "1")
    with own_server(run_dir, "unusual", server_cache, *one, **env) as server:
        yield server, directory


@pytest.fixture(scope="module")
def private(unusual_server: tuple[Server, Path]) -> tuple[Site, Made]:
    """A private distribution, and a module that it serves."""
    server, _ = unusual_server
    rest = Rest(server.url, (server.username, server.password))
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    guard = guarded.create_guard(rest, "core/rbac")
    return Site.create(rest, repository=repository, content_guard=guard), made


@pytest.fixture
def unusual(unusual_server: tuple[Server, Path], private: tuple[Site, Made]) -> Unusual:
    site, made = private
    reader, served = Person.create(site.rest), site.rest.get(site.href)
    reader.grant("gomod.gorepository_publisher", served["repository"])
    reader.grant(guarded.DOWNLOADER, served["content_guard"])
    return Unusual(unusual_server[1], site, made, reader)


def test_a_password_from_elsewhere(unusual: Unusual) -> None:
    credentials = basic(unusual.reader.name, "from elsewhere")
    assert unusual.get(credentials) == 401
    assert unusual.put(credentials) == 401
    unusual.set("password", "from elsewhere")
    assert unusual.get(credentials) == 200
    assert unusual.put(credentials, Made()) == 201
    unusual.set("password", "another one")
    time.sleep(1)
    assert unusual.get(credentials) == 401
    assert unusual.put(credentials) == 401


def test_a_key_from_elsewhere_is_asked_for_each_time(unusual: Unusual) -> None:
    reader = unusual.reader
    unusual.set("key", "open sesame")
    key = {"X-Api-Key": f"{reader.name}:open sesame"}
    wrong = basic(reader.name, "wrong")
    for _ in range(2):
        assert unusual.get(key) == 200
        assert unusual.get(key | wrong) == 200
        # What another header opened is not open to those credentials alone.
        assert unusual.get(wrong) == 401
        assert unusual.get({}) == 401
        assert unusual.put(key) == 409
        assert unusual.put(wrong) == 401
    assert unusual.put(key, Made()) == 201
    unusual.set("key", "open barley")
    assert unusual.get(key) == 401


def test_passwords_and_tokens_of_pulp_work_beside(unusual: Unusual) -> None:
    reader = unusual.reader
    token = reader.token(scope="publish")
    for headers in (reader.basic, bearer(token), basic(reader.name, token)):
        assert unusual.get(headers) == 200
        assert unusual.put(headers) == 409
    change = {"password": "a new password of theirs"}
    assert reader.admin.status("PATCH", reader.href, json=change) == 200
    time.sleep(1)
    assert unusual.get(reader.basic) == 401
    assert unusual.put(reader.basic) == 401
    assert unusual.get(bearer(token)) == 200
