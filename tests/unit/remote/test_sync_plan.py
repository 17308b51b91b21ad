"""What a sync may come to."""

import pytest

from pulp_gomod.app.tasks.replication import run
from pulp_gomod.app.tasks.sync.failures import SyncError
from pulp_gomod.app.tasks.sync.plan import MAX_VERSIONS, Plan


def test_it_has_an_end_which_is_further_away_for_whoever_cannot_take_parts() -> None:
    plan = Plan(most=2)
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        plan.at("example.com/m", version)
    with pytest.raises(SyncError, match="more than 2 module versions"):
        plan.at("example.com/m", "v1.2.0")
    assert Plan().most == MAX_VERSIONS < run.MAX_VERSIONS
