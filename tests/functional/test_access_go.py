"""The real go command over HTTPS: every way to give it credentials for a private distribution."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.functional import guarded
from tests.functional.guarded import Headers, Person, Site, bearer
from tests.functional.https import HOST, tls_server
from tests.functional.owners import Go
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import PASSWORD, USERNAME


@dataclass(frozen=True)
class Secure:
    """
    A private distribution of a server with HTTPS.

    Attributes:
        site: The distribution.
        made: The module that it serves.
        reader: Who may read it.
        stranger: Who may not.
        address: The address and port of the server.
        variables: What go needs to reach and trust the server by its name.
    """

    site: Site
    made: Made
    reader: Person
    stranger: Person
    address: str
    variables: dict[str, str]

    def roots(self, kind: str) -> tuple[str, str]:
        """Return GOPROXY by the server's name, and by its address with the port."""
        url = self.site.content_url if kind == "content" else self.site.packages_url
        path = url.removeprefix(f"https://{HOST}")
        return f"https://{HOST}{path}", f"https://{self.address}{path}"


@pytest.fixture(scope="module")
def secure(run_dir: Path, server_cache: Path) -> Iterator[Secure]:
    with tls_server(run_dir, server_cache) as https:
        rest = Rest(https.server.url, (USERNAME, PASSWORD))
        made, repository = Made(), rest.create_repository()
        rest.publish(made.zip(), repository=repository)
        reader = Person.create(rest)
        guard = guarded.rbac(rest, reader).guard
        site = Site.create(rest, repository=repository, content_guard=guard)
        stranger = Person.create(rest)
        yield Secure(site, made, reader, stranger, https.address, https.variables)


@pytest.fixture(params=["content", "packages"])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def netrc(directory: Path, machine: str, name: str, password: str) -> dict[str, str]:
    file = directory / "netrc"
    file.write_text(f"machine {machine}\nlogin {name}\npassword {password}\n")
    return {"NETRC": str(file)}


def goauth(directory: Path, prefix: str, headers: Headers) -> dict[str, str]:
    """Make a program that tells go which headers to send to URLs with a prefix."""
    lines = "".join(f"{name}: {value}\\n" for name, value in headers.items())
    program = directory / "auth"
    program.write_text(f"#!/bin/sh\nprintf '{prefix}\\n\\n{lines}\\n'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"GOAUTH": str(program)}


def download(
    secure: Secure, directory: Path, proxy: str, variables: dict[str, str], check: bool = True
) -> str:
    """Download the module with an empty cache; return what go says of it."""
    go = Go.create(directory / "go")
    arguments = ("mod", "download", "-json", f"{secure.made.path}@latest")
    done = go.run(proxy, *arguments, check=check, env=secure.variables | variables)
    assert (done.returncode == 0) == check, done.stdout
    return done.stdout + done.stderr


def test_netrc_with_the_host(secure: Secure, kind: str, tmp_path: Path) -> None:
    by_name, _ = secure.roots(kind)
    reader = secure.reader
    variables = netrc(tmp_path, HOST, reader.name, reader.password)
    assert '"Version": "v1.0.0"' in download(secure, tmp_path, by_name, variables)


def test_netrc_with_host_and_port(secure: Secure, kind: str, tmp_path: Path) -> None:
    _, by_address = secure.roots(kind)
    variables = netrc(tmp_path, secure.address, secure.reader.name, secure.reader.token())
    assert '"Version": "v1.0.0"' in download(secure, tmp_path, by_address, variables)


def test_netrc_without_the_port_of_the_url(secure: Secure, tmp_path: Path) -> None:
    _, by_address = secure.roots("packages")
    host = secure.address.partition(":")[0]
    variables = netrc(tmp_path, host, secure.reader.name, secure.reader.password)
    said = download(secure, tmp_path, by_address, variables, check=False)
    assert "401 Unauthorized" in said


def test_goauth(secure: Secure, kind: str, tmp_path: Path) -> None:
    by_name, by_address = secure.roots(kind)
    token = secure.reader.token()
    for number, (proxy, headers) in enumerate(
        [
            (by_name, bearer(token)),
            (by_address, {"Authorization": f"token {token}"}),
            (by_address, secure.reader.basic),
        ]
    ):
        directory = tmp_path / str(number)
        directory.mkdir()
        variables = goauth(directory, proxy, headers)
        assert '"Version": "v1.0.0"' in download(secure, directory, proxy, variables)


@pytest.mark.parametrize("secret", ["password", "token"])
def test_credentials_in_the_url(secure: Secure, kind: str, tmp_path: Path, secret: str) -> None:
    by_name, _ = secure.roots(kind)
    reader = secure.reader
    password = reader.password if secret == "password" else reader.token()
    credentials = f"{quote(reader.name)}:{quote(password)}@"
    proxy = by_name.replace("https://", f"https://{credentials}")
    assert '"Version": "v1.0.0"' in download(secure, tmp_path, proxy, {})


def test_a_token_alone_in_the_url(secure: Secure, kind: str, tmp_path: Path) -> None:
    by_name, _ = secure.roots(kind)
    proxy = by_name.replace("https://", f"https://{secure.reader.token()}@")
    assert '"Version": "v1.0.0"' in download(secure, tmp_path, proxy, {})


def test_denied_without_credentials(secure: Secure, kind: str, tmp_path: Path) -> None:
    by_name, _ = secure.roots(kind)
    # Neither a comma nor another proxy behind it makes go ask elsewhere for what is private.
    said = download(secure, tmp_path, f"{by_name},direct", {}, check=False)
    assert "401 Unauthorized" in said
    assert "credentials are required to read this" in said


def test_denied_with_wrong_credentials(secure: Secure, tmp_path: Path) -> None:
    by_name, _ = secure.roots("packages")
    variables = netrc(tmp_path, HOST, secure.reader.name, "wrong")
    said = download(secure, tmp_path, f"{by_name},direct", variables, check=False)
    assert "401 Unauthorized" in said


def test_denied_without_the_right(secure: Secure, kind: str, tmp_path: Path) -> None:
    by_name, _ = secure.roots(kind)
    stranger = secure.stranger
    variables = netrc(tmp_path, HOST, stranger.name, stranger.password)
    said = download(secure, tmp_path, f"{by_name},direct", variables, check=False)
    assert "403 Forbidden" in said
    assert "these credentials do not permit reading this" in said


def test_a_private_name_behind_a_public_proxy(secure: Secure, tmp_path: Path) -> None:
    """A list of proxies, as teams have it: the private one first, for all that it holds."""
    rest = secure.site.rest
    empty = Site.create(rest, repository=rest.create_repository())
    by_name, _ = secure.roots("packages")
    proxy = f"{empty.packages_url},{by_name}"
    variables = netrc(tmp_path, HOST, secure.reader.name, secure.reader.token())
    # The public one answers 404 with whatever credentials, so that go asks the next.
    assert '"Version": "v1.0.0"' in download(secure, tmp_path, proxy, variables)
