"""GoRemote over REST."""

import re
from gettext import gettext as _
from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers

from pulpcore.plugin.models import Remote
from pulpcore.plugin.serializers import RemoteSerializer

from pulp_gomod.app.models import GoRemote
from pulp_gomod.app.serializers import connection
from pulp_gomod.app.serializers.connection import is_plain_url, require_allowed
from pulp_gomod.app.serializers.fields import ChoiceField, SizeField
from pulp_gomod.golang import GoError
from pulp_gomod.golang.module.patterns import match_pattern
from pulp_gomod.golang.sumdb import DEFAULT_GOSUMDB, parse_gosumdb

MAX_SECONDS = 366 * 24 * 3600

# Characters of a list of patterns, each of which is compared with each module that clients ask for.
LONGEST_PATTERNS = 16 * 1024
_SEPARATORS = re.compile("[,|]")


def validate_patterns(value: str) -> str:
    """
    Check a list of patterns in the syntax of GOPRIVATE.

    The go command overlooks a malformed pattern; here it would send a private name upstream.

    Args:
        value: Comma-separated globs of module path prefixes.

    Returns:
        The list without the spaces around its commas.

    Raises:
        ValidationError: A pattern is malformed, or the list is too long.
    """
    if len(value) > LONGEST_PATTERNS:
        raise serializers.ValidationError(
            _("The list has {count} characters; the limit is {most}.").format(
                count=len(value), most=LONGEST_PATTERNS
            )
        )
    patterns = [pattern.strip() for pattern in value.split(",")]
    for pattern in patterns:
        if any(char.isspace() for char in pattern):
            raise serializers.ValidationError(
                _("{pattern!r} contains a space; separate patterns with commas.").format(
                    pattern=pattern
                )
            )
        if "@" in pattern:
            raise serializers.ValidationError(
                _(
                    "{pattern!r} names a version, but only patterns of module paths are allowed "
                    "here. To keep a version out of a repository, block it: pulp gomod block "
                    "create, or gomod/blocks/."
                ).format(pattern=pattern)
            )
        try:
            match_pattern(pattern, "")
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error
    return ",".join(filter(None, patterns))


def _patterns(help_text: str) -> serializers.CharField:
    return serializers.CharField(
        help_text=help_text, required=False, allow_blank=True, max_length=65536
    )


def _is_list(url: str) -> bool:
    """Say whether a text is a list, as the variable GOPROXY of the go command is one."""
    _, *others = _SEPARATORS.split(url)
    return any(each.strip() in ("", "direct", "off") or "://" in each for each in others)


class GoRemoteSerializer(RemoteSerializer):
    """An upstream GOPROXY."""

    url = serializers.CharField(
        help_text=_("The URL of the upstream GOPROXY, for example https://goproxy.example.com.")
    )
    policy = ChoiceField(
        help_text=_(
            "When to download zips: 'immediate' (during the sync), 'on_demand' (on the first "
            "request, and then keep them), or 'streamed' (on every request, and never keep them)."
        ),
        choices=Remote.POLICY_CHOICES,
        default=Remote.ON_DEMAND,
    )
    sumdb = serializers.CharField(
        help_text=_(
            "The checksum database to verify zips against, in the syntax of GOSUMDB: a known name, "
            "or a verifier key, and optionally a URL; off for none."
        ),
        default=DEFAULT_GOSUMDB,
    )
    # As pulpcore's, but the null that is read of it can be written, too.
    headers = serializers.ListField(
        child=serializers.DictField(),
        help_text=_(
            "Headers that are sent with each request, as a list of objects; null for none."
        ),
        required=False,
        allow_null=True,
    )
    includes = _patterns(
        _(
            "The upstream is only asked for modules that match; empty for all. Comma-separated "
            "globs of module path prefixes, in the syntax of GOPRIVATE."
        )
    )
    excludes = _patterns(
        _("The upstream is never asked for modules that match. The syntax is that of GOPRIVATE.")
    )
    private = _patterns(
        _(
            "Modules that match are private: their names are never sent to an upstream or a "
            "checksum database. The syntax is that of GOPRIVATE."
        )
    )
    mix = _patterns(
        _(
            "The upstream is asked for modules that match even if they, or modules above them, "
            "were published here, and versions from both are served: for a patched fork under its "
            "public path. By default, a module that was published here never comes from an "
            "upstream. The syntax is that of GOPRIVATE; * stands for all."
        )
    )
    nosumdb = _patterns(
        _(
            "Modules that match are not looked up in the checksum database. The syntax is that of "
            "GOPRIVATE."
        )
    )

    redirect_hosts = _patterns(
        _(
            "Other hosts that the upstream may redirect to: comma-separated, with * as in a glob, "
            "and with or without a port. Credentials are never sent there."
        )
    )
    index_url = serializers.CharField(
        help_text=_(
            "The URL of an index of the upstream's modules, which a sync can follow, such as "
            "https://goindex.example.com/index. Empty for 'index' below the URL, where pulp_gomod has it."
        ),
        required=False,
        allow_blank=True,
        max_length=2048,
    )
    cache_ttl = serializers.IntegerField(
        help_text=_(
            "Seconds for which version lists, @latest and queries are served before the upstream "
            "is asked again."
        ),
        required=False,
        min_value=0,
        max_value=MAX_SECONDS,
    )
    not_found_ttl = serializers.IntegerField(
        help_text=_("Seconds for which 'not found' is served before the upstream is asked again."),
        required=False,
        min_value=0,
        max_value=MAX_SECONDS,
    )
    cache_size = SizeField(
        help_text=_(
            "Bytes that may be cached for a repository, or a text with a unit such as 20GB; null for no "
            "limit. Beyond that, the least recently used modules are evicted. Small files of the remote "
            "that are not content may take another tenth of it."
        ),
        required=False,
        allow_null=True,
    )

    validate_includes = staticmethod(validate_patterns)
    validate_excludes = staticmethod(validate_patterns)
    validate_private = staticmethod(validate_patterns)
    validate_mix = staticmethod(validate_patterns)
    validate_nosumdb = staticmethod(validate_patterns)

    def validate_redirect_hosts(self, value: str) -> str:
        """
        Check the hosts that may be redirected to.

        Raises:
            ValidationError: One is none.
        """
        return connection.validated_hosts(value)

    def validate_url(self, url: str) -> str:
        """
        Check that the URL is one that a GOPROXY can have.

        Raises:
            ValidationError: It is not.
        """
        if _is_list(url):
            raise serializers.ValidationError(
                _(
                    "This is a list of proxies, as clients have it in GOPROXY. A remote has the URL of one GOPROXY, "
                    'without "direct" and "off".'
                )
            )
        try:
            # pulpcore's own check parses it, too.
            url = super().validate_url(url)
            parts = urlsplit(url)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname)
            valid = valid and is_plain_url(url) and not parts.query and not parts.fragment
        except ValueError:
            valid = False
        if not valid:
            raise serializers.ValidationError(
                _("The URL of a GOPROXY consists of http or https, a host and a path.")
            )
        require_allowed(url)
        return url

    def validate_index_url(self, url: str) -> str:
        """
        Check that the URL is one that an index can have.

        Raises:
            ValidationError: It is not.
        """
        return self.validate_url(url) if url else url

    def validate_proxy_url(self, url: str | None) -> str | None:
        """
        Check where the proxy is.

        Raises:
            ValidationError: It is no URL of a proxy, or no remote may lead there.
        """
        if url:
            connection.validate_proxy(url)
            require_allowed(url)
        return url

    def validate_headers(self, headers: Any) -> Any:
        """
        Check the headers.

        Raises:
            ValidationError: They cannot be sent.
        """
        connection.validate_headers(headers)
        return headers

    def validate_username(self, name: str | None) -> str | None:
        """
        Check the user name.

        Raises:
            ValidationError: It cannot be sent.
        """
        connection.validate_login(name, None)
        return name

    def validate_password(self, password: str | None) -> str | None:
        """
        Check the password.

        Raises:
            ValidationError: It cannot be sent.
        """
        connection.validate_login(None, password)
        return password

    validate_proxy_username = validate_username
    validate_proxy_password = validate_password

    def validate_ca_cert(self, pem: str | None) -> str | None:
        """
        Check the certificates that the upstream's is verified with.

        Raises:
            ValidationError: They cannot be read.
        """
        if pem:
            connection.validate_ca(pem)
        return pem

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check what has to fit together, of what is there after the change.

        Raises:
            ValidationError: It does not.
        """
        data = super().validate(data)

        def after(name: str) -> Any:
            return data[name] if name in data else getattr(self.instance, name, None)

        client = (after("client_cert"), after("client_key"))
        if {"client_cert", "client_key"} & data.keys() and all(client):
            connection.validate_client(*client)
        if {"headers", "username"} & data.keys() and after("username"):
            names = {name.lower() for group in after("headers") or () for name in group}
            if "authorization" in names:
                raise serializers.ValidationError(
                    {
                        "headers": [
                            _(
                                "Set either Authorization in headers, or username and "
                                "password, not both."
                            )
                        ]
                    }
                )
        return data

    def validate_sumdb(self, sumdb: str) -> str:
        """
        Check the checksum database.

        Raises:
            ValidationError: The go command would not take it as GOSUMDB.
        """
        try:
            database = parse_gosumdb(sumdb)
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error
        if not database.off:
            require_allowed(database.direct_url)
        return sumdb

    class Meta:
        model = GoRemote
        fields = (
            *RemoteSerializer.Meta.fields,
            "sumdb",
            "includes",
            "excludes",
            "private",
            "mix",
            "nosumdb",
            "redirect_hosts",
            "index_url",
            "cache_ttl",
            "not_found_ttl",
            "cache_size",
        )
