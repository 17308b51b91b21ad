"""The routes that the plugin adds at the root of the API app."""

from django.conf import settings
from django.urls import path

from pulp_gomod.app.api import openapi  # noqa: F401
from pulp_gomod.app.upload.views import PathView, PublishView, RootView, VersionView

_DOMAIN = "<slug:pulp_domain>/" if settings.DOMAIN_ENABLED else ""
_OWNER = f"{_DOMAIN}<str:owner>/go/"
_PACKAGES = f"api/packages/{_OWNER}"
# The same below the API's root: a web server has a location for that, whose rules hold for these, too.
_BELOW_API = f"{settings.API_ROOT.strip('/')}/api/v3/gomod/packages/{_OWNER}".lstrip("/")

urlpatterns = [
    route
    for root in (_PACKAGES, _BELOW_API)
    for route in (
        path(f"{root}upload", PublishView.as_view()),
        path(f"{root}upload/", PublishView.as_view()),
        path(f"{root}<path:module>/@v/<str:version>", VersionView.as_view()),
        path(f"{root}<path:rest>", PathView.as_view()),
        # Django would redirect uploads, too, and say nothing.
        path(root.rstrip("/"), RootView.as_view()),
        path(root, PathView.as_view()),
    )
]
