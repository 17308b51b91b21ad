"""
Contexts for the entities of pulp_gomod.

Each one says how the REST API calls its entity, so that glue can list, create, update and delete
it. `HREF` and `ID_PREFIX` are the names that the server's OpenAPI schema gives.
"""

import datetime
import typing as t

from pulp_glue.common.context import (
    EntityDefinition,
    PluginRequirement,
    PulpContentContext,
    PulpDistributionContext,
    PulpEntityContext,
    PulpPublicationContext,
    PulpRemoteContext,
    PulpRepositoryContext,
    PulpRepositoryVersionContext,
)
from pulp_glue.common.exceptions import (
    OpenAPIError,
    PulpException,
    PulpHTTPError,
    ValidationError,
)
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.sending import Parcel, ZipFile

translation = get_translation(__package__)
_ = translation.gettext

# Hrefs that one list request asks for: a URL may have about 4000 bytes.
_HREFS_PER_REQUEST = 20

_SOURCES = ("repository", "repository_version", "publication")


def _version_href(repository_href: str | None, number: int) -> str:
    if not repository_href:
        raise PulpException(_("--repository must be provided"))
    return f"{repository_href}versions/{number}/"


def _to_utc(time: str | datetime.datetime) -> datetime.datetime:
    """Read an ISO 8601 time; glue writes all times as UTC. Without a zone it is UTC already."""
    if isinstance(time, str):
        try:
            time = datetime.datetime.fromisoformat(time)
        except ValueError as error:
            raise PulpException(
                _("'{time}' is no time such as 2026-02-03T04:05:06Z.").format(time=time)
            ) from error
    return time if time.tzinfo is None else time.astimezone(datetime.UTC)


class PulpGoModuleContext(PulpContentContext):
    """A module version with its zip."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "modules"
    ENTITY = _("go module")
    ENTITIES = _("go modules")
    HREF = "gomod_go_module_href"
    ID_PREFIX = "content_gomod_modules"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
    CAPABILITIES = {"upload": []}

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Write the time of an upload as the API wants it."""
        body = super().preprocess_entity(body, partial=partial)
        if "time" in body:
            body["time"] = _to_utc(body["time"])
        return body

    def create(
        self,
        body: EntityDefinition,
        parameters: t.Mapping[str, t.Any] | None = None,
        non_blocking: bool = False,
    ) -> t.Any:
        """
        Upload a module zip.

        Parameters:
            body: `file` (the zip: a path, or the file open for reading), or `upload` or `artifact`
                (what is on the server already). Optionally `repository`, `time` (when the version
                was made: a datetime, or ISO 8601), `origin` (where it was made: a dictionary as in
                Go's .info), `pulp_labels`, and `chunk_size` (bytes that one request may have).
            parameters: Additional parameters for the call (usually not needed).
            non_blocking: Whether to return the task without waiting for it.

        Returns:
            The module, or the task if `non_blocking`. If the user may upload it but not see it,
            only its `module`, `version` and `h1`.
        """
        if self.pulp_ctx.fake_mode:
            return super().create(body, parameters, non_blocking)
        body = {**body}
        file: ZipFile | None = body.pop("file", None)
        result = self._upload([] if file is None else [file], body, parameters, non_blocking)
        if non_blocking:
            self.entity = None
            return result
        self._entity = result[0]
        self._entity_lookup = {}
        return self._entity

    def upload_files(
        self,
        files: t.Sequence[ZipFile],
        body: EntityDefinition | None = None,
        non_blocking: bool = False,
    ) -> t.Any:
        """
        Upload several module zips in one call: either all of them are taken or none.

        In a repository they make one new version.

        Parameters:
            files: The zips: paths, or files open for reading. At most 900.
            body: `repository`, `time`, `origin`, `pulp_labels` and `chunk_size`, as in `create`.
                What is given applies to every zip.
            non_blocking: Whether to return the task without waiting for it.

        Returns:
            The modules, in the order of the files, or the task if `non_blocking`.
        """
        if self.pulp_ctx.fake_mode:
            return [{"pulp_href": "<FAKE ENTITY>"} for _file in files]
        return self._upload(files, {**(body or {})}, None, non_blocking)

    def _upload(
        self,
        files: t.Sequence[ZipFile],
        body: EntityDefinition,
        parameters: t.Mapping[str, t.Any] | None,
        non_blocking: bool,
    ) -> t.Any:
        chunk_size: int | None = body.pop("chunk_size", None)
        if self.repository_ctx is not None:
            body["repository"] = self.repository_ctx
        # What is wrong with the rest is said before anything is sent.
        body = self.preprocess_entity(body)
        with Parcel(self.pulp_ctx, chunk_size or self.pulp_ctx.chunk_size) as parcel:
            parcel.add(files)
            try:
                task = self.call(
                    "create",
                    parameters={**(parameters or {})},
                    body={**body, **parcel.fields},
                    non_blocking=True,
                )
                if non_blocking:
                    return task
                task = self.pulp_ctx.wait_for_task(task)
            except (PulpHTTPError, ValidationError):
                parcel.discard()
                raise
            except OpenAPIError:
                # After a failed connection the task may still need the uploads.
                raise
            except PulpException as error:
                parcel.discard()
                raise PulpException(parcel.with_names(str(error))) from error
            units = self._uploaded(task)
            return parcel.in_order(units) if files else units

    def _uploaded(self, task: EntityDefinition) -> list[EntityDefinition]:
        """Look up what a finished upload task took in."""
        root = f"{self.pulp_ctx.api_path}content/gomod/modules/"
        hrefs = [href for href in task["created_resources"] if (href or "").startswith(root)]
        units: dict[tuple[str, str, str], EntityDefinition] = {}
        for start in range(0, len(hrefs), _HREFS_PER_REQUEST):
            batch = hrefs[start : start + _HREFS_PER_REQUEST]
            page = self.call("list", parameters={"pulp_href__in": batch, "limit": len(batch)})
            for unit in page["results"]:
                units[unit["module"], unit["version"], unit["h1"]] = unit
        return [
            units.get((name["module"], name["version"], name["h1"]), name)
            for name in task["result"]
        ]


class PulpGoModFileContext(PulpContentContext):
    """The go.mod of a module version whose zip is not on the server."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "modfiles"
    ENTITY = _("go.mod file")
    ENTITIES = _("go.mod files")
    HREF = "gomod_go_mod_file_href"
    ID_PREFIX = "content_gomod_modfiles"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoReleaseContext(PulpEntityContext):
    """The record of how a module version came into a repository."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "releases"
    ENTITY = _("go release")
    ENTITIES = _("go releases")
    HREF = "gomod_go_release_href"
    ID_PREFIX = "gomod_releases"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>releases)/"
    HREF_TEMPLATE = "gomod/releases/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoDistributionContext(PulpDistributionContext):
    """A GOPROXY root."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go distribution")
    ENTITIES = _("go distributions")
    HREF = "gomod_go_distribution_href"
    ID_PREFIX = "distributions_gomod_gomod"
    CAPABILITIES = {"roles": []}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Resolve `version`, a number, and let what is now to be served replace what was."""
        body = super().preprocess_entity(body, partial=partial)
        version: int | None = body.pop("version", None)
        if version is not None:
            repository = body.pop("repository", None)
            if repository is None and partial:
                repository = self._served_repository()
            body["repository_version"] = _version_href(repository, version)
        chosen = [name for name in _SOURCES if body.get(name)]
        if partial and len(chosen) == 1:
            body.update({name: None for name in _SOURCES if name not in chosen})
        elif partial and "repository" in body and not chosen:
            # To serve no repository is to serve no version of it either.
            body["repository_version"] = None
        return body

    def _served_repository(self) -> str | None:
        """The href of the repository that is served, whole or pinned to a version."""
        pinned: str = self.entity.get("repository_version") or ""
        repository: str | None = self.entity.get("repository")
        return repository or pinned.partition("versions/")[0]


class PulpGoPublicationContext(PulpPublicationContext):
    """A repository version, frozen for serving."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go publication")
    ENTITIES = _("go publications")
    HREF = "gomod_go_publication_href"
    ID_PREFIX = "publications_gomod_gomod"
    CAPABILITIES = {"roles": []}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Resolve `version`, a number."""
        body = super().preprocess_entity(body, partial=partial)
        version: int | None = body.pop("version", None)
        if version is not None:
            body["repository_version"] = _version_href(body.pop("repository", None), version)
        return body


class PulpGoRemoteContext(PulpRemoteContext):
    """An upstream that speaks the GOPROXY protocol."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go remote")
    ENTITIES = _("go remotes")
    HREF = "gomod_go_remote_href"
    ID_PREFIX = "remotes_gomod_gomod"
    CAPABILITIES = {"roles": []}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoRepositoryVersionContext(PulpRepositoryVersionContext):
    """The state of a repository after one change."""

    HREF = "gomod_gomod_repository_version_href"
    ID_PREFIX = "repositories_gomod_gomod_versions"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoRepositoryContext(PulpRepositoryContext):
    """A versioned set of Go modules."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go repository")
    ENTITIES = _("go repositories")
    HREF = "gomod_go_repository_href"
    ID_PREFIX = "repositories_gomod_gomod"
    VERSION_CONTEXT = PulpGoRepositoryVersionContext
    CAPABILITIES = {"roles": []}
    NULLABLES = PulpRepositoryContext.NULLABLES | {"max_modules", "max_size"}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


def _register_prns() -> None:
    """
    Tell glue which context a PRN such as prn:gomod.gomodule:... belongs to.

    By itself it takes RESOURCE_TYPE, which hrefs have, for a part of the model's name.
    """
    registry: dict[str, type[PulpEntityContext]] = getattr(
        PulpEntityContext, "PRN_TYPE_REGISTRY", {}
    )
    registry |= {
        "gomod:godistribution": PulpGoDistributionContext,
        "gomod:gomodfile": PulpGoModFileContext,
        "gomod:gomodule": PulpGoModuleContext,
        "gomod:gopublication": PulpGoPublicationContext,
        "gomod:gorelease": PulpGoReleaseContext,
        "gomod:goremote": PulpGoRemoteContext,
        "gomod:gorepository": PulpGoRepositoryContext,
    }


_register_prns()
