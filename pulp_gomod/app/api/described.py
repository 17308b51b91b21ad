"""
What REST framework does not find by itself for the OpenAPI schema.

The paths of a GOPROXY, most of which the content app answers, and what is said to whoever is refused.
"""

import re
from typing import Any

from django.conf import settings

_OURS = "/gomod/"
# What an href leads to is described below its name, such as {gomod_go_module_href}set_label/.
_OUR_HREFS = "{gomod_"
_PACKAGES = "/api/packages/"

_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_BINARY = {"schema": {"type": "string", "format": "binary"}}

_INFO = {
    "type": "object",
    "required": ["Version"],
    "properties": {
        "Version": {"type": "string", "description": "The canonical version."},
        "Time": {"type": "string", "format": "date-time", "description": "When it was made."},
        "Origin": {
            "type": "object",
            "description": "Where it was made: VCS, URL, Hash and so on.",
            "additionalProperties": {"type": "string"},
        },
    },
}
_FOR_CALLERS = re.compile(r"\s*^(?:Args|Returns|Raises):$", re.MULTILINE)
_METHODS = ("get", "post", "put", "patch", "delete")

#: What is said to whoever is refused, by the name of the component.
_REFUSALS = {
    "400": ("GomodInvalid", "The request is invalid; the response names the fields."),
    "401": ("GomodUnauthorized", "Credentials are missing or wrong."),
    "403": ("GomodForbidden", "This user, or this token, may not do that."),
    "404": ("GomodNotFound", "There is no such object, or this user may not see it."),
}  # fmt: skip


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """
    Add what is missing; drf-spectacular calls it with the finished schema.

    Args:
        result: The schema.
        generator: What has made it.
        request: The request for it.
        public: Whether it is for everybody.

    Returns:
        The schema.
    """
    if not any(app.label == "gomod" for app in getattr(request, "apps", ())):
        return result
    components = result.setdefault("components", {})
    components.setdefault("responses", {}).update(_refusals())
    for path, operations in result["paths"].items():
        if _OURS in path or path.startswith(_OUR_HREFS):
            for method in operations.keys() & set(_METHODS):
                _describe_for_users(operations[method])
                _say_what_labels_answer(path, operations[method])
                _add_refusals(path, method, operations[method])
    security = _security(result)
    for path, described in _goproxy().items():
        for operation in described.values():
            operation.update(tags=["Gomod: GOPROXY"], security=security)
            if getattr(request, "bindings", False):
                operation["x-copy-operationId"] = operation["operationId"]
        result["paths"][path] = described
    return result


def _refusals() -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": {}}
    return {
        name: {"description": text, "content": {"application/json": {"schema": schema}}}
        for name, text in _REFUSALS.values()
    }


def _describe_for_users(operation: dict[str, Any]) -> None:
    """Leave out what docstrings say to those who call the method, which is not the request."""
    description: str = operation.get("description", "")
    operation["description"] = _FOR_CALLERS.split(description, maxsplit=1)[0]


def _say_what_labels_answer(path: str, operation: dict[str, Any]) -> None:
    """Labels are set with 201. REST framework's schema says so only where content can be created, too."""
    if path.endswith("set_label/") and "200" in operation["responses"]:
        operation["responses"]["201"] = operation["responses"].pop("200")


def _add_refusals(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {"401", "403"}
    if operation.get("requestBody") or operation.get("operationId", "").endswith("list"):
        statuses.add("400")
    if "{" in path.replace("{pulp_domain}", ""):
        statuses.add("404")
    for status in sorted(statuses):
        name, _text = _REFUSALS[status]
        reference = {"$ref": f"#/components/responses/{name}"}
        operation["responses"].setdefault(status, reference)


def _security(result: dict[str, Any]) -> list[dict[str, list[str]]]:
    """The schemes of the schema that a GOPROXY takes, too, and nobody at all."""
    schemes = result.get("components", {}).get("securitySchemes", {})
    known: list[dict[str, list[str]]] = [{name: []} for name in schemes if name == "basicAuth"]
    return [*known, {}]


def _goproxy() -> dict[str, dict[str, Any]]:
    """Describe the paths below `/api/packages/{owner}/go/`."""
    domain = ["pulp_domain"] if settings.DOMAIN_ENABLED else []
    root = f"{_PACKAGES}{''.join(f'{{{name}}}/' for name in domain)}{{owner}}/go/"
    owner, named = [*domain, "owner"], [*domain, "owner", "module"]
    one = [*named, "version"]
    text = _read("The file.", _TEXT)
    zipped = _read("The zip.", {"application/zip": _BINARY})
    info = _read("Version and time.", {"application/json": {"schema": _INFO}})
    put = {
        "201": {"description": "The version is published."},
        "202": {"description": "A task publishes it, as `Prefer: respond-async` asks for."},
        **_texts("400", "401", "403", "404", "409", "413", "503", "507"),
    }
    removed = {
        "204": {"description": "The version is removed."},
        **_texts("401", "403", "404", "503"),
    }
    files = f"{root}{{module}}/@v/"
    return {
        f"{root}upload": {"put": _operation("upload", "Publish a module zip", owner, put, True)},
        f"{root}{{module}}/@latest": {"get": _operation("latest", "Newest version", named, info)},
        f"{files}list": {"get": _operation("list", "Tagged versions", named, text)},
        f"{files}{{version}}.info": {"get": _operation("info", "Time of a version", one, info)},
        f"{files}{{version}}.mod": {"get": _operation("mod", "go.mod of a version", one, text)},
        f"{files}{{version}}.zip": {
            "get": _operation("zip", "Zip of a version", one, zipped),
            "put": _operation("put_zip", "Publish the zip of this version", one, put, True),
        },
        f"{files}{{version}}": {"delete": _operation("remove", "Remove a version", one, removed)},
    }


def _operation(
    name: str,
    summary: str,
    parameters: list[str],
    responses: dict[str, Any],
    takes_zip: bool = False,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"goproxy_{name}",
        "summary": summary,
        "parameters": [_parameter(each, "path") for each in parameters],
        "responses": responses,
    }
    if takes_zip:
        described["parameters"] += [_parameter(each, "query") for each in ("time", "origin")]
        # Any type is taken. Some generators of clients leave out what they know no type of.
        types = ("application/zip", "application/octet-stream")
        content = dict.fromkeys(types, _BINARY)
        described["requestBody"] = {"required": True, "content": content}
    return described


_DESCRIPTIONS = {
    "pulp_domain": "The name of the domain.",
    "owner": "The base path of a Go distribution.",
    "module": "The module path, escaped as in GOPROXY: `!a` for `A`. It contains slashes.",
    "version": "The version, escaped in the same way.",
    "time": "When the version was created (RFC 3339).",
    "origin": "Where the version comes from: a JSON object with VCS, URL, Hash and so on.",
}

_LINES = {
    "400": "Go would not accept this zip, or it is not of the version in the URL.",
    "401": "Credentials are needed, or those sent are wrong.",
    "403": "This user, or this token, may not do that; or the version is blocked.",
    "404": "No such owner, module or version.",
    "409": "The version already exists.",
    "413": "The zip is larger than the server accepts.",
    "502": "An upstream could not be reached.",
    "503": "The server is busy, or a part of it is not responding; try again.",
    "507": "The server's disk is full.",
}


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": _DESCRIPTIONS[name],
        "schema": {"type": "string"},
    }


def _read(description: str, content: dict[str, Any]) -> dict[str, Any]:
    """Answers to a request for a file."""
    found = {"description": description, "content": content}
    return {"200": found, **_texts("401", "403", "404", "502")}


def _texts(*statuses: str) -> dict[str, Any]:
    """Answers that are one line of text."""
    return {each: {"description": _LINES[each], "content": _TEXT} for each in statuses}
