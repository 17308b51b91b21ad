"""Requests that no sane client sends: every route of the API description with hostile values.

Seeded, so that a finding can be had again. By hand, for long, against a server of its own that may break:

    python -m tests.functional.fuzzing http://127.0.0.1:8080 admin PASSWORD 20000 [SEED]
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from tests.functional.rest_api import DISTRIBUTIONS, PUBLICATIONS, REMOTES, Made, Rest

DOCUMENT = "/pulp/api/v3/docs/api.json"

NUMBERS = (0, 1, -1, 5, 7, 2**31, 2**63, 2**64, 10**20, 0.5, 1e300)

TEXTS = (
    "",
    " ",
    "\0",
    "x\0",
    "a",
    "true",
    "null",
    "maybe",
    "foo",
    "-1",
    "1e5",
    "٣",
    "'",
    '"',
    "%",
    "%00",
    "\\",
    ",",
    ",,",
    "a,b",
    "é" * 300,
    "a" * 3000,
    "\ud800",
    "\uffff",
    "\u202e",
    "(" * 40,
    "(a=",
    "^(a*)\\1$",
    "[",
    "../../x",
    "/",
    "//",
    "/pulp/",
    "/pulp/api/v3/",
    "/pulp/api/v3/status/",
    "/pulp/api/v3/repositories/gomod/gomod/x/",
    "/pulp/api/v3/repositories/gomod/gomod/x/versions/1/",
    "/pulp/api/v3/users/1/",
    "http://[::1",
    "http://[::1]:x/",
    "http://x:99999999/",
    "prn:",
    "prn:x",
    "prn:core.repository:1",
    "prn:gomod.gorepository:x",
    "prn:nobody.nothing:00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000000",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2020-13-40",
    "infinity",
    "2020-01-01,2021-01-01",
)

# Only inside of bodies: a URL has no room for it.
LONG_TEXTS = ("b" * 1_000_000, "[" * 100_000, "9" * 5000)

NESTED: tuple[Any, ...] = ([], [[]], ["x"], [5], [None], {}, {"a": {}}, {"\0": "\0"}, [{"x": [1]}])

# What comes as a body that is not what it says.
RAW_BODIES = (
    (b"[" * 100_000, "application/json"),
    (b'{"a":' * 100_000, "application/json"),
    (b"9" * 5000, "application/json"),
    (b"", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b"null", "application/json"),
    (b"5", "application/json"),
    (b'"x"', "application/json"),
    (b"[]", "application/json"),
    (b'{"name": "\\ud800"}', "application/json"),
    (b'{"name": NaN}', "application/json"),
    (b"{}", "application/json; charset=none-such"),
    (b"{}", "application/json; indent=99999999999999999999"),
    (b"x", "multipart/form-data"),
    (b"x", "multipart/form-data; boundary=" + "y" * 300),
    (
        b"--y\r\nContent-Disposition: form-data; name=\r\n\r\n\0\r\n--y--",
        "multipart/form-data; boundary=y",
    ),
    (b"name=%00&name=%ff", "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % n for n in range(2000)), "application/x-www-form-urlencoded"),
    (b"x", "text/plain"),
    (b"x", "\xff"),
)

HEADERS = (
    {"Accept": "text/html"},
    {"Accept": "application/json; indent=99999999999"},
    {"Accept": "*/*;q=x"},
    {"Accept": "none/such"},
    {"Content-Range": "bytes 0-x/9"},
    {"Content-Range": "bytes 5-1/99999999999999999999999"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"Correlation-ID": "\xff" * 200},
    {"Accept-Language": "x" * 500},
    {"Cookie": "sessionid=\xff%00; csrftoken=x"},
    {"If-Modified-Since": "yesterday"},
    {"Range": "bytes=-0"},
    {"Prefer": "respond-async"},
)

PATHS = (
    "/pulp/content/{}/",
    "/pulp/content/{}",
    "/pulp/content/go/{}",
    "/pulp/content/go/{}/@v/list",
    "/pulp/content/go/example.com/x/@v/{}",
    "/api/packages/{}/go/upload",
    "/api/packages/go/go/{}",
    "/api/packages/go/go/{}/@v/v1.0.0.mod",
    "/api/packages/go/go/{}/@v/v1.0.0",
    "/api/packages/go/go/sumdb/{}",
    "/pulp/api/v3/{}",
    "/pulp/api/v3/repositories/gomod/gomod/{}/",
    "/pulp/api/v3/repositories/gomod/gomod/{}/versions/{}/",
    "/pulp/api/v3/content/gomod/modules/{}/",
    "/pulp/api/v3/users/{}/roles/",
    "/pulp/api/v3/groups/{}/users/",
    "/{}",
)

# What would take away what other tests need when a request happens to be valid.
FAR_REACHING = (
    "access_policies",
    "domains",
    "exporters",
    "importers",
    "orphans",
    "repair",
    "reclaim_space",
    "purge",
    "replicate",
    "upstream-pulps",
    "users",
)


@dataclass(frozen=True)
class Operation:
    """
    One method of one path of the API description.

    Attributes:
        method: The HTTP method.
        path: The path, with its parameters in braces.
        query: The names of its query parameters.
        fields: The names of the body's fields, with their schemas.
    """

    method: str
    path: str
    query: tuple[str, ...]
    fields: dict[str, Any]

    @property
    def is_far_reaching(self) -> bool:
        """Whether it changes what others need."""
        return self.method != "GET" and any(word in self.path for word in FAR_REACHING)


# An operation, and the parameter or field that is to be wrong: None for the path or the whole body.
Target = tuple[Operation, str | None]


@dataclass
class Sent:
    """
    A request and what came back.

    Attributes:
        method: The HTTP method.
        url: Path and query.
        body: The beginning of the body.
        headers: Its unusual headers.
        status: The status of the answer, 0 where there was none.
        text: The beginning of the answer.
    """

    method: str
    url: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    text: str = ""

    def __str__(self) -> str:
        return (
            f"{self.status} {self.method} {self.url[:300]} {self.headers or ''} "
            f"{self.body[:300]} -> {self.text[:200]!r}"
        )


def read_operations(rest: Rest) -> list[Operation]:
    """Read what the server says it has."""
    document = rest.get(DOCUMENT, pk_path="1")
    schemas = document["components"]["schemas"]
    found = []
    for path, methods in sorted(document["paths"].items()):
        for method, described in sorted(methods.items()):
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            parameters = described.get("parameters", [])
            query = tuple(each["name"] for each in parameters if each["in"] == "query")
            content = described.get("requestBody", {}).get("content", {})
            fields: dict[str, Any] = {}
            for kind in content.values():
                name = kind["schema"].get("$ref", "").rpartition("/")[2]
                fields |= schemas.get(name, {}).get("properties", {})
            found.append(Operation(method.upper(), path, query, fields))
    return found


class Fuzzer:
    """
    Sends requests to a server, all of them with something wrong or odd.

    It goes through all parameters and fields in an order of its own; half of all requests go to ours.

    Args:
        rest: The administrator's API.
        seed: What the requests are drawn from.
        everything: Whether what other tests need may be changed, too.

    Attributes:
        statuses: How often each status was the answer.
    """

    def __init__(self, rest: Rest, seed: int, everything: bool = False) -> None:
        self.rest = rest
        self.random = random.Random(seed)
        self.statuses: Counter[int] = Counter()
        operations = [
            each
            for each in read_operations(rest)
            if "/login/" not in each.path and (everything or not each.is_far_reaching)
        ]
        self._cookies = rest.session.cookies.copy()
        self._ours = self._targets([each for each in operations if "gomod" in each.path])
        self._all = self._targets(operations)
        self.hrefs = list(self._make_objects())

    def _targets(self, operations: list[Operation]) -> Iterator[Target]:
        targets = [
            (operation, name)
            for operation in operations
            for name in (None, *operation.query, *operation.fields)
        ]
        self.random.shuffle(targets)
        return cycle(targets)

    def _make_objects(self) -> Iterator[str]:
        rest, name = self.rest, f"fuzz-{uuid4().hex[:8]}"
        repository = rest.create_repository()
        rest.publish(Made().zip(), repository=repository)
        yield repository
        yield rest.latest(repository)
        yield rest.create(REMOTES, name=name, url="http://127.0.0.1:9/")["pulp_href"]
        yield rest.create(PUBLICATIONS, repository=repository)["pulp_href"]
        yield rest.create(DISTRIBUTIONS, name=name, base_path=name, repository=repository)[
            "pulp_href"
        ]

    def run(self, count: int) -> Iterator[Sent]:
        """Send requests; yield those that a server must not answer so, and what breaks off."""
        for _ in range(count):
            sent = self.send()
            self.statuses[sent.status] += 1
            if sent.status >= 500 or sent.status == 0:
                yield sent

    def send(self) -> Sent:
        """Send one request."""
        if self.random.random() < 0.15:
            return self._send_path()
        return self._send_operation(*next(self.random.choice((self._ours, self._all))))

    def _send_path(self) -> Sent:
        template = self.random.choice(PATHS)
        path = template.format(*(self._segment() for _ in range(template.count("{}"))))
        method = self.random.choice(("GET", "GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"))
        return self._call(method, path, data=b"x" if method in ("PUT", "POST") else None)

    def _send_operation(self, operation: Operation, wrong: str | None) -> Sent:
        path = operation.path
        while "{" in path:
            before, _, rest = path.partition("{")
            path = before + self._path_value(before, wrong is None) + rest.partition("}")[2]
        if wrong in operation.query:
            path += f"?{wrong}={self._quoted()}"
            if self.random.random() < 0.2:
                path += f"&{self.random.choice(operation.query)}={self._quoted()}"
        if operation.method in ("GET", "DELETE"):
            return self._call(operation.method, path)
        return self._call(operation.method, path, **self._body(operation, wrong))

    def _body(self, operation: Operation, wrong: str | None) -> dict[str, Any]:
        if wrong is None:
            data, kind = self.random.choice(RAW_BODIES)
            return {"data": data, "headers": {"Content-Type": kind}}
        sane = {name: self._sane(name, schema) for name, schema in operation.fields.items()}
        body = {name: value for name, value in sane.items() if value is not None}
        body[wrong] = self._value()
        if self.random.random() < 0.15:
            flat = {k: v for k, v in body.items() if not isinstance(v, dict | list)}
            files = {"file": ("x\0", b"PK", "x")} if self.random.random() < 0.5 else None
            data = {k: str(v).encode("utf-8", "replace") for k, v in flat.items()}
            return {"data": data, "files": files}
        return {"data": json.dumps(body), "headers": {"Content-Type": "application/json"}}

    def _sane(self, name: str, schema: dict[str, Any]) -> Any:
        """Make a value that is likely to be taken, so that others are reached."""
        if name in ("repository", "remote", "publication", "repository_version", "distribution"):
            kind = {"repository": 0, "repository_version": 1, "remote": 2, "publication": 3}
            return self.hrefs[kind.get(name, 4)] if self.random.random() < 0.3 else None
        if name == "url":
            return "http://127.0.0.1:9/"
        if name in ("name", "base_path", "username", "module"):
            return f"fuzz-{uuid4().hex[:8]}"
        kinds = {"boolean": True, "integer": 1, "number": 1}
        return kinds.get(str(schema.get("type"))) if self.random.random() < 0.3 else None

    def _value(self) -> Any:
        match self.random.randrange(8):
            case 0 | 1:
                return self.random.choice(NUMBERS)
            case 2:
                return self.random.choice((None, True, False))
            case 3:
                return self.random.choice(NESTED)
            case 4:
                return self.random.choice(LONG_TEXTS)
            case 5:
                return [self._value()]
            case _:
                return self._text()

    def _text(self) -> str:
        if self.random.random() < 0.15:
            return self.random.choice(self.hrefs)
        return self.random.choice(TEXTS)

    def _quoted(self) -> str:
        chosen = str(self.random.choice(NUMBERS)) if self.random.random() < 0.2 else self._text()
        return quote(chosen.encode("utf-8", "surrogatepass"), safe="")

    def _segment(self) -> str:
        return self._quoted().replace("%2F", "/") if self.random.random() < 0.5 else self._quoted()

    def _path_value(self, before: str, wrong: bool) -> str:
        known = [href for href in self.hrefs if href.startswith(before) and before.count("/") > 5]
        if known and not wrong:
            return self.random.choice(known)[len(before) :].partition("/")[0]
        if self.random.random() < 0.3:
            return str(uuid4())
        # The administrator is 1.
        return self._quoted().lstrip("1") or "x"

    def _call(self, method: str, url: str, **kwargs: Any) -> Sent:
        headers = dict(kwargs.pop("headers", {}))
        if self.random.random() < 0.1:
            headers |= self.random.choice(HEADERS)
        body = kwargs.get("data") or b""
        shown = repr(body[:300] if isinstance(body, str | bytes) else body)
        sent = Sent(method, url, shown, headers)
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        try:
            response = self.rest.session.request(
                method,
                self.rest.url + url,
                headers=raw,
                timeout=60,
                allow_redirects=False,
                **kwargs,
            )
        except requests.RequestException as error:
            sent.text = str(error)
            return sent
        sent.status, sent.text = response.status_code, response.text[:500]
        # Whatever it answered to odd cookies, go on as the same user.
        self.rest.session.cookies = self._cookies.copy()
        return sent


def main() -> None:
    """Fuzz for long, and print what was found."""
    url, user, password, count, *seeds = sys.argv[1:]
    seed = int(seeds[0]) if seeds else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    found = 0
    for sent in Fuzzer(Rest(url, (user, password)), seed, everything=True).run(int(count)):
        found += 1
        print(sent, flush=True)
    print(f"{found} of {count} answers were none that a server may give")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
