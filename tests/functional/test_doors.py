"""What `pulp-gomod serve` believes of who asks, and what it shows to strangers."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.functional import guarded
from tests.functional.certificates import Authority, certificate_in, self_signed
from tests.functional.guarded import Headers, Person, create_guard
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server, own_server

SUBSCRIBED = "subscribed"
OTHER_NAME = "go.example.com"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """The authority of the guards, and another one that the server knows as well."""
    directory = tmp_path_factory.mktemp("authorities")
    return Authority.create(directory / "ours"), Authority.create(directory / "others")


@pytest.fixture(scope="module")
def certified(
    run_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    server_cache: Path,
    authorities: tuple[Authority, Authority],
) -> Iterator[Server]:
    """A server that asks its clients for certificates."""
    known = tmp_path_factory.mktemp("known") / "known.pem"
    known.write_text("".join(each.own() for each in authorities))
    options = ("--tls", "auto", "--tls-client-ca", str(known), "--allowed-host", OTHER_NAME)
    with own_server(run_dir, "certified", server_cache, *options) as started:
        yield started


@pytest.fixture(scope="module")
def trust(certified: Server) -> str:
    return f"{certified.data_dir}/tls/authority.pem"


@pytest.fixture(scope="module")
def admin(certified: Server, trust: str) -> Iterator[Rest]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", trust)
        yield Rest(certified.url, (certified.username, certified.password))


@pytest.fixture(scope="module")
def reader(admin: Rest) -> Person:
    return Person.create(admin)


class Clients:
    """Clients with certificates and without one, each of which has a connection of its own and keeps it."""

    def __init__(self, trust: str) -> None:
        self._trust = trust
        self._sessions: dict[Path | None, requests.Session] = {}

    def status(self, url: str, headers: Headers | None = None, cert: Path | None = None) -> int:
        """Ask; 0 where the server ends the handshake."""
        session = self._sessions[cert] = self._sessions.get(cert) or requests.Session()
        session.verify, session.cert = self._trust, str(cert) if cert else None
        try:
            return session.get(url, headers=headers, allow_redirects=False, timeout=60).status_code
        except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
            return 0

    def close(self) -> None:
        """End their connections."""
        for session in self._sessions.values():
            session.close()


@pytest.fixture
def clients(trust: str) -> Iterator[Clients]:
    made = Clients(trust)
    yield made
    made.close()


def test_a_certificate_counts_only_where_its_key_was_shown(
    admin: Rest,
    reader: Person,
    clients: Clients,
    tmp_path: Path,
    authorities: tuple[Authority, Authority],
) -> None:
    ours, others = authorities
    client, subscription = ours.client(), ours.subscription(f"/{SUBSCRIBED}")
    made, repository = Made(), admin.create_repository()
    admin.publish(made.zip(), repository=repository)
    x509 = create_guard(admin, "certguard/x509", ca_certificate=ours.own())
    rhsm = create_guard(admin, "certguard/rhsm", ca_certificate=ours.own())
    rbac = guarded.rbac(admin, reader).guard
    either = create_guard(admin, "core/composite", guards=[rbac, x509])
    sites = {
        "x509": guarded.Site.create(admin, repository=repository, content_guard=x509),
        "rhsm": guarded.Site.create(admin, SUBSCRIBED, repository=repository, content_guard=rhsm),
        "composite": guarded.Site.create(admin, repository=repository, content_guard=either),
    }
    # Who wants to pretend sends a certificate that everybody may have.
    said: list[Headers] = [
        {name: quote(certificate)}
        for name in ("X-CLIENT-CERT", "X_CLIENT_CERT")
        for certificate in (certificate_in(subscription), ours.own())
    ]
    file = f"{made.path}/@v/v1.0.0.info"
    unknown = self_signed(tmp_path / "self.pem")
    wrong = []
    for kind, site in sites.items():
        for url in (f"{root}/{path}" for root in site.urls for path in (file, "")):
            denied = {f"header {n}": clients.status(url, each) for n, each in enumerate(said)}
            denied["nothing"] = clients.status(url)
            denied["other"] = clients.status(url, cert=others.client())
            denied["other, header"] = clients.status(url, said[0], others.client())
            denied["self-signed"] = clients.status(url, cert=unknown)
            if kind == "rhsm":
                denied["no subscription"] = clients.status(url, cert=client)
            wrong += [(kind, url, *each) for each in denied.items() if each[1] not in (0, 401)]
            own = clients.status(url, said[-1], subscription)
            if own not in (200, 404):
                wrong.append((kind, url, "its own", own))
    assert wrong == []


def test_a_connection_that_was_let_in_lets_nobody_else_in(
    admin: Rest, trust: str, authorities: tuple[Authority, Authority]
) -> None:
    ours, _ = authorities
    guard = create_guard(admin, "certguard/x509", ca_certificate=ours.own())
    repository, made = admin.create_repository(), Made()
    admin.publish(made.zip(), repository=repository)
    site = guarded.Site.create(admin, repository=repository, content_guard=guard)
    url = f"{site.content_url}/{made.path}/@v/v1.0.0.info"
    with requests.Session() as known, requests.Session() as unknown:
        known.cert = str(ours.client())
        for _ in range(5):
            assert known.get(url, verify=trust, timeout=60).status_code == 200
            assert unknown.get(url, verify=trust, timeout=60).status_code == 401


def test_strangers_are_not_told_of_private_distributions(
    admin: Rest, reader: Person, trust: str
) -> None:
    repository = admin.create_repository()
    guard = guarded.rbac(admin, reader).guard
    secret = guarded.Site.create(admin, repository=repository, content_guard=guard)
    public = guarded.Site.create(admin, repository=repository)
    listed = requests.get(f"{admin.url}/pulp/content/", verify=trust, timeout=60).text
    assert public.base_path in listed
    assert secret.base_path not in listed


def test_versions_of_repositories_are_listed_to_who_may_view_these(
    admin: Rest, reader: Person
) -> None:
    repository = admin.create_repository()
    stranger = Person.create(admin)
    seen = Person.create(admin)
    seen.grant("gomod.gorepository_viewer", repository)

    def repositories(rest: Rest) -> set[str]:
        results = rest.get("repository_versions/", limit=1000)["results"]
        return {each["repository"] for each in results if "/gomod/" in each["repository"]}

    assert repository in repositories(admin)
    assert repositories(stranger.rest()) == set()
    assert repositories(seen.rest()) == {repository}


def test_browsers_are_told_to_come_by_https_only(certified: Server, trust: str) -> None:
    for path in ("/pulp/api/v3/status/", "/pulp/content/", "/api/packages/none/go/x/@v/list"):
        answer = requests.get(certified.url + path, verify=trust, timeout=60)
        assert answer.headers["Strict-Transport-Security"] == "max-age=15768000", path
    login = requests.post(
        f"{certified.url}/pulp/api/v3/login/",
        auth=(certified.username, certified.password),
        verify=trust,
        timeout=60,
    )
    cookies = {cookie.name: cookie for cookie in login.cookies}
    assert cookies["sessionid"].secure
    assert cookies["csrftoken"].secure


@pytest.mark.parametrize("path", ["/pulp/api/v3/status/", "/pulp/content/", "/api/packages/x/go/"])
def test_a_name_that_is_not_ours_is_refused_in_one_line(
    certified: Server, trust: str, path: str
) -> None:
    for host in ("evil.example.com", f"{OTHER_NAME}.evil.example.com", "evil@localhost"):
        answer = requests.get(
            certified.url + path, headers={"Host": host}, verify=trust, timeout=60
        )
        assert answer.status_code == 400, host
        assert answer.text.count("\n") <= 1
        assert "evil" not in answer.text
    for host in (OTHER_NAME, "localhost:1", "192.0.2.7:8080", "[2001:db8::1]:8080"):
        answer = requests.get(
            certified.url + path, headers={"Host": host}, verify=trust, timeout=60
        )
        assert answer.status_code in (200, 404), (host, answer.text)
