"""Certificates."""

import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.standalone.datadir import DataDir
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.options import ServeOptions
from pulp_gomod.standalone.tls import Certificate, choose_certificate


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.create()
    return made


def choose(data: DataDir, **options: Any) -> Certificate | None:
    return choose_certificate(ServeOptions(data.root, **options), data)


def automatic(data: DataDir, **options: Any) -> Certificate:
    made = choose(data, tls_auto=True, **options)
    assert made
    return made


def shake_hands(certificate: Certificate, name: str) -> None:
    """What a client that trusts the authority thinks of the certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    client = ssl.create_default_context(cafile=str(certificate.authority))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    one, other = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(other, server_side=True).close()
        except (ssl.SSLError, OSError):
            other.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with one:
            client.wrap_socket(one, server_hostname=name).close()
    finally:
        thread.join()


def test_plain_http_unless_asked(data: DataDir) -> None:
    assert choose(data) is None


def test_an_own_authority_is_believed_for_this_machine_only(data: DataDir) -> None:
    certificate = automatic(data)
    for name in ("localhost", "127.0.0.1", "::1", socket.gethostname()):
        shake_hands(certificate, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificate, "go.example.com")
    for path in data.tls.iterdir():
        public = path == certificate.authority
        assert path.stat().st_mode & 0o077 == (0o044 if public else 0)


def test_names_of_the_options_are_in_it_and_the_authority_stays(data: DataDir) -> None:
    before = automatic(data)
    authority, leaf = before.authority.read_bytes(), before.certificate.read_bytes()  # type: ignore[union-attr]
    assert automatic(data).certificate.read_bytes() == leaf
    after = automatic(data, host="127.0.0.9", origin="https://go.example.com/")
    for name in ("go.example.com", "127.0.0.9", "localhost"):
        shake_hands(after, name)
    assert after.authority and after.authority.read_bytes() == authority
    assert after.certificate.read_bytes() != leaf


def test_a_broken_file_is_made_anew(data: DataDir) -> None:
    certificate = automatic(data)
    certificate.key.write_text("no key")
    shake_hands(automatic(data), "localhost")
    os.unlink(certificate.certificate)
    shake_hands(automatic(data), "localhost")


def test_a_given_pair_is_used(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    made = automatic(data)
    monkeypatch.chdir(data.tls)
    given = choose(data, tls_cert=Path("server.pem"), tls_key=Path("server.key"))
    assert given == Certificate(made.certificate, made.key)


def test_what_does_not_fit_is_said(data: DataDir, tmp_path: Path) -> None:
    made = automatic(data)
    other = DataDir(tmp_path / "other")
    other.create()
    stranger = automatic(other)
    with pytest.raises(StandaloneError, match="is not the key of the certificate"):
        choose(data, tls_cert=made.certificate, tls_key=stranger.key)
    with pytest.raises(StandaloneError, match="belong together"):
        choose(data, tls_cert=made.certificate)
    with pytest.raises(StandaloneError, match="leave out"):
        choose(data, tls_auto=True, tls_key=made.key)
    with pytest.raises(StandaloneError, match=r"cannot read .*/missing: No such file"):
        choose(data, tls_cert=tmp_path / "missing", tls_key=made.key)
    with pytest.raises(StandaloneError, match="must be PEM files"):
        choose(data, tls_cert=made.key, tls_key=made.key)


def test_authorities_of_clients_go_with_https(data: DataDir, tmp_path: Path) -> None:
    authority = automatic(data).authority
    assert authority
    assert automatic(data, tls_client_ca=authority).client_authorities == authority
    with pytest.raises(StandaloneError, match="only present certificates over HTTPS"):
        choose(data, tls_client_ca=authority)
    for content, message in ((None, "cannot read"), ("x", "is not a PEM file")):
        path = tmp_path / "bad.pem"
        if content is not None:
            path.write_text(content)
        with pytest.raises(StandaloneError, match=message):
            choose(data, tls_auto=True, tls_client_ca=path)
