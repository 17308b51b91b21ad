"""The errors that Go's rules raise."""


class GoError(ValueError):
    """Something that Go would refuse; the text names the offending value and says what Go says."""
