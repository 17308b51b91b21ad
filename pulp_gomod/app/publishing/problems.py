"""Why a request is refused, as HTTP says it."""

from collections.abc import Mapping

from django.http import HttpResponse

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Pulp"'}

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}

# The go command shows 648 bytes of an error; a refused value may be as long as a file.
LONGEST_LINE = 640


class Problem(Exception):
    """
    A request that is refused.

    Attributes:
        status: The HTTP status.
        line: For people: what was wrong, where, and what to do.
        headers: Headers of the response.
    """

    def __init__(self, status: int, line: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(line)
        self.status = status
        self.line = line
        self.headers = dict(headers or {})


def text_response(
    status: int, line: str = "", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """
    Make a plain text response of one line.

    Args:
        status: The HTTP status.
        line: For people; what is not printable, or no UTF-8, is shown as `?`.
        headers: More headers.
    """
    return HttpResponse(
        f"{as_line(line)}\n".encode() if line else b"",
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={**NO_SNIFFING, **(headers or {})},
    )


def as_line(text: str) -> str:
    """
    Make a line that may be shown to anybody: printable, and not longer than anybody reads.

    Args:
        text: For people; several findings, each in a line of its own, are separated by "; ".
    """
    text = "; ".join(filter(None, map(str.strip, text.split("\n"))))
    if len(text) > LONGEST_LINE:
        text = f"{text[:LONGEST_LINE]}..."
    return "".join(char if char.isprintable() else "?" for char in text)
