"""Distributions behind content guards, and people with and without the right to read them."""

import importlib
from base64 import b64encode
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from tests.functional.access_server import GUARD_VARIABLE, guard_header
from tests.functional.rest_api import DISTRIBUTIONS, Made, Rest
from tests.functional.serving import Server
from tests.statements import connect

GUARDS = "contentguards/core/"
TOKENS = "gomod/tokens/"
USERS = "users/"
DOWNLOADER = "core.rbaccontentguard_downloader"

Headers = dict[str, str]


def unique(prefix: str) -> str:
    """Return a name that nobody else uses."""
    return f"{prefix}-{uuid4().hex[:12]}"


def basic(name: str, password: str) -> Headers:
    """The header of HTTP Basic."""
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def bearer(token: str) -> Headers:
    """The header for a bearer token."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Person:
    """
    A user.

    Attributes:
        admin: The REST API as the administrator sees it.
        name: The user name.
        password: The password.
        href: The user's href.
    """

    admin: Rest
    name: str
    password: str
    href: str

    @classmethod
    def create(cls, admin: Rest) -> "Person":
        """Create a user without rights."""
        name, password = unique("person"), str(uuid4())
        return cls(
            admin,
            name,
            password,
            admin.create(USERS, username=name, password=password)["pulp_href"],
        )

    @property
    def basic(self) -> Headers:
        """The header with the password."""
        return basic(self.name, self.password)

    def rest(self, domain: str | None = None) -> Rest:
        """Log in to the REST API; to the administrator's domain unless another is given."""
        auth = self.name, self.password
        return Rest(self.admin.url, auth, domain or domain_of(self.admin), self.admin.domains)

    def token(self, **body: Any) -> str:
        """Make a token, without a session for that, and return its secret."""
        url = f"{self.admin.url}{self.admin.root}{TOKENS}"
        asked = {"name": unique("token")} | body
        made = requests.post(url, json=asked, headers=self.basic, timeout=60)
        assert made.status_code == 201, made.text
        secret: str = made.json()["token"]
        return secret

    def grant(self, role: str, content_object: str | None = None) -> str:
        """Give a role everywhere or for an object; return the assignment's href."""
        made = self.admin.create(f"{self.href}roles/", role=role, content_object=content_object)
        href: str = made["pulp_href"]
        return href


def domain_of(rest: Rest) -> str:
    """The domain that a client of the REST API is in."""
    return rest.root.split("/")[2] if rest.domains else "default"


@dataclass(frozen=True)
class Site:
    """
    A distribution and its two GOPROXY roots.

    Attributes:
        rest: The REST API as the administrator sees it.
        base_path: Its base path.
        href: Its href.
    """

    rest: Rest
    base_path: str
    href: str

    @classmethod
    def create(cls, rest: Rest, base_path: str | None = None, **body: Any) -> "Site":
        """Create a distribution; `body` says what it serves and which guard it has."""
        name = unique("site")
        path = base_path or name
        return cls(
            rest, path, rest.create_in_task(DISTRIBUTIONS, name=name, base_path=path, **body)
        )

    @property
    def _domain(self) -> str:
        return f"{domain_of(self.rest)}/" if self.rest.domains else ""

    @property
    def content_url(self) -> str:
        """The GOPROXY root below Pulp's content prefix."""
        return f"{self.rest.url}/pulp/content/{self._domain}{self.base_path}"

    @property
    def packages_url(self) -> str:
        """The GOPROXY root that is documented for owners."""
        return f"{self.rest.url}/api/packages/{self._domain}{self.base_path}/go"

    @property
    def urls(self) -> tuple[str, str]:
        """Both GOPROXY roots."""
        return self.content_url, self.packages_url

    def update(self, **body: Any) -> None:
        """Change the distribution."""
        response = self.rest.call("PATCH", self.href, json=body)
        if response.status_code == 202:
            self.rest.wait(response)
        else:
            assert response.status_code == 200, response.text


def create_guard(rest: Rest, kind: str, **body: Any) -> str:
    """Create a content guard and return its href; `kind` is the end of its endpoint."""
    made = rest.create(f"contentguards/{kind}/", name=unique("guard"), **body)
    href: str = made["pulp_href"]
    return href


@dataclass(frozen=True)
class Opened:
    """
    A content guard, and what opens it.

    Attributes:
        guard: Its href.
        headers: What a request has to have, beyond credentials.
        people: Whether the reader's credentials open it.
        base_path: The base path it needs, if it looks at paths.
        signed: Whether URLs have to be signed.
    """

    guard: str
    headers: Headers = field(default_factory=dict)
    people: bool = False
    base_path: str | None = None
    signed: bool = False


def rbac(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a role."""
    guard = create_guard(rest, "core/rbac")
    body = {"users": [reader.name], "role": DOWNLOADER}
    assert rest.status("POST", f"{guard}add_role/", json=body) == 201
    return Opened(guard, people=True)


def header(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a header with a value in JSON."""
    guard = create_guard(
        rest, "core/header", header_name="x-team", header_value="blue", jq_filter=".team"
    )
    return Opened(guard, {"X-Team": b64encode(b'{"team": "blue"}').decode()})


def envvar_header(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a header with a secret of the server's environment."""
    guard = create_guard(rest, "core/envvar_header", header_name="x-secret", env_var=GUARD_VARIABLE)
    return Opened(guard, {"X-Secret": guard_header()})


def composite(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a role or a header."""
    role, team = rbac(rest, reader), header(rest, reader)
    guard = create_guard(rest, "core/composite", guards=[role.guard, team.guard])
    return Opened(guard, team.headers, people=True)


def composite_of_roles(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for either of two roles."""
    roles = [create_guard(rest, "core/rbac"), rbac(rest, reader).guard]
    return Opened(create_guard(rest, "core/composite", guards=roles), people=True)


def redirect(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a signature in the URL."""
    return Opened(create_guard(rest, "core/content_redirect"), signed=True)


_CERTIFICATES = Path("tests/functional/artifacts")


def _certificates() -> Path:
    spec = find_spec("pulp_certguard")
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / _CERTIFICATES


def x509(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a client's certificate."""
    directory = _certificates() / "x509" / "certificates"
    guard = create_guard(rest, "certguard/x509", ca_certificate=(directory / "ca.pem").read_text())
    return Opened(guard, {"X-CLIENT-CERT": quote((directory / "client.pem").read_text())})


def rhsm(rest: Rest, reader: Person) -> Opened:
    """A guard that asks for a subscription's certificate, which names the paths it is for."""
    directory = _certificates() / "rhsm"
    guard = create_guard(
        rest, "certguard/rhsm", ca_certificate=(directory / "katello-default-ca.crt").read_text()
    )
    certificate = quote((directory / "uber.cert").read_text())
    return Opened(guard, {"X-CLIENT-CERT": certificate}, base_path="Default_Organization")


def sign(server: Server, guard: str, urls: list[str]) -> dict[str, str]:
    """Sign URLs as Pulp does it: with the guard's secret, which no API shows."""
    # Django is for this only.
    importlib.import_module("tests.unit.django_set_up")
    from pulpcore.plugin.models import ContentRedirectContentGuard

    secret = "SELECT shared_secret FROM core_contentredirectcontentguard"
    with connect(Path(server.data_dir)) as connection:
        found = connection.execute(
            f"{secret} WHERE contentguard_ptr_id = %s", [guard.rstrip("/").rsplit("/", 1)[-1]]
        ).fetchone()
    assert found
    # In some domain: Django would ask its own database for the default one.
    signing = ContentRedirectContentGuard(shared_secret=found[0], pulp_domain_id=uuid4())
    return {url: signing.preauthenticate_url(url) for url in urls}


def ask(
    session: requests.Session, method: str, url: str, headers: Headers | None = None
) -> requests.Response:
    """Send a request for exactly this URL; redirects are not followed."""
    return session.request(method, url, headers=headers, allow_redirects=False, timeout=60)


def paths_of(made: Made) -> list[str]:
    """Return one path of every kind below a GOPROXY root that holds v1.0.0 of a module."""
    path = made.path
    found = [f"{path}/@v/{name}" for name in ("list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip")]
    return [
        *found,
        f"{path}/@latest",
        f"{path}/@v/latest.info",
        f"{path}/@v/v9.9.9.info",
        f"{path}/@v/v9.9.9.zip",
        f"{path}/@v/main.info",
        f"{path}/@v/v1.0.0.exe",
        "example.com/nowhere/@v/list",
        "example.com/nowhere/@latest",
        "Upper.example.com/x/@v/list",
        "a%00b/@v/list",
        f"{path}/@v/%2e%2e/secret.zip",
        "@v/list",
        "@latest",
        "sumdb/sum.golang.org/supported",
        "sumdb/sum.golang.org/latest",
        "sumdb/sum.golang.org/tile/8/0/000",
        "bundle.tar",
        "sumdb/",
        "index",
        "",
        "index.html",
        path,
        f"{path}/",
    ]
