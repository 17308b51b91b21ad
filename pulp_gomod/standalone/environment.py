"""The environment of Pulp's processes and of the commands that administrators run beside them."""

import os
import sys
from pathlib import Path

#: What the options of `pulp-gomod serve` are called as variables; they may hold secrets.
OPTION_PREFIX = "PULP_GOMOD_SERVE"


def child_environment(settings: str) -> dict[str, str]:
    """
    The environment for Pulp's processes, without the options of the server.

    Args:
        settings: The value of PULP_SETTINGS.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(OPTION_PREFIX)
    }
    programs = str(Path(sys.executable).parent)
    return inherited | {
        "PULP_SETTINGS": settings,
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        "PATH": os.pathsep.join((programs, inherited.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        # What names processes is to leave their environments readable for administrators.
        "SPT_NOENV": "1",
    }


def forget_libpq_variables() -> None:
    """Drop PGHOST, PGSERVICE and the like, which mean another database than the embedded one."""
    for name in list(os.environ):
        if name.startswith("PG") and name != "PG_BINDIR":
            del os.environ[name]
