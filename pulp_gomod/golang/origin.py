"""Where a module version was made, as Go's `Origin` says it."""

from urllib.parse import urlsplit


def without_credentials(url: str) -> str:
    """
    The URL of a repository as everybody may know it.

    A checkout that a CI system made has a password or a token in the URL of its remote, and whoever reads
    .info would have it. The user of ssh is kept, since the URL is worth nothing without it.

    Raises:
        ValueError: It cannot be taken apart, so that nobody knows what in it is secret.
    """
    if "://" not in url:
        # `git@host:path`, which has no place for a password.
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if user and "ssh" in parts.scheme:
        host = f"{user.partition(':')[0]}@{host}"
    return parts._replace(netloc=host, query="", fragment="").geturl()
