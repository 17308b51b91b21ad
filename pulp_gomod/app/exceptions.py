"""What tasks of this plugin fail with; each has a code that stays the same."""

from collections.abc import Sequence
from gettext import gettext as _

from pulpcore.plugin.exceptions import PulpException


class ModuleVersionHeldError(PulpException):
    """
    Raised when other bytes would replace those of a module version that a repository holds.

    Args:
        module: The module path.
        held: The h1 that the repository holds.
        offered: The h1 that was to be added.
    """

    http_status_code = 409
    error_code = "GOM0001"

    def __init__(self, module: str, version: str, held: str, offered: str):
        self.module = module
        self.version = version
        self.held = held
        self.offered = offered

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "{module}@{version} is already in the repository with {held}, so {offered} cannot be "
            "added. The bytes of a module version never change: remove it first, or publish a new "
            "version."
        ).format(module=self.module, version=self.version, held=self.held, offered=self.offered)


class ModuleVersionTwiceError(ModuleVersionHeldError):
    """Raised when a module version is to be added with several different bytes at once."""

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "{module}@{version} is given more than once, with {held} and with {offered}. A repository has one zip "
            "of each module version: choose one of them."
        ).format(module=self.module, version=self.version, held=self.held, offered=self.offered)


class InvalidModuleError(PulpException):
    """
    Raised when a zip is not a module that Go would take.

    Args:
        reason: The rule that was broken and where, in Go's words.
    """

    http_status_code = 400
    error_code = "GOM0002"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _("Not a valid Go module zip: {reason}").format(
            reason=self.reason
        )


class ModuleVersionChangedError(ModuleVersionHeldError):
    """Raised when an immutable repository is offered other bytes for a version it ever held."""

    error_code = "GOM0003"

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "{module}@{version} was published here with {held}, so {offered} is refused. The "
            "checksum of a published version never changes in this repository: publish a new "
            "version."
        ).format(module=self.module, version=self.version, held=self.held, offered=self.offered)


class QuotaExceededError(PulpException):
    """
    Raised when a repository would hold more than it may.

    Args:
        what: What is counted.
        wanted: How many there would be.
        limit: How many there may be.
    """

    http_status_code = 403
    error_code = "GOM0004"

    def __init__(self, what: str, wanted: int, limit: int):
        self.what = what
        self.wanted = wanted
        self.limit = limit

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The repository may hold {limit} {what}; with this it would hold {wanted}."
        ).format(what=self.what, wanted=self.wanted, limit=self.limit)


class ChangeRefusedError(PulpException):
    """
    Raised in the task of a publish or removal that nobody waited for, when it is refused.

    Args:
        reason: What a client that waits would have been told.
    """

    http_status_code = 409
    error_code = "GOM0005"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] {self.reason}"


class SyncFailedError(PulpException):
    """
    Raised when something that was to be synced cannot be had; nothing of it was added then.

    Args:
        reasons: What and why, a line for each module version.
    """

    http_status_code = 502
    error_code = "GOM0006"

    def __init__(self, reasons: str):
        self.reasons = reasons

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "Nothing was added to the repository. What was fetched is kept, so that another sync is "
            "quick. These cannot be fetched:\n{reasons}"
        ).format(reasons=self.reasons)


class StorageUnavailableError(PulpException):
    """
    Raised when the storage of the server's files fails or hangs; nothing was changed then.

    Args:
        doing: What was being done.
        reason: What the storage said, in one line and without secrets.
    """

    http_status_code = 503
    error_code = "GOM0007"

    def __init__(self, doing: str, reason: str):
        self.doing = doing
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The file storage of this server failed while {doing}: {reason}. Nothing was changed; "
            "try again once it is available."
        ).format(doing=self.doing, reason=self.reason)


class LostFileError(StorageUnavailableError):
    """
    Raised when a stored file that is needed is not there any more.

    Args:
        name: What it is, such as an artifact.
    """

    def __init__(self, name: str):
        super().__init__(f"reading {name}", "the file is lost")
        self.name = name

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The file storage of this server has lost the file of {name}. Nothing was changed; upload the module "
            "zip itself."
        ).format(name=self.name)


class ModuleVersionBlockedError(PulpException):
    """
    Raised when a module version was to enter a repository that it is kept out of.

    Args:
        line: Which module version, since when and why.
    """

    http_status_code = 403
    error_code = "GOM0008"

    def __init__(self, line: str):
        self.line = line

    def __str__(self) -> str:
        return f"[{self.error_code}] {self.line}"


class ImportedFileMissingError(PulpException):
    """
    Raised when a zip that an import of Pulp brought is in no storage.

    Args:
        name: What it is called there.
    """

    http_status_code = 500
    error_code = "GOM0009"

    def __init__(self, name: str):
        self.name = name

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The import brought no file {name}: neither the storage of this domain nor the default one has "
            "it. Import the export once more."
        ).format(name=self.name)


class ImportIncompleteError(PulpException):
    """
    Raised when an incremental export of Pulp is imported before those that it goes on from.

    Args:
        name: A module version whose zip is missing.
        more: How many more are.
    """

    http_status_code = 409
    error_code = "GOM0010"

    def __init__(self, name: str, more: int):
        self.name = name
        self.more = more

    def __str__(self) -> str:
        others = _(" and those of {more} more").format(more=self.more) if self.more else ""
        return f"[{self.error_code}] " + _(
            "The zip of {name}{others} is neither in this export nor on this server: the export is incremental. "
            "Import the exports before it first, in order, or make a full one."
        ).format(name=self.name, others=others)


class ExportBaseGoneError(PulpException):
    """
    Raised when an incremental export of Pulp has nothing to go on from.

    Args:
        exporter: The name of the exporter.
        repositories: The names of the repositories.
    """

    http_status_code = 409
    error_code = "GOM0011"

    def __init__(self, exporter: str, repositories: Sequence[str]):
        self.exporter = exporter
        self.repositories = repositories

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The last export of {exporter} is nothing to go on from: it did not have {repositories}, or the "
            "version that it had was deleted since. Make a full export (full: true), or say from where to "
            "go on (start_versions)."
        ).format(exporter=self.exporter, repositories=", ".join(self.repositories))


class ImportRefusedError(PulpException):
    """
    Raised when a tree of modules, or a module version in it, cannot be imported.

    Args:
        reason: Why.
    """

    http_status_code = 400
    error_code = "GOM0012"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] {self.reason}"


class FilesystemExportError(PulpException):
    """Raised when Pulp's filesystem export is to write Go modules: it would write their zips alone."""

    http_status_code = 400
    error_code = "GOM0013"

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "A filesystem export of Pulp would write the zips of Go modules without their lists, .info and go.mod "
            "files, and the go command could not use it. Use POST <repository version href>bundle/ instead, "
            "or download bundle.tar from a distribution."
        )


class BundleRefusedError(PulpException):
    """
    Raised when a bundle cannot be written to a directory.

    Args:
        reason: Why.
    """

    http_status_code = 409
    error_code = "GOM0014"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _("The bundle was not written: {reason}.").format(
            reason=self.reason
        )


class ProofRefusedError(PulpException):
    """
    Raised when an import of Pulp brings a checksum database that contradicts the one that is known here.

    Args:
        reason: What the contradiction is.
    """

    http_status_code = 409
    error_code = "GOM0015"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "Nothing of the repository was imported, since the checksum database that came along cannot be "
            "trusted: {reason}"
        ).format(reason=self.reason)


class ReplicationFailedError(PulpException):
    """
    Raised when another server does not say what one of its distributions serves.

    Args:
        reason: What it says instead, or why it says nothing.
    """

    http_status_code = 502
    error_code = "GOM0016"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The repository was left as it is, since the other server does not say what it holds: {reason}"
        ).format(reason=self.reason)


class ModuleVersionLoggedError(ModuleVersionChangedError):
    """
    Raised when a checksum database of this server has other bytes on record for a module version.

    Args:
        sumdb: Its name.
        module: The module path.
        held: The h1 on record.
        offered: The h1 that was to be added.
    """

    error_code = "GOM0017"

    def __init__(self, sumdb: str, module: str, version: str, held: str, offered: str):
        super().__init__(module, version, held, offered)
        self.sumdb = sumdb

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "{module}@{version} is on record in the checksum database {sumdb} with {held}, so {offered} is "
            "refused. A record is never changed, even if the version is deleted everywhere: publish a new "
            "version."
        ).format(
            module=self.module,
            version=self.version,
            sumdb=self.sumdb,
            held=self.held,
            offered=self.offered,
        )


class SumdbRefusesError(PulpException):
    """
    Raised when a checksum database of this server cannot go on without contradicting what it has signed.

    Args:
        reason: What is wrong and what to do, in one sentence.
    """

    http_status_code = 503
    error_code = "GOM0018"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] {self.reason}"


class SumdbDamagedError(PulpException):
    """
    Raised when a checksum database of this server is checked, and something in it is wrong.

    Args:
        reason: The first record or tile that is wrong.
    """

    http_status_code = 500
    error_code = "GOM0019"

    def __init__(self, reason: str):
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The checksum database does not prove what it says: {reason}. Restore a backup of PostgreSQL "
            "from before, and recover the records that came after it."
        ).format(reason=self.reason)


class VulndbRefusedError(PulpException):
    """
    Raised when a database of vulnerabilities cannot be had or is broken; the one before stays in use.

    Args:
        name: The name of the database.
        reason: What is wrong with the new one.
    """

    http_status_code = 400
    error_code = "GOM0020"

    def __init__(self, name: str, reason: str):
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "The vulnerability database {name} was not replaced: {reason}"
        ).format(name=self.name, reason=self.reason)


class GoneError(PulpException):
    """
    Raised in a task when what it was dispatched for is deleted before it could be done.

    Args:
        what: What is gone, such as "repository".
    """

    http_status_code = 409
    error_code = "GOM0021"

    def __init__(self, what: str):
        self.what = what

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "This was not done: the {what} that it is about was deleted meanwhile."
        ).format(what=self.what)


class VersionServedError(PulpException):
    """
    Raised when a repository version is to be deleted that distributions have begun to serve.

    Args:
        number: The number of the version.
        names: The names of the distributions.
    """

    http_status_code = 409
    error_code = "GOM0022"

    def __init__(self, number: int, names: Sequence[str]):
        self.number = number
        self.names = names

    def __str__(self) -> str:
        return f"[{self.error_code}] " + _(
            "Version {number} was not deleted: distributions serve it by now ({names}). Have them serve "
            "something else first."
        ).format(number=self.number, names=", ".join(self.names))
