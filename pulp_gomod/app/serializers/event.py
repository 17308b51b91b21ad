"""GoPolicyEvent over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import (
    DetailRelatedField,
    IdentityField,
    ModelSerializer,
    RelatedField,
)

from pulp_gomod.app.models import GoPolicyEvent


class GoPolicyEventSerializer(ModelSerializer):
    """What a policy stopped or let pass on one day, or what was decided about that."""

    pulp_href = IdentityField(view_name="gomod/events-detail")
    kind = serializers.ChoiceField(
        choices=GoPolicyEvent.Kind.choices,
        read_only=True,
        help_text=_(
            "stopped: refused by name. hidden: left out of lists, @latest or a branch. observed: would have been. "
            "waived: passed by a waiver. passed: passed by an exception of the condition. own: no upstream was "
            "asked, since the name is one's own. waiver_...: what was decided about a waiver."
        ),
    )
    day = serializers.DateField(read_only=True, help_text=_("The day, in UTC."))
    policy = RelatedField(
        view_name="gomod/policies-detail",
        read_only=True,
        allow_null=True,
        help_text=_("The policy; null if there is none, or it is gone."),
    )
    policy_name = serializers.CharField(read_only=True, help_text=_("Name of the policy."))
    distribution = DetailRelatedField(
        view_name_pattern=r"distributions(-.*/.*)-detail",
        read_only=True,
        allow_null=True,
        help_text=_("The distribution; null for decisions about waivers, or if it is gone."),
    )
    distribution_name = serializers.CharField(
        read_only=True, help_text=_("Name of the distribution.")
    )
    condition = serializers.CharField(
        read_only=True, help_text=_("The condition, such as deny; those of a waiver.")
    )
    module = serializers.CharField(
        read_only=True,
        help_text=_("The module path; empty for what is beyond the rows of a day."),
    )
    version = serializers.CharField(
        read_only=True, help_text=_("The version; empty if it is about several.")
    )
    detail = serializers.CharField(read_only=True, help_text=_("Why, as clients are told."))
    made_by = serializers.CharField(
        read_only=True, help_text=_("Name of the user who decided about a waiver.")
    )
    requests = serializers.IntegerField(read_only=True, help_text=_("How often, on this day."))
    first_seen = serializers.DateTimeField(read_only=True, help_text=_("When for the first time."))
    last_seen = serializers.DateTimeField(read_only=True, help_text=_("When for the last time."))
    is_told = serializers.BooleanField(
        read_only=True, help_text=_("Whether GOMOD_EVENTS_URL was told.")
    )

    class Meta:
        model = GoPolicyEvent
        fields = (
            *ModelSerializer.Meta.fields,
            "kind",
            "day",
            "policy",
            "policy_name",
            "distribution",
            "distribution_name",
            "condition",
            "module",
            "version",
            "detail",
            "made_by",
            "requests",
            "first_seen",
            "last_seen",
            "is_told",
        )
