"""What entries that name versions have in common: a range of these, and a reason."""

from gettext import gettext as _

from rest_framework import serializers

from pulp_gomod.golang import GoError
from pulp_gomod.golang.ranges import parse_range

LONGEST_RANGE = 300
LONGEST_REASON = 500


def one_line(text: str) -> str:
    """
    Check that a text is one line.

    Args:
        text: What was given.

    Raises:
        ValidationError: It is not.
    """
    if not text.isprintable():
        raise serializers.ValidationError(_("It must be one line of printable text."))
    return text


class RangeAndReason:
    """For serializers with the fields `versions` and `reason`."""

    def validate_versions(self, text: str) -> str:
        """
        Check the range.

        Raises:
            ValidationError: It is none.
        """
        try:
            return str(parse_range(text))
        except GoError as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_reason(self, text: str) -> str:
        """
        Check that the reason is one line.

        Raises:
            ValidationError: It is not.
        """
        return one_line(text)
