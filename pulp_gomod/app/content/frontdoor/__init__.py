"""
One origin without a web server: the content app hands on to the API what is not content.

Production puts nginx in front of Pulp's two apps. On one machine (`pulp-gomod serve`) the content
app is the public door instead: what it has no route for is forwarded to the API. The setting
GOMOD_API_UPSTREAM switches this on and names the API's address, `unix:/path/to.sock` or
`http://127.0.0.1:24817`.

Bodies are received in full before the API sees anything of them, because its workers are
synchronous: a slow client then occupies a file, not a worker, and the API always gets a
Content-Length (Django reads a chunked body as empty). About a large body the API is asked first.

Without that setting, too, connections are those of `server`, which bounds what one client can do.
"""

from pulp_gomod.app.content.frontdoor.forward import FrontDoor
from pulp_gomod.app.content.frontdoor.install import BODY_SLACK, install
from pulp_gomod.app.content.frontdoor.server import install_server
from pulp_gomod.app.content.frontdoor.spool import Bounds

__all__ = ["BODY_SLACK", "Bounds", "FrontDoor", "install", "install_server"]
