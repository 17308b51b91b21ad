"""A checksum database of one's own: what repositories feed, in a tree that only grows."""

from django.db import models
from django_lifecycle import BEFORE_DELETE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, BaseModel, EncryptedTextField
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models.discarding import hold
from pulp_gomod.golang.sumdb import tlog

# Below it, C2SP's tlog-tiles has the same tree; `c2sp` is no element that a name ends with.
ORIGIN_END = "/c2sp"


class GoSumdb(BaseModel, AutoAddObjPermsMixin):
    """
    A checksum database that this server signs.

    Its row is locked by whoever appends, until the repository version is there: so the tree has what
    repositories had, in one order, and nothing else. It outlives the repositories that fed it.

    It shares no tables with what is kept of others' databases (GoSumdbTree): there, rows are dropped when
    nobody needs them any more, and travel with what they prove. Here nothing is ever dropped or carried
    away, and every tile is there.

    Fields:
        name (str): As in GOSUMDB and in URLs: host/path.
        verifier_key (str): What clients put into GOSUMDB.
        signing_key (str): The secret key. It is never shown and never logged.
        retiring_key (str): The verifier key before this one, which signs until `retiring_until`; "" for none.
        retiring_signing_key (str): Its secret key.
        retiring_until (datetime): Until when both sign.
        size (int): Records in the tree.
        root (bytes): The hash of the tree's root.
        witnesses (list): Who is asked to cosign: {url, key} and what became of it.
        refused (str): Why nothing is signed; "" if all is well.
        taken_since (datetime): When the hour began in which records of other databases are counted; null for never.
        taken (int): How many were taken over in it.
    """

    name = models.TextField(db_collation="C")
    verifier_key = models.TextField(db_collation="C")
    signing_key = EncryptedTextField()
    retiring_key = models.TextField(db_collation="C", default="")
    retiring_signing_key = EncryptedTextField(null=True)
    retiring_until = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(default=tlog.EMPTY_HASH)
    witnesses = models.JSONField(default=list)
    refused = models.TextField(default="")
    taken_since = models.DateTimeField(null=True)
    taken = models.BigIntegerField(default=0)
    pulp_domain = models.ForeignKey(
        "core.Domain", default=get_domain_pk, related_name="gomod_sumdbs", on_delete=models.CASCADE
    )

    class Meta:
        unique_together = ("pulp_domain", "name")
        permissions = [
            ("feed_gosumdb", "Can let repositories feed the checksum database"),
            ("rotate_gosumdb", "Can give the checksum database another key"),
            ("repair_gosumdb", "Can check and recover the checksum database"),
            ("manage_roles_gosumdb", "Can manage roles on checksum databases"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @hook(BEFORE_DELETE)
    def _hold(self) -> None:
        """Let no repository begin to feed it while it is being deleted."""
        hold(self)

    @property
    def origin(self) -> str:
        """The first line of its checkpoints."""
        return f"{self.name}{ORIGIN_END}"


class GoSumdbHead(models.Model):
    """
    The head that a checksum database gives out.

    It has a row of its own, since it is signed after what it covers was committed, and was noted outside of
    the database: whoever appends in the meantime does not wait for that.

    Fields:
        size (int): Records in the head's tree.
        root (bytes): The hash of its root.
        message (bytes): The signed note.
        checkpoint (bytes): The same tree as a C2SP checkpoint.
        signed (datetime): When it was signed.
        resign (datetime): When another key alone has to sign it; null for never.
    """

    sumdb = models.OneToOneField(
        GoSumdb, related_name="signed_head", on_delete=models.CASCADE, primary_key=True
    )
    size = models.BigIntegerField()
    root = models.BinaryField()
    message = models.BinaryField()
    checkpoint = models.BinaryField()
    signed = models.DateTimeField()
    resign = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.size} records"


class GoLogRecord(models.Model):
    """
    A record of a checksum database of one's own. It is never changed and never removed.

    Fields:
        number (int): Its number in the tree.
        module (str): The module path.
        version (str): The canonical version.
        h1 (str): Go's checksum of the zip, as in the text.
        text (str): The lines of go.sum.
    """

    id = models.BigAutoField(primary_key=True)
    sumdb = models.ForeignKey(
        GoSumdb, related_name="records", on_delete=models.CASCADE, db_index=False
    )
    number = models.BigIntegerField()
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    h1 = models.TextField(db_collation="C")
    text = models.TextField()

    class Meta:
        # What names a log comes last: of a log that is new, PostgreSQL's statistics know nothing, and it would take
        # the whole log to be a single row, whichever index it finds that by.
        unique_together = [("module", "version", "sumdb"), ("number", "sumdb")]

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"


class GoLogTile(models.Model):
    """
    A tile of height 8 of a checksum database of one's own, as wide as the tree has it.

    Fields:
        level (int): The tile's level, from 0.
        number (int): Its number in the level.
        hashes (bytes): The hashes, 32 bytes each.
    """

    id = models.BigAutoField(primary_key=True)
    sumdb = models.ForeignKey(
        GoSumdb, related_name="tiles", on_delete=models.CASCADE, db_index=False
    )
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        unique_together = ("sumdb", "level", "number")

    def __str__(self) -> str:
        return f"tile {self.level}/{self.number}"
