"""Answers to requests that differ from one before in nothing but the file that they name.

A client asks for the files of many modules in the same words. Where one such request was understood, and
the answer to the next is in memory, that is found without parsing anything but a path.
"""

import re
from dataclasses import dataclass

from aiohttp import hdrs, web

from pulp_gomod.app.goproxy import answers, remembered, resolver, storages
from pulp_gomod.app.goproxy.distributions import DEFAULT_DOMAIN, Target
from pulp_gomod.app.goproxy.modules import StoredZip
from pulp_gomod.app.goproxy.paths import LATEST, ModuleRequest, parse
from pulp_gomod.app.goproxy.responses import Representation, cache_control, respond_to_plain
from pulp_gomod.golang import module

# Paths that are the same as they were sent, decoded, and in a request line.
_SAFE = re.compile(rb"[A-Za-z0-9!/@._~+-]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    The head of a request, without the path below the distribution.

    Attributes:
        before: What comes before that path.
        after: What follows it.
        domain: The domain's name.
        base_path: The distribution's base path.
    """

    before: bytes
    after: bytes
    domain: str
    base_path: str

    def path_in(self, head: bytes) -> str | None:
        """
        Return the path below the distribution, if a head is like this and its path is a plain one.

        Args:
            head: All bytes of a request.
        """
        if not (head.startswith(self.before) and head.endswith(self.after)):
            return None
        path = head[len(self.before) : -len(self.after)]
        return path.decode("ascii") if _SAFE.fullmatch(path) else None


def pattern_of(head: bytes, request: web.Request, base_path: str) -> Pattern | None:
    """
    Make the pattern of a request, or None if its answer depends on more than its path.

    Args:
        head: All bytes of the request, which has harmless headers only.
        request: The request, which one of our routes matched.
        base_path: The base path of its distribution.
    """
    asked = request.match_info
    path = asked["path"]
    if "owner" not in asked:
        if not path.startswith(f"{base_path}/"):
            return None
        path = path.removeprefix(f"{base_path}/")
    is_safe = path.isascii() and _SAFE.fullmatch(path.encode())
    if hdrs.IF_NONE_MATCH in request.headers or not is_safe:
        return None
    # What follows a question mark may look like a path.
    if "?" in request.raw_path or "#" in request.raw_path:
        return None
    before, _, after = head.partition(f"/{path} HTTP/1.1\r\n".encode())
    if before.decode("latin-1") + f"/{path}" != f"GET {request.raw_path}":
        return None
    return Pattern(
        before + b"/",
        b" HTTP/1.1\r\n" + after,
        asked.get("pulp_domain", DEFAULT_DOMAIN),
        base_path,
    )


@dataclass(frozen=True, slots=True)
class Recalled:
    """
    An answer that is in memory.

    Attributes:
        target: The distribution.
        used: The module version that it is about.
        response: The answer.
    """

    target: Target
    used: tuple[str, str]
    response: web.Response


def recall(app: web.Application, pattern: Pattern, path: str) -> Recalled | None:
    """
    Return the answer to a request for a file that a repository version holds, if it is in memory.

    Args:
        app: The content app.
        pattern: What the request is like.
        path: The path below the distribution.
    """
    wanted = parse(path)
    if not isinstance(wanted, ModuleRequest) or wanted.version in ("", LATEST):
        return None
    target = resolver.of(app).recall(pattern.domain, pattern.base_path)
    if target is None or target.guard is not None:
        return None
    if target.remote is not None and module.canonical_version(wanted.version) != wanted.version:
        # The upstream may know of something later.
        return None
    found = _recall(app, target, wanted)
    if found is None:
        return None
    response = respond_to_plain(found, cache_control(found.immutable, True))
    return Recalled(target, (wanted.module, wanted.version), response)


def _recall(app: web.Application, target: Target, wanted: ModuleRequest) -> Representation | None:
    if target.served is None or wanted.file == "list":
        return None
    found = remembered.recall(
        answers.of(app), target.served, wanted.file, wanted.module, wanted.version
    )
    if isinstance(found, StoredZip):
        return storages.recall_zip(app, target, found)
    return found if isinstance(found, Representation) else None
