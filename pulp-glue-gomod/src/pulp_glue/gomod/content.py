"""Contexts for content: modules, and the go.mod files of modules that are not on the server."""

import datetime
import json
import typing as t

from pulp_glue.common.context import (
    EntityDefinition,
    PluginRequirement,
    PulpEntityContext,
)
from pulp_glue.common.exceptions import OpenAPIError, PulpException, PulpHTTPError
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.candidates import NamedContentContext
from pulp_glue.gomod.naming import reference
from pulp_glue.gomod.notes import tell_notes
from pulp_glue.gomod.sending import Parcel, Progress, ZipFile

translation = get_translation(__package__)
_ = translation.gettext

# Hrefs that one list request asks for: a URL may have about 4000 bytes.
_HREFS_PER_REQUEST = 20

# Releases that are read to say since when modules are where they are.
_RELEASES = 100


def _as_field(value: t.Any) -> t.Any:
    """Write a value as a form field; glue did not do it in all of its versions."""
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return aware.isoformat()
    if isinstance(value, dict):
        return json.dumps(value)
    return value


class PulpGoModuleContext(NamedContentContext):
    """A module version with its zip."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "modules"
    ENTITY = _("go module")
    ENTITIES = _("go modules")
    HREF = "gomod_go_module_href"
    ID_PREFIX = "content_gomod_modules"
    CHECKSUM = "h1"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
    CAPABILITIES = {"upload": []}

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Write what an upload says of its zips as fields of a form."""
        body = super().preprocess_entity(body, partial=partial)
        return {name: _as_field(value) for name, value in body.items()}

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
                was made: a datetime, or RFC 3339), `origin` (where it was made: a dictionary as in
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
        progress: Progress | None = None,
    ) -> t.Any:
        """
        Upload several module zips in one call: either all of them are taken or none.

        In a repository they make one new version.

        Parameters:
            files: The zips: paths, or files open for reading. At most 900.
            body: `repository`, `time`, `origin`, `pulp_labels` and `chunk_size`, as in `create`.
                What is given applies to every zip.
            non_blocking: Whether to return the task without waiting for it.
            progress: Hears how far each file is that is too large for one request.

        Returns:
            The modules, in the order of the files, or the task if `non_blocking`.
        """
        if self.pulp_ctx.fake_mode:
            return [{"pulp_href": "<FAKE ENTITY>"} for _file in files]
        return self._upload(files, {**(body or {})}, None, non_blocking, progress)

    def _upload(
        self,
        files: t.Sequence[ZipFile],
        body: EntityDefinition,
        parameters: t.Mapping[str, t.Any] | None,
        non_blocking: bool,
        progress: Progress | None = None,
    ) -> t.Any:
        chunk_size: int | None = body.pop("chunk_size", None)
        if self.repository_ctx is not None:
            body["repository"] = self.repository_ctx
        if isinstance(repository := body.get("repository"), PulpEntityContext):
            body["repository"] = reference(repository)
        body = self.preprocess_entity(body)
        if chunk_size is None:
            # Newer versions of pulp-glue have it in their configuration.
            chunk_size = getattr(self.pulp_ctx, "chunk_size", None)
        with Parcel(self.pulp_ctx, chunk_size, progress) as parcel:
            parcel.add(files)
            try:
                task = self.call(
                    "create",
                    parameters={**(parameters or {})},
                    body={**body, **parcel.fields},
                    non_blocking=True,
                    # The fields are written already; the server checks them.
                    validate_body=False,
                )
                if non_blocking:
                    return task
                task = tell_notes(self.pulp_ctx, self.pulp_ctx.wait_for_task(task))
            except PulpHTTPError:
                parcel.discard()
                raise
            except OpenAPIError:
                # After a failed connection the task may still need the uploads.
                raise
            except PulpException as error:
                parcel.discard()
                raise PulpException(parcel.with_names(str(error))) from error
            if self.repository_ctx is not None and self.repository_ctx._entity:
                # It has a new version now. (Who may not see it has not looked it up.)
                self.repository_ctx.pulp_href = self.repository_ctx.pulp_href
            units = self._uploaded(task)
            return parcel.in_order(units) if files else units

    def _since(self, units: list[t.Any]) -> dict[tuple[str, str], str]:
        parameters = {
            "module__in": sorted({unit["module"] for unit in units}),
            "version__in": sorted({unit["version"] for unit in units}),
            "offset": 0,
            "limit": _RELEASES,
        }
        page = self.pulp_ctx.call("gomod_releases_list", parameters=parameters)
        return {
            (release["repository"], release["h1"]): release["first_seen"]
            for release in page["results"]
        }

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


class PulpGoModFileContext(NamedContentContext):
    """The go.mod of a module version whose zip is not on the server."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "modfiles"
    ENTITY = _("go.mod file")
    ENTITIES = _("go.mod files")
    HREF = "gomod_go_mod_file_href"
    ID_PREFIX = "content_gomod_modfiles"
    CHECKSUM = "go_mod_h1"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
