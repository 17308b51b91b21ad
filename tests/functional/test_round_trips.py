"""Objects as automation has them: what was read can be written back whole, and changes nothing."""

from typing import Any
from uuid import uuid4

import pytest

from tests.functional.rest_api import DISTRIBUTIONS, REMOTES, REPOSITORIES, SUMDBS, Rest

FEW: dict[str, dict[str, Any]] = {
    REMOTES: {"url": "http://127.0.0.1:9/"},
    REPOSITORIES: {},
    DISTRIBUTIONS: {"base_path": "{name}"},
    SUMDBS: {"name": "go.example.com/{name}"},
    "gomod/policies/": {},
    "gomod/vulndbs/": {},
}


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


def made(rest: Rest, path: str) -> dict[str, Any]:
    """Make an object of which as little is said as possible."""
    name = f"r-{uuid4().hex[:12]}"
    body = {key: value.format(name=name) for key, value in FEW[path].items()}
    shown: dict[str, Any] = rest.get(rest.create(path, **{"name": name} | body)["pulp_href"])
    return shown


def compared(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name != "pulp_last_updated"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("path", FEW)
def test_what_was_read_can_be_written(rest: Rest, path: str, method: str) -> None:
    shown = made(rest, path)
    answer = rest.call(method, shown["pulp_href"], json=shown)
    assert answer.status_code == 200, answer.text
    assert compared(answer.json()) == compared(shown) == compared(rest.get(shown["pulp_href"]))


@pytest.fixture(scope="module")
def schema(rest: Rest) -> Any:
    """What the server says of this plugin's API, which takes it seconds."""
    return rest.get("docs/api.json", component="gomod")


@pytest.mark.parametrize("path", FEW)
def test_each_null_is_announced(rest: Rest, schema: Any, path: str) -> None:
    listed = next(made for name, made in schema["paths"].items() if name.endswith(f"/v3/{path}"))
    answer = listed["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schemas = schema["components"]["schemas"]

    def described(reference: str) -> dict[str, Any]:
        found: dict[str, Any] = schemas[reference.rpartition("/")[2]]["properties"]
        return found

    fields = described(described(answer["$ref"])["results"]["items"]["$ref"])
    shown = made(rest, path)
    nulls = {name for name, value in shown.items() if value is None}
    assert nulls <= {name for name in fields if "null" in fields[name].get("type", "")}
    assert shown.keys() == fields.keys()
