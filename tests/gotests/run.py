"""Run Go's own script tests of module mode with a server between the go command and Go's test proxy.

    python -m tests.gotests.run --server http://127.0.0.1:8080 --username admin --password ... \\
        [--pattern '^mod_'] [--sumdb | --hosted]

The server gets a repository, a distribution, and either a remote for Go's test proxy or its modules, by
upload. The scripts are run twice: straight from the test proxy, and through the server. The exit status is 0
if all that passes straight passes through the server, too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import requests

from tests.functional.rest_api import DISTRIBUTIONS, REMOTES, REPOSITORIES, Rest
from tests.functional.upstream_world import unused_port

_RESULT = re.compile(r"^    --- (PASS|FAIL|SKIP): TestScript/(\S+)", re.MULTILINE)
_KEY = re.compile(r'testSumDBVerifierKey = "([^"]+)"')
_PATCHES = {
    '"GOPROXY=" + proxyURL,': '"GOPROXY=" + cmp.Or(os.Getenv("SCRIPT_GOPROXY"), proxyURL),',
}
_IMPORT = "import (\n"


def build(goroot: Path, directory: Path) -> Path:
    """
    Build cmd/go's tests with a GOPROXY that can be told from outside.

    Args:
        goroot: Where Go's sources are; nothing is changed there.
        directory: Where the binary goes.
    """
    source = goroot / "src/cmd/go/script_test.go"
    text = source.read_text()
    for before, after in _PATCHES.items():
        assert before in text, f"{source} is not as it was"
        text = text.replace(before, after)
    if '"cmp"' not in text:
        text = text.replace(_IMPORT, f'{_IMPORT}\t"cmp"\n', 1)
    patched = directory / "script_test.go"
    patched.write_text(text)
    overlay = directory / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(source): str(patched)}}))
    binary = directory / "go.test"
    subprocess.run(
        [goroot / "bin/go", "test", "-c", "-overlay", overlay, "-o", binary, "."],
        cwd=source.parent,
        check=True,
    )
    return binary


def run_scripts(
    binary: Path, goroot: Path, pattern: str, parallel: int, proxy: str = ""
) -> tuple[dict[str, str], str]:
    """
    Run scripts; return what became of each, and all output.

    Args:
        binary: From `build`.
        goroot: Where Go's sources are.
        pattern: Which scripts, a regular expression.
        parallel: How many at a time.
        proxy: The GOPROXY; "" for Go's test proxy itself.
    """
    done = subprocess.run(
        [binary, "-test.run", f"TestScript/{pattern}", "-test.v", f"-test.parallel={parallel}"],
        cwd=goroot / "src/cmd/go",
        env=os.environ | {"SCRIPT_GOPROXY": proxy, "GOFLAGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return {name: result for result, name in _RESULT.findall(done.stdout)}, done.stdout


@contextmanager
def started(*command: object, cwd: Path | None = None, url: str) -> Iterator[None]:
    """A process that answers at a URL, for as long as it is needed."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                requests.get(url, timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None and time.monotonic() < end, command
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def set_up(rest: Rest, upstream: str, sumdb: str) -> str:
    """
    Make a distribution that pulls through, and return its URL.

    Args:
        rest: The server.
        upstream: The remote's URL.
        sumdb: The remote's checksum database.
    """
    name = f"gotests-{uuid4().hex[:8]}"
    repository = rest.create(REPOSITORIES, name=name)["pulp_href"]
    remote = rest.create(REMOTES, name=name, url=upstream, policy="on_demand", sumdb=sumdb)
    rest.create(
        DISTRIBUTIONS, name=name, base_path=name, repository=repository, remote=remote["pulp_href"]
    )
    return f"{rest.url}/pulp/content/{name}"


def fill(rest: Rest, upstream: str, goroot: Path) -> tuple[str, set[str]]:
    """
    Upload the modules of Go's test proxy; return the distribution's URL, and what it does not hold.

    Args:
        rest: The server.
        upstream: The test proxy's URL.
        goroot: Where Go's sources are.

    Returns:
        The URL, and the escaped paths of modules of which a version is malformed or is not all in its zip.
    """
    name = f"gotests-{uuid4().hex[:8]}"
    repository = rest.create(REPOSITORIES, name=name)["pulp_href"]
    rest.create(DISTRIBUTIONS, name=name, base_path=name, repository=repository)
    url = f"{rest.url}/api/packages/{name}/go"

    def upload(file: str) -> tuple[str, str]:
        path, _, version = file.rpartition("_v")
        path = path.replace("_", "/")
        theirs, ours = (f"{root}/{path}/@v/v{version}" for root in (upstream, url))
        told = {
            kind: requests.get(f"{theirs}.{kind}", timeout=60) for kind in ("info", "mod", "zip")
        }
        time = told["info"].json().get("Time") if told["info"].ok else None
        answer = rest.session.put(
            f"{url}/upload",
            data=told["zip"].content,
            params={"time": time} if time else {},
            timeout=600,
        )
        if answer.status_code != 201:
            return path, f"v{version}: {answer.text.strip()}"
        # Of what stands beside the zip there, an upload knows nothing.
        if rest.session.get(f"{ours}.mod", timeout=60).content != told["mod"].content:
            return path, f"v{version}: its go.mod is another than that in its zip"
        info = rest.session.get(f"{ours}.info", timeout=60).json()
        if time and info["Time"] != time:
            return path, f"v{version}: its time is not told in UTC"
        return path, ""

    files = sorted(file.stem for file in (goroot / "src/cmd/go/testdata/mod").glob("*_v*.txt"))
    with ThreadPoolExecutor(8) as pool:
        refused = [(path, why) for path, why in pool.map(upload, files) if why]
    for path, why in refused:
        print(f"not from the server: {path} {why}")
    print(f"{len(files) - len(refused)} module versions from the server, {len(refused)} are not")
    return url, {path for path, _ in refused}


def compare(straight: dict[str, str], through: dict[str, str], output: str) -> int:
    """Print what passes straight and not through the server; return how many."""
    passed = {name for name, result in straight.items() if result == "PASS"}
    lost = sorted(name for name in passed if through.get(name) != "PASS")
    for name in lost:
        print(f"passes straight, but not through the server: {name}")
    for line in output.splitlines():
        if "FAIL: testdata/script/" in line and any(f"/{name}.txt" in line for name in lost):
            print(line.strip())
    print(f"{len(passed) - len(lost)} passed, {len(lost)} failed")
    return len(lost)


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--username", default="admin")
    parser.add_argument("--password", required=True)
    parser.add_argument("--pattern", default="^mod_")
    parser.add_argument("--parallel", type=int, default=2)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--sumdb", action="store_true", help="let the server verify, too")
    mode.add_argument("--hosted", action="store_true", help="upload the modules; no remote")
    parser.add_argument("--log", type=Path, help="where the output of the second run goes")
    chosen = parser.parse_args()
    found = subprocess.check_output(["go", "env", "GOROOT"], text=True)
    goroot = Path(found.strip())
    rest = Rest(chosen.server, (chosen.username, chosen.password))
    with tempfile.TemporaryDirectory() as directory:
        binary = build(goroot, Path(directory))
        go_dir = goroot / "src/cmd/go"
        key = _KEY.search((go_dir / "proxy_test.go").read_text())
        assert key
        test_proxy, router = unused_port(), unused_port()
        upstream = f"http://127.0.0.1:{test_proxy}/mod"
        straight, _ = run_scripts(binary, goroot, chosen.pattern, chosen.parallel)
        # Without a checksum database of the server's own, clients ask the test proxy for it.
        direct = [] if chosen.sumdb else ["--sumdb-direct"]
        address = f"127.0.0.1:{router}"
        with started(binary, "-proxy", f"127.0.0.1:{test_proxy}", cwd=go_dir, url=upstream):
            if chosen.hosted:
                distribution, refused = fill(rest, upstream, goroot)
                direct += [f"--direct={path}" for path in sorted(refused)]
            else:
                distribution = set_up(rest, upstream, key[1] if chosen.sumdb else "off")
            place = (address, upstream, distribution, *direct)
            command = (sys.executable, "-m", "tests.gotests.router", *place)
            with started(*command, url=f"http://{address}/"):
                through, output = run_scripts(
                    binary, goroot, chosen.pattern, chosen.parallel, f"http://{address}/mod"
                )
    if chosen.log:
        chosen.log.write_text(output)
    return 1 if compare(straight, through, output) else 0


if __name__ == "__main__":
    sys.exit(main())
