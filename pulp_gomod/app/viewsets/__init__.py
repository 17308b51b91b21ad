"""The endpoints of the REST API and who may use them; Pulp finds the viewsets here."""

from pulp_gomod.app.viewsets import repository_versions, token_scope
from pulp_gomod.app.viewsets.block import GoBlockViewSet
from pulp_gomod.app.viewsets.consumer import GoConsumerViewSet
from pulp_gomod.app.viewsets.distribution import GoDistributionViewSet
from pulp_gomod.app.viewsets.event import GoPolicyEventViewSet
from pulp_gomod.app.viewsets.modfile import GoModFileViewSet
from pulp_gomod.app.viewsets.module import GoModuleViewSet
from pulp_gomod.app.viewsets.policy import GoPolicyViewSet
from pulp_gomod.app.viewsets.publication import GoPublicationViewSet
from pulp_gomod.app.viewsets.release import GoReleaseViewSet
from pulp_gomod.app.viewsets.remote import GoRemoteViewSet
from pulp_gomod.app.viewsets.repository import GoRepositoryVersionViewSet, GoRepositoryViewSet
from pulp_gomod.app.viewsets.sumdb import GoSumdbViewSet
from pulp_gomod.app.viewsets.token import GoTokenViewSet
from pulp_gomod.app.viewsets.vulndb import GoVulndbViewSet
from pulp_gomod.app.viewsets.waiver import GoWaiverViewSet

__all__ = [
    "GoBlockViewSet",
    "GoConsumerViewSet",
    "GoDistributionViewSet",
    "GoModFileViewSet",
    "GoModuleViewSet",
    "GoPolicyEventViewSet",
    "GoPolicyViewSet",
    "GoPublicationViewSet",
    "GoReleaseViewSet",
    "GoRemoteViewSet",
    "GoRepositoryVersionViewSet",
    "GoRepositoryViewSet",
    "GoSumdbViewSet",
    "GoTokenViewSet",
    "GoWaiverViewSet",
    "GoVulndbViewSet",
]

repository_versions.install()
token_scope.install()
