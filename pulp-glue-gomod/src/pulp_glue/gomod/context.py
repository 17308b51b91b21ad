"""
Contexts for the entities of pulp_gomod.

Each one says how the REST API calls its entity, so that glue can list, create, update and delete
it. `HREF` and `ID_PREFIX` are the names that the server's OpenAPI schema gives.
"""

import typing as t

from pulp_glue.common.context import (
    EntityDefinition,
    PluginRequirement,
    PulpDistributionContext,
    PulpEntityContext,
    PulpPublicationContext,
    PulpRemoteContext,
    PulpRepositoryContext,
    PulpRepositoryVersionContext,
)
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.content import PulpGoModFileContext, PulpGoModuleContext
from pulp_glue.gomod.naming import reference
from pulp_glue.gomod.notes import tell_notes
from pulp_glue.gomod.sumdb import PulpGoSumdbContext
from pulp_glue.gomod.vulndb import PulpGoVulndbContext

translation = get_translation(__package__)
_ = translation.gettext

__all__ = [
    "PulpGoBlockContext",
    "PulpGoConsumerContext",
    "PulpGoDistributionContext",
    "PulpGoEventContext",
    "PulpGoModFileContext",
    "PulpGoModuleContext",
    "PulpGoPolicyContext",
    "PulpGoPublicationContext",
    "PulpGoReleaseContext",
    "PulpGoRemoteContext",
    "PulpGoRepositoryContext",
    "PulpGoRepositoryVersionContext",
    "PulpGoSumdbContext",
    "PulpGoTokenContext",
    "PulpGoVulndbContext",
    "PulpGoWaiverContext",
]

_SOURCES = ("repository", "repository_version", "publication")


def _version_href(repository_href: str | None, number: int) -> str:
    if not repository_href:
        raise PulpException(_("--repository must be provided"))
    return f"{repository_href}versions/{number}/"


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


class PulpGoBlockContext(PulpEntityContext):
    """Module versions that a repository neither accepts nor serves."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "blocks"
    ENTITY = _("go block")
    ENTITIES = _("go blocks")
    HREF = "gomod_go_block_href"
    ID_PREFIX = "gomod_blocks"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>blocks)/"
    HREF_TEMPLATE = "gomod/blocks/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoConsumerContext(PulpEntityContext):
    """Who downloaded a module version through a distribution."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "consumers"
    ENTITY = _("go consumer")
    ENTITIES = _("go consumers")
    HREF = "gomod_go_consumer_href"
    ID_PREFIX = "gomod_consumers"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>consumers)/"
    HREF_TEMPLATE = "gomod/consumers/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoTokenContext(PulpEntityContext):
    """A token that acts on behalf of its owner on a GOPROXY, and nowhere else in Pulp."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "tokens"
    ENTITY = _("go token")
    ENTITIES = _("go tokens")
    HREF = "gomod_go_token_href"
    ID_PREFIX = "gomod_tokens"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>tokens)/"
    HREF_TEMPLATE = "gomod/tokens/{pulp_id}/"
    NULLABLES = {"distribution", "expires"}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def preprocess_entity(self, body: EntityDefinition, partial: bool = False) -> EntityDefinition:
        """Name the distribution, which the user may not be allowed to look up."""
        if isinstance(distribution := body.get("distribution"), PulpEntityContext):
            body = {**body, "distribution": reference(distribution)}
        return super().preprocess_entity(body, partial=partial)


class PulpGoPolicyContext(PulpEntityContext):
    """Conditions under which module versions are not served."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "policies"
    ENTITY = _("go policy")
    ENTITIES = _("go policies")
    HREF = "gomod_go_policy_href"
    ID_PREFIX = "gomod_policies"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>policies)/"
    HREF_TEMPLATE = "gomod/policies/{pulp_id}/"
    CAPABILITIES = {"roles": []}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
    NULLABLES = {"vulnerable_db", "vulnerable_severity", "malicious_db"}


class PulpGoEventContext(PulpEntityContext):
    """What a policy stopped or let pass on one day, or what was decided about that."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "events"
    ENTITY = _("go policy event")
    ENTITIES = _("go policy events")
    HREF = "gomod_go_policy_event_href"
    ID_PREFIX = "gomod_events"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>events)/"
    HREF_TEMPLATE = "gomod/events/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]


class PulpGoWaiverContext(PulpEntityContext):
    """Module versions that a policy does not stop for a while, or a request for that."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "waivers"
    ENTITY = _("go waiver")
    ENTITIES = _("go waivers")
    HREF = "gomod_go_waiver_href"
    ID_PREFIX = "gomod_waivers"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>waivers)/"
    HREF_TEMPLATE = "gomod/waivers/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def approve(self, body: EntityDefinition) -> t.Any:
        """
        Approve a request.

        Parameters:
            body: `note`, and `expires` if it is to hold until another time than was requested.
        """
        return self._decide("approve", body)

    def refuse(self, body: EntityDefinition) -> t.Any:
        """
        Refuse a request.

        Parameters:
            body: `note`.
        """
        return self._decide("refuse", body)

    def revoke(self, body: EntityDefinition) -> t.Any:
        """
        End a waiver, or take a request back.

        Parameters:
            body: `note`.
        """
        return self._decide("revoke", body)

    def _decide(self, operation: str, body: EntityDefinition) -> t.Any:
        return self.call(operation, parameters={self.HREF: self.pulp_href}, body=body)


class PulpGoDistributionContext(PulpDistributionContext):
    """A GOPROXY root."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go distribution")
    ENTITIES = _("go distributions")
    HREF = "gomod_go_distribution_href"
    ID_PREFIX = "distributions_gomod_gomod"
    NULLABLES = PulpDistributionContext.NULLABLES | {"policy", "vulndb"}
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
    NULLABLES = PulpRemoteContext.NULLABLES | {"cache_size"}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def forget(self, module: str) -> t.Any:
        """
        Forget one module version, wherever it is there by pull-through only.

        Parameters:
            module: The module version, as `example.com/mod@v1.2.3`.

        Returns:
            The result of the task.
        """
        return self.call("forget", parameters={self.HREF: self.pulp_href}, body={"module": module})


class PulpGoRepositoryVersionContext(PulpRepositoryVersionContext):
    """The state of a repository after one change."""

    HREF = "gomod_gomod_repository_version_href"
    ID_PREFIX = "repositories_gomod_gomod_versions"
    CAPABILITIES = {"scan": [PluginRequirement("gomod")]}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    def scan(self) -> t.Any:
        """
        Note with each module version which reports of the repository's vulnerability database are about it.

        Returns:
            The task.
        """
        # glue itself sends no body, which the description of the API asks for.
        return self.call("scan", parameters={self.HREF: self.pulp_href}, body={})


class PulpGoRepositoryContext(PulpRepositoryContext):
    """A versioned set of Go modules."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "gomod"
    ENTITY = _("go repository")
    ENTITIES = _("go repositories")
    HREF = "gomod_go_repository_href"
    ID_PREFIX = "repositories_gomod_gomod"
    VERSION_CONTEXT = PulpGoRepositoryVersionContext
    CAPABILITIES = {"roles": [], "sync": [PluginRequirement("gomod")]}
    NULLABLES = PulpRepositoryContext.NULLABLES | {"max_modules", "max_size", "sumdb", "vulndb"}
    NEEDS_PLUGINS = [PluginRequirement("gomod")]

    with_zips: bool = False
    """Whether `modify` fetches the zips that the new version would lack."""
    zips_from: PulpRemoteContext | None = None
    """The remote that it fetches them from; `None` for that of the repository."""

    def modify(
        self,
        add_content: list[str] | None = None,
        remove_content: list[str] | None = None,
        base_version: str | PulpRepositoryVersionContext | None = None,
    ) -> t.Any:
        """
        Add content to this repository, or remove it; with its zips if `with_zips` is set.

        Parameters:
            add_content: Hrefs of content to add.
            remove_content: Hrefs of content to remove.
            base_version: The version to start from, if that is not the newest one.

        Returns:
            The new version, or the task where there is none.
        """
        if self.pulp_ctx.fake_mode:
            return super().modify(add_content, remove_content, base_version)
        wanted = {
            "add_content_units": add_content,
            "remove_content_units": remove_content,
            "base_version": base_version,
        }
        body: dict[str, t.Any] = {key: each for key, each in wanted.items() if each is not None}
        if self.with_zips:
            body["with_zips"] = True
            if self.zips_from is not None:
                body["remote"] = self.zips_from
        # Waited for here: glue itself returns what came of it, without what else there is to say.
        task = self.call(
            "modify", parameters={self.HREF: self.pulp_href}, body=body, non_blocking=True
        )
        task = tell_notes(self.pulp_ctx, self.pulp_ctx.wait_for_task(task))
        return task if task.get("result") is None else task["result"]

    def schedule(self, body: EntityDefinition) -> t.Any:
        """
        Have a sync repeated.

        Parameters:
            body: What `sync` takes, and `every` (such as `6h`), `schedule` (a name) and `begin` (a time).
        """
        body = self.preprocess_entity(body)
        return self.call("schedule", parameters={self.HREF: self.pulp_href}, body=body)

    def schedules(self) -> t.Any:
        """Return the syncs that are repeated."""
        return self.call("schedules", parameters={self.HREF: self.pulp_href})

    def unschedule(self, schedule: str | None = None) -> None:
        """
        Stop repeating a sync.

        Parameters:
            schedule: The name of its schedule, if the repository has several.
        """
        body = {"schedule": schedule} if schedule else {}
        self.call("unschedule", parameters={self.HREF: self.pulp_href}, body=body)

    def sync(self, body: EntityDefinition | None = None) -> t.Any:
        """
        Fetch modules from a remote, and make one new version of the repository with them.

        Parameters:
            body: `modules` (names such as `example.com/mod@v1.2.3`), `go_sum` and `go_mod` (the texts
                of such files), of which at least one is needed; `remote`, by default that of the
                repository; `mirror`, to remove all else; `missing`, "fail" or "skip": what becomes
                of versions that cannot be had.

        Returns:
            The result of the task.
        """
        self.needs_capability("sync")
        return tell_notes(self.pulp_ctx, super().sync(body))

    def import_tree(self, upload: str, own: bool = False, sumdb: t.Sequence[str] = ()) -> t.Any:
        """
        Take in all modules of a tar that was uploaded, in one new version of this repository.

        Parameters:
            upload: Href of the upload.
            own: Whether the modules are published here from now on.
            sumdb: Keys of checksum databases that the tree has records of.

        Returns:
            What came of it: `added`, `held`, `mod_files`, `records`, `refused`, `reasons` and `notes`.
        """
        body: dict[str, t.Any] = {"upload": upload, "own": own}
        if sumdb:
            body["sumdb"] = list(sumdb)
        task = self.call(
            "import_tree", parameters={self.HREF: self.pulp_href}, body=body, non_blocking=True
        )
        task = tell_notes(self.pulp_ctx, self.pulp_ctx.wait_for_task(task))
        return task if task.get("result") is None else task["result"]

    def cleanup(self, unused_days: float | None = None, max_size: int | None = None) -> t.Any:
        """
        Remove modules that were cached from an upstream.

        Those that were uploaded or synced are never touched.

        Parameters:
            unused_days: Remove what was not asked for in so many days.
            max_size: Bytes that all cached zips may have together; what was not asked for the
                longest is removed first.

        Returns:
            The result of the task.
        """
        wanted = {"unused_days": unused_days, "max_size": max_size}
        return self.call("cleanup", parameters={self.HREF: self.pulp_href}, body=wanted)

    def document(self, anew: bool = False) -> t.Any:
        """
        Compute the documentation of modules that have none.

        Parameters:
            anew: Whether that of all others is computed again.

        Returns:
            How many were `documented`, and of how many that `failed`; if there is much to do, further tasks go on.
        """
        return self.call("document", parameters={self.HREF: self.pulp_href}, body={"anew": anew})


def _register_prns() -> None:
    """
    Tell glue which context a PRN such as prn:gomod.gomodule:... belongs to.

    By itself it takes RESOURCE_TYPE, which hrefs have, for a part of the model's name.
    """
    registry: dict[str, type[PulpEntityContext]] = getattr(
        PulpEntityContext, "PRN_TYPE_REGISTRY", {}
    )
    registry |= {
        "gomod:goblock": PulpGoBlockContext,
        "gomod:goconsumer": PulpGoConsumerContext,
        "gomod:godistribution": PulpGoDistributionContext,
        "gomod:gomodfile": PulpGoModFileContext,
        "gomod:gomodule": PulpGoModuleContext,
        "gomod:gopolicy": PulpGoPolicyContext,
        "gomod:gopolicyevent": PulpGoEventContext,
        "gomod:gopublication": PulpGoPublicationContext,
        "gomod:gorelease": PulpGoReleaseContext,
        "gomod:goremote": PulpGoRemoteContext,
        "gomod:gorepository": PulpGoRepositoryContext,
        "gomod:gosumdb": PulpGoSumdbContext,
        "gomod:gotoken": PulpGoTokenContext,
        "gomod:govulndb": PulpGoVulndbContext,
        "gomod:gowaiver": PulpGoWaiverContext,
    }


_register_prns()
