"""Which addresses remotes must not lead to, however they are written."""

from contextlib import AbstractContextManager
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.remote.http import networks


def deny(*names: str) -> AbstractContextManager[object]:
    chosen = SimpleNamespace(GOMOD_REMOTE_DENIED_NETWORKS=list(names))
    return patch.object(networks, "settings", chosen)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.43518",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.254.169.254.",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:db8::5efe:a9fe:a9fe",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_link_local_and_metadata_addresses_are_closed_by_default(host: str) -> None:
    assert networks.denied_host(host)
    assert networks.denied_url(
        f"http://{host if host[0] == '[' or ':' not in host else f'[{host}]'}/x"
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "8.8.8.8",
        "2001:4860::8888",
        "goproxy.example.com",
        "fd00::1",
        "a.1",
    ],
)
def test_all_else_is_open_by_default(host: str) -> None:
    assert not networks.denied_host(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0", "0.0.0.0", "::", "::1", "2130706433", "::ffff:0.0.0.0"]
)
def test_loopback_has_many_names(host: str) -> None:
    with deny("loopback"):
        assert networks.denied_host(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "172.31.0.1", "100.64.0.1", "fd12::1"])
def test_private_networks_are_closed_by_choice(host: str) -> None:
    with deny("private"):
        assert networks.denied_host(host)
        assert not networks.denied_host("127.0.0.1")


def test_an_address_that_nobody_can_read_is_denied() -> None:
    assert networks.denied("somewhere")
    assert networks.denied_host("not:an:address")


@pytest.mark.parametrize("name", ["10.0.0.1/8", "localhost", "2001:db8::/129"])
def test_what_is_no_network_is_refused(name: str) -> None:
    with deny(name), pytest.raises(ImproperlyConfigured, match="GOMOD_REMOTE_DENIED_NETWORKS"):
        networks.check_setting()
