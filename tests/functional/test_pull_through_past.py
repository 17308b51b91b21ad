"""What a repository has on record, when several pull through one remote."""

from tests.functional.owners import Owner
from tests.functional.rest_api import Rest
from tests.functional.serving import Server
from tests.functional.upstream_world import Mirror, running
from tests.gomods import pack


def test_what_another_repository_cached_is_compared_too(server: Server) -> None:
    rest = Rest(server.url, (server.username, server.password))
    with running() as upstream:
        made = upstream.add("example.com/had", "v1.0.0")
        mirror = Mirror.create(rest, upstream, mix="example.com/had")
        owner = Owner.create(rest, immutable=True)
        ours = pack("example.com/had@v1.0.0/", [("go.mod", b"module example.com/had\n// ours\n")])
        assert owner.put(ours).status_code == 201
        assert owner.delete("example.com/had/@v/v1.0.0").status_code == 204
        # Not before: a removal would block what the remote could bring back.
        rest.wait(rest.call("PATCH", owner.distribution, json={"remote": mirror.remote}))
        assert mirror.get("example.com/had/@v/v1.0.0.zip").content == made.zip
        for _ in range(2):
            answer = owner.get("example.com/had/@v/v1.0.0.zip")
            assert answer.status_code == 502, answer.text
            assert "SECURITY ERROR" in answer.text
