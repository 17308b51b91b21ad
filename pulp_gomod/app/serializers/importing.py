"""What an import of a tree of modules may be told."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.models import Upload
from pulpcore.plugin.serializers import ValidateFieldsMixin

from pulp_gomod.app.serializers.upload import UploadField, check_chunks
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb.gosumdb import parse_gosumdb

MOST_KEYS = 20


class GoImportSerializer(ValidateFieldsMixin, serializers.Serializer):
    """A tree of modules, as an uploaded tar."""

    upload = UploadField(
        help_text=_(
            "A finished chunked upload of an uncompressed tar: a bundle, the tree of a GOPROXY, a module "
            "cache, or the disk storage of Athens. It is deleted after the import."
        )
    )
    own = serializers.BooleanField(
        help_text=_(
            "Whether these are modules that are published here from now on, as if each had been "
            "uploaded: no upstream is asked for their paths any more."
        ),
        default=False,
    )
    sumdb = serializers.ListField(
        child=serializers.CharField(max_length=1024),
        help_text=_(
            "Verifier keys of checksum databases, as in GOSUMDB, of which the tree has records. That of "
            "sum.golang.org is known."
        ),
        required=False,
        max_length=MOST_KEYS,
    )

    def validate_upload(self, upload: Upload) -> Upload:
        """Check that the upload is complete."""
        check_chunks(upload)
        return upload

    def validate_sumdb(self, keys: list[str]) -> list[str]:
        """
        Check the keys.

        Raises:
            ValidationError: One is none.
        """
        for key in keys:
            try:
                parse_gosumdb(key)
            except GoError as error:
                raise serializers.ValidationError(str(error)) from error
        return keys

    class Meta:
        ref_name = "gomod.GoImport"
