"""A policy over REST, and what the go command makes of what it stops."""

from pathlib import Path

from tests.functional.owners import Go, Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.test_rest_access import grant, new_user
from tests.functional.upstream_world import SUMDB_KEY, Mirror, Upstream

POLICIES = "gomod/policies/"


def test_a_policy_says_what_is_wrong_with_it_and_who_may_release_what_obeys_it(rest: Rest) -> None:
    name = Made().path.replace("/", "-")
    wrong = {
        "deny": [{"module": "a.com/[", "reason": "x"}],
        "allow": [{"module": "a.com", "versions": "1", "reason": "x", "until": "y"}],
        "deny_mode": "maybe",
        "retract_mode": "enforce",
        "licenses": ["MIT", "Motosoto"],
        "licenses_mode": "sometimes",
        "name": "x" * 300,
    }
    for field, value in wrong.items():
        body = {"name": name, field: value}
        answer = rest.call("POST", POLICIES, json=body)
        assert answer.status_code == 400 and list(answer.json()) == [field], answer.text
    answer = rest.call("POST", POLICIES, json={"name": name, "licenses": ["MIT", "GPL3"]})
    assert answer.json()["licenses"][0].endswith("Is it GPL-3.0 or LGPL-3.0 or AGPL-3.0?"), (
        answer.text
    )
    answer = rest.call("POST", POLICIES, json={"name": name, "licenses": ["GPL-3.0 or MIT"]})
    assert "GPL-3.0 or MIT is an expression" in answer.json()["licenses"][0], answer.text
    answer = rest.call("POST", POLICIES, json={"name": name, "allow_mode": "enforce"})
    assert answer.status_code == 400 and "allow" in answer.json()
    entry = {"module": "example.com/bad", "versions": "<v1.2.0", "reason": "it steals keys"}
    made = rest.create(POLICIES, name=name, deny=[entry])
    assert made["deny"][0].items() > entry.items() and made["deny"][0]["since"]
    changed = rest.call("PATCH", made["pulp_href"], json={"deny_mode": "lists"})
    assert changed.status_code == 200 and changed.json()["deny"] == made["deny"]
    changed = rest.call("PATCH", made["pulp_href"], json={"licenses": ["GPL-3.0-only", "NONE"]})
    assert changed.json()["licenses"] == ["GPL-3.0-only", "NONE"]

    short = {"module": "example.com/other", "reason": "old"}
    changed = rest.call("PATCH", made["pulp_href"], json={"deny": [entry, short]})
    assert [each["versions"] for each in changed.json()["deny"]] == ["<v1.2.0", ""]
    for part in ({"module": "example.com"}, {"reason": "x"}):
        assert rest.call("PATCH", made["pulp_href"], json={"deny": [part]}).status_code == 400

    owner = Owner.create(rest)
    user = new_user(rest)
    for role, of in (
        ("gomod.godistribution_owner", owner.distribution),
        ("gomod.gorepository_owner", owner.repository),
    ):
        grant(rest, of, user, role)
    obey = {"policy": made["pulp_href"]}
    assert user.call("PATCH", owner.distribution, json=obey).status_code == 400
    rest.wait(rest.call("PATCH", owner.distribution, json=obey))
    refused = user.call("PATCH", owner.distribution, json={"policy": None})
    assert refused.status_code == 400 and "policy" in refused.json()
    assert user.status("GET", made["pulp_href"]) == 404
    in_use = rest.call("DELETE", made["pulp_href"])
    assert in_use.status_code == 409
    name = rest.get(owner.distribution)["name"]
    assert f"This policy is in use: go distribution {name}. " in in_use.json()["detail"]
    rest.wait(rest.call("PATCH", owner.distribution, json={"policy": None}))
    assert rest.status("DELETE", made["pulp_href"]) == 204


def test_the_go_command_finds_no_way_around(rest: Rest, upstream: Upstream, tmp_path: Path) -> None:
    path = f"github.com/{Made().path.replace('.', '-')}"
    for version in ("v1.0.0", "v1.1.0"):
        upstream.add(path, version)
    upstream.modules[path]["main"] = upstream.add(path, "v1.2.0", "retract v1.1.0")
    mirror = Mirror.create(rest, upstream)
    entry = {"module": path, "versions": "v1.2.0", "reason": "it steals keys"}
    policy = rest.create(POLICIES, name=path.replace("/", "-"), deny=[entry])
    obey = {"policy": policy["pulp_href"]}
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json=obey))
    go = Go.create(tmp_path)
    for query in ("latest", "v1", "upgrade"):
        go.run(mirror.url, "get", f"{path}@{query}")
        assert f"{path} v1." in (go.directory / "work" / "go.mod").read_text()
    go.run(mirror.url, "get", f"{path}@latest")
    assert f"{path} v1.0.0" in (go.directory / "work" / "go.mod").read_text()
    go.run(mirror.url, "get", "-u", path)
    for proxy in (mirror.url, f"{mirror.url},direct", f"{mirror.url},off"):
        for version in ("v1.2.0", "main"):
            failed = go.run(proxy, "get", f"{path}@{version}", check=False)
            assert failed.returncode != 0 and "it steals keys" in failed.stderr
    # Only who says so goes on after any error: to where there is nothing, and no git to go there with.
    on = {"HTTPS_PROXY": "http://127.0.0.1:9", "GOVCS": "*:off"}
    failed = go.run(f"{mirror.url}|direct", "get", f"{path}@v1.2.0", check=False, env=on)
    assert failed.returncode != 0 and "disallows using git" in failed.stderr
    failed = go.run("off", "get", f"{path}@v1.2.0", check=False)
    assert failed.returncode != 0 and "disabled by GOPROXY=off" in failed.stderr


def test_the_go_command_gets_nothing_young(rest: Rest, upstream: Upstream, tmp_path: Path) -> None:
    path = Made().path
    for version in ("v1.0.0", "v1.1.0"):
        upstream.add(path, version)
    upstream.sign()
    mirror = Mirror.create(rest, upstream, sumdb=SUMDB_KEY, cache_ttl=0)
    go = Go.create(tmp_path)
    for version in ("v1.1.0", "v1.0.0"):
        go.run(mirror.url, "get", f"{path}@{version}")
    mirror.until(lambda: len(mirror.held()) == 2)
    # What is here already is free.
    policy = rest.create(POLICIES, name=path.replace("/", "-"), hold_days=14)
    assert policy["hold_since"] and policy["hold_mode"] == "enforce"
    obey = {"policy": policy["pulp_href"]}
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json=obey))
    young = upstream.add(path, "v1.2.0", "retract v1.1.0")
    upstream.modules[path]["main"] = young

    def required() -> str:
        return (go.directory / "work" / "go.mod").read_text()

    for query in ("latest", "v1", "upgrade", "patch"):
        go.run(mirror.url, "get", f"{path}@{query}")
        assert f"{path} v1.0.0" in required()
    go.run(mirror.url, "get", "-u", path)
    go.run(mirror.url, "mod", "download", path)
    listed = go.run(mirror.url, "list", "-m", "-versions", "-retracted", path).stdout
    assert listed.split()[1:] == ["v1.0.0"]
    why = "is held back here for 14 days"
    for proxy in (mirror.url, f"{mirror.url},direct", f"{mirror.url},off", f"{mirror.url}|off"):
        for version in ("v1.2.0", "main", ">=v1.2.0"):
            failed = go.run(proxy, "get", f"{path}@{version}", check=False)
            # No version that matches is on the list.
            said = "no matching versions" if version.startswith(">") else why
            assert failed.returncode != 0 and said in failed.stderr, failed.stderr
    assert f"{path} v1.0.0" in required()
    go.run(mirror.url, "mod", "edit", f"-require={path}@v1.2.0")
    built = go.run(mirror.url, "mod", "download", path, check=False)
    assert built.returncode != 0 and why in built.stderr and "free on" in built.stderr

    rest.wait(rest.call("PATCH", mirror.owner.distribution, json={"policy": None}))
    held = go.run(f"{mirror.url}/hold/14d", "mod", "download", path, check=False)
    assert held.returncode != 0 and "hold/14d in the URL" in held.stderr
    go.run(mirror.url, "mod", "download", path)
