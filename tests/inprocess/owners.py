"""Owners of Go modules: rows, made as the tasks of Pulp make them."""

# Before all else, so that models can be imported.
import tests.unit.django_set_up  # noqa: F401, I001

from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from pulpcore.app.contexts import with_task_context  # noqa: TID251 (there is no public one)
from pulpcore.plugin.constants import TASK_STATES
from pulpcore.plugin.models import Artifact, Task

from pulp_gomod.app.models import GoDistribution, GoRepository
from pulp_gomod.app.tasks.upload import upload_modules


@dataclass(frozen=True)
class Owner:
    """
    A repository and the distribution that serves it.

    Attributes:
        url: The content app.
        repository: The repository.
        distribution: The distribution.
    """

    url: str
    repository: GoRepository
    distribution: GoDistribution

    @classmethod
    def create(cls, url: str) -> "Owner":
        """Create an owner that nobody else uses."""
        name = f"owner-{uuid4().hex[:12]}"
        repository = GoRepository.objects.create(name=name)
        distribution = GoDistribution.objects.create(
            name=name, base_path=name, repository=repository
        )
        return cls(url, repository, distribution)

    @property
    def packages_url(self) -> str:
        """The GOPROXY root that is documented for owners."""
        return f"{self.url}/api/packages/{self.distribution.base_path}/go"

    @property
    def content_url(self) -> str:
        """The GOPROXY root below Pulp's content prefix."""
        return f"{self.url}/pulp/content/{self.distribution.base_path}"

    def publish(self, *zips: bytes) -> None:
        """Add module zips in one new version of the repository."""
        task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
        with with_task_context(task):
            sources = [
                {"kind": "artifact", "pk": str(_artifact(data).pk), "name": f"{number}.zip"}
                for number, data in enumerate(zips)
            ]
            upload_modules(sources, repository_pk=str(self.repository.pk))


def _artifact(data: bytes) -> Artifact:
    with NamedTemporaryFile(delete=False) as file:
        file.write(data)
    artifact = Artifact.init_and_validate(file.name)
    known: Artifact | None = Artifact.objects.filter(sha256=artifact.sha256).first()
    if known is not None:
        return known
    artifact.save()
    Path(file.name).unlink(missing_ok=True)
    return artifact
