"""Which event loop the content app has."""

from importlib.metadata import PackageNotFoundError, version

from packaging.version import Version

# The first uvloop whose policy makes no event loop where there is none, and the first aiohttp whose
# worker can do without: an older one asks for the loop in order to close it, and does not start.
_UVLOOP_MAKING_NONE = Version("0.22")
_AIOHTTP_NEEDING_NONE = Version("3.13.4")


def is_uvloop_usable() -> bool:
    """Say whether uvloop is installed, and in a version with which the installed aiohttp starts."""
    uvloop = _installed("uvloop")
    aiohttp = _installed("aiohttp")
    if uvloop is None or aiohttp is None:
        return False
    return uvloop < _UVLOOP_MAKING_NONE or aiohttp >= _AIOHTTP_NEEDING_NONE


def _installed(package: str) -> Version | None:
    try:
        return Version(version(package))
    except PackageNotFoundError:
        return None
