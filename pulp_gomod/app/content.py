"""What the plugin adds to the content app; pulpcore imports it before it adds its catch-all."""

from pulpcore.plugin.content import app

from pulp_gomod.app import frontdoor, upstream
from pulp_gomod.app.goproxy import routes

routes.install(app)
upstream.install(app)
frontdoor.install(app)
