"""An upstream that misbehaves: what clients are told."""

import pytest

from tests.functional.test_pull_through_faults import FAULTS, check_fault
from tests.functional.upstream_world import running
from tests.inprocess.mirrors import Mirror


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_and_pass(content_url: str, fault: str) -> None:
    with running() as upstream:
        mirror = Mirror.create(content_url, upstream, sock_read_timeout=1.0)
        check_fault(upstream, mirror, fault)
