"""GoToken over REST."""

from datetime import datetime, timedelta
from gettext import gettext as _
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from rest_framework import serializers

from pulpcore.plugin.serializers import IdentityField, ModelSerializer
from pulpcore.plugin.util import get_domain

from pulp_gomod.app.auth.secret import digest, hint, new_secret
from pulp_gomod.app.models import GoToken
from pulp_gomod.app.serializers.fields import ChoiceField
from pulp_gomod.app.serializers.named import NamedDistributionField
from pulp_gomod.app.serializers.unique import all_is_there

LONGEST_NAME = 200


class GoTokenSerializer(ModelSerializer):
    """A token that acts on behalf of its owner on a GOPROXY, and nowhere else in Pulp."""

    pulp_href = IdentityField(view_name="gomod/tokens-detail")
    name = serializers.CharField(
        help_text=_("The name that its owner gave it."), max_length=LONGEST_NAME
    )
    owner = serializers.CharField(
        help_text=_("Name of the user on whose behalf it acts."),
        source="owner.username",
        read_only=True,
    )
    scope = ChoiceField(
        help_text=_(
            "read: downloads. publish: downloads, uploads and removals. In either case, no more "
            "than its owner may do."
        ),
        choices=GoToken.Scope.choices,
        default=GoToken.Scope.READ,
    )
    distribution = NamedDistributionField(
        help_text=_(
            "The only Go distribution that it gives access to, by href or name; null for all in "
            "the domain."
        ),
        required=False,
        allow_null=True,
        default=None,
    )
    expires = serializers.DateTimeField(
        help_text=_(
            "When it expires; by default after GOMOD_TOKEN_DAYS days. null for never, if the "
            "setting GOMOD_TOKEN_MAX_DAYS allows that."
        ),
        required=False,
        allow_null=True,
    )
    hint = serializers.CharField(
        help_text=_("The beginning of the secret, by which a leaked one can be recognised."),
        read_only=True,
    )
    last_used = serializers.DateTimeField(
        help_text=_("When it was last used, give or take a minute; null if never."),
        read_only=True,
        allow_null=True,
    )

    def validate_expires(self, expires: datetime | None) -> datetime | None:
        """
        Check when the token is to stop to work.

        Raises:
            ValidationError: That is in the past, or later than the settings allow.
        """
        longest = settings.GOMOD_TOKEN_MAX_DAYS
        now = timezone.now()
        if expires is not None and expires <= now:
            raise serializers.ValidationError(_("This time is in the past."))
        if longest and (expires is None or expires > now + timedelta(days=longest)):
            raise serializers.ValidationError(
                _("On this server, a token is valid for at most {days} days.").format(days=longest)
            )
        return expires

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check the name, and give the token its time.

        Raises:
            ValidationError: The user has a token of this name in this domain.
        """
        validated: dict[str, Any] = super().validate(data)
        owner = self.context["request"].user
        if self.initial_data.get("owner", owner.get_username()) != owner.get_username():
            raise serializers.ValidationError(
                {"owner": _("You can only create tokens for yourself.")}
            )
        namesakes = GoToken.objects.filter(owner=owner, name=data["name"], pulp_domain=get_domain())
        if namesakes.exists():
            raise _name_is_taken()
        validated.setdefault("expires", timezone.now() + timedelta(days=_usual_days()))
        return validated

    class Meta:
        model = GoToken
        fields = (
            *ModelSerializer.Meta.fields,
            "name",
            "owner",
            "scope",
            "distribution",
            "expires",
            "hint",
            "last_used",
        )


def _name_is_taken() -> serializers.ValidationError:
    return serializers.ValidationError(
        {
            "name": _(
                "You already have a token with this name. Revoke it first, or choose another name."
            )
        }
    )


def _usual_days() -> int:
    days: int = settings.GOMOD_TOKEN_DAYS
    return min(days, settings.GOMOD_TOKEN_MAX_DAYS or days)


class GoTokenCreatedSerializer(GoTokenSerializer):
    """A newly created token, with its secret."""

    token = serializers.CharField(
        help_text=_("The secret. It is shown only this once, and is not stored."), read_only=True
    )

    def create(self, validated_data: dict[str, Any]) -> GoToken:
        """
        Make the token of the user who asks.

        Raises:
            ValidationError: The user has a token of this name in this domain.
        """
        secret = new_secret()
        try:
            with all_is_there():
                token: GoToken = GoToken.objects.create(
                    **validated_data,
                    owner=self.context["request"].user,
                    digest=digest(secret),
                    hint=hint(secret),
                )
        except IntegrityError as error:
            # Another request was faster.
            raise _name_is_taken() from error
        token.token = secret
        return token

    class Meta:
        model = GoToken
        fields = (*GoTokenSerializer.Meta.fields, "token")
        ref_name = "gomod.GoTokenCreated"
