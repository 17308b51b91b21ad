"""What Pulp's telemetry is told of requests."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import pulpcore.metrics

from tests.functional.upstream_world import running
from tests.goproxy_requests import zip_of
from tests.inprocess.mirrors import Mirror
from tests.inprocess.settings import configured

from pulp_gomod.app.content.accelerator.server import why_off  # isort: skip
from pulp_gomod.app.remote import pull_through_metrics  # isort: skip

Counts = Callable[[Mirror], Counter[str]]


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """What was counted of a remote, as `hits of mod`."""
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader], shutdown_on_exit=False).get_meter("test")
    monkeypatch.setattr(pulpcore.metrics, "init_otel_meter", lambda name: meter)

    def of(mirror: Mirror) -> Counter[str]:
        found: Counter[str] = Counter()
        data = reader.get_metrics_data()
        for metric in data.resource_metrics[0].scope_metrics[0].metrics if data else []:
            for point in metric.data.data_points:
                if point.attributes["remote"] == mirror.remote.name and "file" in point.attributes:
                    name = metric.name.removeprefix("gomod.pull_through.")
                    found[f"{name} of {point.attributes['file']}"] += point.value
        return found

    pull_through_metrics._counters.cache_clear()
    with configured(OTEL_ENABLED=True):
        yield of
    pull_through_metrics._counters.cache_clear()


def test_what_was_fetched_is_missed_once_and_then_hit(content_url: str, counts: Counts) -> None:
    with running() as upstream:
        upstream.add("example.com/m", "v1.0.0")
        mirror = Mirror.create(content_url, upstream)
        for _ in range(3):
            assert mirror.get("example.com/m/@v/v1.0.0.mod").status_code == 200
        assert counts(mirror) == {"misses of mod": 1, "hits of mod": 2}


@pytest.mark.skipif(bool(why_off()), reason=why_off())
def test_what_is_held_is_a_hit_until_it_is_answered_from_memory(
    content_url: str, counts: Counts
) -> None:
    with running() as upstream:
        mirror = Mirror.create(content_url, upstream)
        mirror.owner.publish(zip_of("example.com/held", "v1.0.0"))
        for _ in range(3):
            assert mirror.get("example.com/held/@v/v1.0.0.mod").status_code == 200
        assert counts(mirror) == {"hits of mod": 1}
        assert upstream.asked == []
