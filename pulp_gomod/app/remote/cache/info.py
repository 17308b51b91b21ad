"""What an upstream's small files say, read as the go command reads them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pulp_gomod.app.remote.http.results import Broken
from pulp_gomod.app.storage.release_info import check_origin, parse_time
from pulp_gomod.app.storage.upload_policy import MAX_PATH
from pulp_gomod.golang import GoError, module

# Bytes that an `.info` may have: known ones have a few hundred.
MAX_INFO = 64 * 1024


@dataclass(frozen=True, slots=True)
class Info:
    """
    What an `.info` says.

    Attributes:
        version: The version.
        time: When it was made, RFC 3339, or "".
        origin: Where it was made, or None.
        body: All of it, word for word.
    """

    version: str
    time: str
    origin: dict[str, str] | None
    body: bytes


def is_version(path: str, version: str) -> bool:
    """
    Say whether this is a module version that a repository could hold.

    Args:
        path: The module path.
        version: What is asked for.
    """
    # Whoever sends it for something else than a version, fills no memory with it.
    return len(path) + len(version) <= MAX_PATH and _is_version(path, version)


@lru_cache(maxsize=512)
def _is_version(path: str, version: str) -> bool:
    """Do what `is_version` does; that is asked of one version ten times while its files come."""
    return versions_of(path)(version)


def versions_of(path: str) -> Callable[[str], bool]:
    """
    Return what says of many versions whether they are ones of a module that a repository could hold.

    Args:
        path: The module path.
    """
    try:
        module.check_path(path)
        path_major = module.split_path_version(path).path_major
    except GoError:
        return lambda _: False
    longest = MAX_PATH - len(path)

    def is_one(version: str) -> bool:
        if not version or len(version) > longest:
            return False
        if module.canonical_version(version) != version:
            return False
        try:
            module.check_path_major(version, path_major)
        except GoError:
            return False
        return True

    return is_one


def parse_info(body: bytes) -> Info | None:
    """
    Read an `.info` as Go's encoding/json reads it; None if it cannot be used.

    Args:
        body: The JSON.
    """
    if len(body) > MAX_INFO:
        return None
    try:
        said = json.loads(body.decode(), object_pairs_hook=_in_order, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    # Go does not look at the case of names, and the last one counts.
    members: dict[str, Any] = {str(name).lower(): value for name, value in said.items()}
    version, time = members.get("version"), members.get("time")
    if not isinstance(version, str) or not version:
        return None
    try:
        if time is not None:
            parse_time(time if isinstance(time, str) else "")
        origin = _origin(members.get("origin"))
    except ValueError:
        return None
    return Info(version, time or "", origin, body)


def require_info(body: bytes) -> None:
    """
    Check that an `.info` is an answer at all, be it one that Go would take or not.

    Args:
        body: What the upstream sent.

    Raises:
        Broken: It is no JSON object, is cut off, or names no version.
    """
    if not body.strip():
        raise Broken("the upstream sent an empty .info")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Broken("the upstream's .info is not JSON, or is incomplete") from None
    if not isinstance(said, dict):
        raise Broken("the upstream's .info is JSON, but not an object")
    versions = [value for name, value in said.items() if name.lower() == "version"]
    if not versions or not isinstance(versions[-1], str) or not versions[-1]:
        raise Broken("the upstream's .info names no version")


def require_go_mod(body: bytes) -> None:
    """
    Check that a `.mod` is an answer at all, be it one that Go would take or not.

    Args:
        body: What the upstream sent.

    Raises:
        Broken: It is empty, binary, or JSON.
    """
    if not body.strip():
        raise Broken("the upstream sent an empty .mod")
    if b"\0" in body:
        raise Broken("the upstream sent binary data instead of a .mod")
    if body.lstrip()[:1] in (b"{", b"["):
        raise Broken("the upstream sent JSON instead of a .mod")


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Order members by where each was said last."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        members.pop(name, None)
        members[name] = value
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _origin(said: Any) -> dict[str, str] | None:
    """
    Return what of an origin is kept.

    Raises:
        ValueError: Go would not take it.
    """
    if said is None:
        return None
    if not isinstance(said, dict):
        raise ValueError("origin: must be a JSON object")
    kept = {name: value for name, value in said.items() if isinstance(value, str) and value}
    try:
        return check_origin(kept) or None
    except ValueError:
        # It is for people only: a member that is unknown here is no reason to refuse the rest.
        return None
