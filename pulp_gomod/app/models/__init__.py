"""The tables: content, what a repository knows of it, and the Pulp types around it."""

from pulp_gomod.app.models.ages import GoSeenVersion, GoSumdbMark, GoSumdbNumber
from pulp_gomod.app.models.block import GoBlock, GoBlockRevision
from pulp_gomod.app.models.bundle import GoBundleHead, GoBundleLeftOut
from pulp_gomod.app.models.change import GoChange
from pulp_gomod.app.models.consumer import GoConsumer
from pulp_gomod.app.models.distribution import GoDistribution
from pulp_gomod.app.models.documentation import GoDocumentation, GoLicences, GoPackage
from pulp_gomod.app.models.event import GoPolicyEvent
from pulp_gomod.app.models.guard import ContentGuardInUse
from pulp_gomod.app.models.index import GoIndexEntry, GoIndexPosition
from pulp_gomod.app.models.listed import GoListedModule
from pulp_gomod.app.models.modfile import GoModFile
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.own import GoOwnPath, GoOwnRevision
from pulp_gomod.app.models.policy import GoPolicy
from pulp_gomod.app.models.publication import GoPublication
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.remote import GoRemote
from pulp_gomod.app.models.repository import GoRepository
from pulp_gomod.app.models.sumdb import GoSumdbRecord, GoSumdbTile, GoSumdbTree
from pulp_gomod.app.models.sumdb_own import GoLogRecord, GoLogTile, GoSumdb, GoSumdbHead
from pulp_gomod.app.models.token import GoToken
from pulp_gomod.app.models.upstream import GoCachedModFile, GoCacheEntry, GoPendingEntry
from pulp_gomod.app.models.vulndb import GoVexStatement, GoVulndb, GoVulnFile, GoVulnReport
from pulp_gomod.app.models.waiver import GoWaiver

__all__ = [
    "ContentGuardInUse",
    "GoCacheEntry",
    "GoPendingEntry",
    "GoBlock",
    "GoBlockRevision",
    "GoBundleHead",
    "GoBundleLeftOut",
    "GoCachedModFile",
    "GoChange",
    "GoConsumer",
    "GoDistribution",
    "GoDocumentation",
    "GoIndexEntry",
    "GoIndexPosition",
    "GoLicences",
    "GoListedModule",
    "GoLogRecord",
    "GoLogTile",
    "GoModFile",
    "GoModule",
    "GoOwnPath",
    "GoOwnRevision",
    "GoPackage",
    "GoPolicy",
    "GoPolicyEvent",
    "GoPublication",
    "GoRelease",
    "GoRemote",
    "GoRepository",
    "GoSeenVersion",
    "GoSumdb",
    "GoSumdbHead",
    "GoSumdbMark",
    "GoSumdbNumber",
    "GoSumdbRecord",
    "GoSumdbTile",
    "GoSumdbTree",
    "GoToken",
    "GoWaiver",
    "GoVexStatement",
    "GoVulnFile",
    "GoVulnReport",
    "GoVulndb",
]
