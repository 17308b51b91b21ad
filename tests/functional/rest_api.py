"""A small client of Pulp's REST API, and module zips to send."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.functional.serving import USERNAME, data_dirs
from tests.functional.tasks import Tasks, await_end, await_group, created_by
from tests.gomods import pack

STATUS = "/pulp/api/v3/status/"
MODULES = "content/gomod/modules/"
MODFILES = "content/gomod/modfiles/"
RELEASES = "gomod/releases/"
SUMDBS = "gomod/sumdbs/"
REPOSITORIES = "repositories/gomod/gomod/"
REMOTES = "remotes/gomod/gomod/"
PUBLICATIONS = "publications/gomod/gomod/"
DISTRIBUTIONS = "distributions/gomod/gomod/"

TASK_TIMEOUT = 120
# Seconds between two looks at a task, each of which costs the server some of what the task needs.
_FIRST_LOOKS, _LATER_LOOKS = 0.1, 0.4
_UNFINISHED = {"waiting", "running", "canceling"}

# Whether servers have domains, by their URLs and data directories: to say it costs them more than anything else here.
_with_domains: dict[tuple[str, Path | None], bool] = {}


class TaskFailed(Exception):
    """A task that did not complete; `description` is its error."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.description: str = (task["error"] or {}).get("description", "")
        super().__init__(f"{task['name']} {task['state']}: {self.description}")


class Ended(Mapping[str, Any]):
    """
    A task that has completed, which nothing changes any more: the API is asked for it by those who look at it only.

    Args:
        load: Asks the API.
    """

    def __init__(self, load: Callable[[], dict[str, Any]]) -> None:
        self._load = load

    @cached_property
    def _task(self) -> dict[str, Any]:
        return self._load()

    def __getitem__(self, name: str) -> Any:
        return self._task[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._task)

    def __len__(self) -> int:
        return len(self._task)


class Rest:
    """
    The REST API as one user sees it.

    Attributes:
        url: The server's base URL.
        auth: User name and password, or None for nobody.
        domains: Whether the server has domains.
        root: The path of the API, of one domain if there are several.
    """

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None,
        domain: str = "default",
        domains: bool | None = None,
    ) -> None:
        """
        Args:
            url: The server's base URL.
            auth: User name and password, or None for nobody.
            domain: The domain, if there are several.
            domains: Whether there are; each server is asked once if this is not known.
        """
        self.url = url.rstrip("/")
        self.auth = auth
        self.session = requests.Session()
        self.domains: bool = self._has_domains() if domains is None else domains
        self.root = f"/pulp/{domain}/api/v3/" if self.domains else "/pulp/api/v3/"
        if auth:
            # A password check costs a quarter of a second; a session has one.
            self.session.auth = auth
            login = self.call("POST", "login/")
            assert login.status_code == 201, (login.status_code, login.text)
            self.session.auth = None
            self.session.headers["X-CSRFToken"] = self.session.cookies["csrftoken"] or ""
            # Over HTTPS, Django asks for this, too.
            self.session.headers["Referer"] = self.url

    def _has_domains(self) -> bool:
        # Another server may have the port of one that has ended.
        server = self.url, data_dirs.get(self.url)
        if server not in _with_domains:
            _with_domains[server] = self.get(STATUS)["domain_enabled"]
        return _with_domains[server]

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request; `path` is an href or below the API's root."""
        href = path if path.startswith("/") else self.root + path
        return self.session.request(method, self.url + href, timeout=TASK_TIMEOUT, **kwargs)

    def status(self, method: str, path: str, **kwargs: Any) -> int:
        """Send a request and return only the status of the answer."""
        return self.call(method, path, **kwargs).status_code

    def get(self, path: str, **params: Any) -> Any:
        """Get something that is there."""
        response = self.call("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def names(self, path: str, **params: Any) -> list[str]:
        """List modules as module@version, sorted unless an ordering is asked for."""
        results = self.get(path, limit=1000, **params)["results"]
        names = [f"{each['module']}@{each['version']}" for each in results]
        return names if "ordering" in params else sorted(names)

    def create(self, path: str, **body: Any) -> dict[str, Any]:
        """Create something, in a task or at once, and return it."""
        response = self.call("POST", path, json=body)
        if response.status_code == 202:
            created: dict[str, Any] = self.get(self._created(path, response))
            return created
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    def create_in_task(self, path: str, **body: Any) -> str:
        """Create something in a task, and return its href without looking at it."""
        return self._created(path, self.call("POST", path, json=body))

    def _created(self, path: str, response: requests.Response) -> str:
        """Wait for a task, and return the href of what it has created at the path."""
        task = self.wait(response)
        pk = None if path.startswith("/") else created_by(self.url, response.json()["task"])
        if pk is not None:
            return f"{self.root}{path}{pk}/"
        href: str = task["created_resources"][0]
        return href

    def wait(self, response: requests.Response) -> Mapping[str, Any]:
        """Wait for the task of a 202, and raise TaskFailed if it does not complete."""
        assert response.status_code == 202, (response.status_code, response.text)
        state = await_end(self.url, response.json()["task"], TASK_TIMEOUT)
        if state == "completed" and self.auth and self.auth[0] == USERNAME:
            # Others may not be allowed to see it.
            return Ended(lambda: self.get(response.json()["task"]))
        end, pause = time.monotonic() + TASK_TIMEOUT, _FIRST_LOOKS
        while time.monotonic() < end:
            task: dict[str, Any] = self.get(response.json()["task"])
            if task["state"] == "completed":
                return task
            if task["state"] in ("failed", "canceled"):
                raise TaskFailed(task)
            time.sleep(pause)
            pause = min(pause * 1.5, _LATER_LOOKS)
        raise AssertionError(f"still {task['state']}: {task['name']}")

    def wait_for_group(self, href: str, enough: Callable[[Tasks], bool]) -> list[dict[str, Any]]:
        """Wait for all tasks of a group, which `enough` tells, and return them however they ended."""
        await_group(self.url, href, enough, TASK_TIMEOUT)
        end = time.monotonic() + TASK_TIMEOUT
        while time.monotonic() < end:
            tasks = self.get(href)["tasks"]
            states = {each["state"] for each in tasks}
            if not states & _UNFINISHED and enough(
                [(each["name"], each["state"]) for each in tasks]
            ):
                return [self.get(each["pulp_href"]) for each in tasks]
            time.sleep(_LATER_LOOKS)
        raise AssertionError(f"the tasks of {href} do not end")

    def post_zips(self, *zips: bytes, **fields: Any) -> requests.Response:
        """Upload one zip as `file`, or several as `files`."""
        name = "file" if len(zips) == 1 else "files"
        files = [(name, (f"{n}.zip", zip)) for n, zip in enumerate(zips)]
        return self.call("POST", MODULES, files=files, data=fields)

    def publish(self, *zips: bytes, **fields: Any) -> Mapping[str, Any]:
        """Upload zips and wait for the task."""
        return self.wait(self.post_zips(*zips, **fields))

    def add_artifact(self, data: bytes) -> str:
        """Store an artifact and return its href."""
        response = self.call("POST", "artifacts/", files={"file": data})
        assert response.status_code == 201, response.text
        href: str = response.json()["pulp_href"]
        return href

    def add_upload(self, data: bytes, *, announced: int | None = None, chunk: int = 100) -> str:
        """Send a chunked upload and return its href."""
        size = len(data) if announced is None else announced
        href: str = self.create("uploads/", size=size)["pulp_href"]
        for start in range(0, len(data), chunk):
            part = data[start : start + chunk]
            end = start + len(part) - 1
            response = self.call(
                "PUT",
                href,
                files={"file": part},
                headers={"Content-Range": f"bytes {start}-{end}/{size}"},
            )
            assert response.status_code == 200, response.text
        return href

    def create_repository(self, **body: Any) -> str:
        """Create a Go repository and return its href."""
        made = self.create(REPOSITORIES, name=f"rest-{uuid4()}", **body)
        href: str = made["pulp_href"]
        return href

    def latest(self, repository: str) -> str:
        """The href of the newest version of a repository."""
        href: str = self.get(repository)["latest_version_href"]
        return href

    def held(self, repository: str, **params: Any) -> list[str]:
        """What the newest version of a repository holds, as module@version."""
        return self.names(MODULES, repository_version=self.latest(repository), **params)

    def modify(self, repository: str, **body: Any) -> Mapping[str, Any]:
        """Modify a repository and wait for the task."""
        return self.wait(self.call("POST", f"{repository}modify/", json=body))


@dataclass(frozen=True)
class Made:
    """
    A made-up module, whose path nobody else uses.

    Attributes:
        path: The module path.
    """

    path: str = field(default_factory=lambda: f"example.com/r{uuid4().hex[:12]}")

    def zip(self, version: str = "v1.0.0", **files: str) -> bytes:
        """Pack a version; `files` are more files by their names without `.go`."""
        return pack(
            f"{self.path}@{version}/",
            [
                ("go.mod", f"module {self.path}\n\ngo 1.21\n".encode()),
                ("code.go", b"package code\n"),
                *((f"{name}.go", text.encode()) for name, text in files.items()),
            ],
        )
