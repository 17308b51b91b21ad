"""Uploading module zips over REST."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.functional.rest_api import MODULES, RELEASES, SUMDBS, Made, Rest, TaskFailed


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def empty(rest: Rest) -> str:
    """A repository to which nothing is added."""
    return rest.create_repository()


@pytest.fixture(scope="module")
def artifact(rest: Rest) -> str:
    """A stored zip of which no module is made."""
    return rest.add_artifact(Made().zip())


def stored(zip: bytes) -> bytes:
    """The same module, packed without compression: Go calls it equal."""
    packed = BytesIO()
    with ZipFile(BytesIO(zip)) as old, ZipFile(packed, "w", ZIP_STORED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    return packed.getvalue()


def only(rest: Rest, path: str) -> dict[str, Any]:
    """The one unit of a module, as its own endpoint shows it."""
    (unit,) = rest.get(MODULES, module=path)["results"]
    whole: dict[str, Any] = rest.get(unit["pulp_href"])
    return whole


def test_a_file_becomes_a_module_and_a_repository_version(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    task = rest.publish(made.zip(), repository=repository)
    unit = only(rest, made.path)
    assert sorted(task["created_resources"]) == sorted(
        [unit["pulp_href"], f"{repository}versions/1/"]
    )
    assert task["result"] == [{"module": made.path, "version": "v1.0.0", "h1": unit["h1"]}]
    assert unit["go_mod"] == f"module {made.path}\n\ngo 1.21\n"
    assert unit["module_line"] == made.path
    assert unit["go_version"] == "1.21"
    assert unit["size"] == len(made.zip())
    assert unit["file_count"] == 2
    assert unit["is_pseudo"] is False
    assert unit["has_go_mod"] is True
    assert unit["relative_path"] == f"{made.path}/@v/v1.0.0.zip"
    assert rest.held(repository) == [f"{made.path}@v1.0.0"]


def test_facts_of_go_mod_and_readme_are_shown(rest: Rest) -> None:
    made = Made()
    go_mod = (
        f"// Deprecated: use another\nmodule {made.path}\n\ngo 1.22\n\n"
        "require (\n\texample.com/a v1.2.3\n\texample.com/b v0.1.0 // indirect\n)\n\n"
        "retract [v0.1.0, v0.2.0] // broken\n"
    )
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, text in {
            "go.mod": go_mod,
            "README.md": "# Hello\n",
            "LICENSE": "Do as you like.\n",
        }.items():
            archive.writestr(f"{made.path}@v1.0.0/{name}", text)
    rest.publish(packed.getvalue())
    unit = only(rest, made.path)
    assert unit["deprecated"] == "use another"
    assert unit["requirements"] == [
        {"path": "example.com/a", "version": "v1.2.3", "indirect": False},
        {"path": "example.com/b", "version": "v0.1.0", "indirect": True},
    ]
    assert unit["retractions"] == [{"low": "v0.1.0", "high": "v0.2.0", "rationale": "broken"}]
    assert unit["readme"] == "# Hello\n"
    assert unit["license_file"] == "LICENSE"
    (summary,) = rest.get(MODULES, module=made.path)["results"]
    assert set(unit) - set(summary) == {"go_mod", "readme"}


def test_several_files_make_one_version(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    versions = ["v1.0.0", "v1.1.0", "v1.2.0"]
    task = rest.publish(*(made.zip(v) for v in versions), repository=repository)
    assert len(task["created_resources"]) == 4
    assert rest.latest(repository).endswith("/versions/1/")
    assert rest.held(repository) == [f"{made.path}@{v}" for v in versions]


def test_a_small_bad_zip_is_refused_at_once(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    response = rest.post_zips(made.zip(), b"no zip at all", repository=repository)
    assert response.status_code == 400
    assert "1.zip" in response.json()["non_field_errors"][0]
    assert rest.names(MODULES, module=made.path) == []
    assert rest.latest(repository).endswith("/versions/0/")


def test_a_bad_zip_spoils_the_whole_call(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    good = rest.add_artifact(made.zip())
    bad = rest.add_artifact(made.path.encode())
    with pytest.raises(TaskFailed) as failed:
        rest.wait(
            rest.call("POST", MODULES, json={"artifacts": [good, bad], "repository": repository})
        )
    assert "GOM0002" in failed.value.description
    assert bad.split("/")[-2] in failed.value.description
    assert rest.names(MODULES, module=made.path) == []
    assert rest.latest(repository).endswith("/versions/0/")


def test_chunked_uploads(rest: Rest) -> None:
    sumdb = rest.create(SUMDBS, name=f"chunks.example.com/{uuid4().hex[:8]}")["pulp_href"]
    made, repository = Made(), rest.create_repository(sumdb=sumdb)
    first = rest.add_upload(made.zip("v1.0.0"))
    rest.wait(rest.call("POST", MODULES, json={"upload": first}))
    assert rest.status("GET", first) == 404
    more = [rest.add_upload(made.zip(v)) for v in ("v1.1.0", "v1.2.0")]
    rest.wait(rest.call("POST", MODULES, json={"uploads": more, "repository": repository}))
    assert rest.names(MODULES, module=made.path) == [
        f"{made.path}@v1.{minor}.0" for minor in range(3)
    ]
    assert rest.held(repository) == [f"{made.path}@v1.1.0", f"{made.path}@v1.2.0"]
    # The one without a repository is on no record.
    assert rest.get(sumdb)["size"] == 2


def test_an_unfinished_upload_is_refused(rest: Rest) -> None:
    zip = Made().zip()
    upload = rest.add_upload(zip[:-10], announced=len(zip))
    response = rest.call("POST", MODULES, json={"upload": upload})
    assert response.status_code == 400
    assert f"{len(zip) - 10} of {len(zip)} bytes" in response.text


def test_the_same_module_again_changes_nothing(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository, time="2020-01-02T03:04:05Z")
    unit = only(rest, made.path)
    (release,) = rest.get(RELEASES, repository=repository)["results"]
    task = rest.publish(stored(made.zip()), repository=repository, time="2021-01-02T03:04:05Z")
    assert task["created_resources"] == [unit["pulp_href"]]
    assert only(rest, made.path) == unit
    assert rest.get(RELEASES, repository=repository)["results"] == [release]
    assert rest.latest(repository).endswith("/versions/1/")


def test_other_bytes_for_a_held_version_are_refused(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    other = made.zip(more="package code\n")
    with pytest.raises(TaskFailed, match="GOM0001"):
        rest.publish(made.zip("v1.1.0"), other, repository=repository)
    assert rest.names(MODULES, module=made.path) == [f"{made.path}@v1.0.0"]
    # Another repository may hold them.
    elsewhere = rest.create_repository()
    rest.publish(other, repository=elsewhere)
    assert len(rest.names(MODULES, module=made.path)) == 2
    assert rest.held(elsewhere) == rest.held(repository)


def test_two_zips_of_one_version_in_a_call_are_refused(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    with pytest.raises(TaskFailed, match="GOM0001"):
        rest.publish(made.zip(), made.zip(more="package code\n"), repository=repository)
    assert rest.names(MODULES, module=made.path) == []


def test_one_module_in_many_calls_at_once(rest: Rest) -> None:
    made = Made()
    repositories = [rest.create_repository() for _ in range(4)]

    def publish(repository: str) -> dict[str, Any]:
        return Rest(rest.url, rest.auth).publish(made.zip(), repository=repository)

    with ThreadPoolExecutor(len(repositories)) as pool:
        tasks = list(pool.map(publish, repositories))
    units = {href for task in tasks for href in task["created_resources"] if MODULES in href}
    assert len(units) == 1
    assert all(rest.held(each) == [f"{made.path}@v1.0.0"] for each in repositories)


def test_time_and_origin_are_kept_with_the_repository(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    origin = {"VCS": "git", "URL": "https://example.com/r", "Ref": "refs/tags/v1.0.0"}
    rest.publish(
        made.zip(),
        repository=repository,
        time="2020-01-02T03:04:05+01:00",
        origin=json.dumps(origin),
    )
    (release,) = rest.get(RELEASES, repository=repository)["results"]
    assert release["time"] == "2020-01-02T02:04:05Z"
    assert release["origin"] == origin
    assert release["source"] == "uploaded"
    assert release["published_by"] == rest.auth[0] if rest.auth else None
    assert release["published_from"] == "127.0.0.1"


def test_a_pseudo_version_says_its_own_time(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    version = "v0.0.0-20190203040506-0123456789ab"
    rest.publish(made.zip(version), repository=repository, time="2020-01-02T03:04:05Z")
    (release,) = rest.get(RELEASES, repository=repository)["results"]
    assert release["time"] == "2019-02-03T04:05:06Z"
    assert only(rest, made.path)["is_pseudo"] is True


def test_a_json_body_may_hold_objects(rest: Rest) -> None:
    made, repository = Made(), rest.create_repository()
    artifact = rest.add_artifact(made.zip())
    body = {
        "artifact": artifact,
        "repository": repository,
        "origin": {"VCS": "git"},
        "pulp_labels": {"team": "red"},
    }
    rest.wait(rest.call("POST", MODULES, json=body))
    unit = only(rest, made.path)
    assert unit["pulp_labels"] == {"team": "red"}
    assert unit["artifact"] == artifact
    assert rest.get(RELEASES, repository=repository)["results"][0]["origin"] == {"VCS": "git"}


def test_labels(rest: Rest) -> None:
    made = Made()
    rest.publish(made.zip(), pulp_labels='{"a": "1"}')
    href = only(rest, made.path)["pulp_href"]
    label = {"key": "b", "value": "2"}
    assert rest.status("POST", f"{href}set_label/", json=label) == 201
    assert rest.get(href)["pulp_labels"] == {"a": "1", "b": "2"}
    assert rest.names(MODULES, module=made.path, pulp_label_select="b=2") != []
    assert rest.status("POST", f"{href}unset_label/", json={"key": "a"}) == 201
    assert rest.get(href)["pulp_labels"] == {"b": "2"}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"time": "yesterday"}, "RFC 3339"),
        ({"time": "2020-01-02T03:04:05Z", "repository": None}, "repository"),
        ({"origin": "[]"}, "JSON object"),
        ({"origin": "{"}, "JSON"),
        ({"origin": '{"Color": "red"}'}, "Color"),
        ({"pulp_labels": '{"a": "(b)"}'}, "parenthesis"),
        ({"pulp_labels": '{"a": 1}'}, "pulp_labels"),
        ({"pulp_labels": '{"a": "\\u0000"}'}, "pulp_labels"),
        ({"repository": "/nowhere/"}, "repository"),
        ({"file_url": "https://example.com/m.zip"}, "Unexpected field"),
        ({"overwrite": "true"}, "Unexpected field"),
    ],
)
def test_bad_fields_are_refused_at_once(
    rest: Rest, empty: str, fields: dict[str, Any], complaint: str
) -> None:
    given = {"repository": empty, **fields}
    data = {name: value for name, value in given.items() if value is not None}
    response = rest.post_zips(Made().zip(), **data)
    assert response.status_code == 400
    assert complaint in response.text


@pytest.mark.parametrize(
    "body",
    [
        [1],
        {"artifact": 1},
        {"artifact": None},
        {"artifact": "prn:core.artifact:1"},
        {"artifacts": {"a": 1}},
        {"artifacts": [None]},
        {"upload": ["/"]},
        {"uploads": "a"},
        {"file": "text"},
        {"files": ["text"]},
        {"repository": ["/"]},
        {"time": 5},
        {"pulp_labels": [1]},
        {"origin": None},
    ],
)
def test_bodies_of_wrong_types_are_refused(rest: Rest, artifact: str, body: Any) -> None:
    if isinstance(body, dict) and not body.keys() & {"artifact", "upload"}:
        body = {"artifact": artifact, **body}
    response = rest.call("POST", MODULES, json=body)
    assert response.status_code == 400, response.text


def test_no_zip_at_all_is_refused(rest: Rest, empty: str) -> None:
    bodies: list[dict[str, Any]] = [{}, {"files": []}, {"repository": empty}]
    for body in bodies:
        response = rest.call("POST", MODULES, json=body)
        assert response.status_code == 400, response.text


def test_the_same_artifact_twice_is_refused(rest: Rest, artifact: str) -> None:
    response = rest.call("POST", MODULES, json={"artifacts": [artifact, artifact]})
    assert response.status_code == 400
    assert "twice" in response.text
