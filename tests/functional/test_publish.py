"""Publishing and removing at the documented paths."""

import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.functional.owners import Owner
from tests.functional.rest_api import MODULES, RELEASES, Made, Rest
from tests.gomods import pack


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def owner(rest: Rest) -> Owner:
    return Owner.create(rest)


def test_a_published_module_is_served_at_once(owner: Owner) -> None:
    made = Made()
    response = owner.put(made.zip("v1.2.3"))
    assert response.status_code == 201
    assert response.content == b""
    for url in owner.urls:
        listed = requests.get(f"{url}/{made.path}/@v/list", timeout=60)
        assert (listed.status_code, listed.text) == (200, "v1.2.3\n")
        packed = requests.get(f"{url}/{made.path}/@v/v1.2.3.zip", timeout=60)
        assert packed.content == made.zip("v1.2.3")


def test_whoever_asks_is_told_what_was_published(owner: Owner) -> None:
    made = Made()
    said = owner.put(made.zip(), headers={"Accept": "text/plain"})
    assert (said.status_code, said.headers["Content-Type"]) == (201, "text/plain; charset=utf-8")
    assert said.text.startswith(f"published {made.path}@v1.0.0 h1:")
    assert said.text.endswith(f"\ngo get {made.path}@v1.0.0\n")
    told = owner.put(made.zip("v1.1.0"), headers={"Accept": "application/json"}).json()
    assert told["go_get"] == f"go get {made.path}@v1.1.0"
    assert (
        told["h1"]
        == owner.rest.get(MODULES, module=made.path, version="v1.1.0")["results"][0]["h1"]
    )


def test_a_go_mod_with_another_path_is_taken_with_a_note(owner: Owner) -> None:
    made = Made()
    path = f"{made.path}/v2"
    body = pack(f"{path}@v2.0.0/", [("go.mod", f"module {made.path}\n".encode())])
    said = owner.put(body, headers={"Accept": "text/plain"})
    assert said.status_code == 201 and "go get" not in said.text
    note = said.text.splitlines()[-1]
    assert note.startswith(f"note: its go.mod declares another path, {made.path}, so go accepts")
    assert f"note: {said.headers['Gomod-Note']}" == note
    documented = owner.put(body.replace(b"v2.0.0", b"v2.0.1"))
    assert (documented.status_code, documented.content) == (201, b"")
    assert "replace directive" in documented.headers["Gomod-Note"]


def test_the_log_says_who_asked_for_what(owner: Owner, server: Any) -> None:
    if not server.data_dir:
        pytest.skip("the server's logs are elsewhere")
    made = Made()
    owner.put(made.zip())
    owner.put(made.zip())
    owner.delete(f"{made.path}/@v/v1.0.0")
    log = "".join(
        (Path(server.data_dir) / "logs" / f"{part}.log").read_text() for part in ("content", "api")
    )
    lines = [line for line in log.splitlines() if made.path in line]
    assert any(f"publish {made.path}@v1.0.0 in " in line and "201 done" in line for line in lines)
    assert any("by admin from 127.0.0.1: 409 conflict" in line for line in log.splitlines())
    assert any(f"remove {made.path}@v1.0.0 in " in line and "204 done" in line for line in lines)


def test_the_same_version_again_is_a_conflict(owner: Owner) -> None:
    made = Made()
    assert owner.put(made.zip()).status_code == 201
    again = owner.put(made.zip())
    assert again.status_code == 409
    assert f"{made.path}@v1.0.0 already exists" in again.text
    other = owner.put(made.zip(more="package code\n\nvar More = 1\n"))
    assert other.status_code == 409
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()


def test_delete_then_publish_again_then_roll_back(owner: Owner) -> None:
    made = Made()
    owner.put(made.zip())
    with_it = owner.rest.latest(owner.repository)
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    assert owner.get(f"{made.path}/@v/v1.0.0.info").status_code == 404
    assert owner.get(f"{made.path}/@v/list").status_code == 404
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 404
    other = made.zip(more="package code\n\nvar More = 1\n")
    assert owner.put(other).status_code == 201
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == other
    owner.rest.modify(owner.repository, base_version=with_it)
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()


def test_delete_takes_the_escaped_path(owner: Owner) -> None:
    name = "example.com/Upper"
    zipped = Made(name).zip("v1.0.0-RC1")
    assert owner.put(zipped).status_code == 201
    assert owner.get("example.com/!upper/@v/v1.0.0-!r!c1.info").status_code == 200
    assert owner.delete("example.com/Upper/@v/v1.0.0-RC1").status_code == 404
    assert owner.delete("example.com/!upper/@v/v1.0.0-!r!c1").status_code == 204
    assert owner.get("example.com/!upper/@v/v1.0.0-!r!c1.info").status_code == 404


def test_a_form_may_hold_the_zip_under_any_name(owner: Owner) -> None:
    made = Made()
    form = {"whatever": ("m.zip", made.zip()), "second": ("n.zip", b"ignored")}
    response = owner.put(None, files=form, params={"time": "2001-02-03T04:05:06Z"})
    assert response.status_code == 201, response.text
    assert owner.get(f"{made.path}/@v/v1.0.0.info").json()["Time"] == "2001-02-03T04:05:06Z"


def test_a_zip_may_be_put_where_it_is_read(owner: Owner) -> None:
    made = Made(path=f"example.com/R{Made().path[-12:]}")
    escaped = made.path.replace("/R", "/!r")
    url = f"{owner.packages_url}/{escaped}/@v/"

    def put(file: str, version: str, auth: Any = owner.rest.auth) -> tuple[int, str]:
        answer = requests.put(url + file, data=made.zip(version), auth=auth, timeout=120)
        if answer.text:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        return answer.status_code, answer.text

    assert put("v1.0.0.zip", "v1.0.0", None)[0] == 401
    status, said = put("v1.1.0.zip", "v1.0.0")
    assert (status, f"the zip is {made.path}@v1.0.0" in said) == (400, True)
    assert put("v1.0.0.zip", "v1.0.0") == (201, "")
    assert put("v1.0.0.zip", "v1.0.0")[0] == 409
    assert requests.get(f"{url}list", timeout=60).text == "v1.0.0\n"
    status, said = put("v1.0.0.mod", "v1.0.0")
    assert (status, f"{owner.name}/go/upload" in said) == (405, True)
    slash = requests.put(
        f"{owner.packages_url}/upload/",
        data=made.zip("v1.2.0"),
        auth=owner.rest.auth,
        timeout=120,
    )
    assert slash.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "{0}/example.com/a/@v/v1.0.0.zip", 405, "GET, HEAD, PUT, OPTIONS"),
        ("OPTIONS", "{0}/example.com/a/@v/v1.0.0", 204, "DELETE, OPTIONS"),
        ("DELETE", "{0}/example.com/a/@v/list", 405, "GET, HEAD, OPTIONS"),
        ("PATCH", "{0}/example.com/a/@latest", 405, "GET, HEAD, OPTIONS"),
        ("GET", "{0}/upload", 405, "PUT, OPTIONS"),
        ("POST", "{0}/upload", 405, "PUT, OPTIONS"),
        ("PUT", "{0}/example.com/a", 404, "OPTIONS"),
        ("PUT", "{1}/example.com/a/@v/v1.0.0.zip", 405, "GET, HEAD"),
    ],
)
def test_another_method_is_answered_with_those_that_work(
    owner: Owner, method: str, path: str, status: int, allow: str
) -> None:
    url = path.format(*owner.urls)
    answer = requests.request(method, url, data=b"x" if method == "PUT" else None, timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (status, allow)
    if status != 204:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "PUT the" in answer.text


def test_form_fields_say_time_and_origin(owner: Owner) -> None:
    made = Made()
    origin = '{"VCS":"git","URL":"https://git.example.com/m","Hash":"0123456789abcdef"}'
    response = owner.put(
        {"time": "2001-02-03T04:05:06+01:00", "origin": origin},
        files={"zip": ("m.zip", made.zip())},
    )
    assert response.status_code == 201, response.text
    info = owner.get(f"{made.path}/@v/v1.0.0.info").json()
    assert info["Time"] == "2001-02-03T03:05:06Z"
    assert info["Origin"]["URL"] == "https://git.example.com/m"
    assert owner.get(f"{made.path}/@v/0123456789ab.info").json()["Version"] == "v1.0.0"


def test_the_plus_sign_of_a_time_need_not_be_escaped(owner: Owner) -> None:
    # As in `?time=$(git log -1 --format=%cI)`.
    made = Made()
    response = owner.put(made.zip(), params="time=2001-02-03T04:05:06+01:00")
    assert response.status_code == 201, response.text
    assert owner.get(f"{made.path}/@v/v1.0.0.info").json()["Time"] == "2001-02-03T03:05:06Z"
    blank = owner.put(Made().zip(), params="time=2001-02-03%2004:05:06Z")
    assert blank.status_code == 400
    assert "'2001-02-03 04:05:06Z'" in blank.text


def test_a_form_without_a_file_is_refused(owner: Owner) -> None:
    response = owner.put(None, files={"a": (None, "text")})
    assert response.status_code == 400
    assert "contains no file" in response.text
    empty = owner.put(None, files={"zip": ("empty.zip", b"")})
    assert (empty.status_code, "the file in the form is empty" in empty.text) == (400, True)


def test_a_chunked_body_is_read_to_its_end(owner: Owner) -> None:
    made = Made()
    zipped = made.zip(more="package code\n// " + "x" * 300_000 + "\n")
    chunks = (zipped[start : start + 1000] for start in range(0, len(zipped), 1000))
    response = owner.put(chunks)
    assert response.status_code == 201, response.text
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == zipped


@pytest.mark.parametrize(
    "body, said",
    [
        (b"", "the request has no body"),
        (b"this is no zip", "zip"),
        (b"PK\x05\x06" + b"\0" * 18, "empty"),
        (b"x" * 3_000_000, "zip"),
    ],
    ids=["empty", "text", "empty zip", "large"],
)
def test_what_is_no_module_zip_is_refused(owner: Owner, body: bytes, said: str) -> None:
    response = owner.put(body)
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/plain")
    assert said in response.text


def test_the_broken_rule_and_the_entry_are_named(owner: Owner) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("example.com/m@v1.0.0/go.mod", "module example.com/m\n")
        archive.writestr("example.com/m@v1.0.0/sub/../../evil.go", "package evil\n")
    response = owner.put(buffer.getvalue())
    assert response.status_code == 400
    assert "evil.go" in response.text
    assert owner.get("example.com/m/@v/list").status_code == 404


@pytest.mark.parametrize("field, value", [("time", "yesterday"), ("origin", "[1]")])
def test_a_claim_that_makes_no_sense_is_refused(owner: Owner, field: str, value: str) -> None:
    response = owner.put(Made().zip(), params={field: value})
    assert response.status_code == 400
    assert field in response.text


def test_credentials_come_first(owner: Owner) -> None:
    nobody = owner.put(Made().zip(), auth=None)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Basic ")
    wrong = owner.put(Made().zip(), auth=("admin", "wrong"))
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"].startswith("Basic ")
    url = f"{owner.rest.url}/api/packages/nobody-has-this/go/upload"
    assert requests.put(url, data=b"x", timeout=60).status_code == 401
    assert requests.put(url, data=b"x", auth=owner.rest.auth, timeout=60).status_code == 404
    assert owner.delete("example.com/m/@v/v1.0.0", auth=None).status_code == 401


@pytest.mark.parametrize("size", [0, 3_000_000])
@pytest.mark.parametrize(
    ("method", "below", "status"),
    [
        ("PUT", "/hello@v1.0.0.zip", 404),
        ("PUT", "/uplaod", 404),
        ("PUT", "/", 404),
        ("PUT", "", 405),
        ("DELETE", "", 405),
        ("DELETE", "/example.com/m@v1.0.0", 404),
    ],
)
def test_wherever_one_publishes_or_removes_by_mistake_the_place_is_named(
    owner: Owner, method: str, below: str, status: int, size: int
) -> None:
    said = requests.request(
        method,
        f"{owner.packages_url}{below}",
        data=b"x" * size if method == "PUT" else b"",
        auth=owner.rest.auth,
        timeout=120,
        allow_redirects=False,
    )
    assert said.status_code == status, said.text
    root = urlsplit(owner.packages_url).path
    assert f"PUT the module's zip to {root}/upload" in said.text
    assert f"DELETE {root}/MODULE/@v/VERSION" in said.text


def test_the_root_without_its_slash_is_led_on(owner: Owner) -> None:
    led = requests.get(owner.packages_url, timeout=60, allow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (302, "go/")


def test_a_distribution_whose_repository_is_gone_says_so(rest: Rest) -> None:
    owner = Owner.create(rest)
    rest.wait(rest.call("DELETE", owner.repository))
    for said in (owner.put(b"x" * 2_000_000), owner.delete("example.com/m/@v/v1.0.0")):
        assert said.status_code == 403
        assert "frozen" not in said.text and "its repository was deleted" in said.text


def test_a_user_without_the_right_is_refused(owner: Owner) -> None:
    user = Made().path.rpartition("/")[2]
    created = owner.rest.create("users/", username=user, password="a-long-Password1")
    auth = (user, "a-long-Password1")
    made = Made()
    assert owner.put(made.zip(), auth=auth).status_code == 403
    assert owner.delete("example.com/m/@v/v1.0.0", auth=auth).status_code == 403
    given = owner.rest.call(
        "POST",
        f"{owner.repository}add_role/",
        json={"users": [user], "role": "gomod.gorepository_publisher"},
    )
    assert given.status_code == 201, given.text
    assert owner.put(made.zip(), auth=auth).status_code == 201
    assert owner.delete(f"{made.path}/@v/v1.0.0", auth=auth).status_code == 403
    release = owner.rest.get(RELEASES, module=made.path)["results"][0]
    assert release["published_by"] == user
    assert release["published_from"] == "127.0.0.1"
    owner.rest.call("DELETE", created["pulp_href"])


def test_a_frozen_distribution_takes_nothing(owner: Owner) -> None:
    made = Made()
    owner.put(made.zip())
    frozen = Owner.create(owner.rest)
    owner.rest.wait(
        owner.rest.call(
            "PATCH",
            frozen.distribution,
            json={
                "repository": None,
                "repository_version": owner.rest.latest(owner.repository),
            },
        )
    )
    assert frozen.get(f"{made.path}/@v/list").text == "v1.0.0\n"
    assert frozen.put(Made().zip()).status_code == 403


def test_an_answer_may_be_had_before_the_work_is_done(owner: Owner) -> None:
    made = Made()
    response = owner.put(made.zip(), headers={"Prefer": "respond-async"})
    assert response.status_code == 202
    owner.rest.wait(response)
    assert owner.get(f"{made.path}/@v/list").text == "v1.0.0\n"


def test_an_immutable_repository_never_changes_a_checksum(rest: Rest) -> None:
    owner, made = Owner.create(rest, immutable=True), Made()
    assert owner.put(made.zip()).status_code == 201
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    changed = owner.put(made.zip(more="package code\n"))
    assert changed.status_code == 409
    assert "never changes" in changed.text
    assert owner.put(made.zip()).status_code == 201


def test_a_repository_takes_no_more_than_its_quota(rest: Rest) -> None:
    owner, made = Owner.create(rest, max_modules=1), Made()
    assert owner.put(made.zip("v1.0.0")).status_code == 201
    refused = owner.put(made.zip("v1.1.0"))
    assert refused.status_code == 403
    assert "may hold 1 module versions; with this it would hold 2" in refused.text
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
    assert owner.put(made.zip("v1.1.0")).status_code == 201
    small = Owner.create(rest, max_size=10)
    refused = small.put(made.zip())
    assert refused.status_code == 403
    assert "may hold 10 bytes" in refused.text


def test_an_owner_may_have_a_dot_in_its_name(rest: Rest) -> None:
    owner, made = Owner.create(rest, name="my.team"), Made()
    assert owner.put(made.zip()).status_code == 201
    assert owner.get(f"{made.path}/@v/list").text == "v1.0.0\n"
    assert owner.delete(f"{made.path}/@v/v1.0.0").status_code == 204
