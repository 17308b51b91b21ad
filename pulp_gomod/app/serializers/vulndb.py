"""GoVulndb over REST."""

from datetime import timedelta
from gettext import gettext as _
from typing import Any
from urllib.parse import urlsplit

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.serializers import (
    IdentityField,
    ModelSerializer,
    RelatedField,
    ValidateFieldsMixin,
)
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.auth.rights import has_right
from pulp_gomod.app.models import GoVexStatement, GoVulndb
from pulp_gomod.app.serializers import connection
from pulp_gomod.app.serializers.connection import is_plain_url, require_allowed
from pulp_gomod.app.serializers.fields import ChoiceField
from pulp_gomod.app.serializers.unique import name_not_taken
from pulp_gomod.app.serializers.upload import UploadField, check_chunks
from pulp_gomod.app.serializers.versions import one_line
from pulp_gomod.app.tasks.sync.scheduling import format_interval, parse_interval
from pulp_gomod.app.tasks.vulndb.scheduling import schedule_of, set_schedule
from pulp_gomod.golang import GoError
from pulp_gomod.golang.openvex import Document, parse_document

LONGEST_NAME = 200
LONGEST_URL = 2048
LARGEST_UPLOAD = 256 * 1024 * 1024


@extend_schema_field(OpenApiTypes.STR)
class _KindField(ChoiceField):
    """What kind of reports a database has."""


class GoVulndbSerializer(ModelSerializer):
    """A database of vulnerabilities, or of malicious modules."""

    pulp_href = IdentityField(view_name="gomod/vulndbs-detail")
    name = serializers.CharField(
        help_text=_("A unique name for this database."), max_length=LONGEST_NAME
    )
    kind = _KindField(
        choices=GoVulndb.Kind.choices,
        default=GoVulndb.Kind.VULNERABILITIES,
        help_text=_(
            "vulnerabilities: a Go vulnerability database, as govulncheck reads it. malicious: reports in "
            "OSV format about modules that were made to do harm, in a zip. It cannot be changed."
        ),
    )
    url = serializers.CharField(
        help_text=_(
            "The zip archive to mirror, such as https://vuln.go.dev/vulndb.zip; empty if it is uploaded."
        ),
        max_length=LONGEST_URL,
        allow_blank=True,
        default="",
    )
    sync_interval = serializers.CharField(
        help_text=_(
            "How often to look for a newer one: a number of minutes, hours or days, such as 6h; empty for "
            "never."
        ),
        max_length=16,
        allow_blank=True,
        required=False,
    )
    username = serializers.CharField(
        help_text=_("The user name for the URL."),
        max_length=500,
        required=False,
        allow_null=True,
        write_only=True,
    )
    password = serializers.CharField(
        help_text=_("The password for the URL. It is never shown."),
        max_length=500,
        required=False,
        allow_null=True,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
    )
    ca_cert = serializers.CharField(
        help_text=_(
            "PEM certificates that the URL's server is verified with, instead of the system's."
        ),
        max_length=1024 * 1024,
        allow_blank=True,
        default="",
    )
    proxy_url = serializers.CharField(
        help_text=_("The HTTP proxy on the way to the URL."),
        max_length=LONGEST_URL,
        allow_blank=True,
        default="",
    )
    redirect_hosts = serializers.CharField(
        help_text=_(
            "Comma-separated hosts to which the URL may redirect, with * as in a glob; none but its own if "
            "empty."
        ),
        max_length=LONGEST_URL,
        allow_blank=True,
        default="",
    )
    modified = serializers.DateTimeField(
        help_text=_("When the database was last changed, as it says itself; null if it is empty."),
        read_only=True,
        allow_null=True,
    )
    reports = serializers.IntegerField(help_text=_("Number of reports."), read_only=True)
    size = serializers.IntegerField(help_text=_("Bytes of all files, compressed."), read_only=True)
    changed = serializers.DateTimeField(
        help_text=_("When the reports that are here came; null if none did."),
        read_only=True,
        allow_null=True,
    )
    checked = serializers.DateTimeField(
        help_text=_("When it was last known to be the newest; null if never."),
        read_only=True,
        allow_null=True,
    )
    error = serializers.CharField(
        help_text=_("Why the last attempt to replace it failed; empty if it did not."),
        read_only=True,
    )

    def validate_name(self, name: str) -> str:
        """
        Check that the name is one line, and nobody else's.

        Raises:
            ValidationError: It is not.
        """
        others = GoVulndb.objects.filter(pulp_domain=get_domain_pk(), name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError(_("This field must be unique."))
        return one_line(name)

    def validate_kind(self, kind: str) -> str:
        """
        Check that it stays what it is.

        Raises:
            ValidationError: It does not.
        """
        if self.instance is not None and kind != self.instance.kind:
            raise serializers.ValidationError(_("The kind cannot be changed."))
        return kind

    def validate_url(self, url: str) -> str:
        """
        Check the URL.

        Raises:
            ValidationError: It is none.
        """
        return _checked_url(url)

    def validate_proxy_url(self, url: str) -> str:
        """
        Check the URL.

        Raises:
            ValidationError: It is none.
        """
        if _checked_url(url):
            connection.validate_proxy(url)
        return url

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

    def validate_ca_cert(self, pem: str) -> str:
        """
        Check the certificates.

        Raises:
            ValidationError: They cannot be read.
        """
        if pem:
            connection.validate_ca(pem)
        return pem

    def validate_redirect_hosts(self, hosts: str) -> str:
        """
        Check the hosts.

        Raises:
            ValidationError: One is none.
        """
        return connection.validated_hosts(hosts)

    def validate_sync_interval(self, value: str) -> str:
        """
        Check the interval.

        Raises:
            ValidationError: It is none.
        """
        try:
            if value:
                parse_interval(value)
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error
        return value

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check what only makes sense together.

        Raises:
            ValidationError: Something would be synced from nowhere.
        """
        validated: dict[str, Any] = super().validate(data)
        url = data.get("url", getattr(self.instance, "url", ""))
        if data.get("sync_interval") and not url:
            raise serializers.ValidationError(
                {"sync_interval": _("Without a url there is nothing to look for a newer one at.")}
            )
        return validated

    def to_representation(self, vulndb: GoVulndb) -> dict[str, Any]:
        """Show how often it is synced, too."""
        shown: dict[str, Any] = super().to_representation(vulndb)
        schedule = schedule_of(vulndb)
        shown["sync_interval"] = format_interval(schedule.dispatch_interval) if schedule else ""
        return shown

    def create(self, validated_data: dict[str, Any]) -> GoVulndb:
        """Make it; what is to be synced by itself is synced at once."""
        interval = validated_data.pop("sync_interval", "")
        with name_not_taken():
            vulndb: GoVulndb = GoVulndb.objects.create(**validated_data)
            if interval:
                set_schedule(vulndb, parse_interval(interval))
        return vulndb

    def update(self, vulndb: GoVulndb, validated_data: dict[str, Any]) -> GoVulndb:
        """Change it."""
        interval = validated_data.pop("sync_interval", None)
        if "url" in validated_data and validated_data["url"] != vulndb.url:
            # What another server calls its version says nothing about this one's.
            validated_data |= {"etag": "", "last_modified": ""}
        for name, value in validated_data.items():
            setattr(vulndb, name, value)
        with name_not_taken():
            # Somebody may have deleted it, and no schedule is to be left of it.
            GoVulndb.objects.select_for_update(no_key=True).only("pk").get(pk=vulndb.pk)
            # A sync may be writing the other columns just now.
            vulndb.save(update_fields=[*validated_data, "pulp_last_updated"])
            if not vulndb.url:
                set_schedule(vulndb, None)
            elif interval is not None:
                set_schedule(vulndb, _interval(interval))
        return vulndb

    class Meta:
        model = GoVulndb
        fields = (
            *ModelSerializer.Meta.fields,
            "name",
            "kind",
            "url",
            "sync_interval",
            "username",
            "password",
            "ca_cert",
            "proxy_url",
            "redirect_hosts",
            "modified",
            "reports",
            "size",
            "changed",
            "checked",
            "error",
        )


def _interval(text: str) -> timedelta | None:
    return parse_interval(text) if text else None


def _checked_url(url: str) -> str:
    # It is shown to everybody who may see the database.
    if url and not (is_plain_url(url) and "@" not in urlsplit(url).netloc):
        raise serializers.ValidationError(
            _("Give an http or https URL with a host, and without credentials.")
        )
    if url:
        require_allowed(url)
    return url


class GoVulndbUploadSerializer(ValidateFieldsMixin, serializers.Serializer):
    """An archive to take the place of the reports that there are."""

    file = serializers.FileField(
        help_text=_("The zip archive: a vulndb.zip, or one of OSV reports of malicious modules."),
        required=False,
    )
    upload = UploadField(
        help_text=_("A finished chunked upload of it, which is deleted afterwards."), required=False
    )

    def validate_file(self, file: Any) -> Any:
        """
        Check the size.

        Raises:
            ValidationError: It is larger than any that is read.
        """
        if file.size > LARGEST_UPLOAD:
            raise serializers.ValidationError(
                _("It has {size} bytes, the limit is {limit} bytes.").format(
                    size=file.size, limit=LARGEST_UPLOAD
                )
            )
        return file

    def validate_upload(self, upload: Any) -> Any:
        """Check that the upload is complete."""
        check_chunks(upload)
        return self.validate_file(upload)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check that there is one file.

        Raises:
            ValidationError: There is not.
        """
        validated: dict[str, Any] = super().validate(data)
        if len(validated.keys() & {"file", "upload"}) != 1:
            raise serializers.ValidationError(_("Give either file or upload."))
        return validated

    class Meta:
        ref_name = "gomod.GoVulndbUpload"


def checked_vulndb(
    serializer: Any, vulndb: GoVulndb | None, field: str = "vulndb"
) -> GoVulndb | None:
    """
    Check that a database is of the same domain, and that the user may see it, unless it was named before.

    Args:
        serializer: The serializer that asks.
        vulndb: The database that a request names, or None.
        field: The field that names it.

    Raises:
        ValidationError: It is not, or the user may not.
    """
    request = serializer.context.get("request")
    if vulndb is None or request is None or vulndb == getattr(serializer.instance, field, None):
        return vulndb
    is_ours = vulndb.pulp_domain_id == get_domain_pk()
    if not is_ours or not has_right(request, "gomod.view_govulndb", vulndb):
        raise serializers.ValidationError(_("Invalid hyperlink - Object does not exist."))
    return vulndb


class GoScanSerializer(ValidateFieldsMixin, serializers.Serializer):
    """What to scan a repository version with."""

    vulndb = RelatedField(
        help_text=_("The vulnerability database. Defaults to the repository's."),
        view_name="gomod/vulndbs-detail",
        queryset=GoVulndb.objects.all(),
        required=False,
    )

    def validate_vulndb(self, vulndb: GoVulndb) -> GoVulndb | None:
        """
        Check that the database is of the same domain, and that the user may see it.

        Raises:
            ValidationError: It is not, or the user may not.
        """
        return checked_vulndb(self, vulndb)

    class Meta:
        ref_name = "gomod.GoScan"


class GoVexStatementSerializer(serializers.ModelSerializer):
    """A statement that a report does not apply to a module version."""

    class Meta:
        model = GoVexStatement
        fields = (
            "document",
            "vulnerability",
            "module",
            "version",
            "status",
            "reason",
            "author",
            "timestamp",
        )
        read_only_fields = fields


class GoVexSerializer(serializers.Serializer):
    """An OpenVEX document."""

    document = serializers.JSONField(
        help_text=_(
            "The OpenVEX document. It takes the place of the one with the same @id; one without statements "
            "removes that."
        )
    )

    def validate_document(self, said: Any) -> Document:
        """
        Read the document.

        Raises:
            ValidationError: It is none.
        """
        try:
            return parse_document(said)
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error

    class Meta:
        ref_name = "gomod.GoVex"
