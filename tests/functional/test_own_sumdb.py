"""A checksum database of one's own, through REST and the GOPROXY."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.functional.owners import Owner
from tests.functional.rest_api import Rest, TaskFailed
from tests.functional.serving import Server
from tests.gomods import pack

SUMDBS = "gomod/sumdbs/"


def module_zip(path: str, word: str) -> bytes:
    go_mod = f"module {path}\n".encode()
    source = f"// {word}\npackage a\n".encode()
    return pack(f"{path}@v1.0.0/", [("go.mod", go_mod), ("a.go", source)])


def test_from_nothing_to_a_record_that_is_never_changed(rest: Rest) -> None:
    name = f"go.example.com/{uuid4().hex[:12]}"
    sumdb = rest.create(SUMDBS, name=name)
    assert sumdb["verifier_key"].startswith(f"{name}+") and sumdb["state"] == "signing"
    assert "PRIVATE" not in str(sumdb) and not [key for key in sumdb if "signing" in key]
    twice = rest.call("POST", SUMDBS, json={"name": name})
    said = ["There is a checksum database of this name already."]
    assert (twice.status_code, twice.json()) == (400, {"name": said})
    owner, other = Owner.create(rest), Owner.create(rest)
    path = f"corp.example/{uuid4().hex[:12]}"
    first, changed = module_zip(path, "first"), module_zip(path, "changed")
    assert owner.put(first).status_code == 201
    # What the repository holds gets its record.
    href = sumdb["pulp_href"]
    rest.wait(rest.call("PATCH", owner.repository, json={"sumdb": href}))
    assert rest.get(owner.repository)["sumdb"] == href
    assert rest.get(href)["size"] == 1
    lookup = f"sumdb/{name}/lookup/{path}@v1.0.0"
    record = owner.get(lookup).text.splitlines()[1].split(" ")
    # Through both roots, and as much for the command line as for go.
    assert requests.get(f"{owner.content_url}/{lookup}", timeout=60).text == owner.get(lookup).text
    assert owner.delete(f"{path}/@v/v1.0.0").status_code == 204
    answer = owner.put(changed)
    assert answer.status_code == 409
    assert record[2] in answer.text and answer.text.count("h1:") == 2 and name in answer.text
    # Nor may it come from another repository, or with one.
    assert other.put(changed).status_code == 201
    with pytest.raises(TaskFailed, match="GOM0017"):
        rest.wait(rest.call("PATCH", other.repository, json={"sumdb": href}))
    assert rest.get(other.repository)["sumdb"] is None
    assert rest.get(href)["size"] == 1
    assert owner.put(first).status_code == 201
    rest.wait(rest.call("POST", f"{href}check/"))
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    rotated = rest.call("POST", f"{href}rotate/", json={"until": until})
    assert rotated.status_code == 201, rotated.text
    assert rotated.json()["retiring_key"]["verifier_key"] == sumdb["verifier_key"]
    again = rest.call("POST", f"{href}rotate/", json={"until": until})
    assert again.status_code == 400
    assert "rotate again after that" in again.json()["non_field_errors"][0]
    refused = rest.call("DELETE", href)
    assert refused.status_code == 409 and "This checksum database is in use" in refused.text


@pytest.mark.parametrize(
    "name",
    ["sum.golang.org", "Go.example.com", "go.example.com/tile", "a+b", "go.example.com/", ""],
)
def test_names_that_clients_cannot_use_are_refused(rest: Rest, name: str) -> None:
    answer = rest.call("POST", SUMDBS, json={"name": name})
    assert answer.status_code == 400 and "name" in answer.json()


def test_nothing_is_published_while_nothing_may_be_signed(server: Server, rest: Rest) -> None:
    sumdb = rest.create(SUMDBS, name=f"go.example.com/{uuid4().hex[:12]}")
    owner = Owner.create(rest, sumdb=sumdb["pulp_href"])
    path = f"corp.example/{uuid4().hex[:12]}"
    assert owner.put(module_zip(path, "first")).status_code == 201
    assert owner.get(f"sumdb/{sumdb['name']}/latest").status_code == 200
    # As if the storage had been lost.
    pk = sumdb["pulp_href"].rstrip("/").rpartition("/")[2]
    for head in Path(server.data_dir).rglob(f"gomod/sumdb/{pk}/head.*"):
        head.unlink()
    answer = owner.put(module_zip(f"{path}/second", "second"))
    assert answer.status_code == 403, answer.text
    assert answer.text.startswith("forbidden: ") and f"gomod/sumdb/{pk}" in answer.text
    assert owner.get(f"{path}/second/@v/list").status_code == 404
    # Nothing that was there is lost, and what feeds no log is not held up.
    assert owner.get(f"{path}/@v/v1.0.0.info").status_code == 200
    rest.wait(rest.call("PATCH", owner.repository, json={"sumdb": None}))
    assert owner.put(module_zip(f"{path}/second", "second")).status_code == 201
