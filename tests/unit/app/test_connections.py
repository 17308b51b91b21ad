"""What cannot be connected to is refused when it is set, wherever a URL can be set."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from rest_framework.exceptions import ValidationError

from pulp_gomod.app.remote.http.session import _tls_context
from pulp_gomod.app.remote.settings import Tls
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.witnesses import WitnessFault, submit
from pulp_gomod.app.serializers import GoRemoteSerializer, GoVulndbSerializer
from pulp_gomod.app.serializers.connection import validate_client
from pulp_gomod.app.serializers.sumdb import GoWitnessSerializer

CHECKS: list[Callable[[str], Any]] = [
    GoRemoteSerializer().validate_url,
    GoRemoteSerializer().validate_proxy_url,
    GoVulndbSerializer().validate_url,
    GoVulndbSerializer().validate_proxy_url,
    GoWitnessSerializer().validate_url,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__qualname__)
@pytest.mark.parametrize(
    "url",
    [
        "http://a\\b/",
        "http://ex ample/",
        "http://a\tb/",
        "http://a/\x01",
        "http://xn--/",
        "http://\N{LATIN SMALL LETTER SHARP S}/",
        "http://\N{IDEOGRAPHIC FULL STOP}/",
        "http://a\N{ZERO WIDTH SPACE}b/",
        "http://[::1",
        "http://a:0/",
        "http://169.254.169.254/",
        "ftp://example.com/",
    ],
)
def test_what_can_never_be_asked_is_refused(check: Callable[[str], Any], url: str) -> None:
    with pytest.raises(ValidationError):
        check(url)


@pytest.mark.parametrize("tail", [",direct", "|direct", ",off", ",https://b.example", ",", ", off"])
def test_the_list_of_a_client_is_no_upstream(tail: str) -> None:
    with pytest.raises(ValidationError, match="list of proxies"):
        GoRemoteSerializer().validate_url(f"https://goproxy.example.com{tail}")
    assert GoRemoteSerializer().validate_url("https://a.example/x,y") == "https://a.example/x,y"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__qualname__)
def test_what_can_be_asked_is_not(check: Callable[[str], Any]) -> None:
    for url in ("https://example.com/", "http://xn--bcher-kva.example:8080/", "http://[::1]:80/"):
        assert check(url) == url


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ca_cert", "nonsense"),
        ("username", "a:b"),
        ("password", "a\nb"),
        ("redirect_hosts", "https://example.com/x"),
        ("redirect_hosts", "169.254.169.254"),
        ("proxy_url", "http://proxy.example.com:3128/path"),
        ("proxy_url", "http://user:secret@proxy.example.com"),
    ],
)
def test_a_vulnerability_database_is_held_to_what_remotes_are(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        getattr(GoVulndbSerializer(), f"validate_{field}")(value)
    assert "secret" not in str(refused.value)


def test_a_bundle_with_comments_in_other_letters_is_one() -> None:
    certificate = trustme.CA().cert_pem.bytes().decode()
    bundle = f"# F\N{LATIN SMALL LETTER O WITH DOUBLE ACUTE}tan\N{LATIN SMALL LETTER U WITH ACUTE}s\n{certificate}"
    assert GoRemoteSerializer().validate_ca_cert(bundle) == bundle
    assert GoVulndbSerializer().validate_ca_cert(bundle) == bundle
    usual, more = (_tls_context(each).get_ca_certs() for each in (Tls(), Tls(ca_cert=bundle)))
    assert len(more) == len(usual) + 1


def test_why_certificates_are_refused_is_said_in_words() -> None:
    with pytest.raises(ValidationError, match="certificates: there is none"):
        GoRemoteSerializer().validate_ca_cert("nonsense")
    with pytest.raises(ValidationError, match="used: one of them cannot be read"):
        validate_client("nonsense", "nonsense")


def test_a_witness_that_was_named_before_does_not_stop_the_others() -> None:
    async def ask() -> None:
        threads = Threads()
        try:
            await submit("http://a\\b/", b"x", threads)
        finally:
            threads.close()

    with pytest.raises(WitnessFault, match="cannot be reached"):
        asyncio.run(ask())
