"""Releases of known days, through the machine's own GOPROXY, are as old as Go's checksum database says."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB
from tests.functional.real_upstream import forwarding
from tests.functional.upstream_world import Upstream, running
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror
from tests.inprocess.test_hold import obey
from tests.inprocess.test_policies import is_stopped
from tests.unit import django_set_up  # noqa: F401

from pulp_gomod.app.models import GoDistribution, GoSumdbNumber  # isort: skip

pytestmark = [pytest.mark.upstream, pytest.mark.timeout(600)]

# Of each, the number of its record, when it came out, and a day by which the database is known to have had that.
RELEASES = {
    # Its author's time is February 2018, before there was a database.
    ("rsc.io/quote", "v1.5.2"): (942, "2018-02-14", "2019-10-01"),
    ("github.com/pkg/errors", "v0.9.1"): (706_716, "2020-01-14", "2020-02-01"),
    ("k8s.io/api", "v0.31.0"): (29_007_526, "2024-08-13", "2024-09-01"),
    ("golang.org/x/net", "v0.30.0"): (30_627_573, "2024-10-04", "2024-11-01"),
}
PATH = "github.com/pkg/errors"


def days_since(day: str) -> int:
    return (datetime.now(UTC) - datetime.fromisoformat(day).replace(tzinfo=UTC)).days


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running(forwarding()) as started:
        yield started


def mirror(content_url: str, upstream: Upstream) -> Mirror:
    """A pull-through distribution that holds releases back for two weeks."""
    made = Mirror.create(content_url, upstream, sumdb="sum.golang.org")
    obey(made.owner, hold_days=14)
    return made


def lookups(upstream: Upstream) -> list[str]:
    return [path.rpartition("/")[2] for path in upstream.asked if "/lookup/" in path]


@pytest.mark.parametrize("release", RELEASES, ids="@".join)
def test_a_release_is_as_old_as_its_record(
    content_url: str, upstream: Upstream, release: tuple[str, str]
) -> None:
    (path, version), (number, came, known) = release, RELEASES[release]
    root = mirror(content_url, upstream).owner.content_url
    file = f"{path}/@v/{version}.info"
    # A hold of a day less than it is known for is over, and one of a day more is not, nor one since it came out.
    assert get(f"{root}/{file}").status_code == 200
    assert get(f"{root}/hold/30d/{file}").status_code == 200
    assert get(f"{root}/hold/{days_since(known) - 1}d/{file}").status_code == 200
    for days in (days_since(known) + 1, days_since(came) + 1):
        until = datetime.fromisoformat(known) + timedelta(days=days)
        said = get(f"{root}/hold/{days}d/{file}")
        words = (
            f"record {number} of sum.golang.org",
            f"since {known}",
            f"free on {until:%Y-%m-%d}",
        )
        assert is_stopped(said, *words)
    numbers = GoSumdbNumber.objects.filter(verifier_key=KNOWN_GOSUMDB["sum.golang.org"])
    assert numbers.get(module=path, version=version).number == number


def test_a_list_asks_the_database_for_no_version_that_was_looked_up_once(
    content_url: str, upstream: Upstream
) -> None:
    first = mirror(content_url, upstream)
    whole = upstream_list(first)
    before = lookups(upstream)
    end = time.monotonic() + 300
    while len(first.get(f"{PATH}/@v/list").text.split()) < len(whole):
        assert time.monotonic() < end, "not all versions were looked up"
        time.sleep(1)
    assert len(lookups(upstream)) - len(before) <= len(whole)

    # As Renovate asks, of a server that knows the numbers and nothing else of the module.
    second = mirror(content_url, upstream)
    before = lookups(upstream)
    assert second.get(f"{PATH}/@v/list").text.split() == whole
    for version in whole:
        assert second.get(f"{PATH}/@v/{version}.info").json()["Version"] == version
    assert lookups(upstream) == before
    # What came out before a day, and not what came after: v0.9.0 is of January 2020.
    root = f"{second.owner.content_url}/hold/{days_since('2019-12-01')}d/{PATH}"
    old = get(f"{root}/@v/list").text.split()
    assert old == [version for version in whole if not version.startswith("v0.9.")]
    assert get(f"{root}/@latest").json()["Version"] == "v0.8.1"
    # The go.mod of the newest one says what is retracted, and is proven before it is believed.
    assert lookups(upstream) in (before, [*before, "errors@v0.9.1"])


def upstream_list(mirror: Mirror) -> list[str]:
    """What is listed without a policy."""
    name = f"{mirror.owner.repository.name}-plain"
    GoDistribution.objects.create(
        name=name, base_path=name, repository=mirror.owner.repository, remote=mirror.remote
    )
    listed = get(f"{mirror.owner.url}/pulp/content/{name}/{PATH}/@v/list").text.split()
    assert "v0.9.1" in listed and "v0.1.0" in listed
    return listed
