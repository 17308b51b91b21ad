"""GoVulndb: a database of vulnerabilities, or of malicious modules, mirrored whole."""

from uuid import uuid4

from django.db import models
from django_lifecycle import AFTER_SAVE, BEFORE_DELETE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, BaseModel, EncryptedTextField
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.models.visibility import wait_until_seen


class GoVulndb(BaseModel, AutoAddObjPermsMixin):
    """
    Reports about modules, all of which are here, so that no name of a module is sent anywhere.

    What is here stays until something better is: a new one takes its place in one transaction, once it was read
    and checked to its end.

    Fields:
        name (str): Its name, unique in the domain.
        kind (str): vulnerabilities (a Go vulnerability database) or malicious (OSV reports of such modules).
        url (str): Where it is mirrored from; "" if it is uploaded.
        username (str): For that, or null.
        password (str): For that, or null.
        ca_cert (str): PEM, for that; "" for the system's.
        proxy_url (str): The HTTP proxy on the way; "" for none.
        redirect_hosts (str): Comma-separated hosts, other than its own, to which the URL may redirect.
        etag (str): What the URL's server calls the version that is here.
        last_modified (str): When that was changed, as it says.
        modified (datetime): The same, as the database itself says; null while there is none.
        reports (int): Reports that are here.
        size (int): Bytes of all files, compressed.
        changed (datetime): When the one that is here came; null while there is none.
        checked (datetime): When it was last known to be the newest.
        error (str): Why the last attempt to get a newer one failed; "" if it did not.
        revision (UUID): Changes whenever a report does, or what is said of one.
    """

    class Kind(models.TextChoices):
        VULNERABILITIES = "vulnerabilities"
        MALICIOUS = "malicious"

    name = models.TextField()
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.VULNERABILITIES)
    url = models.TextField(default="")
    username = EncryptedTextField(null=True)
    password = EncryptedTextField(null=True)
    ca_cert = models.TextField(default="")
    proxy_url = models.TextField(default="")
    redirect_hosts = models.TextField(default="")
    etag = models.TextField(default="")
    last_modified = models.TextField(default="")
    modified = models.DateTimeField(null=True)
    reports = models.IntegerField(default=0)
    size = models.BigIntegerField(default=0)
    changed = models.DateTimeField(null=True)
    checked = models.DateTimeField(null=True)
    error = models.TextField(default="")
    revision = models.UUIDField(default=uuid4)
    pulp_domain = models.ForeignKey(
        "core.Domain",
        default=get_domain_pk,
        related_name="gomod_vulndbs",
        on_delete=models.CASCADE,
    )

    class Meta:
        unique_together = ("pulp_domain", "name")
        permissions = [("manage_roles_govulndb", "Can manage roles on vulnerability databases")]

    def __str__(self) -> str:
        return str(self.name)

    @hook(BEFORE_DELETE)
    def _hold(self) -> None:
        """Wait for whoever fills it, and let nobody do so or depend on it while it is being deleted."""
        hold(self)

    @hook(AFTER_SAVE)
    def _wait_until_seen(self) -> None:
        wait_until_seen()


class GoVulnFile(models.Model):
    """
    A file of a vulnerability database, as it came.

    Fields:
        path (str): Below the database's URL; it ends in .json, or is vulndb.zip, which has all others.
        body (bytes): The file, compressed with gzip if it is JSON.
        digest (str): SHA-256 of it before that, in hex.
        changed (datetime): When it came.
    """

    id = models.BigAutoField(primary_key=True)
    vulndb = models.ForeignKey(
        GoVulndb, related_name="files", on_delete=models.CASCADE, db_index=False
    )
    path = models.TextField(db_collation="C")
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    changed = models.DateTimeField()

    class Meta:
        unique_together = ("vulndb", "path")

    def __str__(self) -> str:
        return str(self.path)


class GoVulnReport(models.Model):
    """
    What a report says about one module: all that it takes to say whether a version is affected.

    Fields:
        module (str): The module path; `stdlib` and `toolchain` for Go itself.
        report (str): The ID of the report.
        aliases (list): Its IDs elsewhere.
        summary (str): What it is, in one line.
        is_reviewed (bool): Whether its ranges were looked at by somebody.
        severity (float): From 0 to 10, or null if nobody says.
        withdrawn (datetime): When it was withdrawn, or null.
        affected (list): Of each entry about the module [ranges, versions]; see `golang.osv.Affected`.
        silenced (list): Versions to which it does not apply as somebody says, "" for all.
    """

    id = models.BigAutoField(primary_key=True)
    vulndb = models.ForeignKey(
        GoVulndb, related_name="rows", on_delete=models.CASCADE, db_index=False
    )
    module = models.TextField(db_collation="C")
    report = models.TextField(db_collation="C")
    aliases = models.JSONField(default=list)
    summary = models.TextField()
    is_reviewed = models.BooleanField()
    severity = models.FloatField(null=True)
    withdrawn = models.DateTimeField(null=True)
    affected = models.JSONField()
    silenced = models.JSONField(default=list)

    class Meta:
        unique_together = ("vulndb", "module", "report")
        indexes = [models.Index(fields=["vulndb", "report"])]

    def __str__(self) -> str:
        return f"{self.report} about {self.module}"


class GoVexStatement(models.Model):
    """
    What somebody says of a report: that it does not apply to a module version, or not any more (OpenVEX).

    Fields:
        document (str): The ID of the document that says so; the same document takes its place.
        vulnerability (str): The ID of the report, or one that it has elsewhere.
        module (str): The module path.
        version (str): The version; "" for all.
        status (str): not_affected or fixed.
        reason (str): Why, for people.
        author (str): Who says so.
        timestamp (str): When.
    """

    id = models.BigAutoField(primary_key=True)
    vulndb = models.ForeignKey(GoVulndb, related_name="vex", on_delete=models.CASCADE)
    document = models.TextField()
    vulnerability = models.TextField(db_collation="C")
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    status = models.TextField()
    reason = models.TextField()
    author = models.TextField()
    timestamp = models.TextField()

    def __str__(self) -> str:
        return f"{self.module}@{self.version or 'any'}: {self.vulnerability} {self.status}"
