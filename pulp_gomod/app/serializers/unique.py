"""What somebody else does between a check and what it was made for: take a name, or delete what is referred to."""

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from rest_framework import serializers

# PostgreSQL's code for a foreign key's violation.
_NOTHING_REFERRED_TO = "23503"


@contextmanager
def name_not_taken() -> Iterator[None]:
    """
    Write a row in a transaction, and say it as the check of the name does if the database finds it taken.

    Raises:
        ValidationError: Another row of the domain has the name.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        found = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        if "_name_" not in found:
            raise
        raise serializers.ValidationError({"name": [_("This field must be unique.")]}) from error


@contextmanager
def all_is_there() -> Iterator[None]:
    """
    Write a row in a transaction, and say it in a sentence if something that it refers to was deleted meanwhile.

    Raises:
        ValidationError: Something is gone.
    """
    try:
        with transaction.atomic():
            yield
    except (IntegrityError, ObjectDoesNotExist) as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if isinstance(error, IntegrityError) and state != _NOTHING_REFERRED_TO:
            raise
        raise serializers.ValidationError(
            _("Something that this refers to was deleted meanwhile. Nothing was changed.")
        ) from error
