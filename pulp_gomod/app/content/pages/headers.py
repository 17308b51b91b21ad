"""The headers that all pages have."""

from typing import Final

from aiohttp import hdrs

HTML: Final = "text/html; charset=utf-8"

# Nothing but what comes from the same server: no inline script, no style, no picture, no frame of others.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # The names of private modules are nobody's business where links lead.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    hdrs.VARY: "Accept, Accept-Encoding",
}
