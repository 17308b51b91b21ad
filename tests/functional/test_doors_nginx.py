"""Behind a real nginx with the plugin's snippet: both URLs of a file are one door."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from pulp_gomod.golang.module import escape_path
from tests.functional import guarded
from tests.functional.certificates import Authority, certificate_in
from tests.functional.guarded import Headers, Opened, Person, basic, bearer, create_guard
from tests.functional.nginx import Site, StartNginx, nginx  # noqa: F401
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_access_guards import World

# Guards of headers need the administrator: clients shall not send these.
_NOT_FROM_CLIENTS = """
proxy_set_header X-Team "";
proxy_set_header X-Secret "";
proxy_set_header Remote-User "";
proxy_set_header X-CLIENT-CERT $ssl_client_escaped_cert;
"""
_FORWARDED = """
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header Host $http_host;
"""


@dataclass(frozen=True)
class Certificates:
    """
    What nginx and its clients have.

    Attributes:
        authority: Who signed all of it.
        server: That of nginx, with its key.
        client: That of a client, with its key.
        subscription: That of a client for one base path, with its key.
    """

    authority: Authority
    server: Path
    client: Path
    subscription: Path


SUBSCRIBED = "Default_Organization"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority = Authority.create(tmp_path_factory.mktemp("certificates") / "ca")
    return Certificates(
        authority,
        authority.server(),
        authority.client(),
        authority.subscription(f"/{SUBSCRIBED}"),
    )


@pytest.fixture(scope="module")
def world(domain_server: Server) -> World:
    return World.create(domain_server, "domain")


def _urls(front: str, world: World, base_path: str, path: str) -> list[str]:
    """Return both URLs of a file, by nginx."""
    domain = guarded.domain_of(world.rest)
    return [
        f"{front}/pulp/content/{domain}/{base_path}/{path}",
        f"{front}/api/packages/{domain}/{base_path}/go/{path}",
    ]


def _certguard(rest: Rest, kind: str, authority: Authority, base_path: str | None) -> Opened:
    guard = create_guard(rest, f"certguard/{kind}", ca_certificate=authority.own())
    return Opened(guard, base_path=base_path)


def _guards(world: World, certificates: Certificates) -> dict[str, Opened]:
    rest, reader, authority = world.rest, world.reader, certificates.authority
    x509 = _certguard(rest, "x509", authority, None)
    either = [x509.guard, guarded.rbac(rest, reader).guard, guarded.header(rest, reader).guard]
    return {
        "rbac": guarded.rbac(rest, reader),
        "header": guarded.header(rest, reader),
        "envvar": guarded.envvar_header(rest, reader),
        "redirect": guarded.redirect(rest, reader),
        "x509": x509,
        "rhsm": _certguard(rest, "rhsm", authority, SUBSCRIBED),
        "composite": Opened(create_guard(rest, "core/composite", guards=either), people=True),
    }


# Which guards each of these opens; what a client forges opens none.
_OPENS = {
    "nothing": set(),
    "forged": set(),
    "stranger": set(),
    "reader": {"rbac", "composite"},
    "certificate": {"x509", "composite"},
    "subscription": {"x509", "rhsm", "composite"},
    "signature": {"redirect"},
}


def _forged(certificates: Certificates, reader: Person) -> Headers:
    team = guarded.b64encode(b'{"team": "blue"}').decode()
    return {
        "X-Team": team,
        "X-Secret": guarded.guard_header(),
        "X-CLIENT-CERT": quote(certificate_in(certificates.subscription)),
        "Remote-User": reader.name,
    }


@pytest.mark.parametrize("place", ["location", "server"])
def test_every_guard_gives_the_same_verdict_by_both_urls(
    world: World,
    certificates: Certificates,
    nginx: StartNginx,  # noqa: F811
    place: str,
) -> None:
    tls = Site(certificate=certificates.server, client_authority=certificates.authority.certificate)
    if place == "location":
        # As with Pulp's images, whose locations have headers of their own.
        site = tls.with_headers(_NOT_FROM_CLIENTS)
    else:
        site = Site(
            _FORWARDED + _NOT_FROM_CLIENTS,
            of_content="",
            of_api="",
            certificate=tls.certificate,
            client_authority=tls.client_authority,
        )
    front = nginx(world.server.url, site)
    sessions = {
        "certificate": requests.Session(),
        "subscription": requests.Session(),
    }
    sessions["certificate"].cert = str(certificates.client)
    sessions["subscription"].cert = str(certificates.subscription)
    headers = {
        "forged": _forged(certificates, world.reader),
        "stranger": bearer(world.stranger.token()) | _forged(certificates, world.reader),
        "reader": bearer(world.reader.token()),
    }
    made = world.made
    paths = [f"{made.path}/@v/v1.0.0.info", ""] if place == "location" else [""]
    wrong = []
    plain = requests.Session()
    for kind, opened in _guards(world, certificates).items():
        if place == "server" and kind not in ("header", "x509"):
            continue
        served = world.behind(opened)
        for path in paths:
            urls = _urls(front, world, served.base_path, path)
            for asker, opens in _OPENS.items():
                asked = urls
                if asker == "signature":
                    if kind != "redirect":
                        continue
                    asked = list(guarded.sign(world.server, opened.guard, urls).values())
                session = sessions.get(asker, plain)
                got = [
                    session.get(
                        url,
                        headers=headers.get(asker),
                        allow_redirects=False,
                        verify=str(certificates.authority.certificate),
                        timeout=60,
                    ).status_code
                    for url in asked
                ]
                expected = (200, 404) if kind in opens else (401, 403)
                if len(set(got)) != 1 or got[0] not in expected:
                    wrong.append((kind, asker, path, got))
        if opened.base_path:
            world.rest.wait(world.rest.call("DELETE", served.href))
    assert wrong == []


def test_a_module_is_published_read_and_removed(world: World, nginx: StartNginx) -> None:  # noqa: F811
    front = nginx(world.server.url)
    place = guarded.Site.create(world.rest, repository=world.rest.create_repository())
    made = Made(path=f"example.com/Upper/{guarded.unique('m')}")
    owner = f"{front}/api/packages/{guarded.domain_of(world.rest)}/{place.base_path}/go"
    admin = (world.server.username, world.server.password)
    body = made.zip()
    put = requests.put(f"{owner}/upload", data=body, auth=admin, timeout=120)
    assert put.status_code == 201, put.text
    # As the go command spells it.
    escaped = escape_path(made.path).replace("!", "%21")
    got = requests.get(f"{owner}/{escaped}/@v/v1.0.0.zip", timeout=60)
    assert (got.status_code, got.content) == (200, body)
    removed = requests.delete(f"{owner}/{escaped}/@v/v1.0.0", auth=admin, timeout=120)
    assert removed.status_code in (200, 204), removed.text
    assert requests.get(f"{owner}/{escaped}/@v/v1.0.0.zip", timeout=60).status_code == 404
    again = requests.put(f"{owner}/{escaped}/@v/v1.0.0.zip", data=body, auth=admin, timeout=120)
    assert again.status_code == 201, again.text
    wrong = requests.put(
        f"{owner}/upload", data=body, headers=basic("nobody", "wrong"), timeout=120
    )
    assert wrong.status_code == 401


def test_what_a_location_forbids_is_forbidden_by_both_urls(
    world: World,
    nginx: StartNginx,  # noqa: F811
) -> None:
    base_path = world.public.base_path
    path = f"{world.made.path}/@v/list"
    closed = nginx(world.server.url, Site(of_content="deny all;", of_api="deny all;"))
    for url in _urls(closed, world, base_path, path):
        assert requests.get(url, timeout=60).status_code == 403
    owner = _urls(closed, world, base_path, "upload")[1]
    assert requests.put(owner, data=b"x", timeout=60).status_code == 403
    assert requests.delete(owner, timeout=60).status_code == 403
