"""The routes that the plugin adds at the root of the API app."""

from django.conf import settings
from django.urls import path

from pulp_gomod.app.upload.views import PublishView, RemoveView

_DOMAIN = "<slug:pulp_domain>/" if settings.DOMAIN_ENABLED else ""
_GO = f"api/packages/{_DOMAIN}<str:owner>/go/"

urlpatterns = [
    path(f"{_GO}upload", PublishView.as_view(), name="gomod-publish"),
    path(f"{_GO}<path:module>/@v/<str:version>", RemoveView.as_view(), name="gomod-remove"),
]
