"""The endpoints below `content/gomod/modfiles/`."""

from pulpcore.plugin.viewsets import ContentFilter, ReadOnlyContentViewSet

from pulp_gomod.app.models import GoModFile
from pulp_gomod.app.serializers import GoModFileSerializer
from pulp_gomod.app.viewsets.access import allow, may_create, policy
from pulp_gomod.app.viewsets.filters import (
    FILTER_BACKENDS,
    ChecksumFilter,
    HeldInFilter,
    LabelsFilter,
    SearchFilter,
    StrictFilters,
)
from pulp_gomod.app.viewsets.scope import ScopedContentMixin
from pulp_gomod.app.viewsets.token_scope import READ


class GoModFileFilter(StrictFilters, ContentFilter):
    """Filters of go.mod files."""

    repository_version = HeldInFilter()
    pulp_label_select = LabelsFilter()
    go_mod_h1 = ChecksumFilter(help_text="Filter results where go_mod_h1 matches value")
    q = SearchFilter(
        help_text="Search for words in the module path, or filter by an expression over other "
        "filters, such as module='example.com/a' AND NOT version=v1.0.0"
    )

    ordering_fields = (("module", "module"), ("version", "version"))

    class Meta:
        model = GoModFile
        fields = {
            "module": ["exact", "in", "contains", "icontains", "startswith"],
            "version": ["exact", "in"],
            "awaits_zip": ["exact"],
        }


class GoModFileViewSet(ScopedContentMixin, ReadOnlyContentViewSet):
    """
    The go.mod files of module versions whose zips nobody has requested.

    A sync or a pull-through creates them; once the zip is on the server, its go.mod is part of the
    module.
    """

    endpoint_name = "modfiles"
    queryset = GoModFile.objects.all()
    serializer_class = GoModFileSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoModFileFilter
    TOKEN_ACTIONS = {"list": READ, "retrieve": READ}

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(["list", "retrieve"]),
            allow(["set_label", "unset_label"], may_create("core.manage_content_labels")),
        ]
    )
