"""GoModule: a module version with its verified zip (a plain line of go.sum)."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.golang import dirhash, module, retracted, semver
from pulp_gomod.golang.zip import Upload

# Retractions that people are told, and characters of the reason for each. One comment above a block is the
# reason for all lines in it: without a bound, a go.mod of two megabytes would fill gigabytes.
MOST_SHOWN = 1000
LONGEST_RATIONALE = 1000

# The parent's key, the bytes, and what the domain of the moment says.
_NOT_FACTS = frozenset({"content_ptr_id", "go_mod", "_pulp_domain_id"})


class GoModule(Content):
    """
    A version of a Go module: the zip and what can be derived from it, and from nothing else.

    Two zips that Go calls equal are one unit, two that differ never mix: `h1` is in the key.

    Fields:
        module (str): The module path, in its exact case.
        version (str): The canonical version.
        h1 (str): Go's checksum of the zip.
        version_key (str): Sorts bytewise as Go's semver sorts versions.
        is_pseudo (bool): Whether the version is a pseudo-version, which lists leave out.
        go_mod (bytes): go.mod as it is in the zip, or as Go synthesizes it.
        go_mod_h1 (str): Go's checksum of go_mod.
        has_go_mod (bool): Whether the zip's go.mod is a real one to Go (see GO_MOD below).
        deprecated (str): The deprecation notice, or "".
        retractions (list): The first retract directives as {low, high, rationale}, for people; null for
            none.
        retracted (str): All of them, as `@latest` reads them (see golang.retracted); null for none.
        go_version (str): The go directive, or "".
        requirements (list): The require directives as {path, version, indirect}.
        license_file (str): Name of the root licence file, or "".
        readme (str): The root README, bounded.
        module_line (str): The path that go.mod declares; differs from `module` in forks.
        size (int): Bytes of the zip.
        unpacked_size (int): Bytes of its files.
        file_count (int): Number of its files.
    """

    TYPE = "module"
    repo_key_fields = ("module", "version")

    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    h1 = models.CharField(max_length=64, db_collation="C")
    version_key = models.TextField(db_collation="C")
    is_pseudo = models.BooleanField()
    go_mod = models.BinaryField()
    go_mod_h1 = models.CharField(max_length=64, db_collation="C")
    has_go_mod = models.BooleanField()
    deprecated = models.TextField(default="")
    retractions = models.JSONField(null=True)
    retracted = models.TextField(null=True, db_collation="C")
    go_version = models.TextField(default="")
    requirements = models.JSONField(default=list)
    license_file = models.TextField(default="")
    readme = models.TextField(default="")
    module_line = models.TextField(default="")
    size = models.BigIntegerField()
    unpacked_size = models.BigIntegerField()
    file_count = models.BigIntegerField()
    _pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.PROTECT)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = ("_pulp_domain", "module", "version", "h1")
        indexes = [
            models.Index(fields=["h1"]),
            # Who requires a module. It is written in batches, and only looked up over REST.
            GinIndex(
                fields=["requirements"], name="gomod_module_requires", opclasses=["jsonb_path_ops"]
            ),
            # What a list takes of a module's versions is in the index: each of their rows has a page
            # of its own, nearly. The longest names that are taken have to fit (see gate.MAX_PATH).
            models.Index(
                fields=["_pulp_domain", "module", "version_key"],
                include=["content_ptr", "version", "is_pseudo"],
                name="gomod_module_versions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"

    @property
    def relative_path(self) -> str:
        """Where the GOPROXY protocol has the zip, below a distribution's base path."""
        return zip_path(self.module, self.version)

    @classmethod
    def from_upload(cls, upload: Upload) -> "GoModule":
        """
        Make the unsaved unit for a zip that was verified.

        Args:
            upload: What the zip holds.
        """
        modfile = upload.modfile
        return cls(
            module=upload.module,
            version=upload.version,
            h1=upload.h1,
            version_key=semver.db_sort_key(upload.version),
            is_pseudo=module.is_pseudo_version(upload.version),
            go_mod=upload.go_mod,
            go_mod_h1=upload.go_mod_h1 or dirhash.hash_go_mod(upload.go_mod),
            has_go_mod=upload.has_go_mod,
            deprecated=storable(modfile.module.deprecated if modfile.module else ""),
            retractions=[
                {
                    "low": storable(r.low[:LONGEST_RATIONALE]),
                    "high": storable(r.high[:LONGEST_RATIONALE]),
                    "rationale": storable(r.rationale[:LONGEST_RATIONALE]),
                }
                for r in modfile.retract[:MOST_SHOWN]
            ]
            or None,
            retracted=retracted.pack((r.low, r.high) for r in modfile.retract) or None,
            go_version=modfile.go.version if modfile.go else "",
            requirements=[
                # Go checks the paths of what is required when it loads it, and not before.
                {"path": storable(r.path), "version": r.version, "indirect": r.indirect}
                for r in modfile.require
            ],
            license_file=storable(upload.license_file),
            readme=storable(upload.readme),
            module_line=storable(upload.module_line),
            size=upload.size,
            unpacked_size=upload.unpacked_size,
            file_count=upload.file_count,
        )

    def facts(self) -> dict[str, Any]:
        """Return all fields of our own but go_mod, as JSON can hold them, to make the unit anew."""
        return {
            field.attname: getattr(self, field.attname)
            for field in self._meta.local_concrete_fields
            if field.attname not in _NOT_FACTS
        }


def zip_path(path: str, version: str) -> str:
    """Where the GOPROXY protocol has a module's zip, below a distribution's base path."""
    return f"{module.escape_path(path)}/@v/{module.escape_version(version)}.zip"


def storable(text: str) -> str:
    """Replace what a PostgreSQL text column cannot hold: NUL, and bytes that were not UTF-8."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
