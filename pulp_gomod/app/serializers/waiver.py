"""GoWaiver over REST."""

from datetime import datetime, timedelta
from gettext import gettext as _
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.serializers import IdentityField, ModelSerializer, RelatedField
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.auth.reading import may_ask_about
from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.models import GoPolicy, GoWaiver
from pulp_gomod.app.models.stopping import CONDITIONS
from pulp_gomod.app.models.waiver import TooManyWaivers, decide, request_waiver
from pulp_gomod.app.serializers.policy import (
    LONGEST_PATTERN,
    LONGEST_TEXT,
    GoPolicyRuleSerializer,
)
from pulp_gomod.app.serializers.versions import LONGEST_RANGE, RangeAndReason, one_line

DEFAULT = timedelta(days=30)
LONGEST = timedelta(days=366)

NAMES = tuple(name.removesuffix("_mode") for name in CONDITIONS if name.endswith("_mode"))
"""Conditions of policies."""


class WaiverIdentityField(IdentityField):
    """The href of a waiver, whose domain is that of its policy."""

    def get_url(self, obj: Any, view_name: str, request: Any, format: Any) -> str | None:
        """Make the href."""
        obj.pulp_domain = obj.policy.pulp_domain
        url: str | None = super().get_url(obj, view_name, request, format)
        return url


@extend_schema_field(OpenApiTypes.STR)
class PolicyField(RelatedField):
    """A policy by its href or PRN, or by the name that clients are told which it stops."""

    def to_internal_value(self, data: Any) -> GoPolicy:
        """
        Find the policy.

        Raises:
            ValidationError: There is none.
        """
        if not isinstance(data, str) or data.startswith(("/", "prn:", "http:", "https:")):
            found: GoPolicy = super().to_internal_value(data)
            return found
        named: GoPolicy | None = GoPolicy.objects.filter(
            pulp_domain=get_domain_pk(), name=data
        ).first()
        if named is None:
            raise serializers.ValidationError(_NO_POLICY)
        return named


_NO_POLICY = _("There is no such policy, or you may not read anything that is served under it.")


def _check_expires(expires: datetime) -> datetime:
    """
    Check until when a waiver is to hold.

    Raises:
        ValidationError: That is over, or too far away.
    """
    now = timezone.now()
    if expires <= now:
        raise serializers.ValidationError(_("This time is over already."))
    if expires > now + LONGEST:
        raise serializers.ValidationError(
            _("A waiver holds for {days} days at most.").format(days=LONGEST.days)
        )
    return expires


class GoWaiverSerializer(RangeAndReason, ModelSerializer):
    """Module versions that conditions of a policy do not stop for a while; or a request for that."""

    pulp_href = WaiverIdentityField(view_name="gomod/waivers-detail")
    policy = PolicyField(
        view_name="gomod/policies-detail",
        queryset=GoPolicy.objects.all(),
        help_text=_("The policy: its href, or the name that is in the refusal."),
    )
    module = serializers.CharField(
        help_text=_("The module path, or a pattern as in GOPRIVATE."), max_length=LONGEST_PATTERN
    )
    versions = serializers.CharField(
        help_text=_(
            "The versions: a single one (v1.9.1), or comparisons that must all hold (>=v1.2.0 <v1.9.2); empty for all."
        ),
        max_length=LONGEST_RANGE,
        allow_blank=True,
        default="",
    )
    conditions = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TEXT),
        max_length=len(NAMES),
        required=False,
        default=list,
        help_text=_("The conditions that are not to count: {names}; empty for all.").format(
            names=", ".join(NAMES)
        ),
    )
    reason = serializers.CharField(
        help_text=_("Why it is needed, in one line, for those who decide."), max_length=LONGEST_TEXT
    )
    expires = serializers.DateTimeField(
        required=False,
        help_text=_(
            "Until when it is to hold: {days} days unless told, {most} at most. It ends by itself."
        ).format(days=DEFAULT.days, most=LONGEST.days),
    )
    state = serializers.ChoiceField(
        choices=GoWaiver.State.choices,
        read_only=True,
        help_text=_("What became of the request: requested, approved, refused or revoked."),
    )
    in_force = serializers.BooleanField(
        read_only=True, help_text=_("Whether it is approved and its time is not over.")
    )
    requested_by = serializers.CharField(
        read_only=True, help_text=_("Name of the user who requested it.")
    )
    decided_by = serializers.CharField(
        read_only=True, help_text=_("Name of the user who decided; empty if nobody has.")
    )
    decided = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text=_("When that was; null if nobody has decided.")
    )
    note = serializers.CharField(read_only=True, help_text=_("What they said of it."))

    validate_module = GoPolicyRuleSerializer.validate_module

    def validate_policy(self, policy: GoPolicy) -> GoPolicy:
        """
        Check that the user may read something that the policy is for.

        Raises:
            ValidationError: The user may not, or there is no such policy: nobody learns which.
        """
        if not may_ask_about(self.context["request"], policy):
            raise serializers.ValidationError(_NO_POLICY)
        return policy

    def validate_conditions(self, names: list[str]) -> list[str]:
        """
        Check that there are such conditions.

        Raises:
            ValidationError: There is no such condition.
        """
        unknown = sorted(set(names) - set(NAMES))
        if unknown:
            raise serializers.ValidationError(
                _("{name} is no condition; there are {names}.").format(
                    name=unknown[0][:50], names=", ".join(NAMES)
                )
            )
        return sorted(set(names))

    def validate_expires(self, expires: datetime) -> datetime:
        """
        Check until when it is to hold.

        Raises:
            ValidationError: That is over, or too far away.
        """
        return _check_expires(expires)

    def create(self, validated_data: dict[str, Any]) -> GoWaiver:
        """
        Make a request.

        Raises:
            ValidationError: Too many wait already.
        """
        request = self.context["request"]
        user = request.user if isinstance(request.user, get_user_model()) else None
        said = {"expires": timezone.now() + DEFAULT, **validated_data}
        try:
            with transaction.atomic():
                return request_waiver(
                    said.pop("policy"), user, requested_by=name_of(request), **said
                )
        except TooManyWaivers as error:
            raise serializers.ValidationError({"policy": [str(error)]}) from error

    class Meta:
        model = GoWaiver
        fields = (
            *ModelSerializer.Meta.fields,
            "policy",
            "module",
            "versions",
            "conditions",
            "reason",
            "expires",
            "state",
            "in_force",
            "requested_by",
            "decided_by",
            "decided",
            "note",
        )


class GoWaiverDecisionSerializer(serializers.Serializer):
    """What whoever decides says."""

    note = serializers.CharField(
        help_text=_("What to tell the requester, in one line."),
        max_length=LONGEST_TEXT,
        allow_blank=True,
        default="",
    )

    before: tuple[str, ...] = (GoWaiver.State.REQUESTED,)
    state: str = GoWaiver.State.REFUSED

    def validate_note(self, text: str) -> str:
        """
        Check that it is one line.

        Raises:
            ValidationError: It is not.
        """
        return one_line(text)

    def decide(self, waiver: GoWaiver) -> GoWaiver:
        """
        Decide; in force when this is done.

        Raises:
            ValidationError: Something else was decided before, or too many waivers are in force.
        """
        by = name_of(self.context["request"])
        try:
            with transaction.atomic():
                decided = decide(waiver.pk, self.before, self.state, by=by, **self.validated_data)
        except TooManyWaivers as error:
            raise serializers.ValidationError({"policy": [str(error)]}) from error
        if decided is None:
            waiver.refresh_from_db()
            raise serializers.ValidationError(
                {"state": [_("This waiver is {state} already.").format(state=waiver.state)]}
            )
        return decided


class GoWaiverApprovalSerializer(GoWaiverDecisionSerializer):
    """What whoever approves a request says."""

    expires = serializers.DateTimeField(
        required=False,
        help_text=_("Until when it is to hold, if not for as long as was requested."),
    )

    state = GoWaiver.State.APPROVED

    def validate_expires(self, expires: datetime) -> datetime:
        """
        Check until when it is to hold.

        Raises:
            ValidationError: That is over, or too far away.
        """
        return _check_expires(expires)


class GoWaiverRevocationSerializer(GoWaiverDecisionSerializer):
    """What whoever revokes a waiver, or takes a request back, says."""

    before = (GoWaiver.State.REQUESTED, GoWaiver.State.APPROVED)
    state = GoWaiver.State.REVOKED
