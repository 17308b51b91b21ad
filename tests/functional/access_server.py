"""A server with what tests of access need: domains, a CI system's tokens, a guard's variable."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://ci.example.com"
AUDIENCE = "https://goproxy.example.com"
# What the rules below give to workloads of these repositories.
PUBLISHER = "team/publisher"
READER = "team/reader"

GUARD_VARIABLE = "GOMOD_TEST_GUARD_SECRET"
GUARD_SECRET = "a secret of the environment"

_DIRECTORY = "access-settings"
_JWKS = "jwks.json"
_SETTINGS = """\
DOMAIN_ENABLED = True
# Tests send wrong credentials all the time.
GOMOD_LOGIN_FAILURES = 0
ENVVAR_HEADER_CONTENT_GUARD_ALLOWED_VARS = [{variable!r}]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "pulpcore.backends.ObjectRolePermissionBackend",
    "pulpcore.app.workload_identity.backend.WorkloadIdentityBackend",
]
REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES = [
    "pulpcore.app.workload_identity.authentication.WorkloadIdentityAuthentication",
    "pulpcore.app.authentication.BasicAuthentication",
    "rest_framework.authentication.SessionAuthentication",
]
WORKLOAD_IDENTITY = {{
    "providers": {{
        "ci": {{
            "issuer": {issuer!r},
            "audience": {audience!r},
            "jwks_url": {jwks!r},
            "rules": [
                {{
                    "match": {{"repository": {publisher!r}, "ref": "refs/tags/*"}},
                    "grants": [
                        {{
                            "role": "gomod.gorepository_publisher",
                            "scope": {{"type": "object", "name": "ci", "domain": "default"}},
                        }},
                    ],
                }},
                {{
                    "match": {{"repository": {reader!r}}},
                    "grants": [
                        {{
                            "role": "core.rbaccontentguard_downloader",
                            "scope": {{"type": "object", "name": "ci", "domain": "default"}},
                        }},
                    ],
                }},
            ],
        }},
    }},
}}
"""

# Shows the files of its directory for as long as the test run is there.
_SHOW = """
import http.server, os, sys, threading, time
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
while True:
    time.sleep(1)
    os.kill(int(sys.argv[1]), 0)
"""


class Issuer:
    """A CI system that gives its jobs signed tokens, and shows its public key over HTTP."""

    def __init__(self, directory: Path) -> None:
        """
        Args:
            directory: Where the key is kept; all test processes of a run share it.
        """
        self._private = directory / "ci-key.pem"
        self._published = directory / "published"
        self._url = ""

    def create(self) -> None:
        """Make the key."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        self._published.mkdir()
        (self._published / _JWKS).write_text(
            json.dumps({"keys": [public | {"kid": "1", "use": "sig"}]})
        )
        self._private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def publish(self, note: Path) -> str:
        """
        Show the public key on a port of its own, until the servers of this run are stopped, or it is killed.

        Args:
            note: Where to note the process.

        Returns:
            The URL of the key.
        """
        command = [sys.executable, "-c", _SHOW, os.environ["GOMOD_TEST_OWNER"]]
        process = subprocess.Popen(
            command,
            cwd=self._published,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        note.write_text(json.dumps({"pid": process.pid}))
        assert process.stdout
        found = re.search(r"http://[^/]+/", process.stdout.readline())
        assert found
        self._url = found.group()
        return self._url + _JWKS

    def show(self, name: str, text: str) -> str:
        """Show a text beside the published key, and return its URL."""
        (self._published / name).write_text(text)
        return self._url + name

    def token(self, repository: str, **claims: Any) -> str:
        """Return a token for a job of a repository, as CI systems make them."""
        now = int(time.time())
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"repo:{repository}:ref:refs/tags/v1.0.0",
            "repository": repository,
            "ref": "refs/tags/v1.0.0",
            "iat": now,
            "exp": now + 300,
        }
        return jwt.encode(
            said | claims, self._private.read_bytes(), algorithm="RS256", headers={"kid": "1"}
        )


def issuer_of(run_dir: Path) -> Issuer:
    """
    Return the CI system that the server knows.

    Args:
        run_dir: The directory of the test run.
    """
    return Issuer(run_dir / _DIRECTORY)


def write_settings(run_dir: Path) -> dict[str, str]:
    """
    Write the settings of the server, and return the variables to start it with.

    Args:
        run_dir: The directory of the test run.
    """
    # Apart from the notes about servers, which are found by their names.
    directory = run_dir / _DIRECTORY
    directory.mkdir(exist_ok=True)
    settings = directory / "settings.py"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not settings.exists():
            issuer = Issuer(directory)
            issuer.create()
            settings.write_text(
                _SETTINGS.format(
                    variable=GUARD_VARIABLE,
                    issuer=ISSUER,
                    audience=AUDIENCE,
                    jwks=issuer.publish(run_dir / "ci.server.json"),
                    publisher=PUBLISHER,
                    reader=READER,
                )
            )
    return {"PULP_SETTINGS": str(settings), GUARD_VARIABLE: GUARD_SECRET}


def guard_header() -> str:
    """Return the header value that the guard with the variable asks for."""
    return b64encode(GUARD_SECRET.encode()).decode()
