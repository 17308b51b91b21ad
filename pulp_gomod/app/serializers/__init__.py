"""What the REST API shows of each type and accepts for it; Pulp finds the serializers here."""

from pulp_gomod.app.serializers.block import GoBlockSerializer
from pulp_gomod.app.serializers.bundle import GoBundleSerializer
from pulp_gomod.app.serializers.consumer import GoConsumerSerializer
from pulp_gomod.app.serializers.distribution import GoDistributionSerializer
from pulp_gomod.app.serializers.event import GoPolicyEventSerializer
from pulp_gomod.app.serializers.forget import GoForgetSerializer
from pulp_gomod.app.serializers.importing import GoImportSerializer
from pulp_gomod.app.serializers.modfile import GoModFileSerializer
from pulp_gomod.app.serializers.module import GoModuleListSerializer, GoModuleSerializer
from pulp_gomod.app.serializers.policy import GoPolicySerializer
from pulp_gomod.app.serializers.publication import GoPublicationSerializer
from pulp_gomod.app.serializers.release import GoReleaseSerializer
from pulp_gomod.app.serializers.remote import GoRemoteSerializer
from pulp_gomod.app.serializers.repository import (
    GoCleanupSerializer,
    GoDocumentSerializer,
    GoModifySerializer,
    GoRepositorySerializer,
    GoRepositoryVersionSerializer,
)
from pulp_gomod.app.serializers.schedule import (
    GoScheduledSyncSerializer,
    GoScheduleSerializer,
    GoUnscheduleSerializer,
)
from pulp_gomod.app.serializers.sumdb import GoSumdbRotateSerializer, GoSumdbSerializer
from pulp_gomod.app.serializers.sync import GoSyncSerializer
from pulp_gomod.app.serializers.token import GoTokenCreatedSerializer, GoTokenSerializer
from pulp_gomod.app.serializers.upload import GoModuleUploadSerializer
from pulp_gomod.app.serializers.vulndb import (
    GoScanSerializer,
    GoVexSerializer,
    GoVexStatementSerializer,
    GoVulndbSerializer,
    GoVulndbUploadSerializer,
)
from pulp_gomod.app.serializers.waiver import (
    GoWaiverApprovalSerializer,
    GoWaiverDecisionSerializer,
    GoWaiverRevocationSerializer,
    GoWaiverSerializer,
)

__all__ = [
    "GoBlockSerializer",
    "GoBundleSerializer",
    "GoCleanupSerializer",
    "GoConsumerSerializer",
    "GoDistributionSerializer",
    "GoDocumentSerializer",
    "GoForgetSerializer",
    "GoImportSerializer",
    "GoModFileSerializer",
    "GoModifySerializer",
    "GoModuleListSerializer",
    "GoModuleSerializer",
    "GoModuleUploadSerializer",
    "GoPolicyEventSerializer",
    "GoPolicySerializer",
    "GoPublicationSerializer",
    "GoReleaseSerializer",
    "GoRemoteSerializer",
    "GoRepositorySerializer",
    "GoRepositoryVersionSerializer",
    "GoScanSerializer",
    "GoScheduleSerializer",
    "GoScheduledSyncSerializer",
    "GoSumdbRotateSerializer",
    "GoSumdbSerializer",
    "GoSyncSerializer",
    "GoTokenCreatedSerializer",
    "GoTokenSerializer",
    "GoUnscheduleSerializer",
    "GoVexSerializer",
    "GoVexStatementSerializer",
    "GoWaiverApprovalSerializer",
    "GoWaiverDecisionSerializer",
    "GoWaiverRevocationSerializer",
    "GoWaiverSerializer",
    "GoVulndbSerializer",
    "GoVulndbUploadSerializer",
]
