"""The tables: content, what a repository knows of it, and the Pulp types around it."""

from pulp_gomod.app.models.block import GoBlock, GoBlockRevision
from pulp_gomod.app.models.bundle import GoBundleHead
from pulp_gomod.app.models.change import GoChange
from pulp_gomod.app.models.distribution import GoDistribution
from pulp_gomod.app.models.guard import ContentGuardInUse
from pulp_gomod.app.models.index import GoIndexEntry, GoIndexPosition
from pulp_gomod.app.models.modfile import GoModFile
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.own import GoOwnPath, GoOwnRevision
from pulp_gomod.app.models.publication import GoPublication
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.remote import GoRemote
from pulp_gomod.app.models.repository import GoRepository
from pulp_gomod.app.models.sumdb import GoSumdbRecord, GoSumdbTile, GoSumdbTree
from pulp_gomod.app.models.token import GoToken
from pulp_gomod.app.models.upstream import GoAnswer, GoArrival, GoCachedModFile

__all__ = [
    "ContentGuardInUse",
    "GoAnswer",
    "GoArrival",
    "GoBlock",
    "GoBlockRevision",
    "GoBundleHead",
    "GoCachedModFile",
    "GoChange",
    "GoDistribution",
    "GoIndexEntry",
    "GoIndexPosition",
    "GoModFile",
    "GoModule",
    "GoOwnPath",
    "GoOwnRevision",
    "GoPublication",
    "GoRelease",
    "GoRemote",
    "GoRepository",
    "GoSumdbRecord",
    "GoSumdbTile",
    "GoSumdbTree",
    "GoToken",
]
