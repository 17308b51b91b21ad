"""GoBlock over REST."""

from gettext import gettext as _
from typing import Any

from django.db import IntegrityError
from rest_framework import serializers

from pulpcore.plugin.serializers import DetailRelatedField, ModelSerializer

from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.models import GoBlock, GoRepository
from pulp_gomod.app.models.blocking import BELOW
from pulp_gomod.app.serializers.fields import IdentityInDomain
from pulp_gomod.app.serializers.unique import all_is_there
from pulp_gomod.app.serializers.versions import LONGEST_RANGE, LONGEST_REASON, RangeAndReason
from pulp_gomod.app.storage.admission import TooManyBlocks, make_block
from pulp_gomod.app.storage.upload_policy import check_path
from pulp_gomod.golang import GoError, module

LONGEST_MODULE = 2000


class GoBlockSerializer(RangeAndReason, ModelSerializer):
    """Module versions that a repository neither accepts nor serves."""

    pulp_href = IdentityInDomain(view_name="gomod/blocks-detail")
    repository = DetailRelatedField(
        help_text=_("The Go repository to keep them out of."),
        view_name="repositories-gomod/gomod-detail",
        queryset=GoRepository.objects.all(),
    )
    module = serializers.CharField(
        help_text=_("The module path; append /... to include every module below it."),
        max_length=LONGEST_MODULE,
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
        help_text=_("Why, in one line; clients that request a blocked version see it."),
        max_length=LONGEST_REASON,
    )
    created_by = serializers.CharField(
        help_text=_("Name of the user who created it."), read_only=True
    )
    source = serializers.ChoiceField(
        help_text=_(
            "requested: a user created it. removed: it keeps a removed version from coming back, "
            "until that is published again. imported: it came from another server with an import "
            "or a replication, and goes the same way."
        ),
        choices=GoBlock.Source.choices,
        read_only=True,
    )

    def validate_module(self, path: str) -> str:
        """
        Check the module path.

        Raises:
            ValidationError: No module has it.
        """
        if "@" in path:
            raise serializers.ValidationError(_("Put the version into the field versions."))
        try:
            module.check_path(path.removesuffix(BELOW))
            check_path(path.removesuffix(BELOW), "v0.0.0")
        except GoError as error:
            raise serializers.ValidationError(
                _(
                    "{error}; give a module path, or one followed by /... for every module "
                    "below it."
                ).format(error=error)
            ) from error
        return path

    def create(self, validated_data: dict[str, Any]) -> GoBlock:
        """
        Make the block; in force when this is done.

        Raises:
            ValidationError: There is such a block, or there are too many.
        """
        user_name = name_of(self.context["request"])
        try:
            with all_is_there():
                return make_block(**validated_data, created_by=user_name)
        except TooManyBlocks as error:
            raise serializers.ValidationError({"repository": [str(error)]}) from error
        except IntegrityError as error:
            raise serializers.ValidationError(
                {"module": [_already_blocked(validated_data)]}
            ) from error

    class Meta:
        model = GoBlock
        # Found out by the database, and said in other words.
        validators = ()
        fields = (
            *ModelSerializer.Meta.fields,
            "repository",
            "module",
            "versions",
            "reason",
            "created_by",
            "source",
        )


def _already_blocked(block: dict[str, Any]) -> str:
    what = (
        f"{block['module']} {block['versions']}"
        if block["versions"]
        else _("all of {module}").format(module=block["module"])
    )
    return _(
        "The repository {repository} blocks {what} already; to give another reason, remove that block first."
    ).format(repository=block["repository"].name, what=what)
