"""A real program with hundreds of modules, and the go command that downloads them."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.gomods import find_goroot

#: What tells programs which certificate authorities to trust, where that is not the system's matter.
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Downloaded:
    """
    What the go command did.

    Attributes:
        seconds: How long it took.
        zips: The zips that it downloaded, below the module cache.
    """

    seconds: float
    zips: Sequence[Path]


@dataclass
class Program:
    """
    The source of a program.

    Attributes:
        name: Its module and version.
        source: Its files.
        work: Where the go command may work.
        sumdb: The checksum database, or "" for none.
        zips: What the last download brought.
    """

    name: str
    source: Path
    work: Path
    sumdb: str
    zips: Sequence[Path] = field(default_factory=list)

    def download(self, proxy: str, keep: Path | None = None) -> Downloaded:
        """
        Have the go command download what go.mod says, with an empty module cache.

        Args:
            proxy: The GOPROXY.
            keep: Where to leave what it downloaded, as a directory that `file://` reads; nowhere if None.
        """
        home = self.work / "go"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.source, home / "work")
        command = [str(find_goroot() / "bin" / "go"), "mod", "download"]
        environment = _environment(home, proxy, self.sumdb)
        begun = time.perf_counter()
        subprocess.run(command, cwd=home / "work", env=environment, check=True)
        seconds = time.perf_counter() - begun
        cache = home / "path/pkg/mod/cache/download"
        zips = sorted(path.relative_to(cache) for path in cache.rglob("*.zip"))
        if self.zips and zips != self.zips:
            raise RuntimeError(f"{len(zips)} zips came where {len(self.zips)} had come before")
        self.zips = zips
        if keep is not None:
            shutil.move(cache, keep)
        # Removing it takes long, and what is still to be written to the disk slows the next one down.
        shutil.rmtree(home)
        os.sync()
        return Downloaded(seconds, zips)


def default_proxy() -> str:
    """The GOPROXY that this machine's go command asks first."""
    command = [str(find_goroot() / "bin" / "go"), "env", "GOPROXY"]
    listed = subprocess.check_output(command, text=True).strip()
    return listed.replace("|", ",").split(",")[0].rstrip("/")


def fetch(name: str, proxy: str, work: Path, sumdb: str) -> Program:
    """
    Take a program's source from its module.

    Args:
        name: `module@version`.
        proxy: The GOPROXY that has it.
        work: For its files.
        sumdb: The checksum database, or "" for none.
    """
    home = work / "fetched"
    home.mkdir(parents=True)
    command = [str(find_goroot() / "bin" / "go"), "mod", "download", "-json", name]
    environment = _environment(home, proxy, sumdb)
    done = subprocess.run(command, cwd=home, env=environment, stdout=subprocess.PIPE, check=False)
    said = json.loads(done.stdout)
    if done.returncode:
        raise RuntimeError(f"{name}: {said.get('Error')}; name another one with --program")
    source = work / "source"
    shutil.copytree(said["Dir"], source)
    shutil.rmtree(home)
    return Program(name, source, work, sumdb)


def _environment(home: Path, proxy: str, sumdb: str) -> Mapping[str, str]:
    return {
        **{name: os.environ[name] for name in _AUTHORITIES if name in os.environ},
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "GOPATH": str(home / "path"),
        "GOCACHE": str(home / "cache"),
        "GOPROXY": proxy,
        "GOSUMDB": sumdb or "off",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
    }
