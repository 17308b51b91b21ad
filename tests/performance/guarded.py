"""The section about distributions with a guard."""

import base64
from dataclasses import replace
from uuid import uuid4

from tests.functional.rest_api import DISTRIBUTIONS, Rest
from tests.performance.bench import Bench
from tests.performance.contenders import Contender
from tests.performance.modules import MANY, SMALL
from tests.performance.rounds import Shape
from tests.performance.serving import section

_GUARDS = "contentguards/core/rbac/"
_TOKENS = "gomod/tokens/"


def guarded(bench: Bench) -> None:
    """Measure how much credentials cost."""
    shapes = [
        Shape(".info", [f"{each.path}/@v/{each.version}.info" for each in MANY]),
        Shape("list", [f"{MANY[0].path}/@v/list"]),
        Shape(".zip 10 KiB", [f"{SMALL.path}/@v/{SMALL.version}.zip"]),
    ]
    section(bench, "With a guard, the same URLs", shapes, _callers(bench))


def _callers(bench: Bench) -> list[Contender]:
    """The same repository for everybody, and for a user with a password or a token."""
    server, name, password = bench.ours, f"bench-{uuid4().hex[:12]}", str(uuid4())
    rest = server.rest
    guard = rest.create(_GUARDS, name=name)["pulp_href"]
    rest.create(
        DISTRIBUTIONS,
        name=name,
        base_path=name,
        repository=server.owner.repository,
        content_guard=guard,
    )
    rest.create("users/", username=name, password=password)
    role = {"users": [name], "role": "core.rbaccontentguard_downloader"}
    assert rest.status("POST", f"{guard}add_role/", json=role) == 201
    token = Rest(rest.url, (name, password)).create(_TOKENS, name="bench")["token"]
    everybody = replace(server.contender, name="everybody")
    private = replace(everybody, prefix=f"/api/packages/{name}/go")
    return [
        everybody,
        replace(private, name="password", headers=[_basic(name, password)]),
        # As .netrc sends it.
        replace(private, name="token as password", headers=[_basic(name, token)]),
        replace(private, name="bearer token", headers=[f"Authorization: Bearer {token}"]),
    ]


def _basic(name: str, password: str) -> str:
    return f"Authorization: Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"
