"""Requests that differ from one before in nothing but the file that they name.

A client asks for the files of many modules in the same words. Where one such request was understood, the
next is without parsing anything but a path.
"""

import re
from dataclasses import dataclass

from aiohttp import hdrs, web

from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN

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
        digest: What stands for the credentials in it (see `guard`); None if it has none, so that it may be
            remembered longer than its connection is there.
    """

    before: bytes
    after: bytes
    domain: str
    base_path: str
    digest: bytes | None = None

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


def pattern_of(
    head: bytes, request: web.Request, base_path: str, digest: bytes | None = None
) -> Pattern | None:
    """
    Make the pattern of a request, or None if its answer depends on more than its path.

    Args:
        head: All bytes of the request, which has harmless headers only.
        request: The request, which one of our routes matched.
        base_path: The base path of its distribution.
        digest: What stands for the credentials in it, if it has any.
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
        digest,
    )
