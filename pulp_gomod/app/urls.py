"""The routes that the plugin adds at the root of the API app."""

from django.conf import settings
from django.urls import path

from pulp_gomod.app.upload.views import PublishView, RemoveView

_DOMAIN = "<slug:pulp_domain>/" if settings.DOMAIN_ENABLED else ""
_OWNER = f"{_DOMAIN}<str:owner>/go/"
_PACKAGES = f"api/packages/{_OWNER}"
# The same below the API's root: a web server has a location for that, whose rules hold for these, too.
_BELOW_API = f"{settings.API_ROOT.strip('/')}/api/v3/gomod/packages/{_OWNER}".lstrip("/")
_REMOVED = "<path:module>/@v/<str:version>"

urlpatterns = [
    path(f"{_PACKAGES}upload", PublishView.as_view(), name="gomod-publish"),
    path(f"{_PACKAGES}{_REMOVED}", RemoveView.as_view(), name="gomod-remove"),
    path(f"{_BELOW_API}upload", PublishView.as_view()),
    path(f"{_BELOW_API}{_REMOVED}", RemoveView.as_view()),
]
