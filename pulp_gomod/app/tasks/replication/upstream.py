"""The other server, asked over its REST API."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import requests
from pulp_glue.common.context import (
    PulpContext,
    PulpDistributionContext,
    PulpEntityContext,
    PulpPublicationContext,
    PulpRepositoryContext,
)
from pulp_glue.common.exceptions import PulpException as GlueException

from pulp_gomod.app.exceptions import ReplicationFailedError

log = logging.getLogger(__name__)

_PORTION = 1000


class UpstreamContext(PulpContext):
    """A server whose words for people go to the log."""

    def echo(self, message: str, nl: bool = True, err: bool = False) -> None:
        """Log them."""
        log.info("The other server: %s", message)


_REGISTRIES: tuple[dict[str, Any], ...] = (
    PulpEntityContext.PRN_TYPE_REGISTRY,
    PulpDistributionContext.TYPE_REGISTRY,
    PulpPublicationContext.TYPE_REGISTRY,
    PulpRepositoryContext.TYPE_REGISTRY,
)


@contextmanager
def _unregistered() -> Iterator[None]:
    """Leave it to our client, which may be in the same process, how glue finds the types of Go."""
    before = [dict(registry) for registry in _REGISTRIES]
    yield
    for registry, known in zip(_REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(known)


with _unregistered():

    class Distributions(PulpDistributionContext):
        """Its distributions."""

        PLUGIN = "gomod"
        RESOURCE_TYPE = "gomod"
        HREF = "gomod_go_distribution_href"
        ID_PREFIX = "distributions_gomod_gomod"

    class Repositories(PulpRepositoryContext):
        """Its repositories."""

        PLUGIN = "gomod"
        RESOURCE_TYPE = "gomod"
        HREF = "gomod_go_repository_href"
        ID_PREFIX = "repositories_gomod_gomod"

    class Publications(PulpPublicationContext):
        """Its publications."""

        PLUGIN = "gomod"
        RESOURCE_TYPE = "gomod"
        HREF = "gomod_go_publication_href"
        ID_PREFIX = "publications_gomod_gomod"


class _Listed(PulpEntityContext):
    """What is only listed."""

    PLUGIN = "gomod"


class Modules(_Listed):
    """Its modules."""

    ID_PREFIX: ClassVar[str] = "content_gomod_modules"


class ModFiles(_Listed):
    """Its go.mod files."""

    ID_PREFIX: ClassVar[str] = "content_gomod_modfiles"


class Releases(_Listed):
    """What its repositories know of module versions."""

    ID_PREFIX: ClassVar[str] = "gomod_releases"


class Blocks(_Listed):
    """What its repositories keep out."""

    ID_PREFIX: ClassVar[str] = "gomod_blocks"


class Remotes(_Listed):
    """Its own remotes."""

    ID_PREFIX: ClassVar[str] = "remotes_gomod_gomod"


class Upstream:
    """
    Another server.

    Args:
        context: How it is asked.
    """

    def __init__(self, context: PulpContext) -> None:
        self._context = context

    def listed(self, kind: type[PulpEntityContext], **criteria: Any) -> Iterator[dict[str, Any]]:
        """List what meets some criteria."""
        yield from kind(self._context).list_iterator(parameters=criteria, batch_size=_PORTION)

    def has_policy(self, distribution: str) -> bool:
        """
        Say whether a distribution obeys a policy.

        Args:
            distribution: Its href.
        """
        return bool(Distributions(self._context, distribution).entity.get("policy"))

    def version_of(self, distribution: str) -> str:
        """
        Return the href of the repository version that a distribution serves; "" if it serves none.

        Args:
            distribution: Its href.
        """
        entity = Distributions(self._context, distribution).entity
        if entity.get("repository_version"):
            return str(entity["repository_version"])
        if entity.get("publication"):
            publication = Publications(self._context, entity["publication"]).entity
            return str(publication["repository_version"])
        if entity.get("repository"):
            repository = Repositories(self._context, entity["repository"]).entity
            return str(repository["latest_version_href"])
        return ""


def repository_of(version: str) -> str:
    """Return the href of the repository of a version, by its own href."""
    return version.rpartition("versions/")[0]


@contextmanager
def opened(server: Any) -> Iterator[Upstream]:
    """
    Ask a server.

    Args:
        server: The UpstreamPulp.

    Raises:
        ReplicationFailedError: It does not answer, or not as it should.
    """
    with ExitStack() as files:
        ca, cert, key = (
            _file(files, getattr(server, name)) for name in ("ca_cert", "client_cert", "client_key")
        )
        config = {
            "base_url": server.base_url,
            "api_root": server.api_root,
            "domain": server.domain,
            "username": server.username,
            "password": server.password,
            "cert": cert,
            "key": key,
            "verify_ssl": ca if server.tls_validation and ca else server.tls_validation,
            # Nothing there is changed.
            "dry_run": True,
        }
        try:
            yield Upstream(UpstreamContext.from_config(config))
        except (GlueException, requests.exceptions.RequestException) as error:
            raise ReplicationFailedError(f"{server.base_url}: {error}") from error


def _file(files: ExitStack, text: str | None) -> str | None:
    """Write a certificate or a key to where glue reads it."""
    if not text:
        return None
    path = Path(files.enter_context(TemporaryDirectory(dir=".")), "file.pem")
    path.write_text(text)
    return str(path)
