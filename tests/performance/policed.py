"""The section about distributions that obey a policy."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from tests.functional.rest_api import DISTRIBUTIONS
from tests.performance.bench import Bench
from tests.performance.contenders import Contender
from tests.performance.modules import MANY, SMALL
from tests.performance.rounds import Shape
from tests.performance.serving import section

_POLICIES = "gomod/policies/"
_FROM = len(MANY) // 2
_STOPPED, _PASSED = MANY[_FROM:], MANY[:_FROM]
_DENY = [{"module": MANY[0].path, "versions": f">={_STOPPED[0].version}", "reason": "it is new"}]
#: What a policy may say, by what the tables call it.
_CONDITIONS: dict[str, dict[str, Any]] = {
    "deny": {"deny": _DENY},
    "deny, hold, licenses": {
        "deny": _DENY,
        "hold_days": 14,
        "licenses": ["AGPL-3.0"],
    },
}


def policed(bench: Bench) -> None:
    """Measure what a policy costs whoever asks for what it lets pass, and how fast it says no."""
    passed = [f"{each.path}/@v/{each.version}.info" for each in _PASSED]
    stopped = [f"{each.path}/@v/{each.version}.info" for each in _STOPPED]
    shapes = [
        Shape(".info, passed", passed),
        Shape("list", [f"{MANY[0].path}/@v/list"]),
        Shape(".zip 10 KiB", [f"{SMALL.path}/@v/{SMALL.version}.zip"]),
    ]
    without, *obeying = _distributions(bench)
    section(bench, "With a policy, the same URLs", shapes, [without, *obeying])
    # Whoever has no policy serves it.
    section(bench, "Stopped by a policy", [Shape(".info, stopped", stopped, status=403)], obeying)
    print(f"Content processes: {bench.options.processes}; the rates are those of all together.\n")


def _distributions(bench: Bench) -> list[Contender]:
    """The same repository without a policy, and with several."""
    server = bench.ours
    found = [replace(server.contender, name="no policy")]
    for called, conditions in _CONDITIONS.items():
        name = f"bench-{uuid4().hex[:12]}"
        policy = server.rest.create(_POLICIES, name=name, **conditions)["pulp_href"]
        server.rest.create(
            DISTRIBUTIONS,
            name=name,
            base_path=name,
            repository=server.owner.repository,
            policy=policy,
        )
        found.append(replace(found[0], name=called, prefix=f"/api/packages/{name}/go"))
    return found
