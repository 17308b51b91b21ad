"""An upstream that misbehaves: what clients are told."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functional.test_pull_through_faults import FAULTS, FILES
from tests.functional.upstream_world import running
from tests.inprocess.mirrors import Mirror


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_and_pass(content_url: str, fault: str) -> None:
    behaviour, status = FAULTS[fault]
    with running() as upstream:
        made = upstream.add("example.com/f", "v1.0.0")
        upstream.latest["example.com/f"] = made.info
        mirror = Mirror.create(content_url, upstream, sock_read_timeout=1.0)
        upstream.everything = behaviour
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda file: mirror.get(f"example.com/f/{file}"), FILES))
        for file, answer in zip(FILES, answers, strict=True):
            assert answer.status_code == status, (file, answer.text)
            assert answer.headers["Content-Type"].startswith("text/plain"), file
            assert answer.text.count("\n") == 1 and "upstream" in answer.text, answer.text
        upstream.everything = None
        for file in FILES:
            assert mirror.get(f"example.com/f/{file}").status_code == 200, file
