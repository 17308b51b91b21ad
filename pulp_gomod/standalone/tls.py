"""The certificate that the server shows: a given one, or one from a certificate authority of its own."""

import datetime
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .datadir import DataDir, write_private
from .errors import StandaloneError
from .options import ServeOptions

_AUTHORITY_LIFE = datetime.timedelta(days=3650)
# The longest that macOS takes.
_LIFE = datetime.timedelta(days=825)
_RENEW_BEFORE = datetime.timedelta(days=90)
_LEEWAY = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """
    A certificate to show.

    Attributes:
        certificate: The file with the certificate and its chain.
        key: The file with its key.
        authority: The file to trust, where the authority is our own.
        client_authorities: The authorities of clients' certificates; None where none are asked for.
    """

    certificate: Path
    key: Path
    authority: Path | None = None
    client_authorities: Path | None = None


def choose_certificate(options: ServeOptions, data: DataDir) -> Certificate | None:
    """
    The certificate that the options ask for, None for plain HTTP.

    Raises:
        StandaloneError: The options contradict each other, or a file cannot be read.
    """
    given = options.tls_cert is not None or options.tls_key is not None
    if options.tls_auto and given:
        raise StandaloneError(
            "--tls auto creates a certificate; leave out --tls-cert and --tls-key."
        )
    if options.tls_auto:
        own = _own_certificate(data.tls, _names(options))
        return replace(own, client_authorities=_client_authorities(options))
    if not given:
        if options.tls_client_ca is not None:
            raise StandaloneError(
                "--tls-client-ca: clients only present certificates over HTTPS. "
                "Add --tls auto, or --tls-cert and --tls-key."
            )
        return None
    if options.tls_cert is None or options.tls_key is None:
        raise StandaloneError("--tls-cert and --tls-key belong together.")
    _check_pair(options.tls_cert, options.tls_key)
    return Certificate(
        options.tls_cert.absolute(),
        options.tls_key.absolute(),
        client_authorities=_client_authorities(options),
    )


def _client_authorities(options: ServeOptions) -> Path | None:
    path = options.tls_client_ca
    if path is None:
        return None
    try:
        x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise StandaloneError(f"cannot read {error.filename}: {error.strerror}.") from error
    except ValueError as error:
        raise StandaloneError(f"--tls-client-ca: {path} is not a PEM file: {error}") from error
    return path.absolute()


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except OSError as error:
        raise StandaloneError(f"cannot read {error.filename}: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StandaloneError(
            f"{certificate} and {key} must be PEM files, the key without a password: {error}"
        ) from error
    if private.public_key() != public:
        raise StandaloneError(f"{key} is not the key of the certificate in {certificate}.")


def _names(options: ServeOptions) -> list[str]:
    origin_host = urlsplit(options.origin).hostname if options.origin else None
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname(), socket.getfqdn()]
    names += [
        name for name in (options.host, origin_host) if name not in (None, "", "0.0.0.0", "::")
    ]
    return sorted({name.lower() for name in names if name})


def _own_certificate(directory: Path, names: Sequence[str]) -> Certificate:
    own = Certificate(
        directory / "server.pem", directory / "server.key", directory / "authority.pem"
    )
    if not _is_good(own, names):
        _issue(own, directory / "authority.key", names)
    return own


def _is_good(own: Certificate, names: Sequence[str]) -> bool:
    try:
        found = x509.load_pem_x509_certificate(own.certificate.read_bytes())
        _check_pair(own.certificate, own.key)
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, ValueError, StandaloneError, x509.ExtensionNotFound):
        return False
    held = {str(name.value) for name in alternatives.value}
    return set(names) <= held and found.not_valid_after_utc - _now() > _RENEW_BEFORE


def _issue(own: Certificate, authority_key: Path, names: Sequence[str]) -> None:
    assert own.authority is not None
    if not (own.authority.exists() and authority_key.exists()):
        _make_authority(own.authority, authority_key)
    authority = x509.load_pem_x509_certificate(own.authority.read_bytes())
    signer = serialization.load_pem_private_key(authority_key.read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise StandaloneError(f"{authority_key} is not the key that was generated. Remove it.")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_subject("pulp-gomod server"), authority.subject, key, _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
        .sign(signer, hashes.SHA256())
    )
    write_private(own.key, _pem(key))
    write_private(own.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())


def _make_authority(path: Path, key_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"pulp-gomod authority of {socket.gethostname()}"[:64])
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(subject, subject, key, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_path, _pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM).decode())
    path.chmod(0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: datetime.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _LEEWAY)
        .not_valid_after(_now() + life)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
