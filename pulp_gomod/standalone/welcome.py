"""What the server prints when it is ready."""

from .console import show
from .datadir import DataDir
from .prepare import READY_MADE


class Welcome:
    """Says once that the server is ready, and how to use it.

    Args:
        origin: The server's URL.
        data: The data directory.
    """

    def __init__(self, origin: str, data: DataDir) -> None:
        self._origin = origin
        self._data = data
        self._password: str | None = None
        self._shown = False

    def take_password(self, password: str | None) -> None:
        """Print the password that was generated: it is stored nowhere."""
        if password:
            self._password = password
            show(f"The administrator is 'admin', the password: {password}")
            show("It is shown this once. To set another: --admin-password.")

    def show(self) -> None:
        """Print that the server is ready, and the three lines to begin with."""
        if self._shown:
            return
        self._shown = True
        url = f"{self._origin}/api/packages/{READY_MADE}/go"
        # Without a password curl asks for it.
        user = f"admin:{self._password}" if self._password else "admin"
        show("ready")
        show(f"  curl --user {user} --upload-file MODULE.zip {url}/upload")
        show(f"  export GOPROXY={url},$(go env GOPROXY) GONOSUMDB='*'")
        show("  go get MODULE@VERSION")
