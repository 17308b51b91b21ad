"""GoModFile over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import NoArtifactContentSerializer

from pulp_gomod.app.models import GoModFile
from pulp_gomod.app.serializers.fields import TextField, VulnReportField


class GoModFileSerializer(NoArtifactContentSerializer):
    """The go.mod of a module version whose zip is not on the server."""

    repository = None
    overwrite = None

    vuln_report = VulnReportField()
    module = serializers.CharField(help_text=_("The module path."), read_only=True)
    version = serializers.CharField(help_text=_("The canonical version."), read_only=True)
    go_mod_h1 = serializers.CharField(
        help_text=_("Go's checksum of the go.mod, as in go.sum."), read_only=True
    )
    awaits_zip = serializers.BooleanField(
        help_text=_(
            "Whether a sync chose the module version and left its zip to be downloaded on request. "
            "If not, the go command only needs the go.mod."
        ),
        read_only=True,
    )
    go_mod = TextField(help_text=_("The text of go.mod."))

    class Meta:
        model = GoModFile
        fields = (
            *(
                name
                for name in NoArtifactContentSerializer.Meta.fields
                if name not in ("repository", "overwrite")
            ),
            "module",
            "version",
            "go_mod_h1",
            "awaits_zip",
            "go_mod",
        )
