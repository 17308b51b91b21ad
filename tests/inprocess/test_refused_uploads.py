"""What uploads and changes of a repository are refused for is said as it is."""

import pytest

from pulp_gomod.app.exceptions import LostFileError, ModuleVersionHeldError, ModuleVersionTwiceError
from pulp_gomod.app.models import GoModule
from tests.goproxy_requests import zip_of
from tests.inprocess.owners import Owner


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def zips_of(path: str) -> tuple[bytes, bytes]:
    """Two different zips of one module version."""
    one, other = (zip_of(path, "v1.0.0", f"module {path}\n\ngo {go}\n") for go in ("1.20", "1.21"))
    return one, other


def test_what_one_call_gives_twice_is_not_said_to_be_there(owner: Owner) -> None:
    path = f"example.com/{owner.repository.name}"
    with pytest.raises(ModuleVersionTwiceError, match="given more than once") as refused:
        owner.publish(*zips_of(path))
    assert refused.value.error_code == ModuleVersionHeldError.error_code
    for zip in zips_of(path):
        Owner.create(owner.url).publish(zip)
    with (
        pytest.raises(ModuleVersionTwiceError, match="given more than once"),
        owner.repository.new_version() as new,
    ):
        new.add_content(GoModule.objects.filter(module=path))


def test_what_is_there_is_said_to_be(owner: Owner) -> None:
    path = f"example.com/{owner.repository.name}"
    held, offered = zips_of(path)
    owner.publish(held)
    with pytest.raises(ModuleVersionHeldError, match="already in the repository"):
        owner.publish(offered)


def test_a_lost_file_is_said_to_be_lost(owner: Owner) -> None:
    path = f"example.com/{owner.repository.name}"
    zip, _ = zips_of(path)
    owner.publish(zip)
    stored = GoModule.objects.get(module=path).contentartifact_set.get().artifact.file
    stored.storage.delete(stored.name)
    with pytest.raises(
        LostFileError, match="has lost the file of .* upload the module zip itself"
    ) as lost:
        Owner.create(owner.url).publish(zip)
    assert stored.name not in str(lost.value)
