"""Who may do what over REST."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.functional.rest_api import (
    DISTRIBUTIONS,
    MODFILES,
    MODULES,
    PUBLICATIONS,
    RELEASES,
    REMOTES,
    REPOSITORIES,
    Made,
    Rest,
)

LISTS = [DISTRIBUTIONS, MODFILES, MODULES, PUBLICATIONS, RELEASES, REMOTES, REPOSITORIES]


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


def new_user(rest: Rest, *roles: str) -> Rest:
    """Log in as a new user, who has the roles everywhere."""
    name, password = f"user-{uuid4()}", str(uuid4())
    user = rest.create("users/", username=name, password=password)
    for role in roles:
        rest.create(f"{user['pulp_href']}roles/", role=role, content_object=None)
    return Rest(rest.url, (name, password))


def grant(rest: Rest, href: str, user: Rest, role: str) -> None:
    """Give a user a role for one object."""
    assert user.auth
    body = {"users": [user.auth[0]], "role": role}
    assert rest.status("POST", f"{href}add_role/", json=body) == 201


@dataclass(frozen=True)
class Held:
    """A repository that holds one module."""

    repository: str
    made: Made
    zip: bytes
    unit: str
    artifact: str


def hold(rest: Rest) -> Held:
    """Create a repository with one module."""
    made, repository = Made(), rest.create_repository()
    zip = made.zip()
    rest.publish(zip, repository=repository)
    (unit,) = rest.get(MODULES, module=made.path)["results"]
    return Held(repository, made, zip, unit["pulp_href"], unit["artifact"])


@pytest.fixture(scope="module")
def held(rest: Rest) -> Held:
    """One that no test changes."""
    return hold(rest)


@pytest.fixture
def changing(rest: Rest) -> Held:
    """One of the test's own."""
    return hold(rest)


@pytest.fixture(scope="module")
def stranger(rest: Rest) -> Rest:
    """A user who has no role and is given none."""
    return new_user(rest)


@pytest.mark.parametrize("path", LISTS)
def test_nobody_sees_or_makes_anything(rest: Rest, path: str) -> None:
    nobody = Rest(rest.url, None)
    assert nobody.status("GET", path) == 401
    assert nobody.status("POST", path, json={}) == 401


@pytest.mark.parametrize("path", LISTS)
def test_a_user_without_roles_sees_and_makes_nothing(held: Held, stranger: Rest, path: str) -> None:
    user = stranger
    assert user.get(path)["count"] == 0
    body = {"name": str(uuid4()), "base_path": str(uuid4()), "url": "https://example.com"}
    if path in (DISTRIBUTIONS, REMOTES, REPOSITORIES):
        assert user.status("POST", path, json=body) == 403
    if path == PUBLICATIONS:
        assert user.status("POST", path, json={"repository": held.repository}) == 403


def test_what_is_not_yours_is_not_there(rest: Rest, held: Held, stranger: Rest) -> None:
    user, publisher = stranger, new_user(rest)
    grant(rest, held.repository, publisher, "gomod.gorepository_publisher")
    (release,) = rest.get(RELEASES, repository=held.repository)["results"]
    for href in (held.repository, held.unit, release["pulp_href"]):
        assert user.status("GET", href) == 404
    assert user.status("GET", f"{held.repository}versions/") == 403
    assert user.status("GET", f"{held.repository}versions/1/") == 403
    assert user.status("POST", f"{held.repository}modify/", json={}) == 404
    labelled = publisher.post_zips(
        Made().zip(), repository=held.repository, pulp_labels='{"a": "b"}'
    )
    said = ["Labels require core.manage_content_labels, which you lack."]
    assert (labelled.status_code, labelled.json()) == (400, {"pulp_labels": said})
    nowhere = user.post_zips(Made().zip())
    said = ["You may only upload to a repository: name one."]
    assert (nowhere.status_code, nowhere.json()) == (400, {"repository": said})


def test_a_viewer_sees_the_repository_and_what_it_ever_held(rest: Rest, changing: Held) -> None:
    held, viewer = changing, new_user(rest)
    grant(rest, held.repository, viewer, "gomod.gorepository_viewer")
    other = Made()
    rest.publish(other.zip(), repository=rest.create_repository())
    rest.modify(held.repository, remove_content_units=[held.unit])
    name = f"{held.made.path}@v1.0.0"
    assert viewer.names(MODULES) == [name]
    assert viewer.names(RELEASES) == [name]
    assert viewer.get(held.unit)["module"] == held.made.path
    assert viewer.get(f"{held.repository}versions/1/")["number"] == 1
    assert viewer.get(REPOSITORIES)["count"] == 1
    first = f"{held.repository}versions/1/"
    assert viewer.names(MODULES, repository_version=first) == [name]
    assert viewer.get(MODULES, repository_version=first)["count"] == 1
    assert viewer.names(MODULES, q=held.made.path.partition("/")[2]) == [name]
    assert viewer.status("POST", f"{held.repository}modify/", json={}) == 403
    assert viewer.status("PATCH", held.repository, json={"description": "x"}) == 403
    assert viewer.status("DELETE", held.repository) == 403
    assert viewer.status("POST", f"{first}repair/", json={}) == 403
    assert viewer.post_zips(Made().zip(), repository=held.repository).status_code == 403


def test_lists_of_all_types_show_what_the_user_may_see(rest: Rest, held: Held) -> None:
    viewer = new_user(rest, "gomod.goremote_creator")

    def seen() -> dict[str, int]:
        kinds = ("content", "repositories", "remotes", "publications", "distributions")
        return {kind: viewer.get(f"{kind}/")["count"] for kind in kinds}

    # pulpcore has a distribution of its own that everybody sees.
    before = {"content": 0, "repositories": 0, "remotes": 0, "publications": 0, "distributions": 1}
    assert seen() == before
    grant(rest, held.repository, viewer, "gomod.gorepository_viewer")
    viewer.create(REMOTES, name=str(uuid4()), url="https://goproxy.example.com")
    assert seen() == before | {"content": 1, "repositories": 1, "remotes": 1}


def test_a_publisher_uploads_to_the_repository_only(rest: Rest, changing: Held) -> None:
    held, publisher = changing, new_user(rest)
    grant(rest, held.repository, publisher, "gomod.gorepository_publisher")
    made = Made()
    publisher.publish(made.zip(), repository=held.repository)
    assert f"{made.path}@v1.0.0" in rest.held(held.repository)
    (release,) = rest.get(RELEASES, module=made.path)["results"]
    assert publisher.auth
    assert release["published_by"] == publisher.auth[0]
    elsewhere = rest.create_repository()
    assert publisher.post_zips(made.zip("v1.1.0"), repository=elsewhere).status_code == 403
    assert publisher.post_zips(made.zip("v1.1.0")).status_code == 400
    assert publisher.status("POST", f"{held.repository}modify/", json={}) in (403, 404)
    assert publisher.status("GET", held.repository) == 404


def test_a_remover_uploads_nothing(rest: Rest, held: Held) -> None:
    remover = new_user(rest)
    grant(rest, held.repository, remover, "gomod.gorepository_remover")
    assert remover.post_zips(Made().zip(), repository=held.repository).status_code == 403


def test_an_owner_does_everything(rest: Rest) -> None:
    owner = new_user(rest, "gomod.gorepository_creator", "gomod.godistribution_creator")
    repository, made = owner.create_repository(), Made()
    owner.publish(made.zip(), repository=repository)
    (unit,) = owner.get(MODULES, module=made.path)["results"]
    owner.modify(repository, remove_content_units=[unit["pulp_href"]])
    owner.wait(owner.call("POST", f"{repository}versions/1/repair/", json={}))
    distribution = owner.create(
        DISTRIBUTIONS, name=str(uuid4()), base_path=str(uuid4()), repository=repository
    )
    assert owner.get(f"{distribution['pulp_href']}list_roles/")["roles"] != []
    permissions = owner.get(f"{repository}my_permissions/")["permissions"]
    assert "gomod.unpublish_gorepository" in permissions
    owner.wait(owner.call("DELETE", distribution["pulp_href"]))
    owner.wait(owner.call("DELETE", repository))


def test_a_distribution_needs_the_right_to_view_what_it_serves(rest: Rest, changing: Held) -> None:
    held = changing
    user = new_user(rest, "gomod.godistribution_creator", "gomod.gopublication_creator")
    version = f"{held.repository}versions/1/"
    publication = rest.create(PUBLICATIONS, repository=held.repository)["pulp_href"]
    sources = [
        {"repository": held.repository},
        {"repository_version": version},
        {"publication": publication},
    ]
    for source in sources:
        body = {"name": str(uuid4()), "base_path": str(uuid4()), **source}
        assert user.status("POST", DISTRIBUTIONS, json=body) == 403
    for source in sources[:2]:
        assert user.status("POST", PUBLICATIONS, json=source) == 403
    grant(rest, held.repository, user, "gomod.gorepository_viewer")
    user.create(PUBLICATIONS, repository=held.repository)
    user.create(DISTRIBUTIONS, name=str(uuid4()), base_path=str(uuid4()), **sources[0])


def test_knowing_an_href_is_no_right_to_copy(rest: Rest, held: Held) -> None:
    user = new_user(rest, "gomod.gorepository_creator")
    mine = user.create_repository()
    base = {"base_version": f"{held.repository}versions/1/"}
    unit = {"add_content_units": [held.unit]}
    artifact = {"artifact": held.artifact, "repository": mine}
    for body in (base, unit):
        assert user.status("POST", f"{mine}modify/", json=body) == 403
    assert user.status("POST", MODULES, json=artifact) == 403
    assert user.get(mine)["latest_version_href"] == f"{mine}versions/0/"
    grant(rest, held.repository, user, "gomod.gorepository_viewer")
    user.modify(mine, **base)
    user.modify(mine, **unit)
    user.wait(user.call("POST", MODULES, json=artifact))
    assert user.held(mine) == [f"{held.made.path}@v1.0.0"]


def test_chunked_uploads_of_others_are_theirs(rest: Rest) -> None:
    user = new_user(rest, "gomod.gorepository_creator", "core.upload_creator")
    mine = user.create_repository()
    theirs = rest.add_upload(Made().zip())
    body = {"upload": theirs, "repository": mine}
    assert user.status("POST", MODULES, json=body) == 403
    made = Made()
    upload = user.add_upload(made.zip())
    user.wait(user.call("POST", MODULES, json={"upload": upload, "repository": mine}))
    assert user.held(mine) == [f"{made.path}@v1.0.0"]


def test_labels_need_the_right_to_label(rest: Rest, held: Held) -> None:
    user = new_user(rest, "gomod.gorepository_creator")
    mine, made = user.create_repository(), Made()
    response = user.post_zips(made.zip(), repository=mine, pulp_labels='{"a": "1"}')
    assert response.status_code == 400
    user.publish(made.zip(), repository=mine)
    (unit,) = user.get(MODULES, module=made.path)["results"]
    label = {"key": "a", "value": "1"}
    assert user.status("POST", f"{unit['pulp_href']}set_label/", json=label) == 403
    labeler = new_user(rest, "core.content_labeler")
    grant(rest, mine, labeler, "gomod.gorepository_viewer")
    assert labeler.status("POST", f"{unit['pulp_href']}set_label/", json=label) == 201
    assert labeler.status("POST", f"{held.unit}set_label/", json=label) == 404


def test_secrets_of_a_remote_are_not_shown(rest: Rest) -> None:
    remote = rest.create(
        REMOTES,
        name=str(uuid4()),
        url="https://goproxy.example.com",
        username="me",
        password="secret",
    )
    assert "secret" not in rest.call("GET", remote["pulp_href"]).text
    user = new_user(rest, "gomod.gorepository_creator")
    body = {"name": str(uuid4()), "remote": remote["pulp_href"]}
    assert user.status("POST", REPOSITORIES, json=body) == 403
