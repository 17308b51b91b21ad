"""
Which methods the paths of a GOPROXY know, and what whoever uses another one is told.

The content app reads, the API publishes and removes, and a client sees one server: it is told of all methods. Where
it does what another registry wants, it is told what to do here.
"""

from dataclasses import dataclass

from django.conf import settings

from pulpcore.plugin.util import get_domain

from pulp_gomod.golang import GoError, module, semver

PACKAGES = "/api/packages/"

_READ = ("GET", "HEAD")
_FILES = ("info", "mod", "zip")


@dataclass(frozen=True)
class Known:
    """
    What may be done with a path.

    Attributes:
        methods: The methods of HTTP, OPTIONS aside; none where nothing is.
        hint: What to do instead, for people.
    """

    methods: tuple[str, ...]
    hint: str


def root_of(owner: str) -> str:
    """
    The path of an owner's GOPROXY, as clients have it.

    Args:
        owner: The base path of a Go distribution in the current domain.
    """
    place = f"{get_domain().name}/{owner}" if settings.DOMAIN_ENABLED else owner
    return f"{PACKAGES}{place}/go/"


def upload_path(owner: str) -> Known:
    """
    Say what may be done with `upload`.

    Args:
        owner: The base path of a Go distribution in the current domain.
    """
    return Known(("PUT",), _how_to_change(owner))


def version_path(owner: str, path: str, file: str) -> Known:
    """
    Say what may be done with `<module>/@v/<file>`.

    Args:
        owner: The base path of a Go distribution in the current domain.
        path: The module path, escaped.
        file: What follows `@v/`, escaped.
    """
    if file == "list":
        return Known(_READ, f"the list is made from what is published: {_how_to_upload(owner)}")
    version, _, kind = file.rpartition(".")
    is_file = kind in _FILES and bool(version)
    methods = [*_READ] if is_file else []
    if is_file and kind == "zip":
        methods.append("PUT")
    if _is_version(file) or not methods:
        methods.append("DELETE")
    place = f"{root_of(owner)}{path}/@v/{version if is_file else file}"
    return Known(
        tuple(methods),
        f"to publish, PUT the module's zip to {root_of(owner)}upload or {place}.zip, from which "
        f".info and .mod are made; to remove it, DELETE {place}",
    )


def other_path(owner: str, rest: str) -> Known:
    """
    Say what may be done with what is neither `upload` nor below `@v/`.

    Args:
        owner: The base path of a Go distribution in the current domain.
        rest: What follows `go/`, escaped.
    """
    is_read = rest.endswith("/@latest") or rest.startswith("sumdb/")
    return Known(_READ if is_read else (), _how_to_change(owner))


def root_path(owner: str) -> Known:
    """
    Say what may be done with the root of a GOPROXY itself.

    Args:
        owner: The base path of a Go distribution in the current domain.
    """
    return Known(_READ, _how_to_change(owner))


def _how_to_change(owner: str) -> str:
    return (
        f"to publish, {_how_to_upload(owner)}; to remove a version, DELETE "
        f"{root_of(owner)}MODULE/@v/VERSION"
    )


def _how_to_upload(owner: str) -> str:
    return f"PUT the module's zip to {root_of(owner)}upload"


def _is_version(escaped: str) -> bool:
    try:
        return semver.is_valid(module.unescape_version(escaped))
    except GoError:
        return False
