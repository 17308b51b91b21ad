"""What all unit tests share: the old versions of libraries that Pulp may run with."""

from collections.abc import Iterator

import pytest
from aiohttp import web


def _is_asked(response: web.StreamResponse) -> bool:
    raise AssertionError("whether a response is true depends on the version of aiohttp")


@pytest.fixture(autouse=True)
def no_response_is_taken_for_a_truth_value(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until 3.12, all of aiohttp's responses were false, and so was each refusal."""
    monkeypatch.setattr(web.StreamResponse, "__bool__", _is_asked, raising=False)
    yield
