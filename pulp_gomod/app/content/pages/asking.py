"""Whether a request is that of a browser."""

from aiohttp import hdrs, web

_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_GO_GET = "go-get"


def wants_page(request: web.Request) -> bool:
    """Say whether a request asks for a page: by name, as no go command and no curl does."""
    if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD) or _GO_GET in request.query:
        return False
    for part in ",".join(request.headers.getall(hdrs.ACCEPT, ())).split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        if name in _TYPES and not any(is_zero(each) for each in parameters):
            return True
    return False


def is_zero(parameter: str) -> bool:
    """Say whether a parameter of what is accepted says that it is not."""
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")
