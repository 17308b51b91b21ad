"""GoPolicy over REST."""

from collections.abc import Mapping
from gettext import gettext as _
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.serializers import IdentityField, ModelSerializer, RelatedField
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models import GoPolicy, GoVulndb
from pulp_gomod.app.serializers.fields import ChoiceField
from pulp_gomod.app.serializers.remote import validate_patterns
from pulp_gomod.app.serializers.unique import name_not_taken
from pulp_gomod.app.serializers.versions import LONGEST_RANGE, RangeAndReason, one_line
from pulp_gomod.app.serializers.vulndb import checked_vulndb
from pulp_gomod.documenter.licences import NAMES, close_to, meant
from pulp_gomod.golang import GoError
from pulp_gomod.golang.module.patterns import match_pattern

LONGEST_NAME = 200
LONGEST_TEXT = 500
LONGEST_PATTERN = 500
LONGEST_PATTERNS = 10_000

LONGEST_LICENSE = 100

MOST_DAYS = 3650
"""For how many days versions can be held back."""

MOST_RULES = 1000
"""Entries of a list: all policies in use are in the memory of each content process."""


class GoPolicyRuleSerializer(RangeAndReason, serializers.Serializer):
    """Modules, and versions of them."""

    module = serializers.CharField(
        help_text=_(
            "A pattern of module paths as in GOPRIVATE: it covers the modules that it matches and all below them."
        ),
        max_length=LONGEST_PATTERN,
    )
    versions = serializers.CharField(
        help_text=_(
            "The versions: a single one (v1.9.1), or comparisons that must all hold (>=v1.2.0 "
            "<v1.9.2); empty for all."
        ),
        max_length=LONGEST_RANGE,
        allow_blank=True,
        default="",
    )
    reason = serializers.CharField(
        help_text=_("Why, in one line; clients that request a denied version see it."),
        max_length=LONGEST_TEXT,
    )
    since = serializers.DateField(
        help_text=_("The day on which the entry was made."), read_only=True
    )

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """
        Read an entry.

        Raises:
            ValidationError: It has a field that there is not, or lacks one.
        """
        if isinstance(data, Mapping):
            unknown = sorted(str(name)[:50] for name in data.keys() - self.fields.keys())
            if unknown:
                raise serializers.ValidationError({name: _("Unexpected field") for name in unknown})
        read: dict[str, str] = super().to_internal_value(data)
        # An entry is whole, be it in a part of a policy.
        missing = {name for name in ("module", "reason") if name not in read}
        if missing:
            raise serializers.ValidationError(
                {name: _("This field is required.") for name in missing}
            )
        return {"versions": "", **read}

    def validate_module(self, pattern: str) -> str:
        """
        Check the pattern.

        Raises:
            ValidationError: It is none, or more than one.
        """
        if "@" in pattern:
            raise serializers.ValidationError(_("Put the version into the field versions."))
        if "," in pattern or not pattern.isprintable() or any(map(str.isspace, pattern)):
            raise serializers.ValidationError(
                _("Give one pattern without spaces and commas; make an entry for each.")
            )
        try:
            match_pattern(pattern, "")
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error
        if not pattern.strip("/"):
            raise serializers.ValidationError(_("The pattern matches nothing."))
        return pattern


def _rules(help_text: str) -> GoPolicyRuleSerializer:
    # As its mode: a PUT that says nothing of a list must not enforce what was only observed.
    return GoPolicyRuleSerializer(
        many=True, max_length=MOST_RULES, default=list, help_text=help_text
    )


@extend_schema_field(OpenApiTypes.STR)
class ModeField(ChoiceField):
    """How far a condition goes. The schema has one name for an enum, and there are several such fields."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=GoPolicy.Mode.choices, **kwargs)


def _mode(help_text: str, default: str) -> ModeField:
    return ModeField(default=default, help_text=help_text)


def _database(kind: str, help_text: str) -> RelatedField:
    return RelatedField(
        help_text=help_text,
        view_name="gomod/vulndbs-detail",
        queryset=GoVulndb.objects.filter(kind=kind),
        allow_null=True,
        default=None,
    )


class GoPolicySerializer(ModelSerializer):
    """Conditions under which module versions are not served."""

    pulp_href = IdentityField(view_name="gomod/policies-detail")
    name = serializers.CharField(
        help_text=_("A unique name for this policy; clients that are stopped see it."),
        max_length=LONGEST_NAME,
    )
    description = serializers.CharField(
        help_text=_("What it is for."), max_length=LONGEST_TEXT, allow_blank=True, default=""
    )
    deny = _rules(_("What is never served."))
    deny_mode = _mode(
        _(
            "How far deny goes. off: not at all. observe: what would be stopped is counted, and served. lists: "
            "denied versions are left out of lists, are never the latest, and no branch leads to them. enforce: "
            "requests for them by name are answered 403, too."
        ),
        GoPolicy.Mode.ENFORCE,
    )
    allow = _rules(_("What alone is served, if allow_mode is not off."))
    allow_mode = _mode(
        _("How far allow goes: off, observe, lists or enforce, see deny_mode."), GoPolicy.Mode.OFF
    )
    retract = _rules(
        _("What is on no list and never the latest, as if its author had retracted it.")
    )
    retract_mode = _mode(
        _(
            "How far retract goes: off, observe or lists, see deny_mode. A version is always served to whoever "
            "requests it by name."
        ),
        GoPolicy.Mode.LISTS,
    )

    vulnerable_db = _database(
        GoVulndb.Kind.VULNERABILITIES,
        _("The vulnerability database that vulnerable goes by; null for none."),
    )
    vulnerable_mode = _mode(
        _(
            "How far it goes that a vulnerability of a version is known: off, observe, lists or enforce, see "
            "deny_mode."
        ),
        GoPolicy.Mode.OFF,
    )
    vulnerable_unreviewed = serializers.BooleanField(
        help_text=_(
            "Whether reports count that nobody has reviewed: these may be about versions that are not "
            "affected, and most have no fix."
        ),
        default=False,
    )
    vulnerable_severity = serializers.FloatField(
        help_text=_(
            "The lowest severity (CVSS, from 0 to 10) of reports that count; null for any. Reports without a "
            "severity count, and those of the Go vulnerability database have none."
        ),
        allow_null=True,
        default=None,
        min_value=0,
        max_value=10,
    )
    malicious_db = _database(
        GoVulndb.Kind.MALICIOUS,
        _("The database of malicious modules that malicious goes by; null for none."),
    )
    malicious_mode = _mode(
        _(
            "How far it goes that a version was reported as malicious: off, observe, lists or enforce, see "
            "deny_mode."
        ),
        GoPolicy.Mode.OFF,
    )
    licenses = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LICENSE),
        max_length=len(NAMES) * 3,
        default=list,
        help_text=_(
            "Licences under which nothing is served: SPDX identifiers in any case (GPL-3.0, GPL-3.0-only, "
            "GPL-3.0-or-later and GPL-3.0+ are the same; GPL-* is all that begin so), NONE for modules without a "
            "licence file, NOASSERTION for licences that are not recognised. A version is stopped if one of the "
            "licence files in its root has one of them."
        ),
    )
    licenses_mode = _mode(
        _(
            "How far licenses goes: off, observe, lists or enforce, see deny_mode. The licences of a version are "
            "known once its zip is here: they are read before it is sent for the first time."
        ),
        GoPolicy.Mode.ENFORCE,
    )
    hold_days = serializers.IntegerField(
        help_text=_(
            "For how many days module versions are not served after they came to be known; 0 for none. The age of a "
            "version is that of its record in the checksum database of the remote."
        ),
        min_value=0,
        max_value=MOST_DAYS,
        default=0,
    )
    hold_mode = _mode(
        _("How far hold_days goes: off, observe, lists or enforce, see deny_mode."),
        GoPolicy.Mode.ENFORCE,
    )
    hold_exempt = serializers.CharField(
        help_text=_(
            "Modules that are never held back: patterns as in GOPRIVATE, separated by commas."
        ),
        allow_blank=True,
        default="",
        max_length=LONGEST_PATTERNS,
    )
    hold_own = serializers.BooleanField(
        help_text=_(
            "Whether to hold back also what was published here, and what a repository held before hold_since."
        ),
        default=False,
    )
    hold_clock = ChoiceField(
        help_text=_(
            "How old a version is that no checksum database knows. first_seen: since when this server has "
            "seen it. info_time: what its upstream says; whoever publishes a version chooses that."
        ),
        choices=GoPolicy.Clock.choices,
        default=GoPolicy.Clock.FIRST_SEEN,
    )
    hold_since = serializers.DateTimeField(
        help_text=_("Since when this policy holds anything back; null if it does not."),
        read_only=True,
        allow_null=True,
    )

    def validate_name(self, name: str) -> str:
        """
        Check that the name is one line, and nobody else's.

        Raises:
            ValidationError: It is not.
        """
        others = GoPolicy.objects.filter(pulp_domain=get_domain_pk(), name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError(_("This field must be unique."))
        return one_line(name)

    def validate_description(self, text: str) -> str:
        """
        Check that the description is one line.

        Raises:
            ValidationError: It is not.
        """
        return one_line(text)

    def validate_vulnerable_db(self, vulndb: GoVulndb | None) -> GoVulndb | None:
        """
        Check that the database is of the same domain, and that the user may see it.

        Raises:
            ValidationError: It is not, or the user may not.
        """
        return checked_vulndb(self, vulndb, "vulnerable_db")

    def validate_malicious_db(self, vulndb: GoVulndb | None) -> GoVulndb | None:
        """
        Check that the database is of the same domain, and that the user may see it.

        Raises:
            ValidationError: It is not, or the user may not.
        """
        return checked_vulndb(self, vulndb, "malicious_db")

    def validate_licenses(self, identifiers: list[str]) -> list[str]:
        """
        Check that each is a licence that can be recognised.

        Raises:
            ValidationError: One is not, and would never stop anything.
        """
        unknown = next((each for each in identifiers if not meant(each)), None)
        if unknown is not None:
            raise serializers.ValidationError(_no_licence(unknown))
        return list(dict.fromkeys(identifiers))

    def validate_hold_exempt(self, patterns: str) -> str:
        """
        Check the patterns.

        Raises:
            ValidationError: One is none.
        """
        return validate_patterns(patterns)

    def validate_deny(self, entries: list[dict[str, str]]) -> list[dict[str, str]]:
        """
        Note of each entry since when it is there.

        Raises:
            ValidationError: Two are about the same.
        """
        return self._dated("deny", entries)

    def validate_allow(self, entries: list[dict[str, str]]) -> list[dict[str, str]]:
        """
        Note of each entry since when it is there.

        Raises:
            ValidationError: Two are about the same.
        """
        return self._dated("allow", entries)

    def validate_retract(self, entries: list[dict[str, str]]) -> list[dict[str, str]]:
        """
        Note of each entry since when it is there.

        Raises:
            ValidationError: Two are about the same.
        """
        return self._dated("retract", entries)

    def validate_retract_mode(self, mode: str) -> str:
        """
        Check that it goes no further than a retraction of an author.

        Raises:
            ValidationError: It does.
        """
        if mode == GoPolicy.Mode.ENFORCE:
            raise serializers.ValidationError(
                _("A retracted version is served to whoever requests it: use deny instead.")
            )
        return mode

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check what only makes sense together.

        Raises:
            ValidationError: Nothing at all would be served.
        """
        validated: dict[str, Any] = super().validate(data)
        mode = data.get("allow_mode", getattr(self.instance, "allow_mode", GoPolicy.Mode.OFF))
        allowed = data.get("allow", getattr(self.instance, "allow", []))
        if mode != GoPolicy.Mode.OFF and not allowed:
            raise serializers.ValidationError(
                {
                    "allow": _(
                        "An empty list would stop every module; add entries, or set allow_mode to off."
                    )
                }
            )
        for name in ("vulnerable", "malicious"):
            self._check_database(name, data)
        return validated

    def _check_database(self, name: str, data: dict[str, Any]) -> None:
        """Let no condition be on without what it goes by."""
        field = f"{name}_db"
        wanted = data.get(field, getattr(self.instance, field, None))
        mode = data.get(f"{name}_mode", getattr(self.instance, f"{name}_mode", GoPolicy.Mode.OFF))
        if mode != GoPolicy.Mode.OFF and wanted is None:
            raise serializers.ValidationError(
                {field: _("Name a database, or set {name}_mode to off.").format(name=name)}
            )

    def _dated(self, name: str, entries: list[dict[str, str]]) -> list[dict[str, str]]:
        before = {
            (each["module"], each["versions"]): each["since"]
            for each in getattr(self.instance, name, ())
        }
        today = timezone.now().date().isoformat()
        dated = {}
        for each in entries:
            key = (each["module"], each["versions"])
            if key in dated:
                raise serializers.ValidationError(
                    _("There are two entries for {key}.").format(key=" ".join(key).rstrip())
                )
            dated[key] = {**each, "since": before.get(key, today)}
        return list(dated.values())

    def create(self, validated_data: dict[str, Any]) -> GoPolicy:
        """Make it."""
        policy = GoPolicy(**validated_data)
        policy.note_hold()
        with name_not_taken():
            policy.save()
        return policy

    def update(self, policy: GoPolicy, validated_data: dict[str, Any]) -> GoPolicy:
        """Change it; in force when this is done."""
        for name, value in validated_data.items():
            setattr(policy, name, value)
        policy.note_hold()
        with name_not_taken():
            policy.save()
        return policy

    class Meta:
        model = GoPolicy
        fields = (
            *ModelSerializer.Meta.fields,
            "name",
            "description",
            "deny",
            "deny_mode",
            "allow",
            "allow_mode",
            "retract",
            "retract_mode",
            "vulnerable_db",
            "vulnerable_mode",
            "vulnerable_unreviewed",
            "vulnerable_severity",
            "malicious_db",
            "malicious_mode",
            "licenses",
            "licenses_mode",
            "hold_days",
            "hold_mode",
            "hold_exempt",
            "hold_own",
            "hold_clock",
            "hold_since",
        )


def _no_licence(entry: str) -> str:
    """Say to whoever has written an entry that it means no licence, and which it may be meant to be."""
    if {"OR", "AND", "WITH"} & set(entry.upper().split()):
        return _(
            "{entry} is an expression: list the identifiers that are denied, each for itself."
        ).format(entry=entry)
    close = close_to(entry)
    if close:
        return _(
            "{entry} is none of the licences that this server recognises. Is it {close}?"
        ).format(entry=entry, close=_(" or ").join(close))
    return _(
        "{entry} is none of the licences that this server recognises: {names}. Others count as NOASSERTION."
    ).format(entry=entry, names=", ".join(NAMES))
