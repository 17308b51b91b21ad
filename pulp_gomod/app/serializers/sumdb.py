"""GoSumdb over REST."""

import base64
import re
from datetime import datetime
from gettext import gettext as _
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.serializers import IdentityField, ModelSerializer
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models import GoSumdb
from pulp_gomod.app.serializers.connection import is_plain_url, require_allowed
from pulp_gomod.app.storage.signing import make_sumdb, signed
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, cosignature
from pulp_gomod.golang.sumdb.checkpoint import origin_key

LONGEST_NAME = 150
MOST_WITNESSES = 16
LONGEST_WITNESS = 2048

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?:/[a-z0-9][a-z0-9._-]*)*")
# What comes below a checksum database's name in URLs.
_RESERVED = frozenset({"lookup", "tile", "latest", "supported", "c2sp", "checkpoint"})


class GoWitnessSerializer(serializers.Serializer):
    """Who is asked to cosign a checksum database's checkpoints."""

    url = serializers.CharField(
        help_text=_("The URL that a witness's submission paths are below."),
        max_length=LONGEST_WITNESS,
    )
    key = serializers.CharField(
        help_text=_("The verifier key of its cosignatures."), max_length=LONGEST_WITNESS
    )
    size = serializers.IntegerField(
        help_text=_("Records in the largest tree that it is known to have seen."), read_only=True
    )
    seen = serializers.CharField(help_text=_("When it last cosigned."), read_only=True)
    fault = serializers.CharField(
        help_text=_("Why it did not cosign when it was last asked; empty if it did."),
        read_only=True,
    )

    def validate_url(self, url: str) -> str:
        """
        Check the URL.

        Raises:
            ValidationError: It is none.
        """
        parts = urlsplit(url) if is_plain_url(url) else None
        # It is shown to everybody who may see the checksum database.
        if parts is None or parts.query or parts.fragment or "@" in parts.netloc:
            raise serializers.ValidationError(
                _("Give an http or https URL with a host, and without credentials or a query.")
            )
        require_allowed(url)
        return url


@extend_schema_field(
    {
        "type": "object",
        "nullable": True,
        "properties": {
            "verifier_key": {"type": "string"},
            "until": {"type": "string", "format": "date-time"},
        },
    }
)
class _RetiringKeyField(serializers.Field):
    """The key before the present one, while both sign."""

    def to_representation(self, value: GoSumdb) -> dict[str, str] | None:
        """Render it."""
        if value.retiring_until is None or value.retiring_until <= timezone.now():
            return None
        until = serializers.DateTimeField().to_representation(value.retiring_until)
        return {"verifier_key": value.retiring_key, "until": until}


class GoSumdbSerializer(ModelSerializer):
    """A checksum database that this server signs, for GOSUMDB."""

    pulp_href = IdentityField(view_name="gomod/sumdbs-detail")
    name = serializers.CharField(
        help_text=_(
            "Its name, in the form host/path and in lower case, such as go.example.com/modules. Clients "
            "keep what they know about it under this name, so it must not be that of another one. It cannot "
            "be changed."
        ),
        max_length=LONGEST_NAME,
    )
    verifier_key = serializers.CharField(
        help_text=_("What clients set GOSUMDB to."), read_only=True
    )
    size = serializers.IntegerField(help_text=_("Number of records."), read_only=True)
    root = serializers.SerializerMethodField(
        help_text=_("The hash of the root of its tree, in base64.")
    )
    head = serializers.SerializerMethodField(
        help_text=_("The signed tree head that is given out; null while nothing is signed.")
    )
    origin = serializers.CharField(
        help_text=_("The first line of its checkpoints (C2SP tlog-checkpoint)."), read_only=True
    )
    checkpoint_key = serializers.SerializerMethodField(
        help_text=_("The key that checkpoints are verified with.")
    )
    created = serializers.DateTimeField(
        help_text=_("When it was begun."), source="pulp_created", read_only=True
    )
    retiring_key = _RetiringKeyField(
        source="*",
        read_only=True,
        help_text=_("After a rotation: the key before, and until when it signs, too."),
    )
    witnesses = GoWitnessSerializer(
        help_text=_("Who is asked to cosign its checkpoints."), many=True, required=False
    )
    state = serializers.SerializerMethodField(
        help_text=_("'signing', or 'refused: ' and why nothing is signed and what to do about it.")
    )

    def get_root(self, sumdb: GoSumdb) -> str:
        """Render the hash of the root."""
        return base64.b64encode(bytes(sumdb.root)).decode("ascii")

    def get_head(self, sumdb: GoSumdb) -> str | None:
        """Render the head."""
        return None if sumdb.refused else bytes(sumdb.signed_head.message).decode()

    def get_checkpoint_key(self, sumdb: GoSumdb) -> str:
        """Derive the key of checkpoints."""
        return origin_key(sumdb.verifier_key, sumdb.origin)

    def get_state(self, sumdb: GoSumdb) -> str:
        """Say whether heads are signed."""
        return f"refused: {sumdb.refused}" if sumdb.refused else "signing"

    def validate_name(self, name: str) -> str:
        """
        Check the name.

        Raises:
            ValidationError: It is none, cannot be changed to this, or belongs to another one.
        """
        if self.instance is not None and name != self.instance.name:
            raise serializers.ValidationError(_("The name cannot be changed."))
        if name in KNOWN_GOSUMDB:
            raise serializers.ValidationError(
                _("This is the name of a public checksum database, whose key go knows already.")
            )
        if not _NAME.fullmatch(name) or _RESERVED & set(name.split("/")[1:]):
            raise serializers.ValidationError(
                _(
                    "A name has the form host/path and is in lower case, such as "
                    "go.example.com/modules; {reserved} cannot be elements of it."
                ).format(reserved=", ".join(sorted(_RESERVED)))
            )
        return name

    def validate_witnesses(self, witnesses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """
        Check who is asked to cosign; what is known of those who were asked before is kept.

        Raises:
            ValidationError: There are too many, or a key is none.
        """
        if len(witnesses) > MOST_WITNESSES:
            raise serializers.ValidationError(
                _("There can be at most {most} witnesses.").format(most=MOST_WITNESSES)
            )
        for each in witnesses:
            try:
                cosignature.new_verifier(each["key"])
            except GoError as error:
                raise serializers.ValidationError(str(error)) from error
        if len({(each["url"], each["key"]) for each in witnesses}) < len(witnesses):
            raise serializers.ValidationError(_("The same witness is named twice."))
        return _as_known(witnesses, self.instance.witnesses if self.instance is not None else [])

    def create(self, validated_data: dict[str, Any]) -> GoSumdb:
        """
        Make the checksum database, and its key.

        Raises:
            ValidationError: The domain has one of this name.
        """
        sumdb = GoSumdb(**validated_data, pulp_domain_id=get_domain_pk())
        try:
            with transaction.atomic():
                make_sumdb(sumdb)
        except IntegrityError as error:
            raise serializers.ValidationError(
                {"name": [_("There is a checksum database of this name already.")]}
            ) from error
        signed.send_robust(GoSumdb, sumdb=sumdb.pk)
        return sumdb

    def update(self, instance: GoSumdb, validated_data: dict[str, Any]) -> GoSumdb:
        """Change the witnesses: all else is written by others, who do not wait for this."""
        if "witnesses" in validated_data:
            with transaction.atomic():
                # What a witness has said meanwhile stays.
                rows = GoSumdb.objects.select_for_update(no_key=True).only("witnesses")
                before = rows.get(pk=instance.pk).witnesses
                instance.witnesses = _as_known(validated_data["witnesses"], before)
                GoSumdb.objects.filter(pk=instance.pk).update(witnesses=instance.witnesses)
            # Those who are new are asked at once.
            signed.send_robust(GoSumdb, sumdb=instance.pk)
        return instance

    class Meta:
        model = GoSumdb
        fields = (
            *ModelSerializer.Meta.fields,
            "name",
            "verifier_key",
            "size",
            "root",
            "head",
            "origin",
            "checkpoint_key",
            "created",
            "retiring_key",
            "witnesses",
            "state",
        )


def _as_known(
    witnesses: list[dict[str, Any]], before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Take over what is known of those witnesses that were asked before."""
    known = {(each["url"], each["key"]): each for each in before}
    return [known.get((each["url"], each["key"]), dict(each)) for each in witnesses]


class GoSumdbRotateSerializer(serializers.Serializer):
    """How a checksum database gets another key."""

    until = serializers.DateTimeField(
        help_text=_(
            "Until when the key before goes on signing, too: by then all clients should have the new key "
            "in GOSUMDB, and have used it. It cannot be changed afterwards."
        )
    )

    def validate_until(self, until: datetime) -> datetime:
        """
        Check the time.

        Raises:
            ValidationError: It is in the past.
        """
        if until <= timezone.now():
            raise serializers.ValidationError(_("This time is in the past."))
        return until
