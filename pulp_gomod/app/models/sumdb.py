"""What a domain knows of checksum databases: records of module versions, and what proves them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from pulpcore.plugin.models import BaseModel
from pulpcore.plugin.util import get_domain_pk

MAX_PASSED = 256
"""Heads of a checksum database that are remembered besides the newest."""

MAX_CONTINUED = MAX_PASSED // 2
"""How many there may be for one to be added that was given out elsewhere: whoever brings them displaces none."""


class GoSumdbTree(BaseModel):
    """
    A checksum database, in the largest state that was proven.

    It belongs to the domain and to no remote: what a database has signed is true whoever passed it on, and
    for as long as modules are served. For every record that is kept, the tiles that prove it in this head
    are kept, too, and so are the head's right edge and all that was partial in the right edge of an
    earlier head. So records are served with this head alone, and every head that was ever served is provable in it.

    Fields:
        name (str): The database's name, as in GOSUMDB and in URLs.
        verifier_key (str): The key that its heads are signed with.
        head (bytes): The signed note of the largest proven head.
        size (int): Records in the head's tree.
        head_seen (datetime): When the head was learned, roughly.
        passed (list): Sizes of earlier heads that clients may know, in ascending order, MAX_PASSED at most. What proves them
            in this head is kept, as far as the tree goes back to when they were noted.
        pruned (datetime): When records and tiles that nobody needs were last removed; null for never.
    """

    pulp_domain = models.ForeignKey(
        "core.Domain",
        default=get_domain_pk,
        related_name="gomod_sumdb_trees",
        on_delete=models.CASCADE,
    )
    name = models.TextField(db_collation="C")
    verifier_key = models.TextField(db_collation="C")
    head = models.BinaryField()
    size = models.BigIntegerField()
    head_seen = models.DateTimeField()
    passed = ArrayField(models.BigIntegerField(), default=list)
    pruned = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("pulp_domain", "verifier_key")

    def __str__(self) -> str:
        return f"{self.name} with {self.size} records"


class GoSumdbTile(BaseModel):
    """
    Proven hashes of a tree: a tile of height 8, as wide as it is known.

    Narrower ones are its beginning. It is replaced by wider ones only.

    Fields:
        level (int): The tile's level, from 0.
        number (int): Its number in the level.
        width (int): How many hashes it has, up to 256.
        hashes (bytes): The hashes, 32 bytes each.
        lasting (bool): Whether it proves a head that was given out, in the ones that follow: then it is
            kept whatever becomes of the records below it.
    """

    tree = models.ForeignKey(GoSumdbTree, related_name="tiles", on_delete=models.CASCADE)
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    width = models.SmallIntegerField()
    hashes = models.BinaryField()
    lasting = models.BooleanField(default=False)

    class Meta:
        unique_together = ("tree", "level", "number")

    def __str__(self) -> str:
        return f"tile {self.level}/{self.number} of {self.width}"


class GoSumdbRecord(BaseModel):
    """
    The proven record of a module version.

    Fields:
        number (int): Its number in the tree.
        module (str): The module path.
        version (str): The canonical version.
        text (str): What the database says: lines of go.sum, and possibly further lines.
    """

    tree = models.ForeignKey(GoSumdbTree, related_name="records", on_delete=models.CASCADE)
    number = models.BigIntegerField()
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    text = models.TextField()

    class Meta:
        unique_together = ("tree", "module", "version")
        # Which tiles are still needed.
        indexes = [models.Index(fields=["tree", "number"], name="gomod_sumdb_numbers")]

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"
