"""Refusing to delete what something else obeys, serves or feeds."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import ProtectedError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import APIException

_NAMED = 5

DELETED_OR_IN_USE = {
    204: None,
    409: OpenApiResponse(OpenApiTypes.OBJECT, "Something needs it; the response says what."),
}
"""What a request to delete is answered, for the API's description."""


class InUse(APIException):
    """Raised when something needs what is to be deleted."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "in_use"


@contextmanager
def unless_in_use(what: str, remedy: str) -> Iterator[None]:
    """
    Delete within one transaction, or say what is in the way.

    Args:
        what: What is to be deleted, as a sentence begins.
        remedy: A sentence that says what to do first.

    Raises:
        InUse: The database protects it, since something refers to it.
    """
    try:
        with transaction.atomic():
            yield
    except ProtectedError as error:
        names = sorted(f"{each._meta.verbose_name} {each.name}" for each in error.protected_objects)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise InUse(f"{what} is in use: {', '.join(names[:_NAMED])}{more}. {remedy}") from error
