"""The endpoints of the REST API and who may use them; Pulp finds the viewsets here."""

from pulp_gomod.app.viewsets import repository_versions, token_scope
from pulp_gomod.app.viewsets.block import GoBlockViewSet
from pulp_gomod.app.viewsets.distribution import GoDistributionViewSet
from pulp_gomod.app.viewsets.modfile import GoModFileViewSet
from pulp_gomod.app.viewsets.module import GoModuleViewSet
from pulp_gomod.app.viewsets.publication import GoPublicationViewSet
from pulp_gomod.app.viewsets.release import GoReleaseViewSet
from pulp_gomod.app.viewsets.remote import GoRemoteViewSet
from pulp_gomod.app.viewsets.repository import GoRepositoryVersionViewSet, GoRepositoryViewSet
from pulp_gomod.app.viewsets.token import GoTokenViewSet

__all__ = [
    "GoBlockViewSet",
    "GoDistributionViewSet",
    "GoModFileViewSet",
    "GoModuleViewSet",
    "GoPublicationViewSet",
    "GoReleaseViewSet",
    "GoRemoteViewSet",
    "GoRepositoryVersionViewSet",
    "GoRepositoryViewSet",
    "GoTokenViewSet",
]

repository_versions.install()
token_scope.install()
