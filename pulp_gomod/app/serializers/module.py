"""GoModule over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import ContentChecksumSerializer, SingleArtifactContentSerializer

from pulp_gomod.app.models import GoModule
from pulp_gomod.app.serializers.fields import TextField, VulnReportField

# Of pulpcore's serializer only for making content, which has a serializer of its own here.
_CREATION_ONLY = ("repository", "overwrite")

FIELDS = (
    *(name for name in SingleArtifactContentSerializer.Meta.fields if name not in _CREATION_ONLY),
    "sha256",
    "module",
    "version",
    "h1",
    "is_pseudo",
    "go_mod_h1",
    "has_go_mod",
    "module_line",
    "go_version",
    "requirements",
    "deprecated",
    "retractions",
    "license_file",
    "size",
    "unpacked_size",
    "file_count",
)


class RequirementSerializer(serializers.Serializer):
    """A requirement of go.mod."""

    path = serializers.CharField(help_text=_("The module path."))
    version = serializers.CharField(help_text=_("The version."))
    indirect = serializers.BooleanField(help_text=_("Whether it is marked as indirect."))

    class Meta:
        ref_name = "gomod.Requirement"


class RetractionSerializer(serializers.Serializer):
    """A retraction of go.mod."""

    low = serializers.CharField(help_text=_("The first version that is retracted."))
    high = serializers.CharField(help_text=_("The last version that is retracted."))
    rationale = serializers.CharField(help_text=_('Why, or "".'))

    class Meta:
        ref_name = "gomod.Retraction"


class GoModuleListSerializer(SingleArtifactContentSerializer, ContentChecksumSerializer):
    """What a list shows of a module version: everything but its longer texts."""

    repository = None
    overwrite = None
    md5 = None
    sha1 = None
    sha224 = None
    sha384 = None
    sha512 = None

    vuln_report = VulnReportField()
    relative_path = serializers.CharField(
        help_text=_("Path of the zip in the GOPROXY protocol, below a distribution's base path."),
        read_only=True,
    )
    module = serializers.CharField(help_text=_("The module path."), read_only=True)
    version = serializers.CharField(help_text=_("The canonical version."), read_only=True)
    h1 = serializers.CharField(
        help_text=_("Go's checksum of the zip, as in go.sum."), read_only=True
    )
    is_pseudo = serializers.BooleanField(
        help_text=_("Whether the version is a pseudo-version, which @v/list leaves out."),
        read_only=True,
    )
    go_mod_h1 = serializers.CharField(
        help_text=_("Go's checksum of the go.mod, as in go.sum."), read_only=True
    )
    has_go_mod = serializers.BooleanField(
        help_text=_("Whether the zip has a go.mod; if not, Go synthesizes one."),
        read_only=True,
    )
    module_line = serializers.CharField(
        help_text=_(
            "The module path that go.mod declares; in a fork, it may differ from the module's own."
        ),
        read_only=True,
    )
    go_version = serializers.CharField(
        help_text=_('The go directive of go.mod, or "".'), read_only=True
    )
    requirements = RequirementSerializer(
        help_text=_("The requirements of go.mod."), many=True, read_only=True
    )
    deprecated = serializers.CharField(
        help_text=_('The deprecation notice of go.mod, or "".'), read_only=True
    )
    retractions = RetractionSerializer(
        help_text=_("The retractions of go.mod, the first 1000 of them; null for none."),
        many=True,
        read_only=True,
        allow_null=True,
    )
    license_file = serializers.CharField(
        help_text=_('Name of the licence file at the root of the zip, or "".'), read_only=True
    )
    size = serializers.IntegerField(help_text=_("Size of the zip in bytes."), read_only=True)
    unpacked_size = serializers.IntegerField(
        help_text=_("Size of the files in the zip in bytes."), read_only=True
    )
    file_count = serializers.IntegerField(
        help_text=_("Number of files in the zip."), read_only=True
    )

    class Meta:
        model = GoModule
        fields = FIELDS
        ref_name = "gomod.GoModuleSummary"


class GoModuleSerializer(GoModuleListSerializer):
    """Everything about a module version."""

    go_mod = TextField(
        help_text=_("The text of go.mod, as it is in the zip or as Go synthesizes it.")
    )
    readme = serializers.CharField(
        help_text=_('The beginning of the README at the root of the zip, or "".'), read_only=True
    )

    class Meta:
        model = GoModule
        fields = (*FIELDS, "go_mod", "readme")
