"""Which names are sent where."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from yarl import URL

from pulp_gomod.app.models.ownership import OwnPaths, root_of
from pulp_gomod.app.remote.http import redirects
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.policy import lookup_refusal, refusal
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.golang.sumdb import parse_gosumdb


def settings(**changes: object) -> RemoteSettings:
    base = {
        "pk": UUID(int=1),
        "changed": datetime(2026, 1, 1, tzinfo=UTC),
        "domain": UUID(int=2),
        "name": "up",
        "url": "https://up.example.com/goproxy",
    }
    return RemoteSettings(**{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("example.com/a", True),
        ("example.com/no/thing", False),
        ("corp.example.com/x", False),
        ("team.corp.example.com/x", False),
        ("elsewhere.org/x", False),
    ],
)
def test_patterns(path: str, asked: bool) -> None:
    remote = settings(
        private="corp.example.com,*.corp.example.com",
        includes="example.com,corp.example.com,*.corp.example.com",
        excludes="example.com/no",
    )
    assert (refusal(remote, path) is None) == asked


def test_private_modules_are_not_covered_and_not_looked_up() -> None:
    remote = settings(
        private="corp.example.com", nosumdb="example.com/n", sumdb=parse_gosumdb("sum.golang.org")
    )
    assert remote.covers("example.com/a")
    for path in ("corp.example.com/x", "example.com/n"):
        assert not remote.covers(path)
        assert lookup_refusal(remote, path)
    assert lookup_refusal(remote, "example.com/a") is None


OWN = OwnPaths(b"1", ["example.com/hello", "example.com/Upper", "gopkg.in/ours"])


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("example.com/hello", "example.com/hello"),
        ("example.com/hello/v2", "example.com/hello"),
        ("example.com/hello/cmd/hello", "example.com/hello"),
        ("example.com/hello/sub/v3/x", "example.com/hello"),
        ("example.com/Upper/x", "example.com/Upper"),
        ("gopkg.in/ours.v7", "gopkg.in/ours"),
        ("gopkg.in/ours.v7/cmd", "gopkg.in/ours"),
        ("gopkg.in/ours.v7-unstable", "gopkg.in/ours"),
        ("gopkg.in/ours", "gopkg.in/ours"),
        ("example.com/hello2", ""),
        ("example.com/hello.v2", ""),
        ("example.com/hell", ""),
        ("example.com/upper/x", ""),
        ("example.com", ""),
        ("other.example.com/hello", ""),
        ("gopkg.in/ours2.v7", ""),
        ("", ""),
    ],
)
def test_own_paths_and_all_below_them_stay_here(path: str, above: str) -> None:
    assert OWN.above(path) == above
    remote = settings(sumdb=parse_gosumdb("sum.golang.org"))
    for said in (refusal(remote, path, "", OWN), lookup_refusal(remote, path, OWN)):
        assert (said is not None) == bool(above)
        if said is not None:
            assert above in said and "mix" in said
    if above:
        assert f"GONOSUMDB={above}" in (lookup_refusal(remote, path, OWN) or "")


@pytest.mark.parametrize("mix", ["example.com/hello", "*", "other.org,example.com", "*/hel*"])
def test_what_is_mixed_is_asked_for(mix: str) -> None:
    remote = settings(mix=mix)
    for path in ("example.com/hello", "example.com/hello/v2", "example.com/hello/cmd"):
        assert refusal(remote, path, "", OWN) is None
        assert lookup_refusal(remote, path, OWN) is None
    assert refusal(settings(mix=mix, private="example.com"), "example.com/hello", "", OWN)
    assert refusal(settings(mix=mix, excludes="example.com"), "example.com/hello", "", OWN)


@pytest.mark.parametrize("mix", ["", "example.com/hello/v2", "example.org", "hello"])
def test_what_is_not_mixed_is_not(mix: str) -> None:
    assert refusal(settings(mix=mix), "example.com/hello", "", OWN)


def test_all_majors_of_a_module_are_its_owners() -> None:
    assert root_of("example.com/hello/v2") == root_of("example.com/hello") == "example.com/hello"
    assert root_of("gopkg.in/yaml.v3") == "gopkg.in/yaml"
    assert root_of("example.com/v1") == "example.com/v1"


def test_answers_depend_on_the_url_and_on_who_vouches() -> None:
    remote = settings(sumdb=parse_gosumdb("sum.golang.org"))
    moved = settings(sumdb=remote.sumdb, url="https://other.example.com")
    keys = {
        remote.key("example.com/a/@v/v1.0.0.mod", True),
        remote.key("example.com/a/@v/v1.0.0.mod", False),
        remote.key("example.com/a/@v/v1.0.1.mod", True),
        moved.key("example.com/a/@v/v1.0.0.mod", True),
    }
    assert len(keys) == 4


def test_module_paths_stay_below_the_url() -> None:
    url = settings().at("example.com/!up/@v/v1.0.0+incompatible.zip")
    assert str(url).startswith("https://up.example.com/goproxy/example.com/!up/@v/")
    assert str(url).endswith("v1.0.0+incompatible.zip")
    assert settings().at("a b#c?d%2f").raw_path == "/goproxy/a%20b%23c%3Fd%252f"


@pytest.mark.parametrize(
    ("location", "hosts", "leads_to"),
    [
        ("/other", (), "https://up.example.com/other"),
        ("https://up.example.com/x", (), "https://up.example.com/x"),
        ("https://cdn.example.net/x", ("cdn.example.net",), "https://cdn.example.net/x"),
        ("https://a.cdn.example.net/x", ("*.cdn.example.net",), "https://a.cdn.example.net/x"),
        (
            "https://cdn.example.net:8443/",
            ("cdn.example.net:8443",),
            "https://cdn.example.net:8443/",
        ),
        ("https://cdn.example.net:8444/", ("cdn.example.net:8443",), None),
        ("https://cdn.example.net/x", (), None),
        ("https://up.example.com:444/x", (), None),
        ("http://up.example.com/x", ("up.example.com",), None),
        ("http://cdn.example.net/x", ("cdn.example.net",), None),
        ("ftp://up.example.com/x", ("up.example.com",), None),
        ("file:///etc/passwd", ("*",), None),
        ("https://evil.example.org/cdn.example.net", ("cdn.example.net",), None),
        ("https://cdn.example.net.evil.org/", ("cdn.example.net",), None),
        ("http://[::1", ("*",), None),
    ],
)
def test_redirects(location: str, hosts: tuple[str, ...], leads_to: str | None) -> None:
    remote = settings(redirect_hosts=hosts)
    origin = URL("https://up.example.com/goproxy/a/@v/list")
    if leads_to is None:
        with pytest.raises(UpstreamFault):
            redirects.target(remote, origin, origin, location)
    else:
        assert str(redirects.target(remote, origin, origin, location)) == leads_to


def test_user_names_in_redirects_are_dropped() -> None:
    remote = settings(redirect_hosts=("cdn.example.net",))
    origin = URL("https://up.example.com/goproxy/a/@v/list")
    url = redirects.target(remote, origin, origin, "https://u:p@cdn.example.net/x")
    assert str(url) == "https://cdn.example.net/x"
