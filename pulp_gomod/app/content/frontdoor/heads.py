"""What is refused by its head alone, before anybody is asked: what no part of Pulp could answer well."""

import re

from aiohttp import web

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# As RFC 3986 has it, and Django wants it.
_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[a-f0-9:.]+\])(?::[0-9]+)?", re.IGNORECASE)
# A URL written as a path; what goes before the @ may be a password.
_USERINFO = re.compile(r"//[^/?]*@")
# gunicorn takes 4094 bytes of a request line.
LONGEST_TARGET = 4000


def refuse_everywhere(request: web.BaseRequest) -> web.Response | None:
    """
    Refuse what neither of Pulp's apps can answer.

    A Host would be logged, and an expectation repeated, whatever it says.
    """
    host = request.headers.get("Host")
    if host is not None and not _HOST.fullmatch(host):
        return refusal(400, "The Host header is not a host name.")
    expected = request.headers.get("Expect")
    if expected is not None and expected.lower() != "100-continue":
        return refusal(417, "Only 'Expect: 100-continue' is understood.")
    if request.method == "CONNECT":
        return refusal(405, "This is not a proxy for other hosts.", {"Allow": "GET, HEAD"})
    return None


def refuse_here(request: web.Request) -> web.Response | None:
    """Refuse what the API has no good answer for, or would log word for word."""
    if _CONTROL.search(request.path):
        return refusal(400, "The path has a control character.")
    if "%00" in request.raw_path:
        # No text of a database has one.
        return refusal(400, "The URL has a NUL character.")
    if _USERINFO.match(request.raw_path):
        return refusal(400, "The path looks like a URL with a user's name in it.")
    if len(request.raw_path) > LONGEST_TARGET:
        return refusal(414, f"The URL is longer than {LONGEST_TARGET} bytes.")
    if request.body_exists:
        return _refuse_coding(request)
    return None


def _refuse_coding(request: web.Request) -> web.Response | None:
    """A body is taken as it is: small ones that unfold to gigabytes are made in a minute."""
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.strip().lower() not in ("", "identity"):
        text = "Content-Encoding is not supported: send the body as it is."
        return refusal(415, text, {"Accept-Encoding": "identity"})
    transfer = request.headers.get("Transfer-Encoding", "chunked")
    if transfer.strip().lower() != "chunked":
        return refusal(400, "The only Transfer-Encoding that is supported is chunked.")
    return None


def refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    """One line of text; the connection is closed, since its client may be sending what nobody reads."""
    response = web.Response(status=status, text=text + "\n", headers=headers)
    response.force_close()
    return response
