"""Certificates of clients: good ones, and such that are worth nothing."""

import datetime
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A subscription's certificate names its order, and each path that it is for.
_ORDER = x509.ObjectIdentifier("1.3.6.1.4.1.2312.9.4.1")
_PATH = x509.ObjectIdentifier("1.3.6.1.4.1.2312.9.2.1.1.6")


@dataclass(frozen=True)
class Authority:
    """
    An authority with files for its certificate and for those that it has signed.

    Attributes:
        directory: Where the files are.
        ca: The authority.
    """

    directory: Path
    ca: trustme.CA

    @classmethod
    def create(cls, directory: Path) -> "Authority":
        """Make one."""
        directory.mkdir(parents=True)
        made = cls(directory, trustme.CA())
        made.ca.cert_pem.write_to_path(made.certificate)
        return made

    @property
    def certificate(self) -> Path:
        """The file with its own certificate."""
        return self.directory / "ca.pem"

    def server(self) -> Path:
        """Return a file with the key and the certificate of a server on this machine."""
        path = self.directory / "server.pem"
        self.ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            path
        )
        return path

    def client(self) -> Path:
        """Return a file with the key and the certificate of a client."""
        path = self.directory / "client.pem"
        issued = self.ca.issue_cert("client@example.com")
        issued.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def subscription(self, path: str) -> Path:
        """Return a file with the key and the certificate of a subscription to what is below a path."""
        key = serialization.load_pem_private_key(self.ca.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        issuer = x509.load_pem_x509_certificate(self.ca.cert_pem.bytes())
        extensions = [(_ORDER, "an order"), (_PATH, path)]
        return _write(self.directory / "subscription.pem", issuer.subject, key, extensions)

    def own(self) -> str:
        """Return its own certificate, which is no secret."""
        return self.ca.cert_pem.bytes().decode()


def self_signed(path: Path) -> Path:
    """Write the key and the certificate of a client whom nobody vouches for."""
    return _write(path, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")]), None, [])


def certificate_in(path: Path) -> str:
    """Return the first certificate of a file, without its key: what everybody may have."""
    (first, *_) = x509.load_pem_x509_certificates(path.read_bytes())
    return first.public_bytes(serialization.Encoding.PEM).decode()


def _write(
    path: Path,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey | None,
    extensions: list[tuple[x509.ObjectIdentifier, str]],
) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    for oid, text in extensions:
        # A string of UTF-8 in DER.
        value = b"\x0c" + bytes([len(text)]) + text.encode()
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    signed = builder.sign(signer or key, hashes.SHA256())
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
