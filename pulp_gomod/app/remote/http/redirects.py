"""
Where an upstream may send us.

The upstream's own URL is the administrator's choice; whatever it redirects to is somebody else's, and
might be an address that only we can reach.
"""

from fnmatch import fnmatchcase

from yarl import URL

from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.settings import RemoteSettings

MAX_REDIRECTS = 10
STATUSES = frozenset({301, 302, 303, 307, 308})


def target(settings: RemoteSettings, origin: URL, current: URL, location: str) -> URL:
    """
    Return where a redirect leads.

    Args:
        settings: The remote.
        origin: What was asked in the first place.
        current: What answered.
        location: The Location header.

    Raises:
        UpstreamFault: It must not be followed.
    """
    try:
        url = current.join(URL(location, encoded=True))
        same = url.origin() == origin.origin()
        # They are read only here, and may turn out to be none.
        host, port = url.host, url.port
    except ValueError:
        raise UpstreamFault("the upstream redirects to something that is not a URL") from None
    if url.scheme not in ("http", "https"):
        raise UpstreamFault("the upstream redirects to something that is neither http nor https")
    if url.scheme == "http" and current.scheme == "https":
        raise UpstreamFault(f"the upstream redirects from https to http (host {host})")
    if not (same or _is_allowed(settings.redirect_hosts, url)):
        raise UpstreamFault(
            f"the upstream redirects to {host}:{port}, which is not among the redirect_hosts "
            f"of the remote {settings.name}"
        )
    return url.with_user(None)


def _is_allowed(patterns: tuple[str, ...], url: URL) -> bool:
    host = (url.host or "").lower()
    for pattern in patterns:
        name, colon, port = pattern.rpartition(":")
        if not colon or not port.isdigit() or name.count(":") and not name.endswith("]"):
            name, port = pattern, ""
        if fnmatchcase(host, name.strip("[]")) and port in ("", str(url.port)):
            return True
    return False
