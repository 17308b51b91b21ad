"""What is said to credentials that are refused before the view that they are for is asked."""

import json

from pulp_gomod.app.auth.header import Credentials, Secret

#: The header by which the front door tells the API that it has found the credentials to be nobody's.
WORTHLESS = "X-Gomod-Worthless"

BUSY = "too many logins at once, try again in a moment"
WRONG = "Invalid username/password."
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Pulp"'}

INVALID = (
    "these credentials are not valid here: the user name or the password is wrong, or the token is unknown, "
    "expired, revoked, or another user's"
)
"""What is said of credentials that are nobody's, whatever is wrong with them: it tells nothing of who has an account."""

_IN_PLAIN_WORDS = {WRONG: "invalid user name or password"}
_PACKAGES = "/api/packages/"
_PLAIN = {
    401: "unauthorized: {line}",
    429: "too many requests: {line}",
    503: "unavailable: {line}",
}


def wrong(sent: Credentials | None) -> str:
    """
    Return what is said of credentials that are nobody's.

    Args:
        sent: The credentials.
    """
    return INVALID if isinstance(sent, Secret) else WRONG


def body(path: str, status: int, line: str) -> tuple[bytes, str]:
    """
    Return body and media type of an answer, as clients of the path expect them.

    Args:
        path: The path of the request.
        status: The HTTP status: 401, 429 or 503, or any elsewhere than below /api/packages/.
        line: For people.
    """
    if path.startswith(_PACKAGES):
        line = _IN_PLAIN_WORDS.get(line, line)
        return f"{_PLAIN[status].format(line=line)}\n".encode(), "text/plain; charset=utf-8"
    return json.dumps({"detail": line}).encode(), "application/json"
