"""Requests that are malformed in every place, with a secret there that nobody may see again."""

SECRET = "hunter2"

_UPLOAD = "/api/packages/go/go/upload"

_MALFORMED = [
    f"X-A: 1\r\n{SECRET}\r\n",
    f"{SECRET}(: 1\r\n",
    f"Authorization : Basic {SECRET}\r\n",
    f"Authorization: Basic {SECRET}\x00\r\n",
    f"Authorization: Basic {SECRET}\n{SECRET}\r\n",
    f"Cookie: {SECRET}\x7f\r\n",
    f"X-A: 1\r\n {SECRET}\r\n",
    f"X-A: {SECRET}{'a' * 20000}\r\n",
    f"Content-Length: {SECRET}\r\n",
    f"Transfer-Encoding: {SECRET}\r\n",
    f"Transfer-Encoding: {SECRET}, chunked\r\n",
    f"Transfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
    f"Transfer-Encoding: chunked\r\n\r\n5\r\nabc{SECRET}\r\n",
    f"Transfer-Encoding: chunked\r\n\r\n0\r\n{SECRET}(: 1\r\n",
    f"Expect: {SECRET}\r\n",
    f"Content-Encoding: {SECRET}\r\nContent-Length: 1\r\n\r\nx",
]
_LINES = [
    f"PUT {_UPLOAD} HTTP/1.1 {SECRET}",
    f"{SECRET}( {_UPLOAD} HTTP/1.1",
    f"{SECRET.upper()} {_UPLOAD} HTTP/1.1",
    f"PUT {SECRET} HTTP/1.1",
    f"PUT http://u:{SECRET}@[::1/ HTTP/1.1",
    f"PUT http://u:{SECRET}@x:99999999/ HTTP/1.1",
    f"PUT //u:{SECRET}@x/ HTTP/1.1",
    f"PUT {_UPLOAD}\x00{SECRET} HTTP/1.1",
    f"PUT {_UPLOAD}?{SECRET}{'a' * 5000} HTTP/1.1",
    f"CONNECT {SECRET}:1 HTTP/1.1",
    SECRET,
]
_ROUTES = [f"PUT {_UPLOAD}", "GET /api/packages/go/go/m/@v/list", "POST /pulp/content/x"]
REQUESTS = [
    *(f"{route} HTTP/1.1\r\nHost: x\r\n{more}\r\n" for route in _ROUTES for more in _MALFORMED),
    *(f"{line}\r\nHost: x\r\nAuthorization: Basic {SECRET}\r\n\r\n" for line in _LINES),
    *(f"{route} HTTP/1.1\r\nHost: {SECRET} !\r\n\r\n" for route in _ROUTES),
]
