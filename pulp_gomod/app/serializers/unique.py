"""A name that somebody else takes between its check and its use."""

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _

from django.db import IntegrityError, transaction
from rest_framework import serializers


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
