"""Where the pages of a distribution are, and what its users set GOPROXY to."""

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web
from django.conf import settings

from pulp_gomod.app.content.pages.paths import compared_path
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN, ServedDistribution
from pulp_gomod.app.content.repository.guard import PACKAGES
from pulp_gomod.golang import module

# What need not be quoted in paths (RFC 3986, section 3.3).
_UNQUOTED = "/~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a distribution is, as the client sees it.

    Attributes:
        root: The way from the page to its root, with a slash at the end: whatever proxies put before the path of
            that, and whatever else a request puts there, links stay below it.
        name: Its base path.
        goproxy: The URL for GOPROXY.
        is_private: Whether not everybody may read it.
        pulp: How a command for its domain begins.
    """

    root: str
    name: str
    goproxy: str
    is_private: bool
    pulp: str = "pulp"

    def path(self, below: str) -> str:
        """
        Return the path of a page.

        Args:
            below: The path below the root, not quoted.
        """
        return self.root + quote(below, safe=_UNQUOTED)

    def page(self, path: str, version: str = "", tab: str = "", below: str = "") -> str:
        """
        Return the path of a page about a module, or about a directory of it.

        Args:
            path: The module path.
            version: The version, "" for the latest.
            tab: Which page of it.
            below: The directory.
        """
        named = f"{path}@{version}" if version else path
        parts = (named, below, f"@{tab}" if tab else "")
        return self.path("/".join(filter(None, parts)))

    def comparison(self, path: str, old: str, new: str) -> str:
        """
        Return the path of the page that compares two versions of a module.

        Args:
            path: The module path.
            old: One version.
            new: The other one.
        """
        return self.path(compared_path(path, old, new))

    def file(self, path: str, version: str, extension: str) -> str:
        """
        Return the path at which the protocol has a file of a module version.

        Args:
            path: The module path.
            extension: info, mod or zip.
        """
        escaped = f"{module.escape_path(path)}/@v/{module.escape_version(version)}.{extension}"
        return self.path(escaped)


def place_of(request: web.Request, target: ServedDistribution) -> Place:
    """
    Say where a distribution is, as whoever makes a request sees it.

    Args:
        target: The distribution.
    """
    domain = request.match_info.get("pulp_domain")
    below = quote(f"{domain}/{target.base_path}" if domain else target.base_path, safe=_UNQUOTED)
    short, full = f"{PACKAGES}{below}/go", f"{settings.CONTENT_PATH_PREFIX}{below}"
    origin = (settings.CONTENT_ORIGIN or f"{request.scheme}://{request.host}").rstrip("/")
    # Where the URL ends without a slash, links begin at what the last one is behind.
    ends_early = not (target.path or request.path.endswith("/"))
    beginning = f"{quote(request.path.rpartition('/')[2])}/" if ends_early else "./"
    return Place(
        root="../" * target.path.count("/") or beginning,
        name=target.base_path,
        # The one that the API tells, too.
        goproxy=origin + (full if "/" in target.base_path else short) + _held(request, target),
        is_private=target.guard is not None,
        pulp=_pulp(request),
    )


def unknown_place(request: web.Request) -> Place:
    """Say where a distribution would be that there is not, as whoever asks for it sees it."""
    depth = request.match_info["path"].count("/")
    owner = request.match_info["owner"]
    return Place("../" * depth or "./", owner, "", is_private=True, pulp=_pulp(request))


def _pulp(request: web.Request) -> str:
    """Return how a command begins; one that names no domain is for the default one."""
    domain = request.match_info.get("pulp_domain", DEFAULT_DOMAIN)
    return "pulp" if domain == DEFAULT_DOMAIN else f"pulp --domain {quote(domain)}"


def _held(request: web.Request, target: ServedDistribution) -> str:
    """Return what a request says between the root of a distribution and the page: for how long versions are held."""
    asked: str = request.match_info["path"]
    if "owner" not in request.match_info:
        asked = asked[len(target.base_path) + 1 :]
    held = asked[: len(asked) - len(target.path)].strip("/")
    return f"/{quote(held, safe=_UNQUOTED)}" if held else ""
