"""A repository version that somebody begins to serve is not deleted."""

import pytest
from rest_framework.exceptions import ValidationError

from tests.gomods import pack
from tests.inprocess.meanwhile import before
from tests.inprocess.owners import Owner

from pulpcore.app.tasks.repository import delete_version  # isort: skip # noqa: TID251
from pulpcore.plugin.models import RepositoryVersion  # isort: skip
from pulpcore.plugin.util import get_url  # isort: skip

from pulp_gomod.app.exceptions import VersionServedError  # isort: skip
from pulp_gomod.app.models import GoDistribution, GoPublication  # isort: skip
from pulp_gomod.app.serializers import GoDistributionSerializer  # isort: skip


@pytest.fixture
def owner(content_url: str) -> Owner:
    """A repository with two versions that can be deleted."""
    owner = Owner.create(content_url)
    path = f"example.com/{owner.repository.name}"
    for version in ("v1.0.0", "v1.1.0"):
        owner.publish(pack(f"{path}@{version}/", [("go.mod", f"module {path}\n".encode())]))
    return owner


def frozen(owner: Owner, version: RepositoryVersion) -> GoDistributionSerializer:
    serializer = GoDistributionSerializer(
        owner.distribution,
        {
            "repository": None,
            "repository_version": f"{get_url(owner.repository)}versions/{version.number}/",
        },
        partial=True,
        context={"request": None},
    )
    serializer.is_valid(raise_exception=True)
    return serializer


@pytest.mark.parametrize("published", [False, True])
def test_one_that_is_served_since_it_was_looked_at_stays(owner: Owner, published: bool) -> None:
    version = owner.repository.versions.get(number=1)
    name = f"frozen-{owner.repository.name}"
    serves = {"repository_version": version}
    if published:
        serves = {"publication": GoPublication.objects.create(repository_version=version)}

    def serve() -> GoDistribution:
        made: GoDistribution = GoDistribution.objects.create(name=name, base_path=name, **serves)
        return made

    refused = pytest.raises(VersionServedError, match=f"Version 1 was not deleted.*{name}")
    with before('FOR UPDATE OF "core_repositoryversion"', serve) as served, refused:
        delete_version(version.pk)
    made = served.result()
    made.refresh_from_db()
    assert version in (
        made.repository_version,
        made.publication and made.publication.repository_version,
    )
    made.delete()
    delete_version(version.pk)
    assert not owner.repository.versions.filter(number=1).exists()


def test_whoever_begins_to_serve_one_that_is_being_deleted_is_told_so(owner: Owner) -> None:
    version = owner.repository.versions.get(number=1)
    with before('UPDATE "core_distribution"', frozen(owner, version).save) as served:
        delete_version(version.pk)
    with pytest.raises(ValidationError, match="was deleted meanwhile"):
        served.result()
    owner.distribution.refresh_from_db()
    assert owner.distribution.repository is not None


def test_with_its_repository_it_goes(owner: Owner) -> None:
    frozen(owner, owner.repository.versions.get(number=1)).save()
    owner.repository.delete()
    assert not RepositoryVersion.objects.filter(repository=owner.repository.pk).exists()
