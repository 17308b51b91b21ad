"""What a remote connects with: refused when it is set, not when somebody's build needs it."""

import re
import ssl
import tempfile
from contextlib import ExitStack
from gettext import gettext as _
from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers
from yarl import URL

from pulp_gomod.app.remote.http import networks
from pulp_gomod.app.remote.http.pem import only_ascii

_HOST = re.compile(r"(?:[a-z0-9*?._-]+|\[[0-9a-f:.*]+\])(?::[0-9]{1,5})?")
# The characters of a header's name: a token of RFC 9110.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What the connection or the request itself says; another value breaks every request.
_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "if-modified-since",
        "if-none-match",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def is_plain_url(url: str) -> bool:
    """Say whether something is an http or https URL of a host, written as it is read."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # What cannot be asked, such as a name in other letters than those that DNS has.
        valid = valid and bool(URL(url, encoded=True).host)
    except ValueError:
        return False
    # urlsplit drops some control characters, and blanks end a request line.
    return valid and url.isprintable() and not any(char.isspace() for char in url)


def validate_proxy(url: str) -> None:
    """
    Check the URL of an HTTP proxy.

    Raises:
        ValidationError: It is none.
    """
    parts = urlsplit(url) if is_plain_url(url) else None
    if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise serializers.ValidationError(
            _(
                "The URL of a proxy consists of http or https, a host and a port: "
                "http://proxy.example.com:3128."
            )
        )
    if parts.username or parts.password:
        raise serializers.ValidationError(
            _(
                "Put the user name and password into proxy_username and proxy_password, "
                "not into the URL."
            )
        )


def require_allowed(url: str) -> None:
    """
    Check that the host of a URL is no address that remotes must not lead to.

    Names are looked up when they are connected to, and may lead elsewhere each time.

    Raises:
        ValidationError: It is one.
    """
    if networks.denied_url(url):
        raise serializers.ValidationError(
            _(
                "The administrator of this server does not allow remotes to connect to this "
                "address ({setting})."
            ).format(setting=networks.SETTING)
        )


def validated_hosts(value: str) -> str:
    """
    Check hosts that may be redirected to, and write them plainly.

    Args:
        value: Comma-separated hosts, with * as in a glob and optionally a port.

    Raises:
        ValidationError: One is none.
    """
    hosts = [host.strip().lower() for host in value.split(",") if host.strip()]
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise serializers.ValidationError(
                _("{host!r} is not a host such as files.example.com or *.example.com:8443.").format(
                    host=host
                )
            )
        require_allowed(f"//{host}")
    return ",".join(hosts)


def validate_headers(groups: Any) -> None:
    """
    Check headers that are sent with each request.

    Args:
        groups: Objects with names and values of headers.

    Raises:
        ValidationError: One cannot be sent, or would break each request. No value is repeated.
    """
    for group in groups or ():
        if not isinstance(group, dict):
            raise serializers.ValidationError(
                _('Headers must be a list of objects, such as [{"X-Token": "..."}].')
            )
        for name, value in group.items():
            if not _TOKEN.fullmatch(str(name)):
                raise serializers.ValidationError(
                    _("{name!r} is not a valid header name.").format(name=str(name)[:80])
                )
            if name.lower() in _OWN_HEADERS:
                raise serializers.ValidationError(
                    _("{name} is set for each request and cannot be overridden.").format(name=name)
                )
            if not isinstance(value, str) or not _is_value(value):
                raise serializers.ValidationError(
                    _(
                        "The value of {name} cannot be sent: it must be text without control "
                        "characters."
                    ).format(name=name)
                )


def _is_value(text: str) -> bool:
    return all(char == "\t" or char.isprintable() for char in text)


def validate_login(username: str | None, password: str | None) -> None:
    """
    Check a user name and a password for HTTP Basic.

    Args:
        username: The user name, if any.
        password: The password, if any.

    Raises:
        ValidationError: They cannot be sent.
    """
    if username and ":" in username:
        raise serializers.ValidationError(
            _(
                "HTTP Basic does not allow a colon in the user name: whatever follows it "
                "would be the password."
            )
        )
    for text in (username, password):
        if text and any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in text):
            raise serializers.ValidationError(
                _("It contains control characters, such as a line break, which cannot be sent.")
            )


def validate_ca(pem: str) -> None:
    """
    Check certificates that an upstream's is verified with.

    Args:
        pem: The certificates.

    Raises:
        ValidationError: They cannot be read.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=only_ascii(pem))
    except (ssl.SSLError, ValueError) as error:
        raise serializers.ValidationError(
            _("Not valid PEM certificates: {reason}.").format(
                reason=_reason(error, "there is none")
            )
        ) from error


def validate_client(certificate: str, key: str) -> None:
    """
    Check a client certificate and its key.

    Args:
        certificate: PEM.
        key: PEM.

    Raises:
        ValidationError: They cannot be read, or do not belong together.
    """
    with ExitStack() as stack:
        names = []
        for text in (certificate, key):
            # OpenSSL reads them from files only.
            file = stack.enter_context(tempfile.NamedTemporaryFile("w"))
            file.write(only_ascii(text))
            file.flush()
            names.append(file.name)
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            # Without a password OpenSSL asks at the terminal.
            context.load_cert_chain(names[0], names[1], password="")
        except (ssl.SSLError, ValueError) as error:
            raise serializers.ValidationError(
                {
                    "client_cert": [
                        _(
                            "client_cert and client_key cannot be used: {reason}. They must be "
                            "PEM, without a passphrase, and belong together."
                        ).format(reason=_reason(error, "one of them cannot be read"))
                    ]
                }
            ) from error


def _reason(error: Exception, unreadable: str) -> str:
    """Say why OpenSSL refuses certificates. Where it finds nothing to read, it gives no reason."""
    reason: str | None = error.reason if isinstance(error, ssl.SSLError) else None
    return reason.replace("_", " ").lower() if reason else unreadable
