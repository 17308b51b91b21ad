"""Certificates as text."""


def only_ascii(pem: str) -> str:
    """
    Leave out what is not ASCII.

    Bundles name authorities in comments, in the letters of their languages, and the ssl module refuses these. Nothing
    that is read has any.
    """
    return pem.encode("ascii", "ignore").decode("ascii")
