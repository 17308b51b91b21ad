"""Run Go's own script tests of module mode with a server between the go command and Go's test proxy.

    python -m tests.gotests.run --server http://127.0.0.1:8080 --username admin --password ... \\
        [--pattern '^mod_'] [--sumdb]

The server gets a repository, a remote for Go's test proxy, and a distribution. The scripts are run
twice: straight from the test proxy, and through the server. The exit status is 0 if all that passes
straight passes through the server, too.
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
    parser.add_argument("--sumdb", action="store_true", help="let the server verify, too")
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
        distribution = set_up(rest, upstream, key[1] if chosen.sumdb else "off")
        straight, _ = run_scripts(binary, goroot, chosen.pattern, chosen.parallel)
        # Without a checksum database of the server's own, clients ask the test proxy for it.
        direct = [] if chosen.sumdb else ["--sumdb-direct"]
        address = f"127.0.0.1:{router}"
        with (
            started(binary, "-proxy", f"127.0.0.1:{test_proxy}", cwd=go_dir, url=upstream),
            started(
                sys.executable,
                "-m",
                "tests.gotests.router",
                address,
                upstream,
                distribution,
                *direct,
                url=f"http://{address}/",
            ),
        ):
            proxy = f"http://{address}/mod"
            through, output = run_scripts(binary, goroot, chosen.pattern, chosen.parallel, proxy)
    if chosen.log:
        chosen.log.write_text(output)
    return 1 if compare(straight, through, output) else 0


if __name__ == "__main__":
    sys.exit(main())
