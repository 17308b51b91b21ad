"""Which module version a remote is to forget."""

from gettext import gettext as _
from typing import Any

from rest_framework import serializers

from pulp_gomod.app.tasks.sync.wanted import MAX_LINE, read_modules
from pulp_gomod.golang import GoError


class GoForgetSerializer(serializers.Serializer):
    """Which module version to forget."""

    module = serializers.CharField(
        help_text=_("The module version, such as example.com/mod@v1.2.3."), max_length=MAX_LINE
    )

    def validate_module(self, value: str) -> tuple[str, str]:
        """
        Read the module version.

        Returns:
            The module path and the version.

        Raises:
            ValidationError: It is none.
        """
        try:
            (wanted,) = read_modules([value])
        except GoError as error:
            raise serializers.ValidationError(str(error).removeprefix("1: ")) from error
        if not wanted.is_fixed:
            raise serializers.ValidationError(
                _(
                    "Name one version, such as example.com/mod@v1.2.3: {module!r} does not "
                    "name one."
                ).format(module=value)
            )
        return wanted.path, wanted.version

    def validate(self, data: dict[str, Any]) -> dict[str, str]:
        """Give what the task takes."""
        path, version = data["module"]
        return {"module": path, "version": version}
