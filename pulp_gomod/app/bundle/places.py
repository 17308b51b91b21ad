"""Where on its own disk the server may write bundles."""

from pathlib import Path

from django.conf import settings

from pulp_gomod.app.bundle.directory import NotABundleError


def resolve(path: str) -> Path:
    """
    Return where a path leads to, all links resolved, if bundles may be written there.

    Args:
        path: An absolute path.

    Raises:
        NotABundleError: It is not below one of ALLOWED_EXPORT_PATHS.
        OSError: The path cannot be resolved.
    """
    if "\0" in path or not Path(path).is_absolute():
        raise NotABundleError("the path must be absolute, such as /srv/exports/modules")
    place = Path(path).resolve()
    for allowed in settings.ALLOWED_EXPORT_PATHS:
        # What begins with the same letters is not below it.
        if place.is_relative_to(Path(allowed).resolve()):
            return place
    raise NotABundleError(
        f"{path} is not below one of ALLOWED_EXPORT_PATHS, a setting of this server"
    )
