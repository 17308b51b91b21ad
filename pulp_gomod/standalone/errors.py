"""What stops the server, as a message for the person who started it."""


class StandaloneError(Exception):
    """Something that the administrator has to change; its text says what, where and how."""


class DataDirInUse(StandaloneError):
    """Another server holds the data directory."""


class SettingRefused(StandaloneError):
    """Pulp does not start with a setting; its text is Pulp's sentence about that."""


class LoaderKilled(StandaloneError):
    """The process that has loaded Pulp was killed while it was asked for a program; another one can be asked."""


class StopRequested(Exception):
    """A signal, or the end of the owner process, asks the server to stop."""


class DatabaseDied(Exception):
    """
    The embedded PostgreSQL ended by itself, so everything has to start anew.

    Args:
        text: How it ended.
        was_killed: Whether that was somebody's doing, and not its own.
    """

    def __init__(self, text: str, was_killed: bool = False) -> None:
        super().__init__(text)
        self.was_killed = was_killed
