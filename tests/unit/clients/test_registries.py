"""What registries say they have, and trees of it on their way to the server."""

import base64
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pulp_glue.common.exceptions import PulpException
from pulp_glue.gomod import trees
from pulp_glue.gomod.auditing import plain_session
from pulp_glue.gomod.registries import Registry

NAMES = [(f"example.com/m{number:04}", "v1.0.0") for number in range(2500)]
SPAN = 2000
# The first ones have the highest versions.
MANY = [(path, f"v{9 - number // 300}.0.0") for number, (path, _) in enumerate(NAMES)]


class Fake(BaseHTTPRequestHandler):
    """A registry that has the modules of NAMES, and says so in one of three ways."""

    kind = ""
    asked: list[str] = []
    users: list[str] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        type(self).asked.append(url.path)
        body = getattr(self, f"_{self.kind}")(url.path, query)
        if body is None and url.path.startswith("/go/example.com/m0000/@v/v1.0.0."):
            body = url.path.rpartition(".")[2].encode()
        self.send_response(self._status(url.path) if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("Location", "/go/index")
        self.end_headers()
        self.wfile.write(body or b"")

    def _status(self, path: str) -> int:
        if self.kind == "guarded":
            return 302 if path == "/go/there" else 401
        # As those answer that keep something back.
        return 403 if "m0002" in path else 404

    def _index(self, path: str, query: dict[str, str]) -> bytes | None:
        if path != "/go/index":
            return None
        first = int(query.get("since", "0"))
        lines = [
            json.dumps({"Path": path, "Version": version, "Timestamp": str(number)})
            for number, (path, version) in enumerate(NAMES)
        ]
        return "\n".join(lines[first : first + int(query["limit"])]).encode()

    def _catalog(self, path: str, query: dict[str, str]) -> bytes | None:
        if path != "/go/catalog":
            return None
        first = int(query.get("token") or "0")
        last = first + min(int(query["pagesize"]), 1000)
        said: dict[str, object] = {
            "modules": [{"module": each[0], "version": each[1]} for each in NAMES[first:last]]
        }
        if last < len(NAMES):
            said["next"] = str(last)
        return json.dumps(said).encode()

    def _athens(self, path: str, query: dict[str, str]) -> bytes | None:
        """As the disk storage of Athens finds them: a version that was passed by is of no other module, either."""
        if path != "/go/catalog":
            return None
        module, _, version = query.get("token", "").partition("|")
        found = [each for each in MANY if each[0] >= module and each[1] > version]
        page = found[: int(query["pagesize"])]
        said: dict[str, object] = {"modules": [{"module": p, "version": v} for p, v in page]}
        if len(found) >= int(query["pagesize"]):
            said["next"] = "|".join(page[-1])
        return json.dumps(said).encode()

    def _gitea(self, path: str, query: dict[str, str]) -> bytes | None:
        if path != "/api/v1/packages/team":
            return None
        assert query["type"] == "go"
        first = (int(query["page"]) - 1) * 30
        some = NAMES[:100][first : first + 30]
        return json.dumps([{"name": each[0], "version": each[1]} for each in some]).encode()

    def _capitals(self, path: str, query: dict[str, str]) -> bytes | None:
        """As Gitea finds a package: both names in small letters, and nothing decoded."""
        place, _, file = path.removeprefix("/api/packages/team/go/").rpartition(".")
        found = place.lower() == "example.com/team/m/@v/v1.0.0-rc.1"
        return file.encode() if found else None

    def _odd(self, path: str, query: dict[str, str]) -> bytes | None:
        # No list, a list of something else, and never an end.
        return {
            "/go/index": b"<html>welcome</html>",
            "/go/catalog": b'{"modules": [7], "next": "x"}',
            "/api/v1/packages/team": b'[{"name": "example.com/m", "version": "v1.0.0"}]',
        }.get(path)

    def _guarded(self, path: str, query: dict[str, str]) -> bytes | None:
        """For one user only; /go/there is elsewhere on the same host."""
        Fake.users.append(self._user())
        if self._user() != "alice:right":
            return None
        return b"" if path == "/go/index" else None

    def _user(self) -> str:
        kind, _, said = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(said).decode() if kind == "Basic" else ""

    def _nothing(self, path: str, query: dict[str, str]) -> bytes | None:
        return None

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Fake.asked, Fake.users = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("kind", ["index", "catalog"])
def test_registries_that_list_everything(url: str, kind: str) -> None:
    Fake.kind = kind
    assert Registry(f"{url}/go/").names() == NAMES


def test_the_disk_storage_of_athens_is_listed_as_a_whole(url: str) -> None:
    Fake.kind = "athens"
    assert Registry(f"{url}/go").names() == MANY


def test_owners_of_gitea(url: str) -> None:
    Fake.kind = "gitea"
    assert Registry(f"{url}/api/packages/team/go").names() == NAMES[:100]


def test_gitea_does_not_know_the_escapes_of_capitals(url: str, tmp_path: Path) -> None:
    Fake.kind = "capitals"
    names = [("example.com/Team/M", "v1.0.0-RC.1"), ("example.com/none/M", "v1.0.0")]
    missing = Registry(f"{url}/api/packages/team/go").download(names, tmp_path)
    assert missing == {"example.com/none/M@v1.0.0": "v1.0.0.info: the registry answers 404"}
    place = tmp_path / "example.com" / "!team" / "!m" / "@v"
    assert sorted(path.name for path in place.iterdir()) == [
        f"v1.0.0-!r!c.1.{file}" for file in ("info", "mod", "zip")
    ]
    # Any other registry knows them, and is asked for nothing else.
    Fake.asked.clear()
    Registry(f"{url}/go").download(names[:1], tmp_path / "other")
    assert Fake.asked == ["/go/example.com/!team/!m/@v/v1.0.0-!r!c.1.info"]


def test_a_registry_that_does_not_say(url: str) -> None:
    Fake.kind = "nothing"
    with pytest.raises(PulpException, match="does not say which modules it has") as refused:
        Registry(f"{url}/go".replace("//", "//user:secret@")).names()
    assert "secret" not in str(refused.value)


def test_lists_that_cannot_be_read_or_do_not_end(url: str) -> None:
    Fake.kind = "odd"
    with pytest.raises(PulpException, match="list cannot be read"):
        Registry(f"{url}/go").names()
    assert Registry(f"{url}/api/packages/team/go").names() == [("example.com/m", "v1.0.0")]


def test_what_is_there_is_not_asked_for_again(url: str, tmp_path: Path) -> None:
    Fake.kind = "nothing"
    registry = Registry(f"{url}/go")
    missing = registry.download(NAMES[:3], tmp_path)
    assert missing == {
        "example.com/m0001@v1.0.0": "v1.0.0.info: the registry answers 404",
        "example.com/m0002@v1.0.0": "v1.0.0.info: the registry answers 403",
    }
    files = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"]
    Fake.asked.clear()
    registry.download(NAMES[:1], tmp_path)
    assert Fake.asked == []


def test_a_directory_that_cannot_be_written_is_named(url: str, tmp_path: Path) -> None:
    Fake.kind = "nothing"
    (tmp_path / "file").touch()
    with pytest.raises(PulpException) as refused:
        Registry(f"{url}/go").download(NAMES[:1], tmp_path / "file")
    assert str(refused.value).endswith("/@v: Not a directory")


def test_a_directory_is_a_tar_of_what_belongs_to_a_tree(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "download"
    wanted = {
        "example.com/m/@v/v1.0.0.zip": b"z" * 700,
        "example.com/m/@v/v1.0.0.info": b"{}",
        "sumdb/sum.example.org/lookup/example.com/m@v1.0.0": b"1",
        f"example.com/{'l' * 200}/@v/v1.0.0.mod": b"",
    }
    others = ("example.com/m/@v/v1.0.0.lock", "example.com/m/@v/list", "example.com/m/x.go")
    for name, data in {**wanted, **dict.fromkeys(others, b"no")}.items():
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(data)
    made = trees.open_tar(tmp_path)
    data = b"".join(made.blocks())
    assert len(data) == made.size
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {each.name: tar.extractfile(each) for each in tar}
        assert {name: file.read() for name, file in found.items() if file} == wanted
    # Whatever was sent before, the rest is the rest.
    for skip in (0, 1, 511, 700, len(data) - 1, len(data)):
        pieces = list(trees._pieces(made.blocks(), skip))
        assert b"".join(piece for _, piece in pieces) == data[skip:]


def test_what_is_no_tree_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(PulpException, match="There are no modules below"):
        trees.open_tar(tmp_path)
    file = tmp_path / "tree.tar.gz"
    file.write_bytes(b"\x1f\x8b" + bytes(600))
    with pytest.raises(PulpException, match="is not an uncompressed tar"):
        trees.open_tar(file)


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A .netrc that has credentials for the host of the registry."""
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login alice password right\n")
    monkeypatch.setenv("NETRC", str(file))
    return file


def test_credentials_of_the_url_come_before_those_of_netrc(url: str, netrc: Path) -> None:
    Fake.kind = "guarded"
    with pytest.raises(PulpException, match="the registry answers 401") as refused:
        Registry(f"{url}/go".replace("//", "//alice:wr%6fng@")).names()
    assert "wr" not in str(refused.value) and set(Fake.users) == {"alice:wrong"}
    assert Registry(f"{url}/go").names() == []


def test_a_redirect_does_not_change_who_asks(url: str, netrc: Path) -> None:
    Fake.kind = "guarded"
    answer = plain_session().get(f"{url}/go/there".replace("//", "//bob:own@"))
    assert answer.status_code == 401 and Fake.users == ["bob:own", "bob:own"]


def test_whoever_is_named_to_pulp_is_who_downloads(url: str, netrc: Path) -> None:
    Fake.kind = "guarded"
    session = plain_session()
    session.auth = ("bob", "own")
    session.get(f"{url}/go/there")
    assert Fake.users == ["bob:own", "bob:own"]
