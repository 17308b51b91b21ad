"""An owner of Go modules: a repository with a distribution, and its two GOPROXY URLs."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.functional.rest_api import DISTRIBUTIONS, REPOSITORIES, Rest
from tests.gomods import find_goroot

Auth = tuple[str, str] | None


@dataclass(frozen=True)
class Owner:
    """
    A repository and the distribution that serves it.

    Attributes:
        rest: The REST API.
        name: The name of both, and the base path.
        repository: The repository's href.
        distribution: The distribution's href.
    """

    rest: Rest
    name: str
    repository: str
    distribution: str

    @classmethod
    def create(
        cls, rest: Rest, name: str = "owner", *, remote: str | None = None, **body: Any
    ) -> "Owner":
        """Create an owner that nobody else uses; `remote` is for the distribution, `body` for the repository."""
        name = f"{name}-{uuid4().hex[:12]}"
        repository = rest.create(REPOSITORIES, name=name, **body)["pulp_href"]
        distribution = rest.create_in_task(
            DISTRIBUTIONS, name=name, base_path=name, repository=repository, remote=remote
        )
        return cls(rest, name, repository, distribution)

    @property
    def packages_url(self) -> str:
        """The GOPROXY root that is documented for owners."""
        return f"{self.rest.url}/api/packages/{self._place}/go"

    @property
    def content_url(self) -> str:
        """The GOPROXY root below Pulp's content prefix."""
        return f"{self.rest.url}/pulp/content/{self._place}"

    @property
    def _place(self) -> str:
        domain = self.rest.root.split("/")[2]
        return f"{domain}/{self.name}" if self.rest.domains else self.name

    @property
    def urls(self) -> tuple[str, str]:
        """Both GOPROXY roots."""
        return self.packages_url, self.content_url

    def put(self, body: Any, auth: Auth | bool = True, **kwargs: Any) -> requests.Response:
        """Publish; `auth` is True for the administrator, None for nobody."""
        return requests.put(
            f"{self.packages_url}/upload",
            data=body,
            auth=self.rest.auth if auth is True else auth or None,
            timeout=120,
            **kwargs,
        )

    def delete(self, path: str, auth: Auth | bool = True) -> requests.Response:
        """Remove a module version; `path` is `<module>/@v/<version>`, escaped."""
        return requests.delete(
            f"{self.packages_url}/{path}",
            auth=self.rest.auth if auth is True else auth or None,
            timeout=120,
        )

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """Read below the documented GOPROXY root, without credentials."""
        return requests.get(f"{self.packages_url}/{path}", timeout=60, **kwargs)


@dataclass(frozen=True)
class Go:
    """
    The real go command, in a module of its own with an empty cache.

    Attributes:
        directory: Where the main module and the module cache are.
    """

    directory: Path

    @classmethod
    def create(cls, directory: Path, main: str = "package main\n\nfunc main() {}\n") -> "Go":
        """Make the main module."""
        work = directory / "work"
        work.mkdir(parents=True)
        (work / "go.mod").write_text("module example.org/main\n\ngo 1.21\n")
        (work / "main.go").write_text(main)
        return cls(directory)

    def environment(self, proxy: str) -> dict[str, str]:
        """Return an environment in which nothing but the proxy is asked."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "GOPATH": str(self.directory / "path"),
            "GOCACHE": os.environ.get("GOCACHE", str(self.directory / "cache")),
            "GOPROXY": proxy,
            "GONOSUMDB": "*",
            "GOFLAGS": "-mod=mod -modcacherw",
            "GOTOOLCHAIN": "local",
        }

    def run(
        self, proxy: str, *arguments: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run the go command; `check` asks for success."""
        done = subprocess.run(
            [str(find_goroot() / "bin" / "go"), *arguments],
            cwd=self.directory / "work",
            env=self.environment(proxy) | dict(env or {}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done
