"""What is refused before or after all views, because it happens outside of them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse

from pulp_gomod.app.api import outages

#: Bytes of a JSON body: REST framework reads it as a whole, however long it is.
MAX_JSON = 10 * 1024 * 1024


class RequestBounds:
    """
    Refuses JSON that is too long, says 404 of what is nowhere, whatever was sent there, and 503 while the database is away.

    Args:
        get_response: What answers.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Answer a request."""
        if _is_too_long(request):
            reason = f"The body is too long: JSON may have {MAX_JSON} bytes."
            return JsonResponse({"detail": reason}, status=413)
        response = outages.answer(request, self._get_response(request))
        if response.status_code == 500 and request.resolver_match is None:
            # Django reads the form for its page that says 404, and breaks on a malformed one.
            return JsonResponse({"detail": "Not found."}, status=404)
        return response


def _is_too_long(request: Any) -> bool:
    length: str = request.META.get("CONTENT_LENGTH") or "0"
    return (
        length.isdecimal()
        and int(length[:20]) > MAX_JSON
        and request.content_type == "application/json"
    )
