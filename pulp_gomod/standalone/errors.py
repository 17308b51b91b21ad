"""What stops the server, as a message for the person who started it."""


class StandaloneError(Exception):
    """Something that the administrator has to change; its text says what, where and how."""


class StopRequested(Exception):
    """A signal, or the end of the owner process, asks the server to stop."""


class DatabaseDied(Exception):
    """The embedded PostgreSQL ended by itself, so everything has to start anew."""
