"""
What a token of ours opens of the REST API, which is little.

A token stands for its owner on a GOPROXY. Clients such as the pulp command do over REST what a GOPROXY does: they
publish, read what is served, and remove. A viewset says so in `TOKEN_ACTIONS`, and keeps a token to what
its distribution serves (see `viewsets.token_scope`). Whatever says nothing is closed to tokens.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.auth import header, tokens
from pulp_gomod.app.models import GoToken
from pulp_gomod.app.upload.handover import BODY_OF

_PACKAGES = ("/api/packages/", "/gomod/packages/")
# An Authorization header that every authenticator for HTTP Basic refuses, and none verifies.
_MALFORMED = "Basic"
_WORDS = {
    GoToken.Scope.READ: "downloads",
    GoToken.Scope.PUBLISH: "downloads, uploads and removals",
}

View = Callable[..., HttpResponse]


class TokenScope:
    """
    Django's middleware that lets a token be its owner where it may be, and nobody elsewhere.

    Args:
        get_response: What comes next.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Decide; called by Django when the view, and with it the domain, is known."""
        sent = header.parse(request.META.get("HTTP_AUTHORIZATION"))
        viewset = getattr(view, "cls", None)
        if not isinstance(sent, header.Secret) or any(part in request.path for part in _PACKAGES):
            return None
        if viewset is None or not _authenticates(view):
            return None
        token = tokens.find(sent, get_domain_pk())
        if token is None:
            # Nobody's password looks like that: it need not be hashed to be refused.
            request.META["HTTP_AUTHORIZATION"] = _MALFORMED
            vars(request).pop("headers", None)
            return None
        if not _opens(token, viewset, _action(request, view)):
            return JsonResponse({"detail": refusal(token)}, status=403)
        if tokens.is_use_due(token):
            tokens.record_use(token.pk)
        # REST framework takes these for what its authenticators would say.
        vars(request).update(_force_auth_user=token.owner, _force_auth_token=token)
        return None


def refusal(token: Any) -> str:
    """
    Say what a token is for, to whoever wanted something else.

    Args:
        token: The GoToken.
    """
    name = token.distribution.name if token.distribution_id else ""
    place = f"the distribution {name}" if name else "Go distributions"
    return (
        f"The token {token.name} has the scope {token.scope}: it permits {_WORDS[token.scope]} at "
        f"{place}, and gives no other access to Pulp."
    )


def _authenticates(view: Any) -> bool:
    chosen = getattr(view, "initkwargs", {})
    return bool(chosen.get("authentication_classes", view.cls.authentication_classes))


def _action(request: HttpRequest, view: Any) -> str:
    """Name the action of a viewset, also of a body that the front door asks about."""
    method = request.method or ""
    if method == "OPTIONS":
        method = request.headers.get(BODY_OF, method)
    method = "GET" if method == "HEAD" else method
    return str((getattr(view, "actions", None) or {}).get(method.lower(), ""))


def _opens(token: Any, viewset: Any, action: str) -> bool:
    scope = getattr(viewset, "TOKEN_ACTIONS", {}).get(action)
    return scope is not None and scope in (GoToken.Scope.READ, token.scope)
