"""Who downloaded what, as those see it who may."""

import json
import time
from pathlib import Path
from typing import Any

from tests.functional.owners import Owner
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_access import grant, new_user

CONSUMERS = "gomod/consumers/"


def _rows(rest: Rest, made: Made) -> list[dict[str, Any]]:
    return _lasting(rest.get(CONSUMERS, module=made.path)["results"])


def _lasting(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what may change yet: several processes have answered, and each writes when it comes to it."""
    passing = ("requests", "last_seen", "pulp_last_updated")
    return [{name: each[name] for name in each if name not in passing} for each in rows]


def test_administrators_of_a_distribution_see_who_got_it(
    server: Server, rest: Rest, tmp_path: Path
) -> None:
    owner, made = Owner.create(rest), Made()
    assert owner.put(made.zip("v1.0.0")).status_code == 201
    for _ in range(3):
        assert owner.get(f"{made.path}/@v/v1.0.0.zip").status_code == 200
    end = time.monotonic() + 120
    while not (found := _rows(rest, made)):
        assert time.monotonic() < end
        time.sleep(0.5)
    (row,) = found
    expected = {"distribution": owner.distribution, "version": "v1.0.0", "user_name": ""}
    assert expected.items() <= row.items() and row["address"] == "127.0.0.1"
    assert rest.get(CONSUMERS, module=made.path, last_seen__gte="2100-01-01")["count"] == 0

    # Whoever downloads a bundle has what is in it.
    assert owner.get("bundle.tar").status_code == 200
    other = Made()
    assert owner.put(other.zip("v1.0.0")).status_code == 201
    while not rest.get(CONSUMERS, module="bundle.tar", distribution=owner.distribution)["results"]:
        assert time.monotonic() < end
        time.sleep(0.5)
    for has in (f"{made.path}@v1.0.0", made.path):
        seen = rest.get(CONSUMERS, has=has)["results"]
        assert {each["module"] for each in seen} == {made.path, "bundle.tar"}
    for has in (f"{made.path}@v1.0.1", other.path, f"{other.path}@v1.0.0"):
        assert rest.get(CONSUMERS, has=has)["count"] == 0

    viewer, administrator = new_user(rest), new_user(rest)
    grant(rest, owner.distribution, viewer, "gomod.godistribution_viewer")
    grant(rest, owner.distribution, administrator, "gomod.godistribution_owner")
    assert viewer.get(CONSUMERS)["count"] == 0 and viewer.status("GET", row["pulp_href"]) == 404
    assert row in _lasting(administrator.get(CONSUMERS)["results"])

    pulp = Pulp.create(tmp_path, server)
    name, consumers = f"{made.path}@v1.0.0", ("gomod", "module", "consumers")
    for options in ((), ("--days", "1"), ("--distribution", owner.name)):
        told = _lasting(json.loads(pulp.run(*consumers, name, *options).stdout))
        assert row in told and len(told) == 2
    assert json.loads(pulp.run(*consumers, f"{made.path}@v1.0.1").stdout) == []
    assert json.loads(pulp.run(*consumers, name, "--since", "2100-01-01").stdout) == []
