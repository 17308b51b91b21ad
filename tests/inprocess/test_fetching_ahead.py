"""What is fetched from an upstream before a client asks for it: that which the go command asks for next."""

import asyncio
import time

import pytest
from aiohttp import web

from tests.functional.upstream_world import Upstream
from tests.inprocess.mirrors import Mirror
from tests.inprocess.settings import configured
from tests.waiting import wait_until

V = "v1.0.0"
# Seconds in which what is fetched ahead would have come.
QUIET = 0.5


def mod(name: str) -> str:
    return f"{name}/@v/{V}.mod"


def chain(upstream: Upstream, names: str, go: str) -> None:
    """Add modules each of which requires the next one."""
    for name, required in zip(names, [*names[1:], ""], strict=True):
        lines = [f"require {root(required)} {V}"] if required else []
        upstream.add(root(name), V, *([f"go {go}"] if go else []), *lines)


def root(name: str) -> str:
    return f"example.com/{name}"


def test_all_below_an_old_go_mod_is_fetched(content_url: str, upstream: Upstream) -> None:
    chain(upstream, "abcd", "1.16")
    mirror = Mirror.create(content_url, upstream)

    assert mirror.get(mod(root("a"))).status_code == 200

    wait_until(lambda: upstream.count(mod(root("d"))) == 1)
    # It is there when somebody asks for it.
    for name in "bcd":
        assert mirror.get(mod(root(name))).status_code == 200
    assert [upstream.count(mod(root(name))) for name in "abcd"] == [1, 1, 1, 1]


def test_below_an_old_go_mod_new_ones_are_followed_too(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add(root("old"), V, f"require {root('new')} {V}")
    upstream.add(root("new"), V, "go 1.21", f"require {root('last')} {V}")
    upstream.add(root("last"), V, "go 1.21")
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("old")))

    wait_until(lambda: upstream.count(mod(root("last"))) == 1)


def test_what_go_prunes_is_left_alone(content_url: str, upstream: Upstream) -> None:
    chain(upstream, "abc", "1.17")
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("a")))

    time.sleep(QUIET)
    assert upstream.asked == [mod(root("a"))]


def test_nothing_joins_the_repository_that_nobody_asked_for(
    content_url: str, upstream: Upstream
) -> None:
    chain(upstream, "ab", "")
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("a")))
    wait_until(lambda: upstream.count(mod(root("b"))) == 1)

    wait_until(lambda: pending(mirror) == [mod(root("a"))])
    mirror.get(mod(root("b")))
    wait_until(lambda: pending(mirror) == [mod(root("a")), mod(root("b"))])


def pending(mirror: Mirror) -> list[str]:
    """What is going to join the repository."""
    from pulp_gomod.app.models import GoPendingEntry

    rows = GoPendingEntry.objects.filter(repository=mirror.owner.repository)
    return sorted(rows.values_list("entry__path", flat=True))


def test_the_zip_comes_while_its_info_is_asked_for(content_url: str, upstream: Upstream) -> None:
    upstream.add(root("a"), V, "go 1.21")
    mirror = Mirror.create(content_url, upstream)
    zip = f"{root('a')}/@v/{V}.zip"

    mirror.get(mod(root("a")))
    mirror.get(f"{root('a')}/@v/{V}.info")

    wait_until(lambda: upstream.count(zip) == 1)
    assert mirror.get(zip).content == upstream.modules[root("a")][V].zip
    assert upstream.count(zip) == 1


def test_who_asks_for_an_info_alone_gets_no_zip(content_url: str, upstream: Upstream) -> None:
    upstream.add(root("a"), V, "go 1.21")
    mirror = Mirror.create(content_url, upstream)

    mirror.get(f"{root('a')}/@v/{V}.info")

    time.sleep(QUIET)
    assert upstream.asked == [f"{root('a')}/@v/{V}.info"]


@pytest.mark.parametrize(
    "settings",
    [{"private": "example.com/b"}, {"excludes": "example.com/b"}, {"policy": "streamed"}],
    ids=["private", "excluded", "streamed"],
)
def test_no_name_is_sent_that_may_not_be(
    content_url: str, upstream: Upstream, settings: dict[str, str]
) -> None:
    chain(upstream, "ab", "")
    mirror = Mirror.create(content_url, upstream, **settings)

    mirror.get(mod(root("a")))

    time.sleep(QUIET)
    assert upstream.asked == [mod(root("a"))]


def test_nothing_is_fetched_for_who_wants_nothing_fetched(
    content_url: str, upstream: Upstream
) -> None:
    chain(upstream, "abc", "")
    mirror = Mirror.create(content_url, upstream)
    with configured(GOMOD_FETCH_AHEAD=False):
        mirror.get(mod(root("a")))
        time.sleep(QUIET)

    assert upstream.asked == [mod(root("a"))]


def test_an_upstream_that_wants_to_be_left_alone_is(content_url: str, upstream: Upstream) -> None:
    async def too_many(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "60"})

    names = [f"r{number}" for number in range(40)]
    upstream.add(root("a"), V, *(f"require {root(name)} {V}" for name in names))
    for name in names:
        upstream.behaviours[mod(root(name))] = too_many
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("a")))

    wait_until(lambda: len(upstream.asked) > 1)
    time.sleep(QUIET)
    # Those that were under way already.
    assert len(upstream.asked) <= 1 + 6


def test_what_one_go_mod_brings_is_bounded(content_url: str, upstream: Upstream) -> None:
    names = [f"r{number}" for number in range(700)]
    upstream.add(root("a"), V, *(f"require {root(name)} {V}" for name in names))
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("a")))

    wait_until(lambda: len(upstream.asked) >= 1 + 512)
    time.sleep(QUIET)
    assert len(upstream.asked) == 1 + 512


def test_a_slow_guess_leaves_connections_to_clients(content_url: str, upstream: Upstream) -> None:
    release = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.Response(status=404)

    names = [f"r{number}" for number in range(8)]
    upstream.add(root("a"), V, *(f"require {root(name)} {V}" for name in names))
    upstream.add(root("z"), V)
    for name in names:
        upstream.behaviours[mod(root(name))] = hang
    mirror = Mirror.create(content_url, upstream, download_concurrency=4)

    mirror.get(mod(root("a")))
    wait_until(lambda: len(upstream.asked) == 2)

    assert mirror.get(mod(root("z"))).status_code == 200
    assert len(upstream.asked) == 3


def test_names_are_escaped(content_url: str, upstream: Upstream) -> None:
    upstream.add(root("a"), V, f"require {root('B')} {V}")
    upstream.add(root("B"), V)
    mirror = Mirror.create(content_url, upstream)

    mirror.get(mod(root("a")))

    wait_until(lambda: upstream.count(mod(root("!b"))) == 1)


def test_names_that_no_module_has_keep_no_other_from_being_fetched(
    content_url: str, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.add(root("a"), V)
    upstream.add(root("b"), V)
    # An author may write anything between quotes, and whatever bytes.
    names = [b'"a %d"' % number for number in range(8)]
    names += [b"example.com/\xff%d" % number for number in range(8)]
    names.append(root("b").encode())
    lines = [b"require %s %s" % (name, V.encode()) for name in names]
    version = upstream.modules[root("a")][V]
    version.mod = b"\n".join([b"module " + root("a").encode(), *lines, b""])
    mirror = Mirror.create(content_url, upstream)

    assert mirror.get(mod(root("a"))).content == version.mod

    wait_until(lambda: upstream.count(mod(root("b"))) == 1)
    time.sleep(QUIET)
    assert upstream.asked == [mod(root("a")), mod(root("b"))]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
