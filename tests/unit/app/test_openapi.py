"""The OpenAPI schema of our endpoints comes out without warnings."""

import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

from pulp_gomod.standalone.settings import _AUTHENTICATORS

# pulpcore keeps the warnings to itself, so the generator is asked for them.
_WARNINGS = """
from django.http import HttpRequest, QueryDict
from drf_spectacular.drainage import GENERATOR_STATS
from rest_framework.request import Request
import pulpcore.openapi

pulpcore.openapi.reset_generator_stats = lambda: None
GENERATOR_STATS.silent = True
request = Request(HttpRequest())
request.META.update(SERVER_NAME="localhost", SERVER_PORT="80")
request._request.GET = QueryDict("component=gomod")
schema = pulpcore.openapi.PulpSchemaGenerator().get_schema(request=request, public=True)
assert "/pulp/api/v3/content/gomod/modules/" in schema["paths"], list(schema["paths"])
# Clients look for it by this name.
assert "basicAuth" in schema["components"]["securitySchemes"], schema["components"].keys()
ours = schema["paths"]["/pulp/api/v3/content/gomod/modules/"]
assert {"400", "401", "403"} <= ours["post"]["responses"].keys(), ours["post"]
root = "/api/packages/{owner}/go/"
assert "409" in schema["paths"][root + "upload"]["put"]["responses"]
version = schema["paths"][root + "{module}/@v/{version}"]
assert version.keys() == {"delete"}
assert schema["paths"][root + "{module}/@v/{version}.zip"].keys() == {"get", "put"}
for name in version["delete"]["responses"].keys() & {"401", "403", "404"}:
    assert "text/plain" in version["delete"]["responses"][name]["content"]
href = schema["paths"]["{gomod_go_policy_href}"]
assert {"200", "400", "401", "403", "404"} == href["patch"]["responses"].keys(), href["patch"]
assert {"204", "401", "403", "404", "409"} == href["delete"]["responses"].keys(), href["delete"]
assert href["delete"]["description"].startswith("Refused with 409"), href["delete"]
assert href["get"]["summary"] == "Inspect a policy", href["get"]
for path, operations in schema["paths"].items():
    for operation in operations.values():
        assert "Args:" not in operation.get("description", ""), operation
put = schema["paths"]["{gomod_go_repository_href}"]["put"]
assert {"200", "202"} <= put["responses"].keys(), put
for path, operations in schema["paths"].items():
    if path.startswith("{gomod_") and path.endswith("set_label/"):
        assert {"200", "201"} & operations["post"]["responses"].keys() == {"201"}, path
files = {"latest": "@latest", "list": "@v/list", "info": "@v/{version}.info"}
files |= {"mod": "@v/{version}.mod", "zip": "@v/{version}.zip"}
for file in files.values():
    read = schema["paths"][root + "{module}/" + file]["get"]
    assert "schema" in [*read["responses"]["200"]["content"].values()][0], read
info = schema["paths"][root + "{module}/@latest"]["get"]["responses"]["200"]["content"]
assert info["application/json"]["schema"]["properties"].keys() == {"Version", "Time", "Origin"}
sent = schema["paths"][root + "upload"]["put"]["requestBody"]["content"]
assert sent.keys() == {"application/zip", "application/octet-stream"}, sent
for unit in ("GoModFile", "GoModule", "GoModuleSummary"):
    shown = schema["components"]["schemas"][f"gomod.{unit}Response"]["properties"]
    assert shown["vuln_report"]["type"] == ["string", "null"], (unit, shown["vuln_report"])
print("schema made")
for message in [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]:
    print(message.replace("\\n", " "))
"""


# Filtersets of ours that add no filter to pulpcore's.
_INHERITED = ("Distribution", "Publication", "Remote", "Repository", "RepositoryVersion")


def test_the_schema_has_no_warnings_of_ours(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(urlsafe_b64encode(os.urandom(32)))
    directories = ("DEPLOY_ROOT", "WORKING_DIRECTORY", "MEDIA_ROOT", "STATIC_ROOT")
    environment = {
        "PATH": os.environ["PATH"],
        "PULP_SETTINGS": os.devnull,
        "PULP_SECRET_KEY": "not secret",
        "PULP_DB_ENCRYPTION_KEY": str(key),
        "PULP_CONTENT_ORIGIN": "http://127.0.0.1",
        # As `pulp-gomod serve` has them.
        "PULP_REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES": json.dumps(_AUTHENTICATORS),
        **{f"PULP_{name}": str(tmp_path) for name in directories},
    }
    manager = Path(sys.executable).with_name("pulpcore-manager")
    made = subprocess.run(
        [manager, "shell", "--no-imports", "-c", _WARNINGS],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    first, *messages = made.stdout.splitlines()
    assert first == "schema made"
    # Of every plugin's hrefs, and of what pulpcore's own classes leave untyped.
    stock = (
        "could not derive type of path parameter",
        f"site-packages{os.sep}pulpcore{os.sep}",
        *(f"[Go{each}Filter]: Exception raised while trying resolve" for each in _INHERITED),
    )
    assert [each for each in messages if not any(part in each for part in stock)] == []
