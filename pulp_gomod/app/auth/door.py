"""
Headers that only the front door may send to the API: nobody else is believed to have sent them.

The door drops what clients send under these names. But an API behind a web server, or one that clients can reach
beside its door, gets them as they were sent. So the door proves itself by what both know and no client does.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

#: By which the door proves to be the one that asks.
PROOF = "X-Gomod-Door"

_OURS = "HTTP_X_GOMOD_"
_PROOF = "HTTP_X_GOMOD_DOOR"
_BY_DOOR = "gomod.by_door"


def proof(secret_key: str | None = None) -> str:
    """
    Return what proves the door to an API with the same SECRET_KEY.

    Args:
        secret_key: That of the API, where it is not this process's.
    """
    made = salted_hmac("pulp_gomod.front_door", "", secret_key, algorithm="sha256")
    return str(made.hexdigest())


def is_by_door(request: HttpRequest) -> bool:
    """Say whether a request came through the front door."""
    return bool(request.META.get(_BY_DOOR))


class DoorHeaders:
    """
    Django's middleware before all others of ours, which may believe the headers that it leaves.

    Args:
        get_response: What answers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        names = [name for name in request.META if name.startswith(_OURS)]
        if names:
            request.META[_BY_DOOR] = constant_time_compare(request.META.get(_PROOF, ""), proof())
            # Nobody who is shown a request shall see the proof.
            for name in names if not is_by_door(request) else [_PROOF]:
                del request.META[name]
            # Django reads them once only.
            vars(request).pop("headers", None)
        return self._get_response(request)
