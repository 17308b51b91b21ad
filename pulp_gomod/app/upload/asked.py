"""
Whether a body is worth receiving, said by the API before anybody receives it.

A large body is held on the front door's disk until it has come. So the door asks first, by OPTIONS with the
header `BODY_OF`: is there a view for that path, does it take a body by that method, and are the
credentials good? What a view's permissions say is left to the request itself: some of them look at the body.
"""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated

from pulp_gomod.app.publishing.problems import text_response
from pulp_gomod.app.upload.handover import BODY_OF

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class AskedFirst:
    """
    Django's middleware for that; it also refuses paths that no text of a database can be.

    Args:
        get_response: What comes next.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if _CONTROL.search(request.path_info):
            return text_response(400, "The path has a control character.")
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Answer what the door asks; called by Django when the view is known."""
        method = request.headers.get(BODY_OF)
        if method is None or request.method != "OPTIONS":
            return None
        if not hasattr(view, "cls"):
            return text_response(413, "Large bodies are not accepted here.")
        return _ask(view, method, request, *args, **kwargs)


def _ask(view: Any, method: str, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Go through a view of the REST framework as a request with a body would, as far as it is safe."""
    asked = view.cls(**getattr(view, "initkwargs", {}))
    actions = getattr(view, "actions", None)
    if actions is not None:
        asked.action_map = actions
    is_taken = hasattr(asked, method.lower()) if actions is None else method.lower() in actions

    def answer(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_taken:
            if hasattr(asked, "refuse_method"):
                asked.refuse_method(method)
            raise MethodNotAllowed(method)
        if not (request.auth or request.user.is_authenticated):
            raise NotAuthenticated
        if hasattr(asked, "before_body"):
            asked.before_body(request, *args, **kwargs)
        return HttpResponse(status=204)

    asked.options = answer
    asked.http_method_names = ["options"]
    asked.check_permissions = lambda request: None
    asked.setup(request, *args, **kwargs)
    response: HttpResponse = asked.dispatch(request, *args, **kwargs)
    return response
