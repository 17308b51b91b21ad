"""What is said of a path that is nearly one of ours, which Django answers with a page otherwise."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from pulp_gomod.app.publishing.problems import text_response
from pulp_gomod.app.upload.protocol import PACKAGES

_SLASHES = re.compile("//+")


class MisspelledPaths:
    """
    Django's middleware for that.

    Args:
        get_response: What comes next.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        response = self._get_response(request)
        if response.status_code == 404 and request.resolver_match is None:
            return _explain(request.path_info) or response
        return response


def _explain(path: str) -> HttpResponse | None:
    """Say what is wrong with a path that no route has; None for what has nothing to do with us."""
    clean = _SLASHES.sub("/", path)
    below_api = f"{settings.API_ROOT.rstrip('/')}/api/v3/gomod/packages/"
    is_near = f"{clean.rstrip('/')}/".startswith((PACKAGES, below_api))
    if not is_near and not _is_of_goproxy(clean):
        return None
    if is_near and clean != path:
        return text_response(
            404, f"not found: there are two slashes in a row; did you mean {clean}"
        )
    owner = "{domain}/{owner}" if settings.DOMAIN_ENABLED else "{owner}"
    root = f"{PACKAGES}{owner}/go"
    return text_response(
        404,
        f"not found: a GOPROXY is {root}, with the base path of a Go distribution as {{owner}}; to publish, "
        f"PUT the module's zip to {root}/upload; to remove a version, DELETE {root}/MODULE/@v/VERSION",
    )


def _is_of_goproxy(path: str) -> bool:
    """Say whether a go command asks for it, whose GOPROXY is the server's own URL or another that is too short."""
    return "/@v/" in path or path.endswith("/@latest")
